"""The table of indicators: every kind by its name, by family."""

from reasoning.indicators import momentum, moving, volatility
from reasoning.indicators.kind import IndicatorKind

INDICATORS: dict[str, IndicatorKind] = {
    kind.name: kind for family in (moving, momentum, volatility) for kind in family.KINDS
}
