"""Parts of a request that several routes read: the agent it names, who asks, and under which key."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from agent.serve.fleet.fleet import Unknown
from agent.serve.mirror.mirror import Unready
from agent.serve.table import Asking
from agent.settings.home import checked_name
from domain import commands
from domain.commands import Command
from domain.errors import BadInput

C = TypeVar("C", bound=Command)

KEY = {
    "Idempotency-Key": "Name of this command, where the body has no `key`: the same again is not done twice."
}

REASONS: Mapping[type, str] = MappingProxyType(
    {
        commands.Pause: "operator paused",
        commands.Unpause: "operator unpaused",
        commands.Stop: "operator stopped",
        commands.ResetKill: "operator resumed",
        commands.ClosePosition: "operator closed",
    }
)
"""Reasons of commands that need none of their asker, as the command line gives them."""


def named_agent(asking: Asking, path: dict[str, str], *, unbegun: bool = False) -> str:
    """Return the name of an agent of the home, by what lies there. Raises Unknown where there is none.

    One of our own that has no journal yet is returned where it may be `unbegun`; else raises Unready for it.
    What this server has read of the journals is not asked: a command needs none of it.
    """
    name, home = path["agent"], asking.home
    try:
        checked_name(name)
    except BadInput:
        raise Unknown(f"agent {name[:80]}: no agent has such a name") from None
    there = home.journal(name).is_file() or home.held(name) or home.afterwards(name).exists()
    if there or (home.server and name in asking.fleet.names()):
        return name
    if asking.supervisor is not None and name in asking.supervisor.names():
        if unbegun:
            return name
        raise Unready(f"agent {name} has no journal yet: ask again once its session has begun, or stop it")
    raise Unknown(f"agent {name[:80]}: not in this home; there are: {', '.join(home.names()[:20]) or 'none'}")


def by_of(asking: Asking) -> str:
    """Return who asks, as the journal is told: `api:trade` for a token, `page:trade` for a login."""
    return f"{asking.who.name}:{asking.who.scope}"


def reasoned(command: C) -> C:
    """Return a command with the reason the command line gives it where its asker gave none."""
    usual = REASONS.get(type(command))
    if usual is None or command.reason.strip():
        return command
    return msgspec.structs.replace(command, reason=usual)


def key_of(asking: Asking, body: Any) -> str:
    """Return the key of a command: the body's, else that of the header."""
    return body.key or asking.headers.get("idempotency-key", "")
