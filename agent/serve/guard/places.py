"""Host and Origin: programs and pages of this server, not pages of others in the same browser.

A page of any site can make a browser post to 127.0.0.1, and a name that resolves to 127.0.0.1 makes the
answer readable to it as well. So a Host that is none of ours is refused, and so is an Origin other than the
Host that was asked. Another port of this machine is another site, though browsers send cookies to both.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from agent.serve.table import TurnedAway
from edge.urls import is_loopback

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SAFE = frozenset({"GET", "HEAD"})
OURS = frozenset({"same-origin", "none"})


class Places:
    """The names this server answers to.

    On loopback these are loopback's; elsewhere any address in figures as well, which no other site's name can
    turn into. `names` are more of them.
    """

    def __init__(self, host: str, names: Iterable[str] = ()) -> None:
        self.names = LOOPBACK | {name.lower() for name in names}
        self.figures = not is_loopback(host)

    def check(self, method: str, headers: Mapping[str, str]) -> None:
        """Raise TurnedAway for a request to another name, or from another site."""
        host = headers.get("host", "")
        if not self._ours(host):
            raise TurnedAway(
                403,
                "host",
                "this server does not go by that name: ask 127.0.0.1 or localhost, or use --allow-host",
                field="Host",
                value=host[:100],
            )
        origin = headers.get("origin")
        if origin is not None and not _same(origin, host):
            raise TurnedAway(
                403, "origin", "a page of another site may not ask", field="Origin", value=origin[:100]
            )
        site, mode = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode")
        if site is not None and site not in OURS and not (method in SAFE and mode == "navigate"):
            raise TurnedAway(
                403, "origin", "a page of another site may not ask", field="Sec-Fetch-Site", value=site[:100]
            )

    def _ours(self, host: str) -> bool:
        name = name_of(host)
        return name is not None and (name in self.names or (self.figures and _in_figures(name)))


def name_of(host: str) -> str | None:
    """Return the name in a Host header, None where there is none that can be read."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    strange = parts.path or parts.query or parts.fragment or parts.username is not None
    return None if strange or not parts.hostname else parts.hostname


def _same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def _in_figures(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
