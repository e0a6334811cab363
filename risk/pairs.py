"""The limits and the sizing of one pair, beside those of all: a pair's limit only ever tightens."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from risk.amounts import Bound, read, written
from risk.settings import RiskSettings, SizingSettings

LOW_PROFIT = ("low_profit_minutes", "low_profit_trades", "low_profit")


def lesser(one: Decimal | str, other: Decimal | str) -> Decimal | str:
    """Return a limit of which amount and share are each the less of two; a part of one alone stays."""
    first, second = read(one), read(other)
    return written(Bound(_least(first.amount, second.amount), _least(first.ppm, second.ppm)))


def _least(one: Any, other: Any) -> Any:
    given = [each for each in (one, other) if each is not None]
    return min(given) if given else None


TIGHTER: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "per_trade_loss": lesser,
        "concentration": min,
        "min_confidence": max,
        "min_reward_risk": max,
        "symbol_cool_down_minutes": max,
        "low_profit_minutes": max,
        "low_profit_trades": min,
        "low_profit": max,
    }
)
"""The limits a pair may have of its own, and which of two is the tighter."""
TRAILING = "trailing_stop"
OWN = (*TIGHTER, TRAILING)
"""The settings of [risk] a pair may have of its own; the others hold for the whole account."""


def risk_for(base: RiskSettings, own: Mapping[str, Any]) -> RiskSettings:
    """Return the settings of risk a pair is judged by: of each limit the tighter, its own trailing stop.

    Raises ValidationError for values of `own` that are none.
    """
    given = RiskSettings.model_validate(own)
    alone = base.low_profit_minutes == 0
    update = {
        name: getattr(given, name)
        if name == TRAILING or (alone and name in LOW_PROFIT)
        else TIGHTER[name](getattr(base, name), getattr(given, name))
        for name in own
    }
    return base.model_copy(update=update)


def looser(base: RiskSettings, own: Mapping[str, Any]) -> list[str]:
    """Return which of a pair's limits allow more than those of all pairs, so that they would do nothing."""
    given, alone = RiskSettings.model_validate(own), base.low_profit_minutes == 0
    return [
        name
        for name in own
        if name in TIGHTER
        and not (alone and name in LOW_PROFIT)
        and _allows_more(name, getattr(base, name), getattr(given, name))
    ]


def _allows_more(name: str, base: Any, given: Any) -> bool:
    if name != "per_trade_loss":
        return bool(TIGHTER[name](base, given) != given)
    parts = zip(read(base), read(given), strict=True)
    return any(of_all is not None and own is not None and own > of_all for of_all, own in parts)


def sizing_for(base: SizingSettings, own: Mapping[str, Any]) -> SizingSettings:
    """Return the sizing of a pair's entries: what it sets itself, else what all have.

    Raises ValidationError for values that are none, and for those that do not go together.
    """
    return SizingSettings.model_validate(base.model_dump(mode="json") | dict(own))
