"""The alerts of the home: incidents, what nobody acknowledged, the channels' health; and acknowledging."""

from typing import Any

from msgspec import Struct

from agent.alerts.listing import acknowledge, listing
from agent.answers.alerts import AcknowledgedRow, AlertsAnswer
from agent.serve.access.scope import Scope
from agent.serve.asked import KEY, by_of
from agent.serve.table import API, Asking, Route
from agent.settings.upkeep.reading import upkeep


class AcknowledgeAsked(Struct, frozen=True, kw_only=True):
    """The `ids` that somebody sees to: the numbers behind the # of messages; all that wait where empty."""

    ids: list[str] = []
    reason: str = ""
    key: str = ""


def alerts(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> AlertsAnswer:
    """Return the alerts as they stand."""
    return listing(asking.home.notices, list(upkeep(asking.home).channel_names()))


def seen_to(
    asking: Asking, _path: dict[str, str], _query: Any, body: AcknowledgeAsked
) -> list[AcknowledgedRow]:
    """Note that whoever asks sees to messages."""
    return acknowledge(asking.home.notices, body.ids, by_of(asking), asking.clock.now())


ROUTES = (
    Route(
        "GET", f"{API}/alerts", Scope.READ, "What lasts, what waits for somebody, the channels' health",
        AlertsAnswer, alerts, "alerts",
    ),
    Route(
        "POST", f"{API}/alerts/acknowledge", Scope.TRADE, "Say that somebody sees to what was told",
        list[AcknowledgedRow], seen_to, "alerts", body=AcknowledgeAsked, headers=KEY,
    ),
)  # fmt: skip
