"""Dust and fees in third assets: amounts beside whole lots and cash, exact, in 1e-8 of an asset.

1. *Dust* is what is held of a base asset beyond the lots of positions: the rest that fees leave, and lots
   that cannot be sold. It counts in equity where a mark is known, takes no slot and blocks nothing. It
   becomes lots with the next purchase of its symbol, or when everything is to be sold (`agent flatten`)
   and it is worth an order; without either it stays dust, however many lots it is.
2. A fee in a third asset is kept by asset. It is valued at the mark of that asset's pair where one is
   traded here, and else shown as not valued. It is taken of what lay aside, then of our own.
3. *Slack* is by how much books may be off because something the venue said could not be read.
"""

from datetime import datetime
from typing import NamedTuple

from domain.account import Position, gather
from domain.instrument import Instrument
from domain.money import ASSET_SCALE, notional
from domain.order import Fill


class Elsewhere(NamedTuple):
    """Fees in a third asset: all of it, what of it was never valued, and cash units equity does not show."""

    units: int = 0
    unvalued: int = 0
    cash: int = 0


def step_units(instrument: Instrument) -> int:
    """Return one lot in 1e-8 of the base asset."""
    return int(instrument.step_size * ASSET_SCALE)


def worth(units: int, mark: int, instrument: Instrument) -> int:
    """Return what 1e-8 of a base asset are worth at `mark` ticks, in cash units, rounded down."""
    return units * mark * instrument.cash_factor // step_units(instrument)


def commission_cost(fill: Fill, instrument: Instrument) -> int:
    """Return what a commission in the base asset is worth at the fill's price, rounded up."""
    return -worth(-fill.commission, fill.price, instrument)


def too_small(position: Position, mark: int | None, instrument: Instrument) -> bool:
    """Say whether a position cannot be sold by itself: too few lots, or worth too little at `mark`."""
    if position.lots < instrument.min_lots or not instrument.sendable(position.lots):
        return True
    return mark is not None and notional(mark, position.lots, instrument.cash_factor) < instrument.min_cash


def raised(
    position: Position | None, dust: int, mark: int | None, instrument: Instrument, at: datetime
) -> tuple[Position | None, int]:
    """Return a position with its dust's lots made part of it where that can be sold, and the dust left."""
    step = step_units(instrument)
    lots = dust // step
    if mark is None or lots <= 0:
        return position, dust
    if position is None:
        paid = notional(mark, lots, instrument.cash_factor)
        position = Position(
            instrument.symbol, at, "dust", bought_lots=lots, bought=paid, bought_at_reference=paid,
            gross_lots=lots, paid=paid, paid_at_reference=paid,
        )  # fmt: skip
        return (None, dust) if too_small(position, mark, instrument) else (position, dust - lots * step)
    return gather(position, step, dust)
