"""Binance's answers on orders and money, as our messages. Numbers come as strings and stay exact.

Raises BadAnswer for what is not as documented and proves nothing. Where the rest of an answer proves that
an order was executed, one odd fact of it is read conservatively instead and named (see `platforms.binance.
fees`), for a position that nobody counts is neither protected nor sold. A number between two lots or two
ticks is OffGrid: our grid is what is wrong, and has to become finer before it is asked for again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from domain.errors import BadAnswer
from domain.instrument import Instrument
from domain.money import ASSET_SCALE
from domain.order import Balance, Fill, OrderStatus, OrderType, Placed, Receipt, Side
from domain.times import EPOCH, utc
from platforms.binance import fees
from platforms.binance.numbers import Json, field, number

__all__ = [
    "STATUSES", "Json", "OffGrid", "average", "balances", "changed", "field", "fill", "instant", "lots",
    "number", "receipt", "resting", "rows", "ticks", "whole", "within",
]  # fmt: skip

LARGEST = (1 << 63) - 1
FAR = Decimal("0.05")
"""How far the price of one trade may lie from its order's average where it cannot be read, as a share."""
LAST_DIGIT = Decimal("0.00000001")
LATEST_MS = 253_402_300_799_999
"""The end of the year 9999, beyond which there are no dates."""

STATUSES = {
    "NEW": OrderStatus.NEW,
    "PENDING_NEW": OrderStatus.NEW,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELLED,
    "PENDING_CANCEL": OrderStatus.NEW,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}


