"""Finer kinds of venue fault used inside this room, and how a fault is shown outside it.

Callers only ever see the classes of domain.errors, made anew: no cause, no context and no frames
of the thread that failed, for those are where a key in a URL would hide.
"""

import re

from domain.errors import (
    BadAnswer,
    NoData,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unreachable,
    VenueFault,
)

PUBLIC: tuple[type[VenueFault], ...] = (Unreachable, BadAnswer, RateLimited, Refused, NoData, OutcomeUnknown)
LONGEST_TEXT = 160


class NotSent(Unreachable):
    """The request never left: name lookup, connection or TLS failed, so no budget was used."""


class Deadline(Unreachable):
    """The call's time was over."""


class Pointless(BadAnswer):
    """An unusable answer that would come again: a redirect, one too large, one nobody understands."""


class Unasked(Refused):
    """We will not ask: no key, a symbol or timeframe the venue does not have. Says nothing about it."""


class Wait(RateLimited):
    """The venue asks for silence; `seconds` says how long."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


class Spent(RateLimited):
    """Our own budget for the venue says wait; the venue was not asked."""


def public(fault: VenueFault) -> VenueFault:
    """Return the fault as callers see it: a plain domain error with nothing but its text."""
    for kind in PUBLIC:
        if isinstance(fault, kind):
            return kind(str(fault))
    return VenueFault(str(fault))


def inert(text: str, secret: str = "") -> str:
    """Return a venue's own words fit to be shown: the key struck out, printable, one short line."""
    if secret:
        text = re.sub(re.escape(secret), "[key]", text, flags=re.IGNORECASE)
    return one_line(text, LONGEST_TEXT)


def one_line(text: str, longest: int) -> str:
    """Return text as one line of printable characters (no control, no bidirectional override)."""
    text = "".join(mark if mark.isprintable() else " " for mark in text[: 4 * longest])
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
