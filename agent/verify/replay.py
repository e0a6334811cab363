"""Replay: a recorded session's inputs through today's code, every decision, verdict and order compared.

What entered from outside is in the journal: observations, the operator's kills, resets and parameters,
the instants of the cycles. The paper exchange is run again; everything else must come out byte for byte.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import tee
from typing import Any

import msgspec

from agent import wiring
from agent.host.clock import StoppedClock
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.loop.turn import UNSEEN
from agent.orders.emergency import flatten
from agent.settings.recorded import options_of
from agent.settings.version import code_version
from agent.verify.questions import QuestionReplay, QuestionsCompared, asked_in
from agent.verify.recorded_platform import RecordedPlatform, fault_of
from domain.candle import Candle
from domain.errors import BadInput, LocalFault, VenueFault
from domain.events import (
    AccountAdopted,
    AdviserSet,
    CommandAnswered,
    CommandReceived,
    CycleDecided,
    CycleEnded,
    Event,
    FlattenAsked,
    JournaledAfterwards,
    JournalRestored,
    KillSwitchSet,
    LessonsSet,
    ModelSet,
    OrderReported,
    PairsListed,
    ParametersSet,
    PositionWrittenOff,
    ProcessNoted,
    SessionEnded,
    SessionStarted,
    SettingsChanged,
)
from domain.observation import Observation
from domain.ports import Clock, Records
from domain.verdict import Check
from journal.memory import MemoryJournal

ASKED = (
    KillSwitchSet
    | ParametersSet
    | SettingsChanged
    | CommandReceived
    | CommandAnswered
    | AdviserSet
    | ModelSet
    | LessonsSet
)
"""What people's words become by themselves, with an agent or without."""

ASIDE = JournaledAfterwards | JournalRestored | ProcessNoted
"""What no decision rests on."""

ADVICE = (b'{"type":"advice_asked",', b'{"type":"advice_answered",')
"""How the rows of questions and answers begin: decisions rest on the advice in a cycle's observations."""


class Difference(msgspec.Struct, frozen=True):
    """The first place where a replay went another way: the event, and each field that differs."""

    cycle_id: int | None
    event: str
    fields: tuple[tuple[str, Any, Any], ...]


class Replayed(msgspec.Struct, frozen=True):
    """The result of a replay: the extent of the comparison, and the first difference if there was one.

    `questions` says what became of those to advisers, where they were made again.
    """

    session: int
    cycles: int
    events: int
    recorded_code: str
    code: str
    difference: Difference | None = None
    questions: QuestionsCompared | None = None


class RecordedObserver:
    """Gives the loop what it was given then, its failures too."""

    def __init__(self) -> None:
        self.seen: dict[str, Observation] = {}
        self.failure: tuple[str, str] | None = None
        self.blocked: Mapping[str, str] = {}

    @property
    def apart(self) -> bool:
        """True when the recorded cycle went on without the markets it did not see."""
        return self.failure is None or any(why.startswith(UNSEEN) for why in self.blocked.values())

    def load(self, decided: CycleDecided | None, ended: CycleEnded | None) -> None:
        """Take up what one cycle saw."""
        self.seen = (
            {each.symbol: each for each in (*decided.observations, *decided.beside)} if decided else {}
        )
        error = ended.error if ended else None
        self.failure = (error.kind, error.message) if error else None
        self.blocked = decided.blocked if decided else {}

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        """Return the recorded observation, or raise the recorded failure."""
        del after, now
        if symbol in self.seen:
            return self.seen[symbol]
        why = self.blocked.get(symbol, "")
        if why.startswith(UNSEEN):
            raise VenueFault(why.removeprefix(UNSEEN))
        kind, message = self.failure or ("VenueFault", "nothing was recorded")
        raise fault_of(kind, message)

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
        if msgspec.json.encode(expected) == msgspec.json.encode(event):
            return
        if isinstance(expected, CycleDecided) and isinstance(event, CycleDecided):
            event = without_new_rules(expected, event)
        if msgspec.json.encode(expected) != msgspec.json.encode(event):
            self.difference = difference(expected, event)


def without_new_rules(recorded: CycleDecided, replayed: CycleDecided) -> CycleDecided:
    """Return a replayed cycle without the checks of rules that came later, where these passed.

    A rule added after a session was recorded is one more check in each verdict; it changes what was decided
    only where it denies, and then its check stays and shows as the difference. One that passed is told in the
    words it was told in then.
    """
    if len(recorded.verdicts) != len(replayed.verdicts):
        return replayed
    verdicts = []
    for then, now in zip(recorded.verdicts, replayed.verdicts, strict=True):
        before = {check.rule: check for check in then.checks}
        kept = tuple(
            _in_words_of(before.get(check.rule), check)
            for check in now.checks
            if check.rule in before or not check.passed
        )
        verdicts.append(msgspec.structs.replace(now, checks=kept))
    return msgspec.structs.replace(replayed, verdicts=tuple(verdicts))


RETOLD = {"duplicate_position": ("held", "on its way")}
"""Rules whose passing checks are told in other words since: in which they were told before."""