class OffGrid(BadAnswer):
    """A quantity or a price that our grid of a symbol cannot hold."""

    def __init__(
        self, text: str, symbol: str, *, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> None:
        super().__init__(text)
        self.symbol = symbol
        self.quantity = quantity
        self.price = price


def whole(answer: Any, name: str, most: int = LARGEST) -> int:
    """Return a non-negative integer that the exchange wrote as a number."""
    value = field(answer, name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BadAnswer(f"{name} is no whole number: {str(value)[:40]!r}")
    return value


def instant(answer: Any, name: str) -> datetime:
    """Return an instant given in milliseconds."""
    return utc(whole(answer, name, LATEST_MS))


def rows(answer: Any) -> list[Json]:
    """Return a list of objects."""
    if not isinstance(answer, list) or not all(isinstance(row, Mapping) for row in answer):
        raise BadAnswer("the answer is no list of objects")
    return answer


def lots(quantity: Decimal, instrument: Instrument, what: str) -> int:
    """Return a quantity in lots. Raises OffGrid when it is not a whole number of them."""
    count = quantity / instrument.step_size
    if count != count.to_integral_value():
        text = f"{what} {quantity} of {instrument.symbol} is no multiple of {instrument.step_size}"
        raise OffGrid(text, instrument.symbol, quantity=quantity)
    return int(count)


def ticks(price: Decimal, instrument: Instrument, side: Side) -> int:
    """Return a price in ticks; one between two (the tick became finer) counts as the better for us."""
    count = price / instrument.tick_size
    whole_ticks = count.to_integral_value(ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)
    if whole_ticks <= 0:
        text = f"price {price} of {instrument.symbol} is below its tick {instrument.tick_size}"
        raise OffGrid(text, instrument.symbol, price=price)
    return int(whole_ticks)


def fill(
    trade: Json,
    instrument: Instrument,
    client_id: str,
    side: Side,
    reference: int,
    at: datetime,
    *,
    maker: bool,
    average: Decimal | None = None,
) -> Fill:
    """Return one execution; the fee exactly as the exchange takes it.

    What a price between two ticks costs more than the tick it counts as is in the fee, so that cash adds up.
    A price that cannot be read counts as the order's `average`, where that is told.
    """
    amount = number(trade, "qty")
    exact, odd = _price(trade, average)
    price = ticks(exact, instrument, side)
    taken = fees.read(trade, instrument, side, exact * amount, amount)
    beyond = abs(exact - instrument.price(price)) * amount / instrument.cash_unit
    return Fill(
        trade_id=str(whole(trade, "id" if "id" in trade else "tradeId")),
        client_id=client_id,
        symbol=instrument.symbol,
        side=side,
        lots=lots(amount, instrument, "fill"),
        price=price,
        reference=reference or price,
        fee=taken.cash + int(beyond.to_integral_value(ROUND_CEILING)),
        maker=maker,
        at=at,
        commission=taken.units,
        commission_asset=taken.asset,
        odd=taken.odd or odd,
        slack=_added(taken.slack, instrument, exact * amount * FAR if odd else Decimal(0)),
    )


def _price(trade: Json, average: Decimal | None) -> tuple[Decimal, str]:
    """Return a trade's price, or its order's average with what could not be read."""
    try:
        return number(trade, "price"), ""
    except BadAnswer as error:
        if not average:
            raise
        return average, f"{error}: counted as the average {average}"


def _added(slack: dict[str, int], instrument: Instrument, value: Decimal) -> dict[str, int]:
    """Return a slack with a value in the quote asset added."""
    if not value:
        return slack
    units = int((value / instrument.cash_unit).to_integral_value(ROUND_CEILING))
    return {**slack, instrument.quote: slack.get(instrument.quote, 0) + units}


def average(answer: Json) -> Decimal | None:
    """Return what an order was executed at on average, None where that is not told."""
    value, amount = _maybe(answer, "cummulativeQuoteQty"), _maybe(answer, "executedQty")
    return (value / amount).quantize(LAST_DIGIT) if value and amount else None


def receipt(
    answer: Any,
    instrument: Instrument,
    fills: Sequence[Fill] = (),
    *,
    client_id: str | None = None,
    grain: int = 1,
) -> Receipt:
    """Return where an order stands; `fills` are given by whoever knows them.

    `grain` is the exchange's present step in lots of the instrument.
    """
    native = instrument.symbol.replace("-", "")
    if not isinstance(answer, Mapping) or answer.get("symbol", native) != native:
        reply = answer.get("symbol") if isinstance(answer, Mapping) else answer
        raise BadAnswer(f"asked for an order of {native}, told of {str(reply)[:40]!r}")
    status, filled = _standing(answer, instrument)
    return Receipt(
        client_id=client_id or str(field(answer, "clientOrderId")),
        symbol=instrument.symbol,
        status=status,
        at=changed(answer),
        venue_id=str(whole(answer, "orderId")),
        filled=filled,
        reason="" if status is not OrderStatus.REJECTED else "rejected by the exchange",
        fills=tuple(fills),
        placed=placed(answer, instrument, grain),
    )


def _standing(answer: Json, instrument: Instrument) -> tuple[OrderStatus, int]:
    """Return status and executed lots; of the two, one that cannot be read follows from the other.

    Filled means all that was ordered, and new means nothing; all executed means filled. Nothing else does.
    """
    name = field(answer, "status")
    status = STATUSES.get(name) if isinstance(name, str) else None
    ordered = _maybe(answer, "origQty")
    try:
        executed = number(answer, "executedQty")
    except BadAnswer:
        if status is OrderStatus.NEW:
            executed = Decimal(0)
        elif status is OrderStatus.FILLED and ordered is not None:
            executed = ordered
        else:
            raise
    if status is None:
        if not executed or executed != ordered:
            raise BadAnswer(f"order status {str(name)[:40]!r} is not known")
        status = OrderStatus.FILLED
    filled = lots(executed, instrument, "executed")
    within(answer, instrument, filled)
    return status, filled


def _maybe(answer: Json, name: str) -> Decimal | None:
    try:
        return number(answer, name)
    except BadAnswer:
        return None


def changed(answer: Json) -> datetime:
    """Return when an order last changed or was filled: the first of its times that can be read."""
    for name in ("updateTime", "transactTime", "workingTime", "time"):
        try:
            return instant(answer, name)
        except BadAnswer:
            continue
    raise BadAnswer("answer without updateTime")


def resting(answer: Json, instrument: Instrument, grain: int = 1) -> Receipt | None:
    """Return an order of a list of open ones: whatever else is odd about it, it rests.

    None for one whose id cannot be read: nobody can say whose it is.
    """
    try:
        return receipt(answer, instrument, grain=grain)
    except BadAnswer:
        name = answer.get("clientOrderId")
        return Receipt(name, instrument.symbol, OrderStatus.NEW, EPOCH) if isinstance(name, str) else None


KINDS = {"MARKET": OrderType.MARKET, "LIMIT": OrderType.LIMIT, "LIMIT_MAKER": OrderType.LIMIT} | {
    f"{kind}{limit}": type_
    for kind, type_ in (("STOP_LOSS", OrderType.STOP), ("TAKE_PROFIT", OrderType.TAKE_PROFIT))
    for limit in ("", "_LIMIT")
}


LASTING = {"GTC": OrderType.LIMIT, "FOK": OrderType.LIMIT, "IOC": OrderType.IOC}


def placed(answer: Json, instrument: Instrument, grain: int) -> Placed | None:
    """Return the order as the exchange has it; None where the answer does not say it in full."""
    kind, when = answer.get("type"), "time" if "time" in answer else "transactTime"
    try:
        side = Side(str(field(answer, "side")))
        whole_lots = int(number(answer, "origQty") / instrument.step_size)
        return Placed(side, _kind(answer, str(kind)), whole_lots, instant(answer, when), grain)
    except (BadAnswer, ValueError, KeyError):
        return None


def _kind(answer: Json, name: str) -> OrderType:
    """Return an order's type; a limit order is one of two by how long it lasts. Raises KeyError."""
    kind = KINDS[name]
    if name != "LIMIT":
        return kind
    return LASTING[str(field(answer, "timeInForce"))]


def within(answer: Any, instrument: Instrument, filled: int) -> None:
    """Raise BadAnswer when more lots are said to be executed than were ordered."""
    ordered, executed = _maybe(answer, "origQty"), instrument.quantity(filled)
    if ordered is not None and executed > ordered:
        raise BadAnswer(f"executed {executed} of an order of {ordered} {instrument.symbol}")


def balances(answer: Any, instruments: Sequence[Instrument]) -> dict[str, Balance]:
    """Return what an account holds of the traded assets; what is beyond whole lots is `dust` in 1e-8."""
    reply = {str(field(row, "asset")): row for row in rows(field(answer, "balances"))}
    result: dict[str, Balance] = {}
    for instrument in instruments:
        for asset, unit in (
            (instrument.quote, instrument.cash_unit),
            (instrument.base, instrument.step_size),
        ):
            row = reply.get(asset)
            free, locked = (number(row, "free"), number(row, "locked")) if row else (Decimal(0), Decimal(0))
            whole_free, whole_locked = int(free // unit), int(locked // unit)
            rest = free + locked - (whole_free + whole_locked) * unit
            result[asset] = Balance(whole_free, whole_locked, int(rest * ASSET_SCALE))
    return result
