"""Base URLs that people set: a key must not travel in clear, so plain http is for this machine alone."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine by name or by address, without a name lookup."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def checked_base_url(text: str, *, clear: str = "http", safe: str = "https") -> str:
    """Return a base URL without the slash at its end, of one of two schemes; in `clear` only on this machine.

    Raises ValueError, in words that hold nothing of the URL.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:  # whose words repeat the text: a key may be in it
        raise ValueError("must be a URL with a port up to 65535, if any") from None
    if parts.scheme not in (clear, safe):
        raise ValueError(f"must start with {safe}:// (or {clear}:// for a loopback host)")
    if not parts.hostname or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise ValueError("must name a host and hold no spaces")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("must hold no user, password, query or fragment")
    if parts.scheme == clear and not is_loopback(parts.hostname):
        raise ValueError(f"plain {clear} must be a loopback host: a key would travel in clear")
    return text.rstrip("/")
