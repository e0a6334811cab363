"""The exits of positions after a candle: what their voices declared, and the settings' trailing stop.

Of each position nobody votes to sell: all of it is sold, or a share, or its stop is raised; a share that is
sold has the rest's stop raised with it. No rule of entries is asked, and no headline moves a stop. A custom
exit that cannot be judged is told of, and holds nothing up; nor does a fault over one position.
"""

from functools import partial
from typing import NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from agent.loop.one_by_one import guarded
from agent.loop.turn import Turn
from agent.orders.factory import OrderFactory
from agent.state.leaving import NOTHING, asked
from agent.state.state import State
from domain.account import Position
from domain.decision import Action
from domain.exits import BY_CUSTOM, BY_PARTIAL, ENDINGS, ExitPlan
from domain.instrument import Instrument
from domain.observation import Observation
from domain.order import SHARE, Order, OrderType
from domain.verdict import Approved
from risk.case import Policy
from risk.exits import MILLION, exit_due, part_due, parts_fit, share_due, stop_wanted
from risk.judge import leave
from risk.trail import raised_to

TRAILS, EXITS = 500, 600
"""First numbers of a cycle's raised stops and declared exits, above its votes' and their protection's."""
NO_PLAN = ExitPlan()


def due_exits(turn: Turn, state: State, factory: OrderFactory, policy: Policy) -> list[Approved]:
    """Return what is to be sold or raised after this candle, of positions nobody votes to sell."""
    results: list[Approved] = []
    if not state.ledger.positions:
        return results
    for number, (observation, decision) in enumerate(zip(turn.observations, turn.decisions, strict=True)):
        position = state.ledger.positions.get(observation.symbol)
        if position is None or decision.action is Action.SELL or not observation.candles:
            continue
        due = partial(_due, turn, number, observation, position, state, factory, policy)
        approved = guarded(turn, observation.symbol, due)
        if approved is not None:
            results.append(approved)
    return results


def _due(
    turn: Turn,
    number: int,
    observation: Observation,
    position: Position,
    state: State,
    factory: OrderFactory,
    policy: Policy,
) -> Approved | None:
    entry = state.entries.get(observation.symbol)
    own = policy.of(observation.symbol)
    if own.limits.trailing_ppm == 0 and (entry is None or not entry.exits):
        return None
    held = _Held(turn, number, observation, position, state, factory, own)
    approved = held.due()
    if held.asked.why:
        turn.unjudged[observation.symbol] = held.asked.why
    return approved


class _Stop(NamedTuple):
    """A resting stop, the target beside it (0 for none), and where the stop belongs now by which exit."""

    order: Order
    target: int
    level: int
    by: int


