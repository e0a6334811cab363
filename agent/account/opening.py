"""An account that no agent has, opened for one command: no more of it than the command takes."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from agent import wiring
from agent.account.catch_up import catch_up
from agent.account.client import AccountClient
from agent.account.dispatch import Carries
from agent.account.opened import Hurry, OpenedAccount, Without
from agent.account.recall import recall
from agent.account.tuning import Tuning
from agent.host import log
from agent.host.process import may_live
from agent.outage.at_rest import Resting
from agent.outage.journal import GuardedJournal
from agent.outage.lost import Lost
from agent.settings.keys import secret_texts, with_keys
from agent.settings.recorded import last_session, lenient, recorded_options
from agent.settings.settings import Options
from agent.state.checkpoint import FORMAT, Checkpoint, Header, read, taken
from agent.state.key import fold_key
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
)
from domain.errors import BadInput, JournalFault
from domain.ports import Clock, Journal
from journal.lease import GRACE_MS


@contextmanager
def opened_for(command: Command, client: AccountClient, clock: Clock) -> Iterator[Carries]:
    """Open the account for one command: its journal alone, or with its venue for what needs that.

    Raises Busy where an agent has it.
    """
    with log.about(client.name), _opening(command, client, clock) as carries:
        yield carries


@contextmanager
def _opening(command: Command, client: AccountClient, clock: Clock) -> Iterator[Carries]:
    home, name = client.home, client.name
    match command:
        case Kill() | ResetKill():
            stop = isinstance(command, Kill)
            with home.lock(name, needed=not stop), _writing(client, clock, stop=stop) as journal:
                yield Resting(journal, clock, recall=recall(home, name))
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
            with home.lock(name), _writing(client, clock) as journal:
                yield Tuning(journal, clock, client.fold)
        case Flatten() | ClosePosition():
            with _stopping(client) as launch:
                yield launch.handler
        case _:
            with _looking(client) as launch:
                yield launch.handler


@contextmanager
def _writing(client: AccountClient, clock: Clock, *, stop: bool = False) -> Iterator[GuardedJournal]:
    """Open the journal to append to it; what was kept aside comes first, the rest needs no fold.

    One that cannot be opened is done without to `stop`.
    """
    inner: Journal
    home, name = client.home, client.name
    try:
        inner = wiring.open_account(home.journal_location(name), name, GRACE_MS, may_live)
    except (JournalFault, BadInput) as fault:
        if not stop:
            raise
        checkpoint, why = _without(client, fault)
        header = checkpoint.header
        inner = Lost(header.journal_id, header.seq, header.hash, why)
    journal = wiring.guarded(inner, home, name, emergency=stop)
    try:
        if journal.afterwards.path.exists():
            if isinstance(inner, Lost):
                journal.go_on(inner.why)
            else:
                catch_up(journal, lambda: client.fold(inner), clock.now())
        yield journal
    finally:
        journal.close()


def _looking(client: AccountClient) -> OpenedAccount:
    with client.resting() as opened:
        options = recorded_options(opened, run_own=False)
    return _launch(client, options, Hurry.LOOK)


def _stopping(client: AccountClient) -> OpenedAccount:
    """Open the account to stop at once: by its journal, else by the latest checkpoint."""
    read: Checkpoint | None = None
    try:
        with client.resting() as opened:
            options = recorded_options(opened, run_own=False)  # whatever it does, it stops no sale
        try:
            return _launch(client, options, Hurry.STOP)
        except (JournalFault, BadInput, OSError):
            read = _read(client, options)
            raise
    except (JournalFault, BadInput, OSError) as fault:
        without = _without(client, fault, read)
        options = lenient(without.checkpoint.header.started, run_own=False)
        return _launch(client, options, Hurry.STOP, without)


def _read(client: AccountClient, options: Options) -> Checkpoint | None:
    """Return the fold of a journal that can be read though it cannot be written, None where neither."""
    try:
        with client.resting() as opened:
            parts = wiring.parts(options, opened, checkpoints=client.checkpoints)
            header = Header(
                FORMAT, opened.journal_id, *opened.head(), fold_key(options), last_session(opened)
            )
            result = taken(header, parts.state, parts.mind)
            return read(result.body, result.settled)
    except (JournalFault, BadInput, OSError):
        return None


def _without(client: AccountClient, fault: Exception, read: Checkpoint | None = None) -> Without:
    """Return what is known of the journal without it. Raises the fault where nothing is."""
    result = read or client.checkpoints.latest()
    if result is None:
        raise fault
    return Without(result, str(fault))


def _launch(
    client: AccountClient, options: Options, hurry: Hurry, without: Without | None = None
) -> OpenedAccount:
    home = client.home
    url = SecretStr(home.server) if home.server else None
    named = None if url and options.remote else client.name  # there the account names its journal
    more = {"home": home.root, "journal": named, "db_url": url}
    chosen = with_keys(options).model_copy(update=more)
    log.also(home.root, secret_texts(chosen))
    launch = OpenedAccount(chosen, hurry=hurry, without=without)
    launch.session.listeners.append(log.record)
    return launch
