"""The indicators there are."""

from msgspec import Struct


class IndicatorParameter(Struct, frozen=True, kw_only=True):
    """A parameter of an indicator with its limits."""

    name: str
    type: str
    default: float
    low: float
    high: float
    meaning: str


class IndicatorRow(Struct, frozen=True, kw_only=True):
    """An indicator; `warmup` is at its defaults, `example` a line of a strategy (empty: none can use it)."""

    name: str
    family: str
    title: str
    formula: str
    parameters: list[IndicatorParameter]
    inputs: list[str]
    outputs: list[str]
    on_price: bool
    warmup: int
    late: bool
    convention: str
    source: str
    example: str
