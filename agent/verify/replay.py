"""Replay: a recorded session's inputs through today's code, every decision, verdict and order compared.

What entered from outside is in the journal: observations, the operator's kills, resets and parameters,
the instants of the cycles. The paper exchange is run again; everything else must come out byte for byte.
"""

from collections.abc import Sequence
from contextlib import suppress
from itertools import tee

import msgspec

from agent import wiring
from agent.host.clock import StoppedClock
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.orders.emergency import flatten
from agent.settings.recorded import options_of
from agent.settings.version import code_version
from agent.verify.differences import Difference, ReplayTape
from agent.verify.questions import QuestionReplay, QuestionsCompared, asked_in
from agent.verify.recorded_inputs import RecordedObserver, RecordedStep, recorded_events, steps
from agent.verify.recorded_platform import RecordedPlatform
from domain.errors import BadInput, LocalFault
from domain.events import FlattenAsked, SessionStarted
from domain.ports import Clock, Records
from journal.memory import MemoryJournal


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


def sessions(journal: Records) -> list[SessionStarted]:
    """Return the sessions a journal holds, oldest first."""
    return [row.event for row in journal.sessions() if isinstance(row.event, SessionStarted)]


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
    tape = ReplayTape(recorded)
    run.listeners.append(tape.check)
    if venue is None:
        run.begin()
    else:
        run.listeners.append(venue.told)
        run.cycle.disturbed = str  # what was found then is in the record
        run.note_start()
    cycles = 0
    for step in steps(inputs, remote=options.remote):
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


def _take(
    run: Session, observer: RecordedObserver, venue: RecordedPlatform | None, step: RecordedStep
) -> int:
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


def _cycle(
    run: Session, observer: RecordedObserver, venue: RecordedPlatform | None, step: RecordedStep
) -> None:
    observer.load(step.decided, step.ended)
    run.cycle.apart = observer.apart
    if venue is None:
        run.reconciler.tick(step.at)
    else:
        venue.load(step.decided, step.within, step.ended)
    # Where it was recorded as failed then too, the comparison says so.
    with suppress(LocalFault):
        run.cycle.run(step.at)


def _find(known: Sequence[SessionStarted], session: int | None) -> SessionStarted:
    if not known:
        raise BadInput("the journal holds no session yet")
    if session is None:
        return known[-1]
    for started in known:
        if started.session == session:
            return started
    raise BadInput(f"session {session} is not in the journal, it holds 1 to {known[-1].session}")
