"""Answers on forecasts: what the probabilities of voices were worth, by scores and bins."""

from datetime import datetime

from msgspec import Struct

from learning.promotion import SkillProof
from learning.scores import Bin


class VoiceForecasts(Struct, frozen=True, kw_only=True):
    """A voice's forecasts whose outcome is known, and how many are still `open`.

    `identity` is that of an adviser, "" of other voices: with another prompt or model it is another.
    `retrospective` forecasts are only counted. `skill` is that of the probabilities against the base rate
    known at each of them: 0 says no more than it, below 0 misleads. `held_back` entries were not made
    because of this voice, and `saved` is what that saved (below 0: cost), a sum of fractions of an entry.
    `calibrator` is the kind that so many outcomes allow, `evidence` says what they prove.
    """

    voice: str
    identity: str
    open: int
    retrospective: int
    count: int
    trades: int
    vetoes: int
    won: int
    base_rate: float | None
    brier: float | None
    base_brier: float | None
    log_loss: float | None
    skill: float | None
    taken: int
    mean_result: float | None
    held_back: int
    saved: float
    calibrator: str
    evidence: str
    bins: list[Bin]


class ForecastsAnswer(Struct, frozen=True, kw_only=True):
    """`agent forecasts`: every voice's forecasts of entries, from closed trades and watched vetoes."""

    journal: str
    seq: int
    voices: list[VoiceForecasts]


class PromotionRule(Struct, frozen=True, kw_only=True):
    """One condition of a promotion: what was measured and what it must be."""

    name: str
    value: float | None
    limit: str
    passed: bool


class PromotionAnswer(Struct, frozen=True, kw_only=True):
    """`agent adviser promote --dry-run`: the proof, each condition, and whether all of them hold."""

    proof: SkillProof
    passes: bool
    rules: list[PromotionRule]
    warnings: list[str]


class AdviserRow(Struct, frozen=True, kw_only=True):
    """A promotion or demotion of an adviser; `active` where it is its adviser's latest."""

    version: int
    adviser: str
    identity: str
    promoted: bool
    raise_cap: float
    at: datetime
    by: str
    reason: str
    rolled_back_to: int | None
    active: bool
