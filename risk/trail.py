"""The trailing stop: a stop that follows a rising price and never comes down again."""

from datetime import datetime

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
    before = standing.trigger or 0
    level = trailed(before, candle.close, quote.price, trailing_ppm)
    if level == before:
        return None
    level = instrument.level(level)
    if level >= quote.price:
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
    )
    raised = f"stop raised from {instrument.price(before)} to {instrument.price(level)}"
    return Approved(cycle_id, standing.symbol, order, stop=level, target=target, sizing=raised)
