"""The smallest change of inputs that would have turned a cycle's outcome.

A held or approved decision is asked with other closes of its last candle, nearest first; a denied
one names what each failed rule measured and what it would have had to be.
"""

import msgspec

from agent.answers.cycle import Change, TurningPoint
from agent.views.session import decimal
from agent.wiring.folded import Folded, PolicyInForce
from domain.candle import Candle
from domain.decision import Action, Decision
from domain.instrument import Instrument
from domain.observation import Observation
from domain.verdict import Approved, Denied, Verdict
from reasoning.telling import reason_told
from reasoning.vote import decide
from risk.case import Case
from risk.judge import judge

WIDEST = 0.5
"""Closes further away than this share of the price are not tried."""
GROWTH = 1.25


def turning_point(
    before: Folded, observation: Observation, decision: Decision, verdict: Verdict | None
) -> TurningPoint:
    """Say what would have had to differ; `before` is the loop folded up to this cycle, and is used up."""
    if isinstance(verdict, Denied):
        return _limits(verdict)
    if not observation.candles:
        return TurningPoint(
            kind="candle", text="nothing but a new closed candle: strategies speak once per candle"
        )
    return _Closes(before, observation, decision).answer()


def _limits(verdict: Denied) -> TurningPoint:
    failed = [check for check in verdict.checks if not check.passed]
    changes = [
        Change(rule=check.rule, measured=check.measured, limit=check.limit, note=check.note)
        for check in failed
    ]
    if not failed:
        return TurningPoint(kind="limits", text=verdict.detail or verdict.reason)
    text = "; ".join(f"{c.rule} at {_brief(c.measured)} where the limit is {_brief(c.limit)}" for c in failed)
    return TurningPoint(kind="limits", text=f"each of these within its limit: {text}", changes=changes)


def _brief(value: object) -> str:
    """Return a value for people; `changes` has it to the last digit."""
    return f"{value:.8g}" if isinstance(value, float) else str(value)


class _Closes:
    """Asks the same decision with other closes of the last candle."""

    def __init__(self, before: Folded, observation: Observation, decision: Decision) -> None:
        self.before = before
        self.observation = observation
        self.decision = decision
        self.instrument: Instrument = before.grid[observation.symbol]
        self.candle = observation.candles[-1]
        before.mind.orient(msgspec.structs.replace(observation, candles=observation.candles[:-1]))

    def answer(self) -> TurningPoint:
        """Return the nearest close with another action, what that action is and what the gate would say."""
        results = [close for close in (self._nearest(-1), self._nearest(1)) if close is not None]
        if not results:
            text = f"no close within {WIDEST:.0%} would have changed it"
            return TurningPoint(kind="close", text=text)
        close = min(results, key=lambda each: abs(each - self.candle.close))
        other = self._decide(close)
        price = self.instrument.price
        change = (close - self.candle.close) / self.candle.close
        text = (
            f"a close of {decimal(price(close))} instead of {decimal(price(self.candle.close))} "
            f"({change:+.2%}) would have made it {other.action}: {self._told(close, other)}"
        )
        gate = self._gate(other)
        return TurningPoint(
            kind="close",
            text=text + (f"; the gate would have said {gate}" if gate else ""),
            close=decimal(price(close)),
            change=round(change, 6),
            action=other.action,
            gate=gate,
        )

    def _nearest(self, way: int) -> int | None:
        """Return the close nearest on one side that changes the action: widening steps, then bisection."""
        near, step = self.candle.close, 1.0
        while step <= self.candle.close * WIDEST:
            far = self.candle.close + way * int(step)
            if far > 0 and self._turns(far):
                return self._bisect(near, far)
            near, step = far, max(step + 1, step * GROWTH)
        return None

    def _bisect(self, near: int, far: int) -> int:
        while abs(far - near) > 1:
            middle = (near + far) // 2
            near, far = (near, middle) if self._turns(middle) else (middle, far)
        return far

    def _turns(self, close: int) -> bool:
        return self._decide(close).action is not self.decision.action

    def _tried(self, close: int) -> Candle:
        candle = self.candle
        return Candle(
            candle.time, candle.open, max(candle.high, close), min(candle.low, close), close, candle.volume
        )

    def _told(self, close: int, decision: Decision) -> str:
        """Return the reason with its prices in the quote currency."""
        observation = msgspec.structs.replace(self.observation, candles=(self._tried(close),))
        return reason_told(decision, self.before.mind.told(observation, decision, self.instrument))

    def _decide(self, close: int) -> Decision:
        orientation = self.before.mind.peek(self.observation.symbol, self._tried(close))
        decision = self.decision
        state, reasoning = self.before.state, self.before.options.reasoning
        return decide(
            decision.cycle_id,
            self.observation,
            orientation,
            state.beliefs_for(self.observation),
            reasoning,
            decision.at,
            state.promoted(),
        )

    def _gate(self, decision: Decision) -> str | None:
        if decision.action is Action.HOLD:
            return None
        state = self.before.state
        verdict = judge(
            Case(
                decision=decision,
                observation=self.observation,
                account=state.ledger.account(state.kill_switch),
                instruments=state.ledger.instruments,
                policy=PolicyInForce(self.before.options, self.before.grid, state)().of(decision.symbol),
                at=decision.at,
                client_id="what-if",
                activity=state.activity(decision.symbol),
            )
        )
        return "approved" if isinstance(verdict, Approved) else verdict.reason
