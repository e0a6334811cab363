"""The trailing stop: a stop that follows a rising price and never comes down again."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from domain.candle import Candle, LastPrice
from domain.instrument import Instrument
from domain.order import Order, OrderType, Purpose, Side
from domain.verdict import Approved
from risk.stake import trailed


def trail(
    standing: Order,
    target: int,
    candle: Candle,
    quote: LastPrice,
    instrument: Instrument,
    trailing_ppm: int,
    *,
    cycle_id: int,
    client_id: str,
    at: datetime,
) -> Approved | None:
    """Return the stop that is to take the place of a standing one, or None while that is where it belongs.

    It protects, so no rule stands in its way. `target` in ticks goes with it (0 for none).
    """
    level = trailed(standing.trigger or 0, candle.close, quote.price, trailing_ppm)
    return raised_to(
        level, standing, target, quote.price, instrument, cycle_id=cycle_id, client_id=client_id, at=at
    )


def raised_to(
    level: int,
    standing: Order,
    target: int,
    quote: int,
    instrument: Instrument,
    *,
    cycle_id: int,
    client_id: str,
    at: datetime,
    by: str | UnsetType = UNSET,
) -> Approved | None:
    """Return a standing stop raised to a level, None where it is there; `by` names the declared exit."""
    before = standing.trigger or 0
    if level == before:
        return None
    level = instrument.level(level)
    if level >= quote:
        return None
    order = Order(
        client_id=client_id,
        cycle_id=cycle_id,
        at=at,
        symbol=standing.symbol,
        side=Side.SELL,
        type=OrderType.STOP,
        purpose=Purpose.PROTECT,
        lots=standing.lots,
        reference=level,
        trigger=level,
        oco=f"{client_id}-oco" if target else None,
        ending=by,
    )
    why = f" by {by}" if by else ""
    raised = f"stop raised{why} from {instrument.price(before)} to {instrument.price(level)}"
    return Approved(cycle_id, standing.symbol, order, stop=level, target=target, sizing=raised, stop_by=by)
