"""Answers on the money of advice: what was asked, answered and charged, and how far the caps are."""

from msgspec import Struct


class SpendRow(Struct, frozen=True, kw_only=True):
    """Sums over questions; `usd` is what they are charged with, to the micro-dollar, `tokens` in and out."""

    asked: int
    answered: int
    usd: str
    tokens: int


class CapRow(Struct, frozen=True, kw_only=True):
    """A cap of the last session's settings and what is used of it."""

    name: str
    used: str
    most: str


class SpendAnswer(Struct, frozen=True, kw_only=True):
    """`agent ledger`: what advice cost, folded from the journal.

    `day` is the UTC day `today` counts, None before the first question. A question stays charged with its
    whole reservation while it is `open`, and for good where it was cut off. `alarms` counts answers whose
    account of themselves could not be true.
    """

    journal: str
    seq: int
    day: str | None
    today: SpendRow
    session: SpendRow
    total: SpendRow
    advisers: dict[str, SpendRow]
    open: int
    alarms: int
    caps: list[CapRow]
