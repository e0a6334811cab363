"""What a user may set: the limits of the gate and how entries are sized, with safe defaults."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.money import DECIMALS, MAX_AMOUNT, PPM, to_cash
from domain.times import MINUTE_MS
from risk.limits import Limits, Sizing

Mode = Literal["quicktest", "paper", "testnet", "live"]
"""How the agent runs; the gate is strictest in live mode and mildest on paper and in quicktest."""

ON_PAPER = frozenset({"quicktest", "paper"})

Money = Annotated[Decimal, Field(ge=0, le=MAX_AMOUNT, decimal_places=8, allow_inf_nan=False)]
Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=6, allow_inf_nan=False)]
Trail = Annotated[Decimal, Field(ge=0, lt=1, decimal_places=6, allow_inf_nan=False)]
Points = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


def _ppm(share: Decimal) -> int:
    return int(share * PPM)


class RiskSettings(BaseModel):
    """Every limit of the risk gate, in the unit its description names; reaching a limit still passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_data_age_minutes: Count = Field(
        15, description="live mode: oldest quote, and oldest closed candle of a shorter timeframe, in minutes"
    )
    max_candle_age_timeframes: Points = Field(
        1.0, description="live mode: oldest closed candle in timeframes, where that exceeds the minutes"
    )
    daily_loss: Money = Field(
        Decimal(20), description="loss since the day began, in quote; beyond it the kill switch trips"
    )
    max_drawdown: Share = Field(Decimal("0.15"), description="fall from peak equity, as a fraction of it")
    class_drawdown: Share = Field(
        Decimal("0.05"), description="fall of one asset class's profit, as a fraction of peak equity"
    )
    per_trade_loss: Money = Field(
        Decimal(5), description="loss of one entry at its stop with the costs of both ways, in quote"
    )
    max_positions: Count = Field(3, description="open positions and entries on their way")
    cool_down_minutes: Count = Field(60, description="pause after a losing trade; a win clears it")
    max_trades_per_day: Count = Field(5, description="entries in one day")
    total_exposure: Share = Field(
        Decimal("0.20"), description="positions and entries together, as a fraction of equity"
    )
    concentration: Share = Field(Decimal("0.25"), description="one symbol, as a fraction of equity")
    min_confidence: Points = Field(70.0, description="least confidence of an entry, 0 to 100")
    min_reward_risk: Points = Field(1.25, description="least way to the target over way to the stop")
    loss_streak: Count = Field(3, description="losing trades in a row, on testnet and live")
    loss_streak_paper: Count = Field(5, description="losing trades in a row, on paper and in quicktest")
    trailing_stop: Trail = Field(
        Decimal(0), description="stop kept this far below the last close as it rises, as a fraction; 0: none"
    )

    def pack(self, mode: Mode, timeframe_ms: int, cash_decimals: int = DECIMALS) -> Limits:
        """Return the limits as numbers for a mode, a candle timeframe in ms and the account's cash unit."""
        minutes = self.max_data_age_minutes * MINUTE_MS
        return Limits(
            live=int(mode == "live"),
            max_quote_age_ms=minutes,
            max_candle_age_ms=max(minutes, int(self.max_candle_age_timeframes * timeframe_ms)),
            daily_loss=to_cash(self.daily_loss, cash_decimals),
            max_drawdown_ppm=_ppm(self.max_drawdown),
            class_drawdown_ppm=_ppm(self.class_drawdown),
            per_trade_loss=to_cash(self.per_trade_loss, cash_decimals),
            max_positions=self.max_positions,
            cool_down_ms=self.cool_down_minutes * MINUTE_MS,
            max_trades_per_day=self.max_trades_per_day,
            total_exposure_ppm=_ppm(self.total_exposure),
            concentration_ppm=_ppm(self.concentration),
            min_confidence=self.min_confidence,
            min_reward_risk=self.min_reward_risk,
            loss_streak=self.loss_streak_paper if mode in ON_PAPER else self.loss_streak,
            trailing_ppm=_ppm(self.trailing_stop),
        )


class SizingSettings(BaseModel):
    """How large an entry is: a share of equity at risk, or a fixed quantity that is never shrunk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["risk", "fixed"] = Field(
        "risk", description="size by risk to the stop, or a fixed quantity"
    )
    risk_per_trade: Share = Field(
        Decimal("0.01"), description="method risk: fraction of equity lost at the stop at full confidence"
    )
    min_confidence: Points = Field(50.0, description="method risk: no size below it, on testnet and live")
    min_confidence_paper: Points = Field(
        40.0, description="method risk: no size below it, on paper and in quicktest"
    )
    fixed_quantity: Decimal | None = Field(
        None, gt=0, allow_inf_nan=False, description="method fixed: quantity in base units, cut to the lot"
    )

    @model_validator(mode="after")
    def _fixed_needs_a_quantity(self) -> Self:
        if self.method == "fixed" and self.fixed_quantity is None:
            raise ValueError("fixed_quantity is missing; method 'fixed' needs a quantity above 0")
        return self

    def pack(self, mode: Mode) -> Sizing:
        """Return the sizing as numbers for a mode."""
        least = self.min_confidence_paper if mode in ON_PAPER else self.min_confidence
        return Sizing(
            fixed=int(self.method == "fixed"), risk_ppm=_ppm(self.risk_per_trade), min_confidence=least
        )
