"""Orders that take at once or end, on paper: never beyond their price, and no more than a book has."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import Candle, LastPrice
from domain.impact import Impact, beyond_ppm
from domain.money import notional
from domain.order import Order, OrderStatus, OrderType, Purpose, Side
from domain.times import MINUTE_MS, utc
from platforms.fills import BUY, SELL, Costs, market_price
from platforms.impact import LAST_LOT, slipped, takes_within
from platforms.paper.platform import NOTHING_WITHIN, REST_BEYOND, MockTradingPlatform
from platforms.paper.settings import PaperSettings
from tests.platforms.world import BTC

START = 1_700_000_040_000
QUOTE = 5_000_000
COSTS = PaperSettings().costs()
LAW = Impact(0.05, 1.0)


def shown(impact: Impact | None = LAW, volume: float = 1.0, cash: int | None = None) -> MockTradingPlatform:
    """Return a paper exchange that saw 30 candles of 1 % each, with so little traded that size counts."""
    impacts = None if impact is None else {BTC.symbol: impact}
    paper = MockTradingPlatform({BTC.symbol: BTC}, PaperSettings(), cash, impacts=impacts)
    candles = [
        Candle(START + n * MINUTE_MS, QUOTE, QUOTE + 25_000, QUOTE - 25_000, QUOTE, volume) for n in range(30)
    ]
    paper.mark(BTC.symbol, candles, LastPrice(QUOTE, START + 30 * MINUTE_MS))
    return paper


def asked(lots: int, price: int, name: str = "t-1") -> Order:
    at = utc(START + 30 * MINUTE_MS)
    return Order(
        name, 1, at, BTC.symbol, Side.BUY, OrderType.IOC, Purpose.ENTRY, lots, reference=QUOTE, price=price
    )


costs = st.builds(
    Costs, st.just(250), st.just(600), st.integers(0, 50_000), st.integers(0, 50_000), st.just(100_000)
)
laws = st.tuples(st.floats(0, 2), st.floats(0, 5), st.floats(0, 1e5), st.floats(1, 1e9))


@given(st.sampled_from([BUY, SELL]), st.integers(1, 10**9), st.integers(-200_000, 200_000), costs, laws,
       st.integers(1, 10**9))  # fmt: skip
def test_all_lots_within_the_price_are_taken_and_the_next_one_would_be_beyond(
    side: int, quote: int, away: int, paid: Costs, law: tuple[float, float, float, float], lots: int
) -> None:
    base, growth, wide, volume = law
    limit = max(1, quote + side * (quote * away // 1_000_000))

    def last(count: int) -> int:
        dear = slipped(paid, beyond_ppm(base, LAST_LOT * growth, wide, volume, count))
        return side * market_price(side, quote, dear)

    taken = takes_within(side, quote, limit, paid, base, growth, wide, volume, lots)
    assert 0 <= taken <= lots
    if taken:
        mean = slipped(paid, beyond_ppm(base, growth, wide, volume, taken))
        assert side * market_price(side, quote, mean) <= last(taken) <= side * limit
    if taken < lots:
        assert last(taken + 1) > side * limit


def test_without_a_model_it_is_all_or_nothing_at_what_a_market_order_pays() -> None:
    dear = market_price(BUY, QUOTE, COSTS)
    receipt = shown(None).place(asked(10_000, dear))
    assert (receipt.status, [(f.lots, f.price, f.maker) for f in receipt.fills]) == (
        OrderStatus.FILLED, [(10_000, dear, False)],
    )  # fmt: skip
    below = shown(None).place(asked(10_000, dear - 1))
    assert (below.status, below.filled, below.reason) == (OrderStatus.EXPIRED, 0, NOTHING_WITHIN)


def test_a_thin_market_fills_a_part_and_the_rest_ends() -> None:
    paper = shown()
    price = QUOTE + QUOTE * 3_000 // 1_000_000
    order = asked(100_000, price)
    before = paper.balances()["USDT"].free
    receipt = paper.place(order)
    assert receipt.status is OrderStatus.EXPIRED
    assert 0 < receipt.filled < order.lots
    assert receipt.reason == REST_BEYOND
    (fill,) = receipt.fills
    assert (fill.lots, fill.reference) == (receipt.filled, QUOTE)
    assert QUOTE < fill.price <= price
    assert (
        before - paper.balances()["USDT"].free == notional(fill.price, fill.lots, BTC.cash_factor) + fill.fee
    )
    assert not paper.open_orders()
    assert paper.query(BTC.symbol, order.client_id) == receipt
    assert paper.poll() == []


def test_less_than_may_be_sold_again_is_not_taken() -> None:
    paper = shown(Impact(0.0, 50.0), volume=0.01)
    receipt = paper.place(asked(100_000, QUOTE + QUOTE * 3_000 // 1_000_000))
    assert (receipt.status, receipt.filled) == (OrderStatus.EXPIRED, 0)


def test_without_a_price_without_a_quote_or_without_the_cash_it_is_no_order() -> None:
    none = msgspec.structs.replace(asked(10_000, QUOTE), price=None)
    assert shown().place(none).reason == "an ioc order needs a price above 0"
    unseen = MockTradingPlatform({BTC.symbol: BTC}, PaperSettings())
    assert unseen.place(asked(10_000, 2 * QUOTE)).status is OrderStatus.EXPIRED
    poor = shown(None, cash=10**9)
    assert "below needed" in poor.place(asked(10_000, 2 * QUOTE)).reason
