"""The limits as numbers of what they allow, compared one by one: any that grows makes a limit looser."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import inf
from types import MappingProxyType
from typing import Any

from agent.settings.folding import FoldSettings, for_pair
from agent.settings.pairs import own_setting
from risk.amounts import Bound, read


def allowed(name: str, options: FoldSettings) -> tuple[float, ...]:
    """Return numbers that grow with what a setting allows; none where it is no limit.

    Of a pair's setting by what counts for that pair, whether it is its own or that of all.
    """
    own = own_setting(name)
    if own is not None:
        return allowed(f"{own.section}.{own.field}", for_pair(options, own.symbol))
    section, _, field = name.partition(".")
    measure = _MEASURES.get(name)
    return () if measure is None else measure(getattr(getattr(options, section), field))


def _up(value: Any) -> tuple[float, ...]:
    return (float(value),)


def _down(value: Any) -> tuple[float, ...]:
    return (-float(value),)


def _bound(value: Decimal | str) -> tuple[float, ...]:
    return _parts(read(value))


def _parts(bound: Bound) -> tuple[float, ...]:
    amount = inf if bound.amount is None else float(bound.amount)
    return amount, inf if bound.ppm is None else float(bound.ppm)


def _trail(value: Decimal) -> tuple[float, ...]:
    return (float(value) or inf,)  # without one a stop stays where it is


def _stake(value: Decimal | str | None) -> tuple[float, ...]:
    """Return what a stake allows; one instead of a share at risk, or the other way round, may allow more."""
    if value is None:
        return inf, -inf, -inf
    return (-inf, *((inf, inf) if value == "all" else _bound(value)))


def _method(value: str) -> tuple[float, ...]:
    return (1.0, 0.0) if value == "fixed" else (0.0, 1.0)


def _quantity(value: Decimal | None) -> tuple[float, ...]:
    return (0.0 if value is None else float(value),)


_MEASURES: Mapping[str, Callable[[Any], tuple[float, ...]]] = MappingProxyType(
    {
        "risk.max_data_age_minutes": _up,
        "risk.max_candle_age_timeframes": _up,
        "risk.daily_loss": _bound,
        "risk.max_drawdown": _up,
        "risk.class_drawdown": _up,
        "risk.per_trade_loss": _bound,
        "risk.max_positions": _up,
        "risk.cool_down_minutes": _down,
        "risk.max_trades_per_day": _up,
        "risk.total_exposure": _up,
        "risk.concentration": _up,
        "risk.min_confidence": _down,
        "risk.min_reward_risk": _down,
        "risk.loss_streak": _up,
        "risk.loss_streak_paper": _up,
        "risk.symbol_cool_down_minutes": _down,
        "risk.stop_guard_minutes": _down,
        "risk.stop_guard_stops": _up,
        "risk.low_profit_minutes": _down,
        "risk.low_profit_trades": _up,
        "risk.low_profit": _down,
        "risk.trailing_stop": _trail,
        "sizing.stake": _stake,
        "sizing.method": _method,
        "sizing.risk_per_trade": _up,
        "sizing.min_confidence": _down,
        "sizing.min_confidence_paper": _down,
        "sizing.fixed_quantity": _quantity,
    }
)
