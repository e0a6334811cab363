"""What the exchange says of orders and money, as our messages. Numbers come as strings and stay exact.

Raises BadAnswer for anything that is not as documented: a number that is none, lots that are not whole.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_UP, Decimal
from typing import Any

from domain.errors import BadAnswer, LocalFault
from domain.instrument import Instrument
from domain.money import ASSET_SCALE
from domain.order import Balance, Fill, OrderStatus, Receipt, Side
from domain.times import utc

NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
LARGEST = (1 << 63) - 1
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

Json = Mapping[str, Any]


def field(answer: Any, name: str) -> Any:
    """Return a field. Raises BadAnswer when there is none."""
    if not isinstance(answer, Mapping) or name not in answer:
        raise BadAnswer(f"answer without {name}")
    return answer[name]


def number(answer: Any, name: str) -> Decimal:
    """Return a non-negative decimal that the exchange wrote as a string."""
    value = field(answer, name)
    if not isinstance(value, str) or not NUMBER.fullmatch(value):
        raise BadAnswer(f"{name} is no number: {str(value)[:40]!r}")
    return Decimal(value)


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
    """Return a quantity in lots. Raises BadAnswer when it is not a whole number of them."""
    count = quantity / instrument.step_size
    if count != count.to_integral_value():
        raise BadAnswer(f"{what} {quantity} of {instrument.symbol} is no multiple of {instrument.step_size}")
    return int(count)


def ticks(price: Decimal, instrument: Instrument, side: Side) -> int:
    """Return a price in ticks; one between two (the tick became finer) counts as the better for us."""
    count = price / instrument.tick_size
    whole_ticks = count.to_integral_value(ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)
    if whole_ticks <= 0:
        raise BadAnswer(f"price {price} of {instrument.symbol} is below its tick {instrument.tick_size}")
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
) -> Fill:
    """Return one execution; the fee as the exchange takes it, rounded against us.

    What a price between two ticks costs more than the tick it counts as is in the fee, so that cash adds up.
    Raises LocalFault for a fee in a third asset: it would leave an account nobody can reckon.
    """
    exact, amount = number(trade, "price"), number(trade, "qty")
    price = ticks(exact, instrument, side)
    fee, fee_lots, dust = _fee(trade, instrument)
    beyond = abs(exact - instrument.price(price)) * amount / instrument.cash_unit
    return Fill(
        trade_id=str(whole(trade, "id" if "id" in trade else "tradeId")),
        client_id=client_id,
        symbol=instrument.symbol,
        side=side,
        lots=lots(amount, instrument, "fill"),
        price=price,
        reference=reference or price,
        fee=fee + int(beyond.to_integral_value(ROUND_CEILING)),
        maker=maker,
        at=at,
        fee_lots=fee_lots,
        dust=dust,
    )


def _fee(trade: Json, instrument: Instrument) -> tuple[int, int, int]:
    """Return a commission as cash units, as lots, and what rounding up to lots left over (1e-8)."""
    amount, asset = number(trade, "commission"), field(trade, "commissionAsset")
    if not amount:
        return 0, 0, 0
    if asset == instrument.quote:
        return int((amount / instrument.cash_unit).quantize(Decimal(1), ROUND_UP)), 0, 0
    if asset == instrument.base:
        taken = int((amount / instrument.step_size).quantize(Decimal(1), ROUND_UP))
        return 0, taken, int((taken * instrument.step_size - amount) * ASSET_SCALE)
    raise LocalFault(
        f"a fee of {amount} {asset} for {instrument.symbol}: fees must be paid in {instrument.base} or "
        f"{instrument.quote}; switch off paying them with {asset} at the exchange"
    )


def receipt(
    answer: Any, instrument: Instrument, fills: Sequence[Fill] = (), *, client_id: str | None = None
) -> Receipt:
    """Return where an order stands; `fills` are given by whoever knows them."""
    name = field(answer, "status")
    status = STATUSES.get(name) if isinstance(name, str) else None
    if status is None:
        raise BadAnswer(f"order status {str(name)[:40]!r} is not known")
    native = instrument.symbol.replace("-", "")
    if answer.get("symbol", native) != native:
        raise BadAnswer(f"asked for an order of {native}, told of {str(answer['symbol'])[:40]!r}")
    filled = lots(number(answer, "executedQty"), instrument, "executed")
    within(answer, instrument, filled)
    when = "updateTime" if "updateTime" in answer else "transactTime"
    return Receipt(
        client_id=client_id or str(field(answer, "clientOrderId")),
        symbol=instrument.symbol,
        status=status,
        at=instant(answer, when),
        venue_id=str(whole(answer, "orderId")),
        filled=filled,
        reason="" if status is not OrderStatus.REJECTED else "rejected by the exchange",
        fills=tuple(fills),
    )


def within(answer: Any, instrument: Instrument, filled: int) -> None:
    """Raise BadAnswer when more lots are said to be executed than were ordered."""
    ordered, executed = number(answer, "origQty"), instrument.quantity(filled)
    if executed > ordered:
        raise BadAnswer(f"executed {executed} of an order of {ordered} {instrument.symbol}")


def balances(answer: Any, instruments: Sequence[Instrument]) -> dict[str, Balance]:
    """Return what an account holds of the traded assets; what is beyond whole lots is `dust` in 1e-8."""
    told = {str(field(row, "asset")): row for row in rows(field(answer, "balances"))}
    found: dict[str, Balance] = {}
    for instrument in instruments:
        for asset, unit in (
            (instrument.quote, instrument.cash_unit),
            (instrument.base, instrument.step_size),
        ):
            row = told.get(asset)
            free, locked = (number(row, "free"), number(row, "locked")) if row else (Decimal(0), Decimal(0))
            whole_free, whole_locked = int(free // unit), int(locked // unit)
            rest = free + locked - (whole_free + whole_locked) * unit
            found[asset] = Balance(whole_free, whole_locked, int(rest * ASSET_SCALE))
    return found
