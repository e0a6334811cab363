"""Short words for tests of the paper exchange: orders, candles and a platform that holds BTC."""

from collections.abc import Sequence
from decimal import Decimal

from domain.candle import Candle, LastPrice
from domain.order import Fill, Order, OrderStatus, OrderType, Purpose, Receipt, Side
from domain.times import MINUTE_MS, utc
from platforms.paper.platform import MockTradingPlatform
from platforms.paper.settings import PaperSettings
from tests.platforms.world import BTC, ETH

MARKET, LIMIT, STOP, TARGET = OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT
BUY, SELL = Side.BUY, Side.SELL
T0 = 1_700_000_040_000
PRICE = 5_000_000
LOTS = 1_000
FREE = PaperSettings(
    maker_fee=Decimal(0),
    taker_fee=Decimal(0),
    slippage=Decimal(0),
    spread=Decimal(0),
    participation=Decimal(1),
)


def order(
    side: Side,
    kind: OrderType,
    level: int = 0,
    lots: int = LOTS,
    *,
    name: str = "o-1",
    minute: int = 0,
    oco: str | None = None,
) -> Order:
    return Order(
        client_id=name,
        cycle_id=1,
        at=utc(T0 + minute * MINUTE_MS),
        symbol=BTC.symbol,
        side=side,
        type=kind,
        purpose=Purpose.ENTRY if side is BUY else Purpose.EXIT,
        lots=lots,
        reference=PRICE,
        price=level if kind is LIMIT else None,
        trigger=level if kind in (STOP, TARGET) else None,
        oco=oco,
    )


def candle(minute: int, low: int, high: int, *, open_: int | None = None, volume: float = 1e6) -> Candle:
    start = (low + high) // 2 if open_ is None else open_
    return Candle(T0 + minute * MINUTE_MS, start, high, low, start, volume)


def platform(
    settings: PaperSettings | None = None,
    *,
    lots: int = 10 * LOTS,
    cash: int | None = None,
    quote: int = PRICE,
) -> MockTradingPlatform:
    paper = MockTradingPlatform(
        {BTC.symbol: BTC, ETH.symbol: ETH}, settings or PaperSettings(), cash, {BTC.symbol: lots}
    )
    paper.mark(BTC.symbol, (), LastPrice(quote, T0))
    return paper


def events(paper: MockTradingPlatform) -> list[tuple[str, OrderStatus]]:
    return [(each.client_id, each.status) for each in paper.poll()]


def only_fill(receipts: Sequence[Receipt]) -> Fill:
    (fill,) = [fill for receipt in receipts for fill in receipt.fills]
    return fill
