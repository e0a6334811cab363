"""Reading an account whether its agent runs or not: ask the agent, or read a copy of its journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec
from pydantic import SecretStr

from agent import wiring
from agent.account import changing
from agent.account.ahead import Ahead, Progress, ignore, long
from agent.account.at_hand import AtHand
from agent.account.catch_up import catch_up
from agent.account.control import StatusRequest, WhyRequest
from agent.account.dispatch import Carries
from agent.account.explaining import explained
from agent.account.left import at_rest
from agent.account.opened import Hurry, OpenedAccount, Without
from agent.account.recall import recall
from agent.account.running import Running, Unanswering
from agent.answers.account import PositionAnswer, Status
from agent.answers.amounts import decoded_as
from agent.answers.cycle import Explanation
from agent.answers.forecasts import AdviserRow, ForecastsAnswer
from agent.answers.journals import ParameterVersion
from agent.answers.learned import Lessons
from agent.answers.memory import MemoryAnswer
from agent.answers.spend import SpendAnswer
from agent.host import log
from agent.host.clock import SystemClock
from agent.host.process import may_live
from agent.models import sets
from agent.outage.at_rest import Resting
from agent.outage.journal import GuardedJournal
from agent.outage.lost import Lost
from agent.parameters import advisers, versions
from agent.parameters import memory as lesson_sets
from agent.settings.home import Busy, Home
from agent.settings.recorded import last_session, lenient, recorded_options
from agent.settings.settings import Options, secret_texts, with_keys
from agent.state.checkpoint import FORMAT, Checkpoint, Header, read, taken
from agent.state.checkpoints import Checkpoints
from agent.state.key import fold_key
from agent.state.retune import waits
from agent.views import forecasts, session, spend
from domain.commands import (
    ApplyParameters,
    ChangeSettings,
    ClosePosition,
    Command,
    DemoteAdviser,
    DemoteModel,
    Flatten,
    Kill,
    PromoteAdviser,
    PromoteLessons,
    PromoteModel,
    ResetKill,
    RollBackAdviser,
    RollBackLessons,
    RollBackModel,
    RollBackParameters,
    needs_reason,
)
from domain.errors import BadInput, JournalFault
from domain.events import (
    AdviserSet,
    CommandAnswered,
    CommandReceived,
    LessonsSet,
    ModelSet,
    ParametersSet,
    SettingsChanged,
)
from domain.ports import Clock, Journal, Records
from domain.replies import Reply, recalled
from journal.history import History
from journal.lease import GRACE_MS
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
        return self._parts(opened)

    def folded(self) -> wiring.Parts:
        """Return the fold of the journal; for a long one nobody who stops the account has to wait."""
        self.prepare()
        with self.resting() as opened:
            return self._parts(opened)

    def prepare(self, progress: Progress = ignore) -> None:
        """Fold what no checkpoint holds yet, in slices, where that is much and no agent has the account."""
        if long(self.home, self.name):
            with self.resting() as opened:
                options = recorded_options(opened)
            Ahead(self.home, self.name, options, SystemClock()).run(progress)

    def _parts(self, opened: Records) -> wiring.Parts:
        return wiring.parts(recorded_options(opened), opened, checkpoints=self.checkpoints)

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

    @contextmanager
    def opened(self, command: Command, clock: Clock) -> Iterator[Carries]:
        """Open the account for one command: its journal alone, or with its venue for what needs that.

        Raises Busy where an agent has it.
        """
        with log.about(self.name), self._opening(command, clock) as carries:
            yield carries

    @contextmanager
    def _opening(self, command: Command, clock: Clock) -> Iterator[Carries]:
        match command:
            case Kill() | ResetKill():
                stop = isinstance(command, Kill)
                with self.home.lock(self.name, needed=not stop), self._writing(clock, stop=stop) as journal:
                    yield Resting(journal, clock, recall=recall(self.home, self.name))
            case (
                ApplyParameters()
                | RollBackParameters()
                | ChangeSettings()
                | PromoteModel()
                | DemoteModel()
                | RollBackModel()
                | PromoteAdviser()
                | DemoteAdviser()
                | RollBackAdviser()
                | RollBackLessons()
                | PromoteLessons()
            ):
                with self.home.lock(self.name), self._writing(clock) as journal:
                    yield Tuning(journal, clock, self._parts)
            case Flatten() | ClosePosition():
                with self._stopping() as launch:
                    yield launch.handler
            case _:
                with self._opened() as launch:
                    yield launch.handler

    @contextmanager
    def _writing(self, clock: Clock, *, stop: bool = False) -> Iterator[GuardedJournal]:
        """Open the journal to append to it; what was kept aside comes first, the rest needs no fold.

        One that cannot be opened is done without to `stop`.
        """
        inner: Journal
        try:
            inner = wiring.open_account(self.home.journal_location(self.name), self.name, GRACE_MS, may_live)
        except (JournalFault, BadInput) as fault:
            if not stop:
                raise
            checkpoint, why = self._without(fault)
            header = checkpoint.header
            inner = Lost(header.journal_id, header.seq, header.hash, why)
        journal = wiring.guarded(inner, self.home, self.name, emergency=stop)
        try:
            if journal.afterwards.path.exists():
                if isinstance(inner, Lost):
                    journal.go_on(inner.why)
                else:
                    catch_up(journal, lambda: self._parts(inner), clock.now())
            yield journal
        finally:
            journal.close()

    def _opened(self) -> OpenedAccount:
        with self.resting() as opened:
            options = recorded_options(opened, run_own=False)
        return self._launch(options, Hurry.LOOK)

    def _stopping(self) -> OpenedAccount:
        """Open the account to stop at once: by its journal, else by the latest checkpoint."""
        read: Checkpoint | None = None
        try:
            with self.resting() as opened:
                options = recorded_options(opened, run_own=False)  # whatever it does, it stops no sale
            try:
                return self._launch(options, Hurry.STOP)
            except (JournalFault, BadInput, OSError):
                read = self._read(options)
                raise
        except (JournalFault, BadInput, OSError) as fault:
            without = self._without(fault, read)
            return self._launch(
                lenient(without.checkpoint.header.started, run_own=False), Hurry.STOP, without
            )

    def _read(self, options: Options) -> Checkpoint | None:
        """Return the fold of a journal that can be read though it cannot be written, None where neither."""
        try:
            with self.resting() as opened:
                parts = wiring.parts(options, opened, checkpoints=self.checkpoints)
                header = Header(
                    FORMAT, opened.journal_id, *opened.head(), fold_key(options), last_session(opened)
                )
                result = taken(header, parts.state, parts.mind)
                return read(result.body, result.settled)
        except (JournalFault, BadInput, OSError):
            return None

    def _without(self, fault: Exception, read: Checkpoint | None = None) -> Without:
        """Return what is known of the journal without it. Raises the fault where nothing is."""
        result = read or self.checkpoints.latest()
        if result is None:
            raise fault
        return Without(result, str(fault))

    def _launch(self, options: Options, hurry: Hurry, without: Without | None = None) -> OpenedAccount:
        url = SecretStr(self.home.server) if self.home.server else None
        named = None if url and options.remote else self.name  # there the account names its journal
        more = {"home": self.home.root, "journal": named, "db_url": url}
        chosen = with_keys(options).model_copy(update=more)
        log.also(self.home.root, secret_texts(chosen))
        launch = OpenedAccount(chosen, hurry=hurry, without=without)
        launch.session.listeners.append(log.record)
        return launch

    def parameters(self) -> list[ParameterVersion]:
        """Return every parameter version, after what the settings of the last session say."""
        return versions.rows(self.folded())


class Tuning:
    """The journal of an account that no agent runs, for what the next session takes up."""

    def __init__(
        self, journal: GuardedJournal, clock: Clock, fold: Callable[[Records], wiring.Parts]
    ) -> None:
        self.journal = journal
        self.clock = clock
        self.fold = fold

    def handle(self, command: Command) -> Reply:
        """Put parameters or settings in force.

        Raises BadInput when they cannot be meant, Unproven for parameters without evidence.
        """
        needs_reason(command)
        parts, at = self.fold(self.journal), self.clock.now()
        known = recalled(parts.state.commands.get(command.key), command)
        if known is not None:
            return known
        event, reply = _taken_up(command, parts, at)
        self.journal.append(CommandReceived(at, command), event, CommandAnswered(at, command.key, reply))
        return reply


def _taken_up(
    command: Command, parts: wiring.Parts, at: datetime
) -> tuple[AdviserSet | LessonsSet | ModelSet | ParametersSet | SettingsChanged, Reply]:
    if isinstance(command, ChangeSettings):
        change = changing.event_of(command, parts, at)
        return change, changing.reply_of(change, parts, running=False)
    if isinstance(command, advisers.AdviserCommand):
        promoted = advisers.event_of(command, parts.state.advisers, at)
        return promoted, advisers.reply_of(promoted, running=False)
    if isinstance(command, lesson_sets.MemoryCommand):
        chosen = lesson_sets.event_of(command, parts.state, at)
        return chosen, lesson_sets.reply_of(chosen, parts.state, running=False)
    if isinstance(command, sets.ModelCommand):
        taken = sets.event_of(command, parts, at)
        return taken, sets.in_force_reply(taken, running=False)
    if not isinstance(command, ApplyParameters | RollBackParameters):
        raise BadInput(f"{type(command).__name__} is not for a journal alone")
    event = versions.event_of(command, parts, at)
    return event, versions.in_force_reply(event, waits(event, parts.mind), running=False)
