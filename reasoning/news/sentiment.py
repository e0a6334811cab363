"""Sentiment: one number for the news of a symbol, decaying with age, from a bounded memory.

With s the score, r the relevance and a the age of each headline inside the window:

    score = sum(r * 0.5^(a / half_life) * s) / (neutral_weight + sum(r * 0.5^(a / half_life)))

The neutral weight stands for the silent rest of the world: one faint or old headline cannot shout,
and without fresh news the score fades to 0. A provider's own score is used where it has one, else
`polarity` reads the title.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from math import isfinite
from typing import NamedTuple

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from domain.observation import Headline
from domain.times import EPOCH, HOUR_MS, millis, utc

_KEY_LENGTH = 120


class SentimentSettings(BaseModel):
    """The settings of the headlines' voice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(default=True, description="let headlines have a voice")
    textblob: bool = Field(default=True, description="ask TextBlob beside the finance lexicon")
    window_hours: float = Field(24.0, gt=0, le=720, description="headlines older than this are forgotten")
    half_life_hours: float = Field(6.0, gt=0, le=720, description="age at which a headline counts half")
    max_headlines: int = Field(200, ge=1, le=5_000, description="headlines remembered for each symbol")
    neutral_weight: float = Field(0.5, ge=0, le=100, description="relevant headlines the silence is worth")
    threshold: float = Field(0.15, gt=0, le=1, description="smallest score, either way, that votes")
    weight: float = Field(0.25, ge=0, le=1, description="share of a strategy's weight this voice has")


class Sentiment(msgspec.Struct, frozen=True):
    """The sentiment of the news: `score` in [-1, 1] from `count` headlines, newest from `newest_at`.

    `method` is "provider" (their scores), "text" (read here) or "mixed".
    """

    score: float
    count: int
    method: str
    newest_at: datetime


class Heard(NamedTuple):
    """A headline as remembered: time in ms, score in [-1, 1], relevance in [0, 1], no text but its key."""

    time: int
    key: str
    score: float
    relevance: float
    own: bool


class HeadlineMemory:
    """The headlines of one symbol inside the window, oldest first, and their weighted sums."""

    __slots__ = (
        "_good",
        "_half_life",
        "_method",
        "_newest",
        "_newest_at",
        "_read",
        "_settings",
        "_weight",
        "_window",
        "heard",
    )

    def __init__(self, settings: SentimentSettings, read: Callable[[str], float] | None = None) -> None:
        self._settings = settings
        self._read = read or self._polarity
        self._window = settings.window_hours * HOUR_MS
        self._half_life = settings.half_life_hours * HOUR_MS
        self.heard: list[Heard] = []
        self._newest = 0
        self._newest_at = EPOCH
        self._good = self._weight = 0.0
        self._method = "text"

    def take_in(self, headlines: Iterable[Headline], now_ms: int) -> None:
        """Remember headlines known at `now_ms`; a title heard before counts once, a later date as now."""
        known = {heard.key for heard in self.heard}
        for headline in headlines:
            key = " ".join(headline.title[:_KEY_LENGTH].lower().split())
            if key in known or not isfinite(headline.relevance):
                continue
            known.add(key)
            self.heard.append(self._scored(headline, key, now_ms))
        self.heard.sort()
        del self.heard[: -self._settings.max_headlines]
        self._sum(now_ms)

    def resume(self, heard: Iterable[Heard], now_ms: int) -> None:
        """Remember what was heard until `now_ms`, read already."""
        self.heard = list(heard)
        self._sum(now_ms)

    def sentiment(self, now_ms: int) -> Sentiment | None:
        """Return what the headlines of the window add up to at `now_ms`, or None without any.

        Costs the same however many are remembered: all of them fade alike, so the sums only change
        when a headline comes or expires.
        """
        if self.heard and self.heard[0].time < now_ms - self._window:
            self._sum(now_ms)
        if not self.heard:
            return None
        faded = 0.5 ** (max(0, now_ms - self._newest) / self._half_life)
        weight = self._settings.neutral_weight + faded * self._weight
        score = faded * self._good / weight if weight > 0.0 else 0.0
        return Sentiment(max(-1.0, min(1.0, score)), len(self.heard), self._method, self._newest_at)

    def _polarity(self, title: str) -> float:
        from reasoning.news.polarity import polarity  # noqa: PLC0415  # of those who hear headlines

        return polarity(title, textblob=self._settings.textblob)

    def _scored(self, headline: Headline, key: str, now_ms: int) -> Heard:
        given = headline.score
        own = given is not None and isfinite(given)
        score = given if own and given is not None else self._read(headline.title)
        relevance = max(0.0, min(1.0, headline.relevance))
        time = min(millis(headline.published_at), now_ms)
        return Heard(time, key, max(-1.0, min(1.0, score)), relevance, own)

    def _sum(self, now_ms: int) -> None:
        """Forget what left the window and add up the rest, weighted as of the newest."""
        self.heard = [heard for heard in self.heard if heard.time >= now_ms - self._window]
        self._newest = self.heard[-1].time if self.heard else 0
        self._newest_at = utc(self._newest)
        self._good = self._weight = 0.0
        for heard in self.heard:
            weight = heard.relevance * 0.5 ** ((self._newest - heard.time) / self._half_life)
            self._weight += weight
            self._good += weight * heard.score
        own = sum(heard.own for heard in self.heard)
        self._method = "text" if own == 0 else "provider" if own == len(self.heard) else "mixed"
