"""Observations: candles, a last price and headlines, each labelled with its source."""

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.advice import Advice
from domain.candle import Candle, LastPrice
from domain.times import utc


class Source(StrEnum):
    """The source of an observation, from best to worst."""

    LIVE = "live"
    RECORDED = "recorded"
    CACHED = "cached"
    SIMULATED = "simulated"


SPLIT = "split"
"""Kind of the finding that a share's price looks like a split: what comes from there on is held back."""


class Finding(msgspec.Struct, frozen=True):
    """One flaw found in the candles: its kind, what was seen, and the candle's open time in ms."""

    kind: str
    detail: str
    time: int | None = None


class Attempt(msgspec.Struct, frozen=True):
    """One provider that was asked and did not serve, with the reason (never a key, never a URL query)."""

    provider: str
    reason: str


class Headline(msgspec.Struct, frozen=True):
    """One headline as published; `score` in [-1, 1] is the provider's own where it has one."""

    title: str
    published_at: datetime
    source: str
    url: str = ""
    score: float | None = None
    relevance: float = 1.0


class Observation(msgspec.Struct, frozen=True):
    """One symbol's new data in one cycle, as it entered the loop.

    `candles` are the closed candles that are new to the loop, oldest first. `quote` is the last
    known price (the open of the candle that is still forming, or its last trade). `series` names
    the price series: when it changes, indicators start over. `headlines` are those new to the loop.
    `breaker` is the state of the circuit breaker of the provider whose data this is. `doubted` are closed
    candles the price collar does not believe (yet): no signal sees them, but stops are judged by them.
    `advice` is what models said of the newest candle, in time.
    """

    symbol: str
    source: Source
    provider: str
    series: str
    fetched_at: datetime
    candles: tuple[Candle, ...] = ()
    quote: LastPrice | None = None
    headlines: tuple[Headline, ...] = ()
    findings: tuple[Finding, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    breaker: str = "closed"
    doubted: tuple[Candle, ...] = ()
    advice: tuple[Advice, ...] = ()

    @property
    def candle_time(self) -> datetime | None:
        """Open time of the newest closed candle in this observation."""
        return utc(self.candles[-1].time) if self.candles else None
