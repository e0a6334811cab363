"""The inputs of a recorded session: what entered from outside, step by step, and what each cycle saw."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from agent.loop.turn import UNSEEN
from agent.verify.recorded_platform import fault_of
from domain.candle import Candle
from domain.errors import VenueFault
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
from domain.ports import Records

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


class RecordedStep(msgspec.Struct):
    """One thing that happened to the loop: an event between cycles, or a cycle's inputs."""

    at: datetime
    event: Event | None = None
    decided: CycleDecided | None = None
    within: list[Event] = []
    ended: CycleEnded | None = None


def steps(events: Iterable[Event], *, remote: bool) -> Iterator[RecordedStep]:
    """Group a session's events into steps; on paper, recovery's own events come out of `begin` again."""
    cycle: RecordedStep | None = None
    for event in events:
        if isinstance(event, CycleDecided):
            cycle = RecordedStep(event.at, decided=event)
        elif cycle is None:
            if _is_input(event, remote=remote):
                yield RecordedStep(_at(event), event=event)
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
