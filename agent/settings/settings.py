"""Every setting, from a TOML file, `AGENT_...` variables and flags, in rising order.

`agent.settings.load` reports all problems at once, each with field, value and limit. Keys are secrets: never
written out and never part of `public()`.
"""

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from advice.settings import AdviceSettings
from agent.settings import db_url
from agent.settings.folding import for_pair
from agent.settings.home import default_home
from agent.settings.instruments import InstrumentSettings
from agent.settings.orders import OrderSettings
from agent.settings.pairs import PAIRS, PairSettings, refuse_others
from agent.settings.rules import SessionRules
from agent.settings.schedule import checked_rule, checked_zone
from agent.settings.truths import NoTruths
from domain.errors import BadInput
from domain.money import PPM
from domain.symbols import is_symbol, spelled_all
from domain.times import TIMEFRAMES
from learning.settings import LearningSettings
from perception.driven.simulated import SimulatedSettings
from perception.pairs.settings import PairListSettings
from perception.settings import (
    AlphaVantageSettings,
    BinanceSettings,
    FileSettings,
    PerceptionSettings,
    StreamSettings,
)
from platforms.binance.settings import BinanceTradingSettings
from platforms.paper.settings import PaperSettings
from reasoning.settings import ReasoningSettings
from risk.entry_settings import EntrySettings
from risk.settings import RiskSettings, SizingSettings

MAX_SYMBOLS = 50

DRIVEN = frozenset({"recorded", "simulated"})
"""Providers whose market says itself what time it is."""


