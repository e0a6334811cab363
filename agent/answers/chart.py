"""Answers on a symbol's candles as they are drawn, with what was done on them."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from agent.answers.amounts import Amount


class CandleRow(Struct, frozen=True, kw_only=True):
    """A closed candle the agent saw; `time` is when it opened."""

    time: datetime
    open: Amount
    high: Amount
    low: Amount
    close: Amount
    volume: Amount


class MarkerKind(StrEnum):
    """The kinds of marks on a chart."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"
    TARGET = "target"
    VETO = "veto"


class Marker(Struct, frozen=True, kw_only=True):
    """A mark on a chart: what happened at an instant and a price, in which cycle, and its short text."""

    kind: MarkerKind
    at: datetime
    cycle: int
    price: Amount | None
    text: str


class ChartLine(Struct, frozen=True, kw_only=True):
    """An indicator of a strategy: a value a candle as its kernel computed it, None where it did not.

    `on_price` says that it is a price, to be drawn on the candles; others have a scale of their own.
    """

    name: str
    on_price: bool
    values: list[float | None]


class Chart(Struct, frozen=True, kw_only=True):
    """Candles of a symbol, oldest first, with markers, levels of what is held, and the strategies' lines."""

    symbol: str
    timeframe: str
    candles: list[CandleRow]
    markers: list[Marker]
    lines: list[ChartLine] = []
    entry: Amount | None = None
    stop: Amount | None = None
    target: Amount | None = None
