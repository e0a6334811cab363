"""The Retry-After header: how long a venue wants silence."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 3 * 86_400.0
"""Binance bans for at most three days; a header that says more is not believed."""


def retry_after(headers: Mapping[str, str], *, default: float) -> float:
    """Return the seconds asked for (RFC 9110, 10.2.3), between 1 and three days.

    `headers` have lower-case names. A date is read against the answer's own Date header, so no
    clock of ours is involved. `default` serves when the header is absent or unreadable.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return _bounded(float(text))
    due, now = _seconds(text), _seconds(headers.get("date", ""))
    if due is None or now is None:
        return _bounded(default)
    return _bounded(due - now)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), LONGEST_SECONDS)


def _seconds(text: str) -> float | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