def _in_words_of(then: Check | None, now: Check) -> Check:
    if then is None or not (then.passed and now.passed):
        return now
    return then if then.measured in RETOLD.get(now.rule, ()) else now


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
    for row in journal.rows(without=ADVICE):
        event = row.event
        if isinstance(event, SessionStarted):
            inside, open_ = event.session == session, False
            continue
        if isinstance(event, CycleDecided | CycleEnded):
            open_ = isinstance(event, CycleDecided)
        if isinstance(event, ASIDE):
            continue
        late = open_ and isinstance(event, ASKED)
        if inside and not late and not isinstance(event, SessionEnded):
            yield event


def replay(journal: Records, session: int | None, clock: Clock, *, questions: bool = False) -> Replayed:
    """Run a recorded session again and compare; the last session unless told otherwise.

    With `questions` those to advisers are made again and compared, too. Raises BadInput when the journal
    has no such session or its settings are not today's.
    """
    started = _find(sessions(journal), session)
    options = options_of(started)
    grid = {each.symbol: each for each in started.instruments} if options.remote else None
    parts = wiring.parts(options, journal, lambda event: event == started, grid)
    scratch = MemoryJournal(journal.journal_id, keep=False)
    observer, inbox = RecordedObserver(), Inbox(StoppedClock(clock))
    venue = RecordedPlatform(options.exchange.certainty) if options.remote else None
    run = wiring.session(
        parts, scratch, observer, venue or wiring.paper_platform(parts), inbox,
        at=started.at, prefix=started.prefix,
    )  # fmt: skip
    run.started = msgspec.structs.replace(run.started, books=started.books)
    again = QuestionReplay(asked_in(journal, started)) if questions else None
    if again is not None:
        again.begin(run, parts)
    # Read once: the inputs of a cycle are taken just before what came of them is compared.
    inputs, recorded = tee(recorded_events(journal, started.session))
    tape = _Tape(recorded)
    run.listeners.append(tape.check)
    if venue is None:
        run.begin()
    else:
        run.listeners.append(venue.told)
        run.cycle.disturbed = str  # what was found then is in the record
        run.note_start()
    cycles = 0
    for step in _steps(inputs, remote=options.remote):
        if tape.difference is not None:
            break
        cycles += _take(run, observer, venue, step)
    if tape.difference is None and (left := next(tape.recorded, None)) is not None:
        tape.difference = Difference(
            getattr(left, "cycle_id", None), "missing", (("event", msgspec.to_builtins(left), None),)
        )
    return Replayed(
        started.session, cycles, tape.compared, started.code_version, code_version(), tape.difference,
        None if again is None else again.compared(),
    )  # fmt: skip


def _take(run: Session, observer: RecordedObserver, venue: RecordedPlatform | None, step: "_Step") -> int:
    """Take one recorded step: what people or the venue did between cycles, or a cycle."""
    event = step.event
    if event is not None:
        # A real venue's answers between two cycles are input: what was recorded is taken as it is.
        run.record.write(event)
        if isinstance(event, FlattenAsked) and venue is None:
            flatten(run.reconciler, event)
    else:
        _cycle(run, observer, venue, step)
        return 1
    return 0


def _cycle(run: Session, observer: RecordedObserver, venue: RecordedPlatform | None, step: "_Step") -> None:
    observer.load(step.decided, step.ended)
    run.cycle.apart = observer.apart
    if venue is None:
        run.reconciler.tick(step.at)
    else:
        venue.load(step.decided, step.within, step.ended)
    # Where it was recorded as failed then too, the comparison says so.
    with suppress(LocalFault):
        run.cycle.run(step.at)


class _Step(msgspec.Struct):
    """One thing that happened to the loop: an event between cycles, or a cycle's inputs."""

    at: datetime
    event: Event | None = None
    decided: CycleDecided | None = None
    within: list[Event] = []
    ended: CycleEnded | None = None


def _steps(events: Iterable[Event], *, remote: bool) -> Iterator[_Step]:
    """Group a session's events into steps; on paper, recovery's own events come out of `begin` again."""
    cycle: _Step | None = None
    for event in events:
        if isinstance(event, CycleDecided):
            cycle = _Step(event.at, decided=event)
        elif cycle is None:
            if _is_input(event, remote=remote):
                yield _Step(_at(event), event=event)
        elif isinstance(event, CycleEnded):
            cycle.ended = event
            yield cycle
            cycle = None
        else:
            cycle.within.append(event)
    if cycle is not None:
        yield cycle


def _is_input(event: Event, *, remote: bool) -> bool:
    """Say whether an event between cycles came from outside the loop."""
    if isinstance(event, KillSwitchSet):
        return event.by != "agent"
    return (
        isinstance(event, ASKED | PairsListed | FlattenAsked | AccountAdopted | PositionWrittenOff) or remote
    )


def _at(event: Event) -> datetime:
    return event.receipt.at if isinstance(event, OrderReported) else event.at


def _find(known: Sequence[SessionStarted], session: int | None) -> SessionStarted:
    if not known:
        raise BadInput("the journal holds no session yet")
    if session is None:
        return known[-1]
    for started in known:
        if started.session == session:
            return started
    raise BadInput(f"session {session} is not in the journal, it holds 1 to {known[-1].session}")
