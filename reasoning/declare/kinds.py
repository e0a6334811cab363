"""Every kind a strategy can declare, by its name."""

from reasoning.indicators.kind import IndicatorKind
from reasoning.indicators.structure import STRUCTURES
from reasoning.indicators.table import INDICATORS

KINDS: dict[str, IndicatorKind] = {**INDICATORS, **STRUCTURES}
