"""The settings of risk: the limits of the gate and the sizing of entries, with safe defaults."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.money import COINS, DECIMALS, PPM
from domain.tally import RECENT
from domain.times import MINUTE_MS
from risk.amounts import AmountOrShare, Bound, Fraction, SignedFraction, Stake, read
from risk.limits import Limits, Sizing
from risk.of_numbers import NumberSection

Mode = Literal["quicktest", "paper", "testnet", "live"]
"""How the agent runs; the gate is strictest in live mode and mildest on paper and in quicktest."""

ON_PAPER = frozenset({"quicktest", "paper"})

Share = Annotated[Decimal, Fraction, Field(ge=0, le=1, decimal_places=6, allow_inf_nan=False)]
Trail = Annotated[Decimal, Fraction, Field(ge=0, lt=1, decimal_places=6, allow_inf_nan=False)]
Result = Annotated[Decimal, SignedFraction, Field(ge=-1, le=1, decimal_places=6, allow_inf_nan=False)]
Points = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


MOST_LIVE = {"daily_loss": 20, "per_trade_loss": 5}
LIVE = {
    "max_drawdown": Decimal("0.15"),
    "class_drawdown": Decimal("0.05"),
    "total_exposure": Decimal("0.20"),
}
"""Limits of real money until somebody sets others: at most these amounts in quote, these fractions."""


def _ppm(share: Decimal) -> int:
    return int(share * PPM)


class RiskSettings(NumberSection):
    """Every limit of the risk gate, in the unit its description names; reaching a limit still passes."""

    max_data_age_minutes: Count = Field(
        15, description="live mode: oldest quote, and oldest closed candle of a shorter timeframe, in minutes"
    )
    max_candle_age_timeframes: Points = Field(
        1.0, description="live mode: oldest closed candle in timeframes, where that exceeds the minutes"
    )
    daily_loss: AmountOrShare = Field(
        "3%",
        description="loss since the day began, beyond which the kill switch trips: share of the equity it "
        "began with, amount in quote, or the less of both (3% up to 20, as in mode live until it is set)",
    )
    max_drawdown: Share = Field(
        Decimal("0.25"), description="fall from peak equity, as a fraction of it; in mode live 0.15 until set"
    )
    class_drawdown: Share = Field(
        Decimal("0.25"),
        description="fall of one asset class's profit, as a fraction of peak equity; in mode live "
        "0.05 until set",
    )
    per_trade_loss: AmountOrShare = Field(
        "1%",
        description="loss of one entry at its stop with the costs of both ways: share of equity, amount in "
        "quote, or the less of both (1% up to 5, as in mode live until it is set)",
    )
    max_positions: Count = Field(3, description="open positions and entries on their way")
    cool_down_minutes: Count = Field(60, description="pause after a losing trade; a win clears it")
    max_trades_per_day: Count = Field(5, description="entries in one day")
    total_exposure: Share = Field(
        Decimal("0.50"),
        description="positions and entries together, as a fraction of equity; in mode live 0.20 until set",
    )
    concentration: Share = Field(Decimal("0.25"), description="one symbol, as a fraction of equity")
    min_confidence: Points = Field(70.0, description="least confidence of an entry, 0 to 100")
    min_reward_risk: Points = Field(1.25, description="least way to the target over way to the stop")
    loss_streak: Count = Field(3, description="losing trades in a row, on testnet and live")
    loss_streak_paper: Count = Field(5, description="losing trades in a row, on paper and in quicktest")
    symbol_cool_down_minutes: Count = Field(0, description="pause in a symbol after any trade of it; 0: none")
    stop_guard_minutes: Count = Field(
        0, description="time in which trades that lost at their stop are counted, of all symbols; 0: not"
    )
    stop_guard_stops: Annotated[int, Field(ge=0, lt=RECENT)] = Field(
        2, description="trades that lost at their stop within stop_guard_minutes"
    )
    low_profit_minutes: Count = Field(
        0, description="time over which a symbol's closed trades are added up; 0: not"
    )
    low_profit_trades: Annotated[int, Field(ge=1, le=RECENT)] = Field(
        4, description="trades of a symbol within low_profit_minutes from which on their sum counts"
    )
    low_profit: Result = Field(
        Decimal(0), description="least sum of a symbol's results, as fractions of what was paid"
    )
    trailing_stop: Trail = Field(
        Decimal(0), description="stop kept this far below the last close as it rises, as a fraction; 0: none"
    )

    def for_live(self, quotes: Iterable[str]) -> Self:
        """Return the settings of mode live: tighter wherever nobody set a limit.

        An amount means nothing where the account is kept in a coin: there the shares stand alone.
        """
        tighter: dict[str, Decimal | str] = dict(LIVE)
        if COINS.isdisjoint(quotes):
            tighter |= {name: f"{getattr(self, name)} up to {most}" for name, most in MOST_LIVE.items()}
        unset = tighter.keys() - self.model_fields_set
        return self.model_copy(update={name: tighter[name] for name in unset})

    def pack(self, mode: Mode, timeframe_ms: int, cash_decimals: int = DECIMALS) -> Limits:
        """Return the limits as numbers for a mode, a candle timeframe in ms and the account's cash unit."""
        minutes = self.max_data_age_minutes * MINUTE_MS
        day, day_ppm = read(self.daily_loss).packed(cash_decimals)
        trade, trade_ppm = read(self.per_trade_loss).packed(cash_decimals)
        return Limits(
            live=int(mode == "live"),
            max_quote_age_ms=minutes,
            max_candle_age_ms=max(minutes, int(self.max_candle_age_timeframes * timeframe_ms)),
            daily_loss=day,
            max_drawdown_ppm=_ppm(self.max_drawdown),
            class_drawdown_ppm=_ppm(self.class_drawdown),
            per_trade_loss=trade,
            max_positions=self.max_positions,
            cool_down_ms=self.cool_down_minutes * MINUTE_MS,
            max_trades_per_day=self.max_trades_per_day,
            total_exposure_ppm=_ppm(self.total_exposure),
            concentration_ppm=_ppm(self.concentration),
            min_confidence=self.min_confidence,
            min_reward_risk=self.min_reward_risk,
            loss_streak=self.loss_streak_paper if mode in ON_PAPER else self.loss_streak,
            trailing_ppm=_ppm(self.trailing_stop),
            daily_loss_ppm=day_ppm,
            per_trade_loss_ppm=trade_ppm,
            symbol_cool_down_ms=self.symbol_cool_down_minutes * MINUTE_MS,
            stop_guard_ms=self.stop_guard_minutes * MINUTE_MS,
            stop_guard_stops=self.stop_guard_stops,
            low_profit_ms=self.low_profit_minutes * MINUTE_MS,
            low_profit_trades=self.low_profit_trades,
            low_profit=float(self.low_profit),
        )