class _Held:
    """A position with all that its exits are judged by."""

    def __init__(
        self,
        turn: Turn,
        number: int,
        observation: Observation,
        position: Position,
        state: State,
        factory: OrderFactory,
        policy: Policy,
    ) -> None:
        self.turn = turn
        self.number = number
        self.observation = observation
        self.position = position
        self.state = state
        self.factory = factory
        self.policy = policy
        self.instrument: Instrument = state.ledger.instruments[position.symbol]
        self.entry = state.entries.get(position.symbol)
        self.plan: ExitPlan = (self.entry.exits if self.entry else None) or NO_PLAN
        self.numbers = self.plan.numbers()
        self.quote = 0 if observation.quote is None else observation.quote.price
        self.units = position.bought_lots * self.instrument.cash_factor
        self.asked = NOTHING

    def due(self) -> Approved | None:
        """Return what is due: all, else a share, else a higher stop."""
        if self.plan is not NO_PLAN:
            held_ms = self.observation.candles[-1].time - self.plan.candle
            by = exit_due(self.numbers, 0, held_ms, self.quote, self.position.bought, self.units)
            if by:
                return self._all(by)
            close = self.observation.candles[-1].close
            self.asked = asked(self.state, self.position, self.plan, self.quote, close, held_ms)
            if self.asked.share >= MILLION:
                return self._all(BY_CUSTOM)
        if self.quote <= 0:
            return None
        stop = self._stop()
        return (self._part(stop) if self.plan.parts or self.asked.share else None) or self._raised(stop)

    def _all(self, by: int) -> Approved | None:
        """Return the sale of all; where the exchange's filters refuse it, the next candle asks again."""
        verdict = leave(
            self.position,
            self.instrument,
            self.quote,
            self.state.ledger.marks.get(self.position.symbol),
            cycle_id=self.turn.cycle_id,
            client_id=self.factory.client_id(self.turn.cycle_id, EXITS + self.number),
            at=self.turn.at,
            ending=ENDINGS[by],
            reason=self.asked.reason if by == BY_CUSTOM else "",
        )
        return verdict if isinstance(verdict, Approved) else None

    def _stop(self) -> _Stop | None:
        symbol = self.position.symbol
        resting = {each.order.type: each.order for each in self.state.ledger.resting(symbol)}
        stop, target = resting.get(OrderType.STOP), resting.get(OrderType.TAKE_PROFIT)
        if stop is None:
            return None
        level, by = stop_wanted(
            self.numbers,
            0,
            stop.trigger or 0,
            self.observation.candles[-1].close,
            self.quote,
            self.state.orientations[symbol].atr,
            self.position.bought,
            self.units,
            self.policy.cost_ppm,
            self.policy.limits.trailing_ppm,
        )
        before = stop.trigger or 0
        if level != before and (level := self.instrument.level(level)) >= self.quote:
            level, by = before, 0  # on the exchange's own grid it would sell at once
        return _Stop(stop, (target and target.trigger) or 0, level, by)

    def _raised(self, stop: _Stop | None) -> Approved | None:
        if stop is None:
            return None
        return raised_to(
            stop.level,
            stop.order,
            stop.target,
            self.quote,
            self.instrument,
            cycle_id=self.turn.cycle_id,
            client_id=self.factory.client_id(self.turn.cycle_id, TRAILS + self.number),
            at=self.turn.at,
            by=ENDINGS[stop.by] if stop.by else UNSET,
        )

    def _part(self, stop: _Stop | None) -> Approved | None:
        """Return the sale of a share that is due, with the stop the rest is to have.

        Where part or rest would be too small for the exchange, all is kept for the exit of the whole.
        """
        held, grid = self.position, self.instrument
        declared = share_due(self.numbers, 0, self.quote, held.bought, self.units)
        custom = self.asked.share > declared
        wanted = part_due(
            self.numbers,
            0,
            self.quote,
            held.bought,
            self.units,
            held.bought_lots,
            held.sold_lots,
            self.asked.share,
        )
        lots = grid.sendable(wanted)
        rest = grid.sendable(held.lots - lots)
        least = stop.level if stop else 0
        if lots <= 0 or not parts_fit(
            self.quote, least, lots, rest, grid.cash_factor, grid.min_lots, grid.min_cash
        ):
            return None
        sale = leave(
            held,
            grid,
            self.quote,
            None,
            cycle_id=self.turn.cycle_id,
            client_id=self.factory.client_id(self.turn.cycle_id, f"{SHARE}x{self.number}"),
            at=self.turn.at,
            ending=(ending := ENDINGS[BY_CUSTOM if custom else BY_PARTIAL]),
            reason=self.asked.reason if custom else "",
        )
        if not isinstance(sale, Approved):
            return None
        text = f"{grid.quantity(lots).normalize():f} of {grid.quantity(held.lots).normalize():f} {grid.base}"
        order = replace(sale.order, lots=lots)
        why = f"{ending}: {self.asked.reason}" if custom and self.asked.reason else ending
        return replace(sale, order=order, sizing=f"a share ({why}): {text}", **self._rest(stop))

    def _rest(self, stop: _Stop | None) -> dict[str, object]:
        """Return the stop of what remains and what raised it; nothing where none rests."""
        if stop is None or self.entry is None:
            return {}
        before = stop.order.trigger or 0
        if stop.level == before:
            return {"stop": before, "stop_by": self.entry.stop_by}
        return {"stop": stop.level, "stop_by": ENDINGS[stop.by] if stop.by else UNSET}
