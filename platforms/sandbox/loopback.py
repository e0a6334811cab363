"""Admission on loopback: programs on this machine are heard, pages in a browser are not.

A page of any site can make a browser post to 127.0.0.1, and a name that resolves to 127.0.0.1 makes the
answer readable to it as well. So a Host that is not loopback's and an Origin that is not the server's own
are refused.
"""

from urllib.parse import urlsplit

HOST = "127.0.0.1"
MOST_BYTES = 1024 * 1024
"""Largest body and largest WebSocket message that is read."""
LOOPBACK = frozenset({HOST, "localhost", "::1"})


def stranger(host: str, origin: str | None) -> str | None:
    """Return why a request with these headers is not listened to, or None."""
    if _name(host) not in LOOPBACK:
        return f"Host {host[:100]!r} is not this machine: ask for 127.0.0.1 or localhost"
    if origin is not None and urlsplit(origin).netloc != host:
        return f"Origin {origin[:100]!r} is another site: the sandbox serves programs, not pages"
    return None


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
