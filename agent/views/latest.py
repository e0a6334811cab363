"""The latest word on each market, provider and entry: a fold beside the state, for whoever looks on.

None of it decides anything, so it is in no checkpoint: whoever begins in the middle of a journal folds the
last rows first, and knows as much as those say.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from advice.ledger import BUDGET
from agent.answers.account import StreamRow, Vitals
from agent.answers.agents import ProviderRow
from agent.views.headroom import Judged, judged_entry
from domain.decision import Action
from domain.events import AdviceAsked, CycleDecided, Event, SessionStarted
from domain.observation import Observation

NOBODY = Vitals()


class Latest:
    """The last cycle, the last observation and judged entry of a symbol, and when each provider served."""

    def __init__(self) -> None:
        self.decided: CycleDecided | None = None
        self.seen: dict[str, Observation] = {}
        self.judged: dict[str, Judged] = {}
        self.served: dict[str, datetime] = {}
        self.breakers: dict[str, str] = {}
        self.refusals: dict[str, str] = {}
        self.unasked: tuple[datetime, str] | None = None
        """When advisers were not asked for want of money and why; None where none was held back since."""

    def apply(self, event: Event) -> None:
        """Take in one event; only what cycles saw and judged matters here."""
        if isinstance(event, AdviceAsked | SessionStarted):
            self.unasked = None
        if not isinstance(event, CycleDecided):
            return
        self.decided = event
        for observation in event.observations:
            self._see(observation)
            for each in observation.advice:
                if each.reason.startswith(BUDGET):
                    self.unasked = event.at, each.reason
        wanted = {each.symbol for each in event.decisions if each.action is Action.BUY}
        for verdict in event.verdicts:
            if verdict.symbol in wanted and judged_entry(verdict):
                self.judged[verdict.symbol] = Judged(event.cycle_id, verdict)

    def _see(self, observation: Observation) -> None:
        self.seen[observation.symbol] = observation
        self.breakers[observation.provider] = observation.breaker
        served = self.served.get(observation.provider)
        if served is None or served < observation.fetched_at:
            self.served[observation.provider] = observation.fetched_at
        for attempt in observation.attempts:
            self.refusals[attempt.provider] = attempt.reason

    def providers(self, now: datetime, vitals: Vitals = NOBODY) -> list[ProviderRow]:
        """Return a row for each provider that was asked or is known; `vitals` where the agent runs.

        Ages are those of the market's time where that is what `now` tells.
        """
        names = {*self.served, *self.refusals, *vitals.breakers, *vitals.streams}
        breakers = {**self.breakers, **vitals.breakers}
        return [self._provider(name, now, breakers, vitals.streams.get(name)) for name in sorted(names)]

    def _provider(
        self, name: str, now: datetime, breakers: Mapping[str, str], stream: StreamRow | None
    ) -> ProviderRow:
        served = self.served.get(name)
        row = ProviderRow(
            provider=name,
            breaker=breakers.get(name),
            served_at=served,
            age_seconds=None if served is None else max(round((now - served).total_seconds(), 3), 0.0),
            last_refusal=self.refusals.get(name),
        )
        if stream is None:
            return row
        return msgspec.structs.replace(
            row,
            connected=stream.connected,
            reconnects=stream.reconnects,
            dropped=stream.dropped,
            malformed=stream.malformed,
        )
