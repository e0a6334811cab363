"""The paper account's state: what must be kept to go on after a restart, and how it is taken up again."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from domain.errors import BadInput
from domain.instrument import Instrument
from domain.order import OPEN, OrderState, OrderType
from platforms.fills import Costs
from platforms.paper.account import PaperAccount
from platforms.paper.working_order import WorkingOrder

RESTING = frozenset({OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT})


class PaperState(NamedTuple):
    """The state MockTradingPlatform goes on from, its arguments in its order.

    Cash in cash units, lots by symbol (held ones only), open orders in order of placement, and the
    number of the next fill.
    """

    cash: int
    holdings: dict[str, int]
    standing: tuple[OrderState, ...]
    next_id: int


def quote_asset(instruments: Mapping[str, Instrument]) -> str:
    """Return the one quote asset of an account. Raises BadInput where there is none or are several."""
    quotes = sorted({each.quote for each in instruments.values()})
    if len(quotes) != 1:
        raise BadInput(f"a paper account has one quote asset, not {len(quotes)} {quotes}")
    bases: dict[str, str] = {}
    for symbol, each in instruments.items():
        if symbol != each.symbol:
            raise BadInput(f"instrument {each.symbol} is listed as {symbol}")
        if each.base == each.quote or each.base in bases:
            raise BadInput(f"{symbol} holds {each.base}, as {bases.get(each.base, 'its quote')} does")
        bases[each.base] = symbol
    return quotes[0]


def opened_book(
    instruments: Mapping[str, Instrument],
    costs: Costs,
    cash: int,
    holdings: Mapping[str, int],
    standing: Sequence[OrderState],
) -> PaperAccount:
    """Return a book that goes on where these left off. Raises BadInput when they contradict."""
    if cash < 0:
        raise BadInput(f"cash {cash} below 0")
    for symbol, lots in holdings.items():
        if symbol not in instruments or lots < 0:
            raise BadInput(f"holdings {symbol}: {lots} lots, of {sorted(instruments)}, at least 0")
    book = PaperAccount(cash, {symbol: holdings.get(symbol, 0) for symbol in instruments})
    for each in standing:
        if each.status in OPEN:
            _take_up(book, each, instruments, costs)
    _check_covered(book, instruments.values())
    return book


def _take_up(
    book: PaperAccount, each: OrderState, instruments: Mapping[str, Instrument], costs: Costs
) -> None:
    order = each.order
    instrument = instruments.get(order.symbol)
    if instrument is None or order.type not in RESTING or not 0 <= each.filled < order.lots:
        raise BadInput(
            f"standing order {order.client_id}: {order.type} {order.symbol}, "
            f"{each.filled} of {order.lots} lots filled, cannot rest"
        )
    if order.client_id in book.working:
        raise BadInput(f"standing order {order.client_id} is given twice")
    working = WorkingOrder(order, instrument, costs, each.filled)
    if working.level < 1:
        raise BadInput(f"standing order {order.client_id}: level {working.level} below 1 tick")
    working.move(each.status, each.at, each.reason)
    book.working[order.client_id] = working


def _check_covered(book: PaperAccount, instruments: Iterable[Instrument]) -> None:
    if book.locked_cash() > book.cash:
        raise BadInput(f"standing orders hold back {book.locked_cash()} cash units, cash {book.cash}")
    for each in instruments:
        locked, held = book.locked_lots(each.symbol), book.holdings[each.symbol]
        if locked > held:
            raise BadInput(f"standing orders hold back {locked} lots of {each.symbol}, held {held}")
