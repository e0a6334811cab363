"""What holds after any sequence of orders and prices, to the unit."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from domain.account import Position, apply_fill
from domain.candle import Candle, LastPrice
from domain.money import notional, to_cash
from domain.order import OPEN, TERMINAL, Order, OrderStatus, OrderType, Side
from domain.times import MINUTE_MS
from tests.platforms.scripts import (
    COSTS,
    INSTRUMENTS,
    SETTINGS,
    START_MS,
    SYMBOLS,
    Op,
    Send,
    Session,
    Show,
    bars,
    cash_of,
    levels,
    lots_of,
    pairs,
    restarted_sessions,
    sends,
    sessions,
)

OPENING = to_cash(SETTINGS.cash)
MILLION = 1_000_000


def played(operations: list[Op]) -> Session:
    session = Session()
    for operation in operations:
        session.play(operation)
    return session


def equity_at(session: Session, symbol: str, price: int) -> int:
    """Cash and the holding of one symbol at a price; what else is held does not move here."""
    instrument, balances = INSTRUMENTS[symbol], session.platform.balances()
    held = balances[instrument.base]
    return balances["USDT"].free + notional(price, held.free, instrument.cash_factor)


def lock_of(order: Order, filled: int) -> int:
    """What an open order has to hold back, worked out anew with fractions."""
    left = order.lots - filled
    if order.side is Side.SELL:
        return left
    factor = INSTRUMENTS[order.symbol].cash_factor
    if order.price is not None:
        per_lot, rate = order.price * factor, Fraction(COSTS.maker_fee, MILLION)
        return per_lot * left + ceil(per_lot * order.lots * rate) - ceil(per_lot * filled * rate)
    assert order.trigger is not None
    away = Fraction(COSTS.spread, 2 * MILLION) + Fraction(COSTS.slippage, MILLION)
    value = ceil(order.trigger * (1 + away)) * left * factor
    return value + ceil(value * Fraction(COSTS.taker_fee, MILLION))


def expected_locks(session: Session) -> dict[str, int]:
    groups: dict[tuple[str, str], int] = {}
    for receipt in session.platform.open_orders():
        order = session.orders[receipt.client_id]
        asset = "USDT" if order.side is Side.BUY else INSTRUMENTS[order.symbol].base
        key = (asset, order.oco or order.client_id)
        groups[key] = max(groups.get(key, 0), lock_of(order, receipt.filled))
    locks = Counter[str]()
    for (asset, _), lock in groups.items():
        locks[asset] += lock
    return locks


@settings(max_examples=60, deadline=None)
@given(restarted_sessions)
def test_fills_explain_cash_and_holdings_to_the_unit_and_nothing_is_ever_negative(
    operations: list[Op],
) -> None:
    session = Session()
    for operation in operations:
        session.play(operation)
        balances = session.platform.balances()
        assert all(each.free >= 0 and each.locked >= 0 for each in balances.values())
        cash = balances["USDT"]
        assert cash.free + cash.locked == OPENING + cash_of(session.fills)
        for symbol, instrument in INSTRUMENTS.items():
            held = balances[instrument.base]
            assert held.free + held.locked == lots_of(session.fills, symbol)


@settings(max_examples=60, deadline=None)
@given(restarted_sessions)
def test_what_is_held_back_is_what_the_open_orders_need(operations: list[Op]) -> None:
    session = Session()
    for operation in operations:
        session.play(operation)
        locks = expected_locks(session)
        for asset, balance in session.platform.balances().items():
            assert balance.locked == locks[asset]


@settings(max_examples=60, deadline=None)
@given(sessions)
def test_the_accounts_own_arithmetic_agrees_with_the_platform(operations: list[Op]) -> None:
    """Cash, positions and closed trades as the agent folds them: the same money, told twice."""
    session = played(operations)
    cash, profit = OPENING, 0
    positions: dict[str, Position] = {}
    for fill in session.fills:
        position, trade, change = apply_fill(
            positions.pop(fill.symbol, None), fill, INSTRUMENTS[fill.symbol].cash_factor
        )
        cash += change
        profit += trade.pnl if trade else 0
        if position:
            positions[fill.symbol] = position
    state = session.platform.export()
    assert cash == state.cash
    assert {symbol: position.lots for symbol, position in positions.items()} == state.holdings
    invested = sum(p.bought + p.fees - p.sold for p in positions.values())
    assert cash + invested == OPENING + profit


@settings(max_examples=60, deadline=None)
@given(sessions)
def test_no_order_fills_beyond_its_lots_or_twice_or_after_its_end(operations: list[Op]) -> None:
    session = played(operations)
    ids = [(fill.symbol, fill.trade_id) for fill in session.fills]
    assert len(set(ids)) == len(ids)
    filled = Counter[str]()
    ended: dict[str, OrderStatus] = {}
    for receipt in session.told:
        order = session.orders[receipt.client_id]
        if receipt.fills:
            assert receipt.client_id not in ended
        filled[receipt.client_id] += sum(fill.lots for fill in receipt.fills)
        assert filled[receipt.client_id] == receipt.filled <= order.lots
        assert (receipt.status is OrderStatus.FILLED) == (receipt.filled == order.lots > 0)
        if receipt.status in TERMINAL:
            assert ended.setdefault(receipt.client_id, receipt.status) is receipt.status
    for client_id, order in session.orders.items():
        found = session.platform.query(order.symbol, client_id)
        assert found is not None
        assert sum(fill.lots for fill in found.fills) == found.filled == filled[client_id]
        assert (found.status in OPEN) == (client_id not in ended)


@pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.STOP])
def test_sessions_do_reach_fills_of_resting_orders(kind: OrderType) -> None:
    def reached(operations: list[Op]) -> bool:
        session = played(operations)
        return any(session.orders[fill.client_id].type is kind for fill in session.fills)

    one = settings(max_examples=2_000, deadline=None, phases=(Phase.generate,))  # the first, not the shortest
    assert find(sessions, reached, settings=one)


@settings(max_examples=60, deadline=None)
@given(sessions)
def test_no_limit_fills_worse_than_its_price_and_no_stop_better_than_its_trigger(
    operations: list[Op],
) -> None:
    session = played(operations)
    for fill in session.fills:
        order = session.orders[fill.client_id]
        sign = 1 if fill.side is Side.BUY else -1
        assert fill.at >= order.at
        if order.type is OrderType.LIMIT:
            assert order.price is not None
            assert (order.price - fill.price) * sign >= 0
            assert fill.reference == order.price
            assert not fill.maker or fill.price == order.price
        elif order.type is OrderType.STOP:
            assert order.trigger is not None
            assert (fill.price - order.trigger) * sign >= 0
            assert fill.reference == order.trigger
        assert fill.maker <= (order.type is OrderType.LIMIT)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(pairs, sends, st.builds(Show, st.sampled_from(SYMBOLS), bars(), levels)), max_size=40)
)
def test_a_pair_never_fills_both_legs(operations: list[Op]) -> None:
    session = played(operations)
    legs = {(session.orders[f.client_id].oco, f.client_id) for f in session.fills}
    pairs_filled = Counter(name for name, _ in legs if name is not None)
    assert all(count == 1 for count in pairs_filled.values())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SYMBOLS), st.integers(1, 200), st.integers(100, 2_000))
def test_buying_at_an_unchanged_price_costs_fee_and_slippage_and_nothing_else(
    symbol: str, lots: int, price: int
) -> None:
    session = Session()
    session.play(Show(symbol, None, price))
    before = equity_at(session, symbol, price)
    (receipt,) = session.play(Send(symbol, Side.BUY, OrderType.MARKET, lots, 0, 0))
    lost = before - equity_at(session, symbol, price)
    if receipt.status is OrderStatus.REJECTED:
        assert lost == 0
        return
    (fill,) = receipt.fills
    factor = INSTRUMENTS[symbol].cash_factor
    exact = Fraction(price) * (MILLION + COSTS.slippage + Fraction(COSTS.spread, 2)) / MILLION
    assert fill.price == ceil(exact)
    assert fill.fee == ceil(Fraction(fill.price * lots * factor * COSTS.taker_fee, MILLION))
    assert lost == fill.fee + notional(fill.price - price, lots, factor)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(sends, pairs), min_size=1, max_size=8),
    st.lists(bars(), min_size=1, max_size=10),
    st.data(),
)
def test_fills_do_not_depend_on_how_candles_are_batched(
    orders: list[Op], drawn: list[tuple[int, int, int, int, float]], data: st.DataObject
) -> None:
    candles = [Candle(START_MS + (10 + n) * MINUTE_MS, *bar) for n, bar in enumerate(drawn)]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(candles)), max_size=4)))
    quote = LastPrice(data.draw(levels), candles[-1].time + MINUTE_MS)
    bounds = [0, *cuts, len(candles)]
    batches = [candles[start:end] for start, end in pairwise(bounds)]
    outcomes = []
    for shown in ([candles], batches):
        session = Session()
        for order in orders:
            session.play(order)
        for symbol in SYMBOLS:
            for batch in shown:
                session.platform.mark(symbol, batch, None)
            session.platform.mark(symbol, (), quote)
        outcomes.append((session.platform.poll(), session.platform.export()))
    assert outcomes[0] == outcomes[1]


@settings(max_examples=60, deadline=None)
@given(sessions, sessions)
def test_a_platform_restored_from_its_export_goes_on_as_if_nothing_had_been(
    before: list[Op], after: list[Op]
) -> None:
    first = played(before)
    second = first.resumed()
    assert second.platform.export() == first.platform.export()
    assert second.platform.balances() == first.platform.balances()
    first.orders = dict(second.orders)  # what ended before is forgotten, so neither shall ask for it
    first.quote()
    second.quote()
    for operation in after:
        assert first.play(operation) == second.play(operation)
        assert second.platform.export() == first.platform.export()
        assert second.platform.balances() == first.platform.balances()
