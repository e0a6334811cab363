"""Replay: a recorded session's inputs through today's code, every decision, verdict and order compared.

What entered from outside is in the journal: observations, the operator's kills, resets and parameters,
the instants of the cycles. The paper exchange is run again; everything else must come out byte for byte.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from agent import wiring
from agent.offline import options_of
from agent.session import Inbox, Session
from agent.version import code_version
from domain import errors
from domain.candle import Candle
from domain.errors import BadInput, LocalFault, VenueFault
from domain.events import (
    CycleDecided,
    CycleEnded,
    Event,
    KillSwitchSet,
    ParametersSet,
    SessionEnded,
    SessionStarted,
)
from domain.observation import Observation
from domain.ports import Clock, Records
from journal.memory import MemoryJournal


class Difference(msgspec.Struct, frozen=True):
    """The first place where a replay went another way: the event, and each field that differs."""

    cycle_id: int | None
    event: str
    fields: tuple[tuple[str, Any, Any], ...]


class Replayed(msgspec.Struct, frozen=True):
    """What a replay found: how much was compared, and the first difference if there was one."""

    session: int
    cycles: int
    events: int
    recorded_code: str
    code: str
    difference: Difference | None = None


class RecordedObserver:
    """Gives the loop what it was given then, its failures too."""

    def __init__(self) -> None:
        self.seen: dict[str, Observation] = {}
        self.failure: tuple[str, str] | None = None

    def load(self, decided: CycleDecided | None, ended: CycleEnded | None) -> None:
        """Take up what one cycle saw."""
        self.seen = {seen.symbol: seen for seen in decided.observations} if decided else {}
        error = ended.error if ended else None
        self.failure = (error.kind, error.message) if error else None

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        """Return the recorded observation, or raise the recorded failure."""
        del after, now
        if symbol in self.seen:
            return self.seen[symbol]
        kind, message = self.failure or ("VenueFault", "nothing was recorded")
        known = getattr(errors, kind, VenueFault)
        raise known(message) if issubclass(known, errors.BoydError) else LocalFault(message)

    def close(self) -> None:
        """Hold nothing."""


class _Tape:
    """Recorded events on one side, replayed ones on the other; remembers the first difference."""

    def __init__(self, recorded: Iterator[Event]) -> None:
        self.recorded = recorded
        self.compared = 0
        self.difference: Difference | None = None
        self.complete = True

    def check(self, event: Event) -> None:
        """Compare one replayed event with the next recorded one."""
        if self.difference is not None or isinstance(event, SessionStarted | SessionEnded):
            return
        expected = next(self.recorded, None)
        if expected is None:
            # The session was cut off here (a crash): what follows was never recorded.
            self.complete = False
            return
        self.compared += 1
        if msgspec.json.encode(expected) != msgspec.json.encode(event):
            self.difference = difference(expected, event)


def difference(expected: Event, event: Event) -> Difference:
    """Return where two events differ, field by field, by dotted path."""
    left, right = msgspec.to_builtins(expected), msgspec.to_builtins(event)
    cycle_id = getattr(expected, "cycle_id", None)
    return Difference(cycle_id, str(left.get("type")), tuple(_differing("", left, right)))


def _differing(path: str, left: Any, right: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in dict.fromkeys([*left, *right]):
            yield from _differing(f"{path}.{key}" if path else str(key), left.get(key), right.get(key))
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _differing(f"{path}[{index}]", one, other)
    elif left != right:
        yield path, left, right


def sessions(journal: Records) -> list[SessionStarted]:
    """Return the sessions a journal holds, oldest first."""
    return [row.event for row in journal.sessions() if isinstance(row.event, SessionStarted)]


def recorded_events(journal: Records, session: int) -> Iterator[Event]:
    """Yield the events of one session, without its start and end.

    What people wrote into the journal after a crash, with a cycle still open, is not of the session:
    a running loop takes nothing from them in the midst of a cycle.
    """
    inside = open_ = False
    for row in journal.rows():
        event = row.event
        if isinstance(event, SessionStarted):
            inside, open_ = event.session == session, False
            continue
        if isinstance(event, CycleDecided | CycleEnded):
            open_ = isinstance(event, CycleDecided)
        late = open_ and isinstance(event, KillSwitchSet | ParametersSet)
        if inside and not late and not isinstance(event, SessionEnded):
            yield event


def replay(journal: Records, session: int | None, clock: Clock) -> Replayed:
    """Run a recorded session again and compare; the last session unless told otherwise.

    Raises BadInput when the journal has no such session or its settings are not today's.
    """
    started = _find(sessions(journal), session)
    options = options_of(started)
    made = wiring.parts(options, journal, lambda event: event == started)
    scratch = MemoryJournal(journal.journal_id, keep=False)
    observer, inbox = RecordedObserver(), Inbox(clock)
    run = wiring.session(made, scratch, observer, wiring.paper_platform(made), inbox, at=started.at)
    tape = _Tape(recorded_events(journal, started.session))
    run.listeners.append(tape.check)
    run.begin()
    cycles = 0
    for step in _steps(recorded_events(journal, started.session)):
        if tape.difference is not None:
            break
        cycles += _take(run, observer, step)
    if tape.difference is None and (left := next(tape.recorded, None)) is not None:
        tape.difference = Difference(
            getattr(left, "cycle_id", None), "missing", (("event", msgspec.to_builtins(left), None),)
        )
    return Replayed(
        started.session, cycles, tape.compared, started.code_version, code_version(), tape.difference
    )


def _take(run: Session, observer: RecordedObserver, step: "_Step") -> int:
    """Take one recorded step: an operator's switch or parameters, or a cycle."""
    if step.parameters is not None:
        run.adopt(step.parameters)
        return 0
    if step.switch is not None:
        run.set_kill(step.switch.reason, active=step.switch.active, at=step.switch.at, by=step.switch.by)
        return 0
    run.reconciler.tick(step.at)
    observer.load(step.decided, step.ended)
    # Where it was recorded as failed then too, the comparison says so.
    with suppress(LocalFault):
        run.cycle.run(step.at)
    return 1


class _Step(msgspec.Struct):
    """One thing that happened to the loop: what people did between cycles, or a cycle's inputs."""

    at: datetime
    switch: KillSwitchSet | None = None
    parameters: ParametersSet | None = None
    decided: CycleDecided | None = None
    ended: CycleEnded | None = None


def _steps(events: Iterable[Event]) -> Iterator[_Step]:
    """Group a session's events into steps; recovery's own events come out of `begin` again."""
    cycle: _Step | None = None
    for event in events:
        if isinstance(event, KillSwitchSet):
            if event.by == "operator":
                yield _Step(event.at, switch=event)
        elif isinstance(event, ParametersSet):
            yield _Step(event.at, parameters=event)
        elif isinstance(event, CycleDecided):
            cycle = _Step(event.at, decided=event)
        elif isinstance(event, CycleEnded) and cycle is not None:
            cycle.ended = event
            yield cycle
            cycle = None
    if cycle is not None:
        yield cycle


def _find(known: Sequence[SessionStarted], session: int | None) -> SessionStarted:
    if not known:
        raise BadInput("the journal holds no session yet")
    if session is None:
        return known[-1]
    for started in known:
        if started.session == session:
            return started
    raise BadInput(f"session {session} is not in the journal, it holds 1 to {known[-1].session}")
