"""The standing of an agent: its risk rules, and the providers it sees the market by."""

from typing import Any

from agent.answers.agents import Headroom, ProviderRow
from agent.serve.access.scope import Scope
from agent.serve.mirror import standing
from agent.serve.table import API, Asking, Route


def risk(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> list[Headroom]:
    """Return every rule with what it measures now, its limit, and the share of it that is used."""
    watched = asking.fleet.get(path["agent"])
    return standing.risk(watched.mirror, watched.beside())


def providers(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> list[ProviderRow]:
    """Return each provider's breaker, its age, and its stream's reconnects and drops."""
    watched = asking.fleet.get(path["agent"])
    return standing.providers(watched.mirror, watched.beside())


ROUTES = (
    Route(
        "GET",
        f"{API}/agents/{{agent}}/risk",
        Scope.READ,
        "Every risk rule as it stands: measured, limit, share used",
        list[Headroom],
        risk,
        "agents",
        description="Rules of the account once, the others for each symbol. A share of 1 is a limit reached, "
        "which still passes. What only an order can tell is that of the last entry judged, and says so.",
    ),
    Route(
        "GET",
        f"{API}/agents/{{agent}}/providers",
        Scope.READ,
        "Providers: breaker, age, why one last did not serve, and its stream's counts",
        list[ProviderRow],
        providers,
        "agents",
    ),
)
