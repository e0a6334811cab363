"""The metrics, for Prometheus."""

from typing import Any

from agent.serve.access.scope import Scope
from agent.serve.table import Asking, Content, Route


def metrics(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> Content:
    """Return every metric as it stands, in the format the asker takes."""
    body, media = asking.metrics(asking.headers.get("accept", ""))
    return Content(body, media)


ROUTES = (
    Route(
        "GET",
        "/metrics",
        Scope.READ,
        "Metrics in the Prometheus format",
        bytes,
        metrics,
        "server",
        media="text/plain",
    ),
)
