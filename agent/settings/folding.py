"""The part of a session's settings that a fold of its rows asks for, and the gate beside it.

Who tells of a journal at rest, as `agent why` does, builds no more models than these: those of providers,
streams, models that are asked and so on take as long to import as all the rest. A test holds each field
against the one of `Options`.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from agent.settings.home import default_home
from agent.settings.instruments import InstrumentSettings
from agent.settings.pairs import PairSettings, reasoning_for
from agent.settings.rules import SessionRules
from agent.settings.user_strategies import folder_of, load_folder
from domain.events import SessionStarted
from domain.times import TIMEFRAMES
from learning.settings import LearningSettings
from perception.pairs.settings import PairListSettings
from platforms.paper.settings import PaperSettings
from reasoning.settings import ReasoningSettings
from risk.entry_settings import EntrySettings
from risk.pairs import risk_for, sizing_for
from risk.settings import Mode, RiskSettings, SizingSettings

NOT_READ = frozenset(
    {
        "home", "provider", "data", "schedule", "schedule_zone", "speed", "cycles", "journal",
        "db_url", "strategies_folder", "alpha_vantage", "binance", "perception", "simulated",
        "files", "orders", "exchange", "streaming", "stream", "account", "despite_gate", "advice",
        "listing", "informative",
    }
)  # fmt: skip
"""The other settings. One that is neither is of another program, and may be part of its fold."""


class FoldSettings(Protocol):
    """The settings a fold reads: among all of them (`Options`), or those alone, as a journal has them."""

    @property
    def mode(self) -> Mode:
        """How the session was run."""
        ...

    @property
    def symbols(self) -> tuple[str, ...]:
        """What was traded."""
        ...

    @property
    def timeframe_ms(self) -> int:
        """Length of a candle in milliseconds."""
        ...

    @property
    def remote(self) -> bool:
        """True when orders go to a venue that outlives the agent."""
        ...

    @property
    def learning(self) -> LearningSettings:
        """By what weights move."""
        ...

    @property
    def reasoning(self) -> ReasoningSettings:
        """Which strategies speak, and how they are tuned."""
        ...

    @property
    def risk(self) -> RiskSettings:
        """The limits."""
        ...

    @property
    def sizing(self) -> SizingSettings:
        """How much an entry buys."""
        ...

    @property
    def entries(self) -> EntrySettings:
        """How entries are ordered."""
        ...

    @property
    def pairs(self) -> dict[str, PairSettings]:
        """What single pairs have of their own."""
        ...

    @property
    def pairlist(self) -> PairListSettings:
        """The list that entries go by, if they do."""
        ...

    @property
    def paper(self) -> PaperSettings:
        """What orders cost."""
        ...

    @property
    def instruments(self) -> dict[str, InstrumentSettings]:
        """Grids that differ from those built in."""
        ...

    def model_copy(self, *, update: dict[str, Any] | None = None, deep: bool = False) -> Self:
        """Return them with other values."""
        ...


GivenT = TypeVar("GivenT", bound=FoldSettings)


def for_pair(settings: GivenT, symbol: str) -> GivenT:
    """Return the settings with what one symbol has of its own in the place of what all have."""
    pair = settings.pairs.get(symbol)
    if pair is None:
        return settings
    own = {
        "risk": risk_for(settings.risk, pair.risk),
        "sizing": sizing_for(settings.sizing, pair.sizing),
        "reasoning": reasoning_for(settings.reasoning, pair),
    }
    return settings.model_copy(update={**own, "pairs": {}})


class RecordedFoldSettings(SessionRules):
    """Those settings alone, read back from a journal: each value is the one that `Options` has."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    mode: Mode = "paper"
    symbols: tuple[str, ...] = ("BTC-USDT",)
    timeframe: str = "1m"
    interval_seconds: float = Field(60.0, ge=0, le=86_400)
    reasoning: ReasoningSettings = ReasoningSettings()
    risk: RiskSettings = Field(RiskSettings(), validate_default=True)
    sizing: SizingSettings = SizingSettings()
    entries: EntrySettings = EntrySettings()
    pairs: dict[str, PairSettings] = Field({})
    pairlist: PairListSettings = PairListSettings()
    paper: PaperSettings = PaperSettings()
    learning: LearningSettings = LearningSettings()
    instruments: dict[str, InstrumentSettings] = Field({})

    @property
    def timeframe_ms(self) -> int:
        """Length of a candle in milliseconds."""
        return TIMEFRAMES[self.timeframe]

    @property
    def remote(self) -> bool:
        """True when orders go to a venue that outlives the agent."""
        return self.mode in ("testnet", "live")


def fold_settings_of(started: SessionStarted) -> FoldSettings:
    """Return what a fold reads of a session's settings; the others are not looked at.

    Raises BadInput, as `options_of` does, when they are not those of this version.
    """
    load_folder(own_folder(started))
    if started.settings.keys() <= NOT_READ | RecordedFoldSettings.model_fields.keys():
        with suppress(ValidationError):
            return RecordedFoldSettings.model_validate(started.settings)
    from agent.settings.recorded import options_of  # noqa: PLC0415  # all settings, to say all that is wrong

    return options_of(started)


def own_folder(started: SessionStarted) -> Path:
    """Return the folder of the user's strategies in a session."""
    settings = started.settings
    return folder_of(settings, Path(settings.get("home") or default_home()))
