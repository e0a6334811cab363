"""Reading an account whether its agent runs or not: ask the agent, or read a copy of its journal."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from agent import wiring
from agent.account.ahead import Ahead, Progress, ignore, long
from agent.account.at_hand import AtHand
from agent.account.explaining import explained
from agent.account.left import at_rest
from agent.account.requests import StatusRequest, WhyRequest
from agent.account.running import Running, Unanswering
from agent.answers.account import PositionAnswer, Status
from agent.answers.amounts import decoded_as
from agent.answers.cycle import Explanation
from agent.answers.forecasts import AdviserRow, ForecastsAnswer
from agent.answers.journals import ParameterVersion
from agent.answers.learned import Lessons
from agent.answers.memory import MemoryAnswer
from agent.answers.spend import SpendAnswer
from agent.host.clock import SystemClock
from agent.parameters import memory as lesson_sets
from agent.parameters import versions
from agent.settings.home import Busy, Home
from agent.settings.recorded import recorded_options
from agent.state.checkpoints import Checkpoints
from agent.views import forecasts, session, spend
from domain.errors import BadInput
from domain.events import AdviserSet
from domain.ports import Records
from journal.history import History
from journal.reader import SqlReader, open_held, open_reader
from learning.forecasts import Resolved

LARGE_BYTES = 256 * 1024 * 1024
"""Size of a file that is not copied to be looked at."""


class AccountClient:
    """Answers about one journal of the home."""

    def __init__(self, home: Home, name: str | None = None) -> None:
        self.home = home
        self.name = home.latest(name)
        self.running = Running(home, self.name)

    @property
    def path(self) -> Path:
        """File of the journal."""
        return self.home.journal(self.name)

    def journal(self) -> AtHand:
        """Open the journal for reading, wherever it is to be had; who trades or stops it is not held up."""
        return AtHand(self.home, self.name)

    def copied(self) -> SqlReader:
        """Open a copy of the journal for reading."""
        return open_reader(self.home.journal_location(self.name), account=self.name)

    def to_verify(self) -> History:
        """Open the journal to look at every row: a copy, its pages too, unless it is large."""
        large = not self.home.server and self.path.is_file() and self.path.stat().st_size >= LARGE_BYTES
        return self.journal() if large else self.copied()

    @contextmanager
    def resting(self) -> Iterator[SqlReader]:
        """Open the journal for reading where it lies, its lock held; a copy where an agent has it."""
        try:
            lock = self.home.lock(self.name)
        except (Busy, BadInput, OSError):
            with self.copied() as copied:
                yield copied
            return
        try:
            with open_held(self.home.journal_location(self.name), account=self.name) as opened:
                yield opened
        finally:
            lock.release()

    @property
    def checkpoints(self) -> Checkpoints:
        """Checkpoints of the journal."""
        return Checkpoints(self.home.checkpoints(self.name))

    def fold(self, opened: Records) -> wiring.Parts:
        """Return the fold of the opened journal, from its nearest checkpoint on."""
        return wiring.parts(recorded_options(opened), opened, checkpoints=self.checkpoints)

    def folded(self) -> wiring.Parts:
        """Return the fold of the journal; for a long one nobody who stops the account has to wait."""
        self.prepare()
        with self.resting() as opened:
            return self.fold(opened)

    def prepare(self, progress: Progress = ignore) -> None:
        """Fold what no checkpoint holds yet, in slices, where that is much and no agent has the account."""
        if long(self.home, self.name):
            with self.resting() as opened:
                options = recorded_options(opened)
            Ahead(self.home, self.name, options, SystemClock()).run(progress)

    def status(self, silent: Unanswering | None = None) -> Status:
        """Return the running agent's status, or what the journal says of one that does not tell.

        Then `problem` says whether it lives and does not answer, and what to do. One that was found `silent`
        is not asked again.
        """
        try:
            live = self.running.have(StatusRequest()) if silent is None else None
            if live is not None:
                return decoded_as(Status, live)
        except Unanswering as error:
            silent = error
        status = at_rest(self.name, self.folded())
        if silent is None:
            elsewhere = self._elsewhere()
            return msgspec.structs.replace(status, running=elsewhere is not None, elsewhere=elsewhere)
        return msgspec.structs.replace(status, running=True, problem=str(silent))

    def _elsewhere(self) -> str | None:
        """Return who runs the agent in another home that shares the server of the journals."""
        if not self.home.server:
            return None
        from journal.accounts import holder  # noqa: PLC0415 -- psycopg is an extra

        return holder(self.home.server, self.name)

    def why(self, cycle: int | None) -> Explanation:
        """Explain a cycle, the last one unless told otherwise: the running agent does, or the journal."""
        with suppress(BadInput, Unanswering):  # the journal says it better, an older agent cannot
            live = self.running.ask(WhyRequest(cycle))
            if live is not None:
                return decoded_as(Explanation, live)
        return self.explained(cycle)

    def explained(self, cycle: int | None) -> Explanation:
        """Explain a cycle by the journal alone."""
        return explained(self.home, self.name, cycle)

    def positions(self) -> list[PositionAnswer]:
        """Return open positions."""
        return self.status().positions

    def lessons(self) -> Lessons:
        """Return lessons, the weights they fold into and what they add up to."""
        with self.journal() as opened:
            return session.lessons(opened, recorded_options(opened).learning)

    def forecasts(self) -> ForecastsAnswer:
        """Return every voice's forecasts and what they were worth."""
        with self.journal() as opened:
            return forecasts.of_journal(self.name, opened)

    def spend(self) -> SpendAnswer:
        """Return what advice cost, and the caps of the last session."""
        with self.journal() as opened:
            caps = recorded_options(opened, run_own=False).advice.caps
            return spend.answer(self.name, opened.head()[0], spend.folded(opened), caps)

    def resolved(self) -> list[Resolved]:
        """Return every forecast whose outcome is known, oldest outcome first."""
        with self.journal() as opened:
            return forecasts.folded(opened).resolved

    def advisers(self) -> list[AdviserRow]:
        """Return every promotion and demotion of advisers, oldest first."""
        with self.journal() as opened:
            return forecasts.sets(row.event for row in opened.rows() if isinstance(row.event, AdviserSet))

    def memory(self) -> MemoryAnswer:
        """Return which lessons are in force."""
        return lesson_sets.answer_of(self.name, self.folded().state)

    def parameters(self) -> list[ParameterVersion]:
        """Return every parameter version, after what the settings of the last session say."""
        return versions.rows(self.folded())
