"""The limits as numbers: what settings are packed into once, so that kernels can read them."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Every limit of the gate: cash in cash units, shares in ppm, times in ms, flags as 0 or 1."""

    live: int
    max_quote_age_ms: int
    max_candle_age_ms: int
    daily_loss: int
    max_drawdown_ppm: int
    class_drawdown_ppm: int
    per_trade_loss: int
    max_positions: int
    cool_down_ms: int
    max_trades_per_day: int
    total_exposure_ppm: int
    concentration_ppm: int
    min_confidence: float
    min_reward_risk: float
    loss_streak: int
    trailing_ppm: int


class Sizing(NamedTuple):
    """How an entry is sized: `fixed` is 1 when the quantity is given, else the share of equity risked."""

    fixed: int
    risk_ppm: int
    min_confidence: float
