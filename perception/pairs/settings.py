"""Settings of the pair list: its source, its filters, and what becomes of one that cannot be refreshed."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.times import MINUTE_MS

Amount = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
Percent = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]

DAY_HOURS = 24
HOUR_MS = 60 * MINUTE_MS
DRIVEN = ("recorded", "simulated")
"""Providers whose candles are of another time than the exchange's present."""

FILTERS = ("volume_least", "volume_top", "age_days", "spread_bp", "volatility_least", "volatility_most")
"""The settings of which each keeps symbols off the list, unless it is 0."""


class PairListSettings(BaseModel):
    """The pair list: of the symbols those that may be entered now. Off by default; exits never ask it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Literal["off", "exchange", "candles"] = Field(
        "off",
        description="what the symbols are measured by: off, the exchange's public tickers, or the candles "
        "the agent sees; recorded and simulated markets and backtests go by their candles either way",
    )
    refresh_minutes: int = Field(30, ge=1, le=1440, description="how often the list is made anew")
    keep_minutes: int = Field(
        120, ge=1, le=10_080, description="age up to which a list that cannot be refreshed stands"
    )
    when_stale: Literal["hold", "enter"] = Field(
        "hold", description="beyond that age: hold entries back, or enter as if there were no list"
    )
    timeout_seconds: float = Field(
        5.0, gt=0, le=60, description="longest its answer is waited for; no cycle waits for it"
    )
    window_hours: int = Field(
        DAY_HOURS, ge=1, le=168, description="window of volume and volatility; the exchange tells 24 alone"
    )
    volume_least: Amount = Field(0, description="least volume of the window in quote; 0: any")
    volume_top: int = Field(
        0, ge=0, le=50, description="so many symbols of the largest volume at most; 0: any"
    )
    age_days: Amount = Field(
        0, description="least days since it was first traded, of candles since the first one seen; 0: any"
    )
    spread_bp: Amount = Field(
        0, description="widest spread, in hundredths of a percent; of candles it is paper.spread; 0: any"
    )
    volatility_least: Percent = Field(
        0, description="least range of the window, highest above lowest price in percent; 0: any"
    )
    volatility_most: Percent = Field(0, description="largest range of the window, in percent; 0: any")

    @property
    def on(self) -> bool:
        """True when entries go by a list."""
        return self.source != "off"

    @property
    def refresh_ms(self) -> int:
        """The time between two lists in ms."""
        return self.refresh_minutes * MINUTE_MS

    @property
    def window_ms(self) -> int:
        """The window of volume and volatility in ms."""
        return self.window_hours * HOUR_MS

    def without_effect(self, candidates: int) -> list[str]:
        """Return which settings keep none of so many candidates off, each with what to do about it.

        They are no fault: an agent that holds a position begins with them as ever.
        """
        if not self.on and self._set:
            names = ", ".join(f"pairlist.{each}" for each in self._set)
            why = "without effect while pairlist.source is off"
            return [f"{names}: {why}; set source to exchange or candles, or take it out"]
        if self.on and self.volume_top >= candidates:
            why = f"without effect with {candidates} in symbols"
            what = f"pairlist.volume_top {self.volume_top}"
            return [f"{what}: {why}; set it below, name more symbols, or take it out"]
        return []

    @property
    def _set(self) -> list[str]:
        return [name for name in FILTERS if getattr(self, name)]

    @model_validator(mode="after")
    def _together(self) -> Self:
        if not self.on:
            return self
        if not self._set:
            raise ValueError(f"source {self.source} needs a filter: set one of {', '.join(FILTERS)}")
        if self.source == "exchange" and self.window_hours != DAY_HOURS:
            raise ValueError(
                f"window_hours {self.window_hours} is for source candles: the exchange tells of {DAY_HOURS}"
            )
        least, most = self.volatility_least, self.volatility_most
        if 0 < most < least:
            raise ValueError(
                f"volatility_most {most:g} is below volatility_least {least:g}: nothing could be listed"
            )
        if self.source == "exchange" and self.keep_minutes < self.refresh_minutes:
            raise ValueError(
                f"keep_minutes {self.keep_minutes} is below refresh_minutes {self.refresh_minutes}: "
                "every list would be too old before it is refreshed"
            )
        return self


def by_candles(session: Mapping[str, Any]) -> PairListSettings | None:
    """Return the pair list of a session's recorded settings where it goes by candles, else None."""
    settings = of_session(session)
    if not settings.on or (settings.source == "exchange" and session.get("provider") not in DRIVEN):
        return None
    return settings


def of_session(session: Mapping[str, Any]) -> PairListSettings:
    """Return the pair list of a session's recorded settings; off where they say nothing that is known here.

    A fold reads them: it never raises.
    """
    with suppress(ValueError):
        return PairListSettings.model_validate(session.get("pairlist") or {})
    return PairListSettings()
