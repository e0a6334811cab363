"""The life of a period, gathered row by row: of a cycle only its end and equity are kept."""

from array import array
from collections import Counter
from datetime import datetime

from agent import wiring
from agent.reports.seen import SeenRules
from agent.reports.uptime import Uptime
from agent.settings.recorded import lenient
from agent.settings.settings import Options
from agent.views.history import AccountFold, ClosedTrade
from agent.views.session import profit
from domain import errors
from domain.errors import BadInput, VenueFault
from domain.events import (
    CommandReceived,
    CycleDecided,
    CycleEnded,
    Event,
    KillSwitchSet,
    OrdersIntended,
    ProcessNoted,
    SessionEnded,
    SessionStarted,
    SettingsChanged,
)
from domain.lesson import Lesson
from domain.order import Purpose
from domain.times import millis
from domain.verdict import Approved, Denied

FAULT = "fault: "


class FaultTally:
    """Failures of one kind in one stage."""

    def __init__(self) -> None:
        self.count = 0
        self.last: datetime | None = None
        self.message = ""

    def add(self, at: datetime, message: str) -> None:
        """Count one more."""
        self.count, self.last, self.message = self.count + 1, at, message


class Lived:
    """The fold of a period's rows, from the account as it was before.

    `times_ms` and `profits` hold one value per cycle: when it ended, and what the account had earned by then,
    in cash units, which no deposit moves. `lessons` are those of settled vetoes, `denied` counts denials by
    rule.
    """

    def __init__(self, state: AccountFold, started: SessionStarted | None) -> None:
        self.state = state
        self.started = started
        self.options = options_of(started)
        self.profit_before = profit(state.ledger)
        self.open_before = dict(state.ledger.positions)
        self.times_ms, self.profits = array("q"), array("q")
        self.held = 0
        self.sessions: list[int] = [started.session] if started and state.ended_reason is None else []
        self.versions: list[str] = [started.code_version] if started else []
        self.outcomes: Counter[str] = Counter()
        self.denied: Counter[str] = Counter()
        self.lessons: list[Lesson] = []
        self.faults: dict[tuple[str, str], FaultTally] = {}
        self.halts: list[str] = []
        self.crashes = self.kills = self.entries = self.breaker_open = 0
        self.sources: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()
        self.notes: list[tuple[int, ProcessNoted]] = []
        self.failed_checks: list[str] = []
        self.uptime = Uptime(state.at)
        self.uptime.begin(self.options, state.changed)
        self.seen = SeenRules()
        self.seen.begin(started, self.options, state)

    @property
    def trades(self) -> list[ClosedTrade]:
        """The trades that closed, oldest first."""
        return self.state.closed

    def take(self, event: Event) -> None:  # noqa: C901 -- one case an event
        """Take in the next event."""
        if isinstance(event, SessionStarted):
            self._begin(event)
        self.state.take(event)
        self.seen.take(event, self.options, self.state)
        match event:
            case SessionStarted():
                self.uptime.begin(self.options, self.state.changed)
            case SettingsChanged():
                self.uptime.pace(self.options, self.state.changed)
            case CycleDecided():
                self._decided(event)
            case CycleEnded():
                self._ended(event)
            case OrdersIntended():
                self.entries += sum(each.purpose is Purpose.ENTRY for each in event.orders)
            case KillSwitchSet():
                self.kills += event.active
            case CommandReceived():
                self.commands[type(event.command).__name__] += 1
                self.uptime.asked(event.command)
            case ProcessNoted():
                self.notes.append((self.state.session, event))
            case SessionEnded():
                self.uptime.ended()
                if event.reason.startswith(FAULT):
                    self.halts.append(event.reason.removeprefix(FAULT))

    def _begin(self, event: SessionStarted) -> None:
        self.crashes += self.state.session > 0 and self.state.ended_reason is None
        self.started, self.options = event, options_of(event)
        self.sessions.append(event.session)
        if event.code_version not in self.versions:
            self.versions.append(event.code_version)

    def _decided(self, event: CycleDecided) -> None:
        for observation in event.observations:
            self.sources[observation.source] += 1
            self.breaker_open += observation.breaker != "closed"
        for verdict in event.verdicts:
            if isinstance(verdict, Denied):
                self.denied[verdict.reason] += 1
            elif verdict.order.purpose is Purpose.ENTRY:
                self._check(event, verdict)

    def _check(self, event: CycleDecided, verdict: Approved) -> None:
        failed = ", ".join(check.rule for check in verdict.checks if not check.passed)
        if failed:
            self.failed_checks.append(f"cycle {event.cycle_id}: {verdict.symbol} was bought against {failed}")

    def _ended(self, event: CycleEnded) -> None:
        ledger = self.state.ledger
        self.times_ms.append(millis(event.at))
        self.profits.append(profit(ledger))
        self.held += bool(ledger.positions)
        self.outcomes[event.outcome] += 1
        self.lessons += [each for each in event.lessons if each.kind == "veto"]
        self.uptime.cycle(event.at)
        if event.error is not None:
            fault = self.faults.setdefault((event.error.kind, event.error.stage), FaultTally())
            fault.add(event.at, event.error.message)


def ours(kind: str) -> bool:
    """Say whether a failure of this kind is ours, which halts the agent, and not a venue's."""
    known = getattr(errors, kind, None)
    return not (isinstance(known, type) and issubclass(known, VenueFault))


def options_of(started: SessionStarted | None) -> Options | None:
    """Return a session's options; None where they are of another version of the program."""
    if started is None:
        return None
    try:
        return lenient(started, run_own=True)
    except BadInput:
        return None


def in_force(lived: Lived) -> Options | None:
    """Return the options in force at the end of a period, with what was changed while the agent ran."""
    return lived.options and wiring.options_in_force(lived.options, lived.state.changed)
