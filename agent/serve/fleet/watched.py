"""One journal of the home, watched: what its agent does, as far as mirror, feed and supervisor know."""

from collections.abc import Callable
from contextlib import suppress

from agent.account.dispatch import dispatch
from agent.answers.account import Status, Vitals
from agent.answers.agents import AgentRow
from agent.answers.stream import LiveState
from agent.serve.fleet.keeper import MirrorKeeper, News
from agent.serve.mirror import account
from agent.serve.mirror.mirror import Unready
from agent.settings.home import Home
from domain.commands import Command
from domain.errors import JournalFault
from domain.ports import Clock
from domain.replies import Reply


class Watched(MirrorKeeper):
    """One agent of the home, running or not. `changed` is told of its coming, going and live state."""

    def __init__(
        self, home: Home, name: str, clock: Clock, changed: Callable[["Watched", News], None]
    ) -> None:
        super().__init__(home, name, clock, lambda news: changed(self, news))
        self._row: tuple[object, AgentRow] | None = None

    @property
    def silent(self) -> bool:
        """True while the agent is there and says nothing."""
        return self._link is not None and self._link.silent

    @property
    def live(self) -> LiveState | None:
        """Where the loop stands, None where no agent runs."""
        return self._link.live if self._link is not None and self._followed else None

    @property
    def vitals(self) -> Vitals:
        """What only the running agent knows."""
        return self._link.vitals if self._link is not None and self._followed else Vitals()

    def status(self) -> Status:
        """Return what the agent is doing, or the end of its last session.

        Raises JournalFault where its journal cannot be read, or was not yet.
        """
        self.refuse_unread()
        return account.status(self.mirror, self.beside())

    def row(self) -> AgentRow:
        """Return the agent as one of several side by side; of an unreadable journal why it is."""
        with suppress(JournalFault):
            self.refuse_unread()
            return self._read_row()
        return account.unread(self.name, self.problem, self.supervised, running=self.running)

    def _read_row(self) -> AgentRow:
        if self.running:
            return account.row(self.mirror, self.beside())
        mark = (self.mirror.journal_id, self.mirror.head, self.problem, self.supervised, self._ending)
        kept = self._row
        if kept is None or kept[0] != mark:  # at rest it stays the same, and needs no fold
            kept = self._row = mark, account.row(self.mirror, self.beside())
        return kept[1]

    def refuse_unread(self) -> None:
        """Raise JournalFault where the journal cannot be read, Unready where it was not, or is not there."""
        if self.problem and not self.mirror.head:
            raise JournalFault(self.problem)
        if not self.mirror.journal_id:
            raise Unready(self._unread())

    def _unread(self) -> str:
        own = self.supervised
        if own is None:
            return f"journal {self.name} is being read; ask again in a moment"
        if own.wanted:
            why = f" (its last try failed: {own.failed})" if own.failed else ""
            return f"agent {self.name} is starting and has no journal yet{why}; ask again in a moment"
        return f"agent {self.name} has no journal: {own.halted or 'it ended before its session began'}"

    def beside(self) -> account.Beside:
        """Return what is known of the agent beside its journal."""
        return account.Beside(
            running=self.running,
            live=self.live,
            vitals=self.vitals,
            problem=self._trouble(),
            supervised=self.supervised,
            now=self.clock.now(),
            ending=self._ending,
        )

    def _trouble(self) -> str | None:
        if self.silent:
            return "its process lives and says nothing: it is stopped or stuck"
        return self.problem

    def handle(self, command: Command) -> Reply:
        """Have a command carried out by the running agent, or on the account as it lies."""
        return dispatch(self.home, self.name, command, self.clock)

    @property
    def outpaced(self) -> bool:
        """True while it is late on purpose: the agent turns at full speed and needs the processor."""
        return self._link is not None and self._link.fast
