"""The limits and sizes of single symbols in a replay: which a case is judged by."""

from collections.abc import Iterable
from itertools import chain

from domain.kernel import kernel
from research.engine.layout import ACCT, SYMBOL, RuleParameters
from risk.case import Policy
from risk.limits import Limits, Sizing

INTS, FLOATS = 11, 4


def rows_of(policies: Iterable[Policy]) -> tuple[list[int], list[float]]:
    """Return the numbers by which policies of pairs differ, row behind row: `INTS` and `FLOATS` each."""
    rows = [(_ints(each), _floats(each)) for each in policies]
    return list(chain(*(ints for ints, _ in rows))), list(chain(*(floats for _, floats in rows)))


def _ints(policy: Policy) -> list[int]:
    limits, sizing = policy.limits, policy.sizing
    return [
        limits.per_trade_loss, limits.per_trade_loss_ppm, limits.concentration_ppm, limits.trailing_ppm,
        limits.symbol_cool_down_ms, limits.low_profit_ms, limits.low_profit_trades,
        sizing.fixed, sizing.risk_ppm, sizing.stake, sizing.stake_ppm,
    ]  # fmt: skip


def _floats(policy: Policy) -> list[float]:
    limits, sizing = policy.limits, policy.sizing
    return [limits.min_confidence, limits.min_reward_risk, limits.low_profit, sizing.min_confidence]


@kernel
def limits_at(house: RuleParameters, p: int) -> Limits:
    """Return the limits of the symbol at `p`."""
    limits, own = house.limits, house.pairs
    if len(own.ints) == 0:
        return limits
    symbol = (p - ACCT) // SYMBOL
    i, f = symbol * INTS, symbol * FLOATS
    return Limits(
        limits.live,
        limits.max_quote_age_ms,
        limits.max_candle_age_ms,
        limits.daily_loss,
        limits.max_drawdown_ppm,
        limits.class_drawdown_ppm,
        own.ints[i],
        limits.max_positions,
        limits.cool_down_ms,
        limits.max_trades_per_day,
        limits.total_exposure_ppm,
        own.ints[i + 2],
        own.floats[f],
        own.floats[f + 1],
        limits.loss_streak,
        own.ints[i + 3],
        limits.daily_loss_ppm,
        own.ints[i + 1],
        own.ints[i + 4],
        limits.stop_guard_ms,
        limits.stop_guard_stops,
        own.ints[i + 5],
        own.ints[i + 6],
        own.floats[f + 2],
        limits.pair_list,
    )


@kernel
def sizing_at(house: RuleParameters, p: int) -> Sizing:
    """Return how entries of the symbol at `p` are sized."""
    own = house.pairs
    if len(own.ints) == 0:
        return house.sizing
    symbol = (p - ACCT) // SYMBOL
    i = symbol * INTS + 7
    return Sizing(
        own.ints[i], own.ints[i + 1], own.floats[symbol * FLOATS + 3], own.ints[i + 2], own.ints[i + 3]
    )


@kernel
def trailing_at(house: RuleParameters, p: int) -> int:
    """Return how far below the close a stop of the symbol at `p` trails, 0 for not."""
    own = house.pairs
    if len(own.ints) == 0:
        return house.limits.trailing_ppm
    return own.ints[(p - ACCT) // SYMBOL * INTS + 3]


@kernel
def any_trails(house: RuleParameters) -> bool:
    """Tell whether a stop of any symbol trails."""
    own = house.pairs
    result = house.limits.trailing_ppm > 0
    for at in range(3, len(own.ints), INTS):
        result = result or own.ints[at] > 0
    return result