class Options(NoTruths, SessionRules):
    """All settings of a session; immutable. What the journal keeps and a replay reads back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["paper", "quicktest", "testnet", "live"] = Field(default="paper", description="how to run")
    home: Path = Field(default_factory=default_home, description="folder of journals and configuration")
    symbols: tuple[str, ...] = Field(default=("BTC-USDT",), description="what to trade")
    timeframe: str = Field(default="1m", description=f"candle length: {', '.join(TIMEFRAMES)}")
    provider: Literal["auto", "alpha_vantage", "binance", "recorded", "simulated"] = Field(
        default="auto", description="where market data comes from; auto: live, else cached, else simulated"
    )
    data: tuple[Path, ...] = Field(default=(), description="candle files for the recorded provider")
    informative: tuple[Path, ...] = Field(
        default=(), description="candle files of symbols that strategies look at and that are not traded"
    )
    interval_seconds: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="pause between cycles; unless it is set, at most a candle's length",
    )
    schedule: str | None = Field(
        default=None,
        description='cycles at the instants of a cron rule such as "0 * * * *" instead of interval_seconds',
    )
    schedule_zone: str = Field(default="UTC", description="time zone of the schedule")
    speed: float | Literal["max"] | None = Field(
        default=None, description="pace of recorded or simulated candles: times real time, or max"
    )
    cycles: int = Field(default=0, ge=0, le=10**12, description="cycles to run; 0 runs until stopped")
    journal: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="name of the journal in home"
    )
    db_url: SecretStr | None = Field(
        default=None, description="PostgreSQL database that holds the journals instead of files"
    )
    strategies_folder: Path | None = Field(
        default=None, description="folder of your own strategies; HOME/strategies if not given"
    )
    alpha_vantage: AlphaVantageSettings = AlphaVantageSettings()
    binance: BinanceSettings = BinanceSettings()
    perception: PerceptionSettings = PerceptionSettings()
    simulated: SimulatedSettings = SimulatedSettings()
    files: FileSettings = FileSettings()
    reasoning: ReasoningSettings = ReasoningSettings()
    risk: RiskSettings = Field(default=RiskSettings(), validate_default=True)
    sizing: SizingSettings = SizingSettings()
    entries: EntrySettings = EntrySettings()
    pairs: dict[str, PairSettings] = Field(
        default={}, description="what single pairs have of their own, under the names of the settings of all"
    )
    pairlist: PairListSettings = PairListSettings()
    paper: PaperSettings = PaperSettings()
    orders: OrderSettings = OrderSettings()
    exchange: BinanceTradingSettings = BinanceTradingSettings()
    streaming: bool = Field(
        default=True, description="testnet and live: follow the market's stream; without it REST alone"
    )
    stream: StreamSettings = StreamSettings()
    account: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z_-]{1,40}$",
        description="id of the account to trade, for mode live",
    )
    despite_gate: str | None = Field(
        default=None,
        pattern=r"^\s*\S+(\s+\S+){2,}\s*$",
        max_length=500,
        description="reason in words, three at least, to enter in mode live though the gate says NO-GO; "
        "it goes into the journal",
    )
    learning: LearningSettings = LearningSettings()
    advice: AdviceSettings = AdviceSettings()
    listing: Path | None = Field(
        default=None, description="file of an exchange's listing (Binance's exchangeInfo), for symbols' grids"
    )
    instruments: dict[str, InstrumentSettings] = Field(default={})

    @field_validator("db_url")
    @classmethod
    def _server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                db_url.checked(value.get_secret_value(), "the value")
            except BadInput:
                raise ValueError(db_url.FORM) from None
        return value

    @field_validator("symbols", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return spelled_all(value)

    @field_validator("data", "informative", mode="before")
    @classmethod
    def _paths(cls, value: object) -> object:
        return tuple(value.split(os.pathsep)) if isinstance(value, str) else value

    @field_validator("symbols")
    @classmethod
    def _symbols(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        bad = [symbol for symbol in value if not is_symbol(symbol)]
        if bad:
            raise ValueError(f"{', '.join(bad)} is not a symbol such as BTC-USDT or MSFT")
        if not 1 <= len(value) <= MAX_SYMBOLS:
            raise ValueError(f"{len(value)} symbols, the limit is 1 to {MAX_SYMBOLS}")
        if len(set(value)) < len(value):
            raise ValueError("a symbol is named twice")
        return value

    @field_validator("schedule")
    @classmethod
    def _schedule(cls, value: str | None) -> str | None:
        return checked_rule(value) if value else None

    @field_validator("schedule_zone")
    @classmethod
    def _schedule_zone(cls, value: str) -> str:
        return checked_zone(value)

    @field_validator("speed")
    @classmethod
    def _speed(cls, value: float | Literal["max"] | None) -> float | Literal["max"] | None:
        if isinstance(value, float) and not 0 < value <= 1_000_000:
            raise ValueError("must be above 0 and at most 1000000, or max")
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.provider == "recorded" and self.mode != "quicktest" and not self.data:
            raise ValueError("provider recorded needs a candle file: --data FILE (or data = [...])")
        if self.data and self.provider != "recorded":
            raise ValueError(f"data is only read by provider recorded, not by {self.provider}")
        if self.informative and self.provider != "recorded":
            raise ValueError(f"informative is only read by provider recorded, not by {self.provider}")
        if self.schedule is not None and self.driven:
            raise ValueError(
                f"schedule goes by the clock; {self.provider} candles say themselves what time it is: "
                "use speed or interval_seconds"
            )
        if self.speed is not None and self.provider not in DRIVEN:
            raise ValueError(f"speed applies to recorded or simulated candles, not to {self.provider}")
        return self

    @model_validator(mode="after")
    def _traded_pairs(self) -> Self:
        """Refuse settings of a pair that is not traded; where nobody names symbols, candle files do later."""
        if "symbols" in self.model_fields_set:
            refuse_others(self.pairs, self.symbols)
        return self

    @model_validator(mode="after")
    def _fillable(self) -> Self:
        """Refuse a worst price so near the quote that the paper exchange would never fill an entry."""
        costs = self.paper.costs()
        least = costs.slippage + (costs.spread + 1) // 2
        if 0 < self.entries.worst_ppm < least and not self.remote:
            raise ValueError(
                f"entries.worst {self.entries.worst} is below paper.slippage and half of paper.spread, "
                f"{least / PPM:g} together: no entry would ever be filled; set it above that"
            )
        return self

    @model_validator(mode="after")
    def _venue(self) -> Self:
        if not self.remote:
            return self
        problems = []
        if self.mode == "live" and self.driven:
            problems.append(f"mode live trades on live data, not on {self.provider}")
        if self.provider == "alpha_vantage":
            problems.append(f"mode {self.mode} sees the market it trades: provider binance or auto")
        if self.mode == "live" and self.exchange.base_url is None and self.exchange.endpoint != "live":
            problems.append("mode live needs exchange.endpoint = live (or a base url of your own)")
        if self.mode == "testnet" and self.exchange.base_url is None and self.exchange.endpoint == "live":
            problems.append("exchange.endpoint = live is for mode live; testnet and demo are rehearsals")
        if self.mode == "live" and not self.account:
            problems.append("mode live needs the account's id: --account ID (agent doctor --live shows it)")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def for_pair(self, symbol: str) -> Self:
        """Return the options with what one symbol has of its own in the place of what all have."""
        return for_pair(self, symbol)

    @property
    def beside(self) -> dict[str, str]:
        """The symbols that strategies look at and that are not traded, each with the line that says so."""
        looked_at = self.reasoning.informative
        return {symbol: where for symbol, where in looked_at.items() if symbol not in self.symbols}

    @property
    def timeframe_ms(self) -> int:
        """Length of a candle in milliseconds."""
        return TIMEFRAMES[self.timeframe]

    @property
    def driven(self) -> bool:
        """True when the market itself says what time it is (recorded or simulated candles)."""
        return self.provider in DRIVEN

    @property
    def remote(self) -> bool:
        """True when orders go to a venue that outlives the agent."""
        return self.mode in ("testnet", "live")

    def public(self) -> dict[str, Any]:
        """Return the settings as plain JSON values, without secrets, as the journal keeps them."""
        hidden: dict[str, Any] = {
            "advice": {"models": {"__all__": {"api_key"}}},
            "alpha_vantage": {"api_key"},
            "exchange": {"api_key", "api_secret"},
            "db_url": True,
        }
        # Journals of sessions without any stay as they were.
        hidden |= {name: True for name in (PAIRS, "informative") if not getattr(self, name)}
        return self.model_dump(mode="json", exclude=hidden)