class SizingSettings(NumberSection):
    """The size of an entry: a stake, a share of equity at risk, or a fixed quantity that is never shrunk."""

    stake: Stake = Field(
        None,
        description='what an entry is worth: "5%" of equity, 100 (in quote), or "all"; cut to what the '
        "limits of [risk] allow. Without it entries are sized by method",
    )
    method: Literal["risk", "fixed"] = Field(
        "risk", description="size by risk to the stop, or a fixed quantity"
    )
    risk_per_trade: Share = Field(
        Decimal("0.005"), description="method risk: fraction of equity lost at the stop at full confidence"
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
        if self.method == "fixed" and self.stake is not None:
            raise ValueError("stake and method 'fixed' are both set: give one of them")
        return self

    def pack(self, mode: Mode, cash_decimals: int = DECIMALS) -> Sizing:
        """Return the sizing as numbers for a mode and the account's cash unit."""
        stake = 0, 0
        if self.stake is not None:
            result = Bound(None, PPM) if self.stake == "all" else read(self.stake)
            stake = result.packed(cash_decimals) if result.ppm is None else (0, result.ppm)
        least = self.min_confidence_paper if mode in ON_PAPER else self.min_confidence
        return Sizing(
            fixed=int(self.method == "fixed"),
            risk_ppm=_ppm(self.risk_per_trade),
            min_confidence=least,
            stake=stake[0],
            stake_ppm=stake[1],
        )
