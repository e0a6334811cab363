"""A session as it stands while it runs, read from any thread; nobody waits for it."""

from collections.abc import Callable
from datetime import datetime

from agent.answers.account import DecisionRow, MarketRow, Status, StreamRow, Timing, Vitals
from agent.host.stopwatch import BOUNDS
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.parameters import spoken
from agent.views import session as views
from agent.wiring import MarketSource, Parts


class PresentSession:
    """The view of a running session for whoever asks; `now` is its present."""

    def __init__(
        self,
        name: str,
        parts: Parts,
        session: Session,
        inbox: Inbox,
        market: MarketSource,
        now: Callable[[], datetime],
    ) -> None:
        self.name = name
        self.parts = parts
        self.session = session
        self.inbox = inbox
        self.market = market
        self.now = now

    def status(self) -> Status:
        """Return what the agent is doing."""
        state, session, options = self.parts.state, self.session, self.parts.options
        ended, now, kill = session.last_ended, self.now(), self.inbox.pending_kill
        vitals = self.vitals()
        return Status(
            running=not self.inbox.closed,
            journal=self.name,
            mode=options.mode,
            symbols=list(options.symbols),
            timeframe=options.timeframe,
            clock=now,
            driven=options.driven,
            next_candle_seconds=views.next_candle_seconds(state, options, now),
            session=state.session,
            state=session.cycle.machine.state,
            paused=self.inbox.paused,
            cycle=state.cycle_id,
            cycles=session.done,
            at=ended.at if ended else None,
            outcome=ended.outcome if ended else None,
            error=ended.error.message if ended and ended.error else None,
            market=self._market(),
            breakers=vitals.breakers,
            streams=vitals.streams,
            muted=vitals.muted,
            timings=vitals.timings,
            parameters=spoken.view(state, self.parts.mind),
            changed=views.changed(state),
            account=views.account(state, pending_kill=kill.reason if kill else None),
            positions=views.positions(state),
            decisions=self.decisions(1),
        )

    def vitals(self) -> Vitals:
        """Return what only this process knows."""
        watches = {"cycle": self.session.watch, "decision_to_wire": self.session.cycle.executor.watch}
        return Vitals(
            breakers=self.market.breakers(),
            streams={name: StreamRow(**each._asdict()) for name, each in self.market.streams().items()},
            muted=dict(self.parts.mind.muted),
            timings={
                name: Timing(bounds=list(BOUNDS), counts=list(each.counts), seconds=round(each.seconds, 6))
                for name, each in watches.items()
            },
        )

    def _market(self) -> list[MarketRow]:
        if not self.session.decided:
            return []
        return views.market(self.session.decided[-1], self.parts.grid)

    def decisions(self, count: int) -> list[DecisionRow]:
        """Return the decisions of the latest `count` cycles, oldest first."""
        events = list(self.session.decided)[-count:] if count > 0 else []
        return [row for event in events for row in views.decision(event, self.parts.grid, self.parts.mind)]
