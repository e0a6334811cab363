"""The agents of a home: which there are, what each is doing, and commands to it."""

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.account import Status
from agent.answers.agents import AgentRow, Alarm, AlarmKind, Health, Readiness
from agent.settings.home import Home
from agent.settings.version import code_version
from domain.commands import Command
from domain.errors import BadInput, BoydError
from domain.ports import Clock
from domain.replies import Reply


class Unknown(BadInput):
    """There is no agent of that name."""


class Watched:
    """One agent of the home, running or not."""

    def __init__(self, home: Home, name: str, clock: Clock) -> None:
        self.home = home
        self.name = name
        self.clock = clock

    @property
    def running(self) -> bool:
        """Tell whether a process has the account."""
        return self.home.held(self.name)

    def status(self) -> Status:
        """Return what the agent says of itself, or what its journal says of it."""
        return AccountClient(self.home, self.name).status()

    def row(self) -> AgentRow:
        """Return the agent as one of several side by side."""
        try:
            return _row(self.status())
        except BoydError as fault:
            return _unreadable(self.name, str(fault))

    def handle(self, command: Command) -> Reply:
        """Have a command carried out by the running agent, or on the account as it lies."""
        return dispatch(self.home, self.name, command, self.clock)


class Fleet:
    """The agents of a home."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self.home = home
        self.clock = clock

    def names(self) -> list[str]:
        """Return the journals there are, the latest used first."""
        return self.home.names()

    def get(self, name: str) -> Watched:
        """Return an agent. Raises Unknown where there is none of that name."""
        if name not in self.names():
            raise Unknown(
                f"agent {name[:100]}: not in this home; there are: {', '.join(self.names()) or 'none'}"
            )
        return Watched(self.home, name, self.clock)

    def health(self) -> Health:
        """Return how many agents there are, and how many run."""
        names = self.names()
        running = sum(self.home.held(name) for name in names)
        return Health(ok=True, version=code_version(), agents=len(names), running=running, amiss=0)

    def readiness(self) -> Readiness:
        """Return the rows still to be read."""
        return Readiness(ready=True, behind=dict.fromkeys(self.names(), 0))

    def start(self) -> None:
        """Begin to watch."""

    def close(self) -> None:
        """End it."""


def _row(status: Status) -> AgentRow:
    account = status.account
    alarms = [Alarm(kind=AlarmKind.KILLED, text=account.kill_switch)] if account.kill_switch else []
    return AgentRow(
        agent=status.journal,
        running=status.running,
        mode=status.mode,
        symbols=status.symbols,
        timeframe=status.timeframe,
        state=status.state,
        paused=status.paused,
        cycle=status.cycle,
        seq=status.seq or 0,
        at=status.at,
        outcome=status.outcome,
        ended=status.ended,
        equity=account.equity,
        profit=account.profit,
        profit_today=account.profit_today,
        quote=account.quote,
        positions=status.positions,
        decisions=status.decisions,
        kill_switch=account.kill_switch,
        alarms=alarms,
    )


def _unreadable(name: str, why: str) -> AgentRow:
    return AgentRow(
        agent=name,
        running=False,
        mode=None,
        symbols=[],
        timeframe=None,
        state=None,
        paused=False,
        cycle=0,
        seq=0,
        at=None,
        outcome=None,
        ended=why,
        equity="0",
        profit="0",
        profit_today="0",
        quote=None,
        positions=[],
        decisions=[],
        kill_switch=None,
        alarms=[Alarm(kind=AlarmKind.DEAD, text=why)],
    )
