"""Having a command carried out: by the agent that runs the account, else here, on the account as it lies.

Nothing heavy is imported before a running agent was asked; a kill without one needs the journal and nothing
else.
"""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Protocol

from agent.account.running import Running
from agent.settings.home import Home
from domain.commands import Command, Kill, Pause, ResetKill, Stop, Unpause, named
from domain.errors import LocalFault
from domain.ports import Clock
from domain.replies import Reply, Stopping


def new_key() -> str:
    """Return the key of a command whose asker gave none."""
    return secrets.token_hex(8)


class Carries(Protocol):
    """Whoever carries out commands on an account that is open here."""

    def handle(self, command: Command) -> Reply:
        """Carry out a command."""


def dispatch(
    home: Home,
    name: str,
    command: Command,
    clock: Clock | None = None,
    *,
    alone: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Reply:
    """Have a command carried out on the account of a journal.

    Here it is done within `alone`. Raises Busy when an agent has the account but does not answer, BadInput
    for what cannot be meant, Unproven for parameters whose evidence is not enough, LocalFault where it is
    for a running agent only and none runs.
    """
    command, running = named(command, new_key), Running(home, name)
    if isinstance(command, Pause | Unpause | Stop):
        return _running_only(running, command)
    with ExitStack() as stack:

        def here() -> Carries:
            stack.enter_context(alone())
            return _opened(home, name, command, clock, stack)

        result = running.have_or(here, command)
        return result if isinstance(result, Reply) else result.handle(command)


def _running_only(running: Running, command: Pause | Unpause | Stop) -> Reply:
    live = running.have(command)
    if live is not None:
        return running.reply(live)
    if isinstance(command, Stop):
        return Stopping(stopping=False)
    raise LocalFault(
        f"no agent runs on journal {running.name}: there is nothing to {type(command).__name__.lower()}"
    )


def _opened(home: Home, name: str, command: Command, clock: Clock | None, stack: ExitStack) -> Carries:
    from agent.account.recall import recall  # noqa: PLC0415
    from agent.host.clock import SystemClock  # noqa: PLC0415
    from agent.outage.at_rest import opened  # noqa: PLC0415  # not before a running agent was asked

    clock = clock or SystemClock()
    if isinstance(command, Kill | ResetKill):
        light = opened(home, name, clock, recall(home, name), emergency=isinstance(command, Kill))
        if light is not None:
            return stack.enter_context(light)
    from agent.account.client import AccountClient  # noqa: PLC0415  # heavy, and a kill needs none of it
    from agent.account.opening import opened_for  # noqa: PLC0415

    return stack.enter_context(opened_for(command, AccountClient(home, name), clock))
