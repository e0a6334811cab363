"""The record: the one way a fact comes to be, and the one place where it does.

`write` does three things with events, in this order: they are appended to the journal (one transaction),
folded into the state, told to whoever listens. Rules, each with its reason; whoever edits this keeps them:

1. The journal first. What the state knows and the journal does not is lost with the process, and an order
   that is lost is sent again. Where the append raises, nothing is folded and nobody is told.
2. A cycle's own row is the exception: it is folded before it is appended. It is made of what came from
   outside and may not fold; a row that does not fold would end every start from then on. It sends nothing
   by itself.
3. What a cycle saw is folded ahead of its row (`observe`), for what is decided depends on it. It is tried
   once, and left out of the row when it cannot be folded.
4. Nobody who listens can hold up or end what follows: a write stands between a fill and its stop. A
   listener that raises is dropped.
5. Whether a journal that fails may be gone on without is the journal's to say (`agent.outage.journal`),
   event by event: then its append does not raise. Nothing here tries an append again.
"""

from collections import deque
from collections.abc import Callable

from agent.host import log
from agent.state.seeing import Observed
from agent.state.state import State
from domain.events import CycleDecided, CycleEnded, Event
from domain.ports import Journal

LATEST = 200
"""Cycles whose decisions are kept for whoever asks."""


class Record:
    """Journal, state and listeners of one session, which change together."""

    def __init__(self, journal: Journal, state: State, stop: Callable[[str], None]) -> None:
        self.journal = journal
        self.state = state
        self.stop = stop
        """How a listener that wants to exit ends the session."""
        self.listeners: list[Callable[[Event], None]] = []
        self.decided: deque[CycleDecided] = deque(maxlen=LATEST)
        self.last_ended: CycleEnded | None = None
        self.torn = False
        """True once something was folded in part that is in no row: this is no fold of the rows."""

    def write(self, *events: Event) -> None:
        """Append events, fold them and tell of them. Raises JournalFault where they cannot be appended."""
        for event in events:
            if isinstance(event, CycleDecided):
                self.state.apply(event)
        self.journal.append(*events)
        for event in events:
            if isinstance(event, CycleDecided):
                self.decided.append(event)
                continue
            if isinstance(event, CycleEnded):
                self.last_ended = event
            self.state.apply(event)
        for event in events if self.listeners else ():
            self._tell(event)

    def observe(self, value: Observed) -> None:
        """Fold what a cycle saw, ahead of its row. Raises whatever the fold raises."""
        try:
            self.state.apply(value)
        except BaseException:
            self.torn = True
            raise

    def holds(self, cycle_id: int) -> bool:
        """Say whether a cycle's row is written."""
        return bool(self.decided) and self.decided[-1].cycle_id == cycle_id

    def end_of(self, cycle_id: int) -> CycleEnded | None:
        """Return the end of the last cycle, where it is this one and written."""
        ended = self.last_ended
        return ended if ended is not None and ended.cycle_id == cycle_id else None

    def _tell(self, event: Event) -> None:
        for listener in list(self.listeners):
            try:
                listener(event)
            except BaseException as fault:  # noqa: BLE001 -- a write stands between a fill and its stop
                self._dismiss(listener, fault)

    def _dismiss(self, listener: Callable[[Event], None], fault: BaseException) -> None:
        """Tell no more of a listener that raises, and say so once; who asks to exit ends the session."""
        self.listeners.remove(listener)
        name = getattr(listener, "__qualname__", type(listener).__name__)
        log.say("error", "listener dropped", listener=name, why=f"{type(fault).__name__}: {fault}")
        if not isinstance(fault, Exception):
            self.stop(f"stopped: {name} raised {type(fault).__name__}")
