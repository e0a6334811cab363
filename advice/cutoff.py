"""The guard against contamination: a model may have read what came of a candle. Pure.

Advice is clean when it was asked for within its deadline and a candle after its candle closed:
nobody knew the outcome then. Else it is retrospective: refused where the candle opened before the model's
cutoff and a margin, for vendors state cutoffs loosely and train further afterwards; and after it allowed with
a label that nothing takes off. A model whose cutoff nobody states is refused. There is no way round it.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from domain.times import closing, millis, utc

MARGIN_DAYS = 90
"""Days after a stated cutoff that still count as known."""


class AdviceStanding(StrEnum):
    """The worth of an answer about a candle, as evidence."""

    CLEAN = "clean"
    RETROSPECTIVE = "retrospective"
    REFUSED = "refused"


class Ruling(NamedTuple):
    """A standing and, unless it is clean, the reason."""

    standing: AdviceStanding
    why: str = ""


def ruling(
    cutoff: date | None,
    candle_ms: int,
    timeframe_ms: int,
    asked_at: datetime,
    patience_seconds: float,
    margin_days: int = MARGIN_DAYS,
) -> Ruling:
    """Return what an answer asked for at `asked_at` about the candle opened at `candle_ms` is worth.

    `margin_days` below MARGIN_DAYS count as that many: a setting may widen the margin and never narrow it.
    """
    if cutoff is None:
        return Ruling(AdviceStanding.REFUSED, "the model's cutoff is not stated")
    late_ms = millis(asked_at) - closing(candle_ms, timeframe_ms)
    if abs(late_ms) <= patience_seconds * 1000.0:  # before it, where two clocks differ a little
        return Ruling(AdviceStanding.CLEAN)
    known = first_unknown(cutoff, margin_days)
    opened = utc(candle_ms)
    if opened < known:
        return Ruling(
            AdviceStanding.REFUSED,
            f"the candle of {opened:%Y-%m-%d %H:%M} opened before {known:%Y-%m-%d}, "
            f"the cutoff {cutoff} and {max(margin_days, MARGIN_DAYS)} days: "
            "the model may know what came of it",
        )
    return Ruling(AdviceStanding.RETROSPECTIVE, f"asked {late_ms / 1000.0:.0f} s after the candle closed")


def patience(deadline_seconds: float, timeframe_ms: int) -> float:
    """Return how many seconds after its candle a question is in time: its deadline and a candle.

    A cycle that comes at an interval sees a candle a while after it closed; the outcome lies candles ahead.
    """
    return deadline_seconds + timeframe_ms / 1000.0


def first_unknown(cutoff: date, margin_days: int = MARGIN_DAYS) -> datetime:
    """Return the first instant that counts as unknown to a model of this cutoff."""
    days = max(margin_days, MARGIN_DAYS) + 1  # the cutoff is the last day known
    return datetime(cutoff.year, cutoff.month, cutoff.day, tzinfo=UTC) + timedelta(days=days)
