"""Commands of the chat, carried out as those of the command line and of HTTP are."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from agent.account.dispatch import dispatch
from agent.answers.agents import Started
from agent.serve.fleet.recorded import last_settings
from agent.serve.fleet.supervisor import Supervisor, ask_to_stop
from agent.serve.fleet.turns import turn
from agent.settings.home import Busy, Home
from agent.telegram.texts import replies
from agent.telegram.words import Asked
from domain import commands
from domain.commands import Command
from domain.errors import BadInput
from domain.ports import Clock

REASON = "asked for in Telegram"
"""Where the asker gave none."""

AGAIN_SECONDS = 60.0
LOOK_SECONDS = 0.2
"""How long a reload waits for the session to end, and how often it looks."""

KINDS: dict[str, Callable[..., Command]] = {
    "kill": commands.Kill,
    "reset_kill": commands.ResetKill,
    "pause": commands.Pause,
    "unpause": commands.Unpause,
    "flatten": commands.Flatten,
    "stop": commands.Stop,
}


class Asker(NamedTuple):
    """The asker as the journal is told, and the key of the command."""

    by: str
    key: str


class Helm(NamedTuple):
    """The means to carry out commands. Without a supervisor none begins an agent."""

    home: Home
    clock: Clock
    supervisor: Supervisor | None


def carry_out(helm: Helm, asked: Asked, agent: str, who: Asker) -> Iterable[str]:
    """Carry out a command on an agent and return what it came to. Raises BoydError."""
    if asked.word.name in ("start", "reload"):
        return replies.started(_begin(helm, asked, agent, who))
    command = command_of(asked, who)
    if isinstance(command, commands.Stop) and helm.supervisor is not None:
        reply: Any = ask_to_stop(helm.supervisor, helm.home, agent, command, helm.clock)
    else:
        reply = dispatch(helm.home, agent, command, helm.clock, alone=partial(turn, agent))
    return replies.reply(agent, reply)


def command_of(asked: Asked, who: Asker) -> Command:
    """Return what was asked as a command. Raises BadInput for a close without a symbol."""
    given: dict[str, Any] = {"reason": asked.reason or REASON, "by": who.by, "key": who.key}
    if asked.word.name != "close":
        return KINDS[asked.word.name](**given)
    if asked.symbol is None:
        raise BadInput(f"which position? It is written {asked.word.usage}")
    return commands.ClosePosition(symbol=asked.symbol, share=asked.share, **given)


def _begin(helm: Helm, asked: Asked, agent: str, who: Asker) -> Started:
    supervisor = helm.supervisor
    if supervisor is None:
        raise BadInput("this server begins no agents: start it on its machine")
    own = supervisor.of(agent)
    if asked.word.name == "reload":
        if own is None and helm.home.held(agent):
            raise BadInput(f"{agent} was started elsewhere (agent run): end it and begin it anew there")
        stop = commands.Stop(reason="reload asked for in Telegram", by=who.by, key=f"{who.key}-stop")
        ask_to_stop(supervisor, helm.home, agent, stop, helm.clock)
        _wait_for_end(helm, agent)
    known = {} if own else last_settings(helm.home, agent)
    supervised = supervisor.begin_again(agent, known, asked.account, who.by, who.key, asked.reason or REASON)
    return Started(agent=agent, supervised=supervised)


def _wait_for_end(helm: Helm, agent: str) -> None:
    """Wait until nobody has the account any more. Raises Busy where that takes too long."""
    due = helm.clock.monotonic() + AGAIN_SECONDS
    while helm.home.held(agent):
        if helm.clock.monotonic() >= due:
            raise Busy(f"{agent} was asked to end and its cycle goes on: /start begins it once it has ended")
        helm.clock.sleep(LOOK_SECONDS)
