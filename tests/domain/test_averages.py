"""A position that is added to counts by what all of it cost, however many purchases and sales it had."""

from hypothesis import given
from hypothesis import strategies as st

from domain.account import Position, apply_fill
from domain.order import Fill, Side
from domain.times import utc

FACTOR = 1_000
steps = st.lists(
    st.tuples(st.integers(1, 10**6), st.integers(1, 500), st.integers(0, 300), st.booleans()), min_size=1
)


@given(steps, st.integers(1, 10**6))
def test_the_profit_of_a_trade_is_all_that_came_back_less_all_that_was_paid(
    moves: list[tuple[int, int, int, bool]], last: int
) -> None:
    position: Position | None = None
    cash = spent = lots = 0
    low, high = 10**9, 0
    for number, (price, count, fee, buys) in enumerate([(100, 5, 1, True), *moves]):
        if not buys and (position is None or count >= position.lots):
            continue
        side = Side.BUY if buys else Side.SELL
        fill = Fill(
            "one", str(number), "BTC-USDT", side, count, price, price, fee, maker=False, at=utc(number)
        )
        position, trade, change = apply_fill(position, fill, FACTOR)
        assert trade is None
        cash += change
        if buys:
            spent, lots, low, high = spent + price * count, lots + count, min(low, price), max(high, price)
        assert position is not None
        assert position.entry_ticks(FACTOR) == spent * FACTOR / (lots * FACTOR)
        assert low <= position.entry_ticks(FACTOR) <= high
    assert position is not None
    closing = Fill(
        "two", "x", "BTC-USDT", Side.SELL, position.lots, last, last, 7, maker=False, at=utc(10**6)
    )
    position, trade, change = apply_fill(position, closing, FACTOR)
    assert position is None
    assert trade is not None
    assert trade.pnl == cash + change, "to the cash unit"
    assert (trade.lots, trade.bought) == (lots, spent * FACTOR)
