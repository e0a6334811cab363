"""The agents side by side, and one of them."""

from typing import Any

from agent.answers.account import Status
from agent.answers.agents import AgentRow
from agent.serve.access.scope import Scope
from agent.serve.table import API, Asking, Route


def agents(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> list[AgentRow]:
    """Return a row for each agent."""
    fleet = asking.fleet
    return [fleet.get(name).row() for name in fleet.names()]


def agent(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Status:
    """Return an agent's status, as `agent status --json` tells it."""
    return asking.fleet.get(path["agent"]).status()


ROUTES = (
    Route(
        "GET",
        f"{API}/agents",
        Scope.READ,
        "The agents of the home side by side",
        list[AgentRow],
        agents,
        "agents",
    ),
    Route(
        "GET",
        f"{API}/agents/{{agent}}",
        Scope.READ,
        "What one agent is doing, or how its last session ended",
        Status,
        agent,
        "agents",
    ),
)
