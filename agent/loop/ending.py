"""The rows of a cycle and its end: exactly one, whatever failed, and the machine back in IDLE."""

from agent.loop.machine import IDLE, LEARNING, LoopMachine
from agent.loop.turn import Turn
from agent.state.record import Record
from domain.errors import BoydError, JournalFault, LocalFault, VenueFault
from domain.events import CycleEnded, Event, Failure
from domain.lesson import Lesson


class RecordedCycle:
    """A cycle as far as its record and its machine go."""

    def __init__(self, machine: LoopMachine, record: Record) -> None:
        self.machine = machine
        self.record = record
        self.state = record.state

    def end(self, turn: Turn, outcome: str, error: Failure | None = None) -> CycleEnded:
        """Write the end of a cycle with what was learned, and return it."""
        return self._close(turn, outcome, tuple(self.state.new_lessons), error)

    def _close(
        self, turn: Turn, outcome: str, lessons: tuple[Lesson, ...], error: Failure | None
    ) -> CycleEnded:
        path = (*self.machine.path, IDLE)
        ended = CycleEnded(turn.cycle_id, turn.at, path, outcome, lessons, error)
        self.write(turn, ended)
        self.machine.fire("learned")
        return ended

    def write(self, turn: Turn, *events: Event) -> None:
        """Write events, behind the cycle's own row where that is not written yet."""
        if self.record.holds(turn.cycle_id):
            self.record.write(*events)
            return
        try:
            self.record.write(*turn.rows(), *events)
        except JournalFault:
            raise
        except Exception:
            turn.decisions, turn.verdicts = [], []  # they cannot be folded: left out of the record
            raise

    def fail(self, turn: Turn, error: Exception) -> CycleEnded:
        """Record a failed cycle, once, with its first cause; raise what is ours again once it is written."""
        stage = self.machine.state
        failure = Failure(stage, type(error).__name__, str(error))
        if stage != LEARNING:
            self.machine.fire("failed")
            ended = self.end(turn, "failed", failure)
        else:
            ended = self._fail_learning(turn, failure)
        if isinstance(error, VenueFault):
            return ended
        if isinstance(error, BoydError):
            raise error
        raise LocalFault(f"{failure.kind} in {stage}: {failure.message}") from error

    def _fail_learning(self, turn: Turn, failure: Failure) -> CycleEnded:
        """Record a failure of LEARNING itself, once, without the lessons that caused it."""
        written = self.record.end_of(turn.cycle_id)
        if written is None:
            return self._close(turn, "failed", (), failure)
        self.machine.fire("failed")
        return written

    def come_home(self) -> None:
        """Bring the machine to IDLE without a record: the journal itself has failed."""
        while self.machine.state != IDLE:
            self.machine.fire("failed")
