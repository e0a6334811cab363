"""A new grid: what is counted in ticks and lots of one, counted in those of another.

The grid of a journal only ever becomes finer, so that nothing held is lost to rounding: where an exchange
makes its tick or lot finer, ours follows (in the finest both fit on), where it makes them coarser, ours
stays, and orders are rounded to the exchange's (`Instrument.order_step`, `Instrument.order_tick`).
"""

import math
from decimal import Decimal
from typing import NamedTuple

import msgspec

from domain.account import Position
from domain.candle import Candle
from domain.instrument import Instrument
from domain.lesson import Pending
from domain.order import Order, OrderState
from domain.verdict import Approved

COARSENED = 12
"""How often a tick is made ten times coarser for a lot so fine that the cash unit does not hold both."""


def common(one: Decimal, other: Decimal) -> Decimal:
    """Return the largest step of which both are whole multiples."""
    places = max(0, *(-int(each.normalize().as_tuple().exponent) for each in (one, other)))
    first, second = (int(each.scaleb(places)) for each in (one, other))
    return Decimal(math.gcd(first, second)).scaleb(-places)


def finest(
    known: Instrument, report: Instrument, *, quantity: Decimal | None = None, price: Decimal | None = None
) -> Instrument:
    """Return the instrument a journal counts on from now on: what the exchange tells, on a grid for both.

    `quantity` and `price` are of an execution that must lie on it, too. The lot is never coarser than any
    of them; where the cash unit does not hold tick times lot the tick is made coarser, and what a price
    lies between two ticks is counted as a cost.
    """
    own_step, own_tick = report.order_step or report.step_size, report.order_tick or report.tick_size
    step = common(known.step_size, own_step)
    step = common(step, quantity) if quantity else step
    tick = common(known.tick_size, own_tick)
    tick = common(tick, price) if price else tick
    for candidate in (tick, max(known.tick_size, own_tick), *_coarser(max(known.tick_size, own_tick))):
        worth = (candidate * step).scaleb(known.cash_decimals)
        if worth >= 1 and worth == worth.to_integral_value():
            tick = candidate
            break
    else:
        return known
    return msgspec.structs.replace(
        report, tick_size=tick, step_size=step, cash_decimals=known.cash_decimals,
        order_step=own_step if own_step != step else None, order_tick=own_tick if own_tick != tick else None,
    )  # fmt: skip


def _coarser(tick: Decimal) -> list[Decimal]:
    return [tick.scaleb(power) for power in range(1, COARSENED)]


class Regrid(NamedTuple):
    """From one grid of a symbol to another; `times` and `lots_times` are exact where the new is finer."""

    old: Instrument
    new: Instrument

    @property
    def ticks_change(self) -> bool:
        """True when prices are counted otherwise."""
        return self.old.tick_size != self.new.tick_size

    @property
    def changes(self) -> bool:
        """True when anything held is counted otherwise: a minimum is no grid."""
        return self.ticks_change or self.old.step_size != self.new.step_size

    def ticks(self, count: int) -> int:
        """Return a price on the new grid, to the nearest tick; never 0 for one above 0."""
        if not self.ticks_change:
            return count
        return max(self.new.ticks(self.old.price(count)), 1 if count > 0 else 0)

    def lots(self, count: int) -> int:
        """Return a quantity on the new grid."""
        return self.new.lots(self.old.quantity(count))

    def maybe(self, count: int | None) -> int | None:
        """Return a price that may be none on the new grid."""
        return None if count is None else self.ticks(count)

    def candle(self, candle: Candle) -> Candle:
        """Return a candle on the new grid."""
        _, opened, high, low, close, _ = candle
        return candle._replace(
            open=self.ticks(opened), high=self.ticks(high), low=self.ticks(low), close=self.ticks(close)
        )

    def position(self, position: Position) -> Position:
        """Return a position on the new grid: what was paid and got is the same."""
        return msgspec.structs.replace(
            position,
            bought_lots=self.lots(position.bought_lots),
            sold_lots=self.lots(position.sold_lots),
            gross_lots=self.lots(position.gross_lots),
        )

    def order(self, order: Order) -> Order:
        """Return an order on the new grid."""
        return msgspec.structs.replace(
            order,
            lots=self.lots(order.lots),
            reference=self.ticks(order.reference),
            price=self.maybe(order.price),
            trigger=self.maybe(order.trigger),
        )

    def standing(self, standing: OrderState) -> OrderState:
        """Return an order under way on the new grid, with what was executed of it."""
        return msgspec.structs.replace(
            standing,
            order=self.order(standing.order),
            filled=self.lots(standing.filled),
            imported=self.lots(standing.imported),
        )

    def approved(self, approved: Approved) -> Approved:
        """Return why something is held, on the new grid."""
        return msgspec.structs.replace(
            approved,
            order=self.order(approved.order),
            stop=self.ticks(approved.stop),
            target=self.ticks(approved.target),
        )

    def pending(self, pending: Pending) -> Pending:
        """Return a vetoed entry that is watched, on the new grid."""
        return msgspec.structs.replace(
            pending,
            entry=self.ticks(pending.entry),
            stop=self.ticks(pending.stop),
            target=self.ticks(pending.target),
        )
