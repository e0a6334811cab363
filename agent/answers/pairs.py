"""Answers on the pair list: each candidate as it was measured, and whether it may be entered."""

from datetime import datetime

from msgspec import Struct


class CandidateRow(Struct, frozen=True, kw_only=True):
    """One candidate; `why` it may not be entered is None where it may. What is not known is None.

    `volume` is in quote, `rank` its place by volume, `age_days` in days, `spread_bp` in hundredths of a
    percent, `volatility` in percent.
    """

    symbol: str
    listed: bool
    why: str | None
    volume: float | None
    rank: int | None
    age_days: float | None
    spread_bp: float | None
    volatility: float | None


class PairListAnswer(Struct, frozen=True, kw_only=True):
    """The pair list of a journal's last session, or one made just now, then `journal` is None.

    `source` is "off" where entries go by no list. `measured_at` is None before the first list. `fault` says
    why it could not be refreshed, `stale` that it is too old to stand. `warnings` tell of settings without
    effect.
    """

    journal: str | None
    source: str
    at: datetime | None = None
    measured_at: datetime | None = None
    fault: str | None = None
    stale: bool = False
    pairs: list[CandidateRow] = []
    warnings: list[str] = []
