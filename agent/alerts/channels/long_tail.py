"""Whatever else there is, through apprise: Discord, Slack, ntfy, Matrix, SMS and the rest.

The library says only that a send failed; the status an HTTP service answered with stands in what it logs, as
"error=429", and is read from there. One URL a channel: one that fails resends nothing to the others.
"""

import logging
import re
import warnings
from typing import TYPE_CHECKING, Any

from agent.alerts.channel import Gone, Later, Message, Never, Severity
from agent.alerts.text import body, headline
from domain.extras import lacking

if TYPE_CHECKING:  # an extra
    from apprise import NotifyBase

STATUS = re.compile(r"error=(\d{3})\b")
GONE = frozenset({401, 403, 404, 410})
REFUSED = frozenset({400, 405, 406, 413, 414, 415, 422})
LIMITED_SECONDS = 60.0
"""How long a service that is asked too often is left alone: the library does not hand on what it says."""


class LongTail:
    """A channel through apprise; its library is imported at the first send."""

    def __init__(self, name: str, url: str, seconds: float = 10.0) -> None:
        self.name = name
        self._url = url
        self._seconds = seconds
        self._service: NotifyBase | None = None

    def send(self, message: Message) -> None:
        """Send a message."""
        service = self._service = self._service or self._opened()
        from apprise import Apprise, NotifyFormat, NotifyType  # noqa: PLC0415  # an extra, 23 MB

        kinds = {
            Severity.INFO: NotifyType.INFO,
            Severity.WARNING: NotifyType.WARNING,
            Severity.CRITICAL: NotifyType.FAILURE,
        }
        all_of_one = Apprise()
        all_of_one.add(service)
        result = all_of_one.notify(
            title=headline(message),
            body="\n".join(body(message)),
            notify_type=kinds[message.severity],
            body_format=NotifyFormat.TEXT,
        )
        if not result:
            raise _meaning(result, service)

    def _opened(self) -> "NotifyBase":
        """Return the service of the URL. Raises Gone where it is none, or the library is not installed."""
        try:
            from apprise import Apprise, OverflowMode  # noqa: PLC0415  # an extra
        except ModuleNotFoundError:
            raise Gone(lacking("apprise", "alerts")) from None
        _quiet()
        with warnings.catch_warnings():  # one of its hundred services imports what Python gives up
            warnings.simplefilter("ignore", DeprecationWarning)
            service = Apprise.instantiate(self._url, suppress_exceptions=True)
        if service is None:
            raise Gone("the URL is none that apprise knows")
        service.socket_connect_timeout = service.socket_read_timeout = self._seconds
        if "overflow=" not in self._url:
            service.overflow_mode = OverflowMode.SPLIT
        return service


def _quiet() -> None:
    """Keep the library off the outputs: it logs URLs with their tokens at its lowest level."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _meaning(result: Any, service: Any) -> Exception:
    """Return what a failure means, by the status it logged; the text itself is not told, it may hold more."""
    name = str(service.service_name)
    matches = [STATUS.search(str(entry)) for entry in result.logs()]
    status = next((int(each[1]) for each in matches if each), None)
    if status is None:
        return Later(None, f"{name}: no connection, or no answer in time")
    if status in GONE:
        return Gone(f"{name}: http {status}: the address or the key in the URL is refused")
    if status in REFUSED:
        return Never(f"{name}: http {status}: the message is refused")
    return Later(LIMITED_SECONDS if status == 429 else None, f"{name}: http {status}")
