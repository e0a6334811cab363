"""Health, readiness and version of the server."""

from typing import Any

from agent.answers.agents import Health, Readiness
from agent.answers.refusal import VersionAnswer
from agent.serve.access.scope import Scope
from agent.serve.table import API, Asking, Route
from agent.settings.version import code_version


def health(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> Health:
    """Tell whether the server works, and how many agents do."""
    return asking.fleet.health()


def ready(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> Readiness:
    """Tell whether every journal was read to its end."""
    return asking.fleet.readiness()


def version(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> VersionAnswer:
    """Tell which code runs, and what the asker's token allows."""
    return VersionAnswer(version=code_version(), scope=asking.who.scope)


ROUTES = (
    Route(
        "GET",
        f"{API}/health",
        Scope.OPEN,
        "The server's own health, without anything of an account",
        Health,
        health,
        "server",
    ),
    Route(
        "GET", f"{API}/ready", Scope.READ, "Rows of each journal still to be read", Readiness, ready, "server"
    ),
    Route(
        "GET",
        f"{API}/version",
        Scope.READ,
        "The running code, and what the token allows",
        VersionAnswer,
        version,
        "server",
    ),
)
