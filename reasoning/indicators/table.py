"""The table of indicators: every kind by its name, family after family."""

from reasoning.indicators import (
    directional,
    levels,
    momentum,
    moving,
    statistics,
    stochastic,
    structure,
    trend,
    volatility,
    volume,
)
from reasoning.indicators.kind import IndicatorKind

FAMILIES = (
    moving,
    momentum,
    stochastic,
    trend,
    directional,
    volatility,
    volume,
    statistics,
    levels,
    structure,
)

INDICATORS: dict[str, IndicatorKind] = {kind.name: kind for family in FAMILIES for kind in family.KINDS}
