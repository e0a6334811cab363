"""The candle catalogue: what it holds, what came in, what is wrong with it; and prices of today."""

from datetime import datetime

from msgspec import Struct

from agent.answers.amounts import Amount


class SourceRow(Struct, frozen=True, kw_only=True):
    """One source of a catalogue entry's candles: its name, the date, the number of candles."""

    name: str
    at: datetime
    candles: int


class EntryRow(Struct, frozen=True, kw_only=True):
    """A series of the catalogue; `first` and `last` are open times."""

    symbol: str
    timeframe: str
    timeframe_ms: int
    candles: int
    first: datetime
    last: datetime
    fingerprint: str
    sources: list[SourceRow]


class ImportedRow(EntryRow, frozen=True, kw_only=True):
    """A file that was taken in: candles that are new, those held before, and the series as it is now."""

    file: str
    format: str
    notes: list[str]
    new: int
    known: int


class FlawRow(Struct, frozen=True, kw_only=True):
    """A stretch of candles with one flaw: open times of its first and last, and how many there are."""

    kind: str
    first: datetime
    last: datetime
    count: int
    detail: str


class CheckedRow(Struct, frozen=True, kw_only=True):
    """A series that was checked."""

    name: str
    candles: int
    flaws: list[FlawRow]


class DownloadAnswer(Struct, frozen=True, kw_only=True):
    """`agent data download`: candles that are new, requests made, all there are in the range now."""

    symbol: str
    timeframe: str
    timerange: str
    new: int
    requests: int
    held: int
    left_out: list[str]


class Quoted(Struct, frozen=True, kw_only=True):
    """`agent data quote`: what a share or a pair costs, and when that was so (of a share the day)."""

    symbol: str
    price: Amount
    at: str
    bid: Amount | None = None
    ask: Amount | None = None
    previous_close: Amount | None = None
