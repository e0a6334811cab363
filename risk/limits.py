"""The limits as numbers: what settings are packed into once, so that kernels can read them."""

from typing import NamedTuple

from domain.kernel import kernel
from domain.money import share_down


class Limits(NamedTuple):
    """Every limit of the gate: cash in cash units, shares in ppm, times in ms, flags as 0 or 1.

    `daily_loss` and `per_trade_loss` are amounts; with a share of equity beside them the less counts.
    `low_profit` is a sum of fractions of what was paid. A protection whose time is 0 is off. `pair_list` is
    1 when entries go by a pair list.
    """

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
    daily_loss_ppm: int = 0
    per_trade_loss_ppm: int = 0
    symbol_cool_down_ms: int = 0
    stop_guard_ms: int = 0
    stop_guard_stops: int = 0
    low_profit_ms: int = 0
    low_profit_trades: int = 0
    low_profit: float = 0.0
    pair_list: int = 0


class Sizing(NamedTuple):
    """The sizing of an entry: a fixed quantity, a stake, else the share of equity risked.

    `fixed` is 1 when the quantity is given; `stake` is an amount in cash units or, where `stake_ppm` is
    above 0, that share of equity.
    """

    fixed: int
    risk_ppm: int
    min_confidence: float
    stake: int = 0
    stake_ppm: int = 0


@kernel
def bounded(amount: int, ppm: int, equity: int) -> int:
    """Return a limit in cash units: the amount, or that share of equity where there is one and it is less."""
    if ppm <= 0:
        return amount
    return min(amount, share_down(max(equity, 0), ppm))


@kernel
def day_limit(limits: Limits, day_start_equity: int) -> int:
    """Return what a day may lose, in cash units: a share is one of the equity it began with."""
    return bounded(limits.daily_loss, limits.daily_loss_ppm, day_start_equity)


@kernel
def trade_limit(limits: Limits, equity: int) -> int:
    """Return what one entry may lose at its stop, in cash units."""
    return bounded(limits.per_trade_loss, limits.per_trade_loss_ppm, equity)
