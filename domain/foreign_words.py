"""Words of code that is not ours, made fit for a journal: bounded, of characters that can be written."""

import re

LONGEST_FAULT = 300
"""Characters of a fault's words that are kept."""
LONGEST_REASON = 4_000
"""Characters of a reason that are kept."""
ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def told(text: str) -> str:
    """Return a reason as it can be journaled: cut where it is too long, half a character written out."""
    if text.isascii() and len(text) <= LONGEST_REASON:
        return text
    return _writable(text[:LONGEST_REASON])


def fault_words(fault: BaseException) -> str:
    """Return a fault in a line of bounded length that can be journaled, and that a replay comes to again."""
    kind = type(fault).__name__
    try:
        text = " ".join(str(fault).split())
    except Exception:  # noqa: BLE001 -- a fault whose words fail is told by its kind
        return kind
    return f"{kind}: {_writable(ADDRESS.sub('0x...', text[:LONGEST_FAULT]))}"


def _writable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
