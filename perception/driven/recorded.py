"""The recorded market: candle files replayed at their own times."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from domain.candle import Candle
from domain.errors import BadInput
from domain.instrument import Instrument
from domain.observation import Source
from perception.driven.market import Cursor, DrivenMarket, Rows, beside_cursor
from perception.files.candles import ASKED, estimate_rows, read_candles, timeframe_of
from perception.files.layout import Reading


class RecordedMarket(DrivenMarket):
    """Replays one candle file per symbol; files are read as they are needed.

    The first `warmup` candles of each file are delivered together, so that strategies start warm.
    A symbol with a candle in `after` goes on behind it instead. `lived_until` is the instant of the
    last cycle an earlier session recorded; `beside` are files of symbols that are only looked at, of which
    the last `kept` candles are. Raises BadInput for a file that cannot be used, that holds another timeframe
    or is too short for the warm-up.
    """

    def __init__(
        self,
        files: Mapping[str, Path],
        instruments: Mapping[str, Instrument],
        timeframe_ms: int,
        after: Mapping[str, Candle] | None = None,
        *,
        warmup: int,
        lived_until: datetime | None = None,
        reading: Reading = ASKED,
        beside: Mapping[str, Path] | None = None,
        kept: int = 0,
    ) -> None:
        self._estimate = sum(estimate_rows(path, reading) for path in files.values())
        known = after or {}
        cursors = {
            symbol: _cursor(path, reading, instruments[symbol], timeframe_ms, known.get(symbol), warmup)
            for symbol, path in files.items()
        }
        lived = lived_until is not None
        others = {
            symbol: _beside(
                path, reading, instruments[symbol], timeframe_ms, known.get(symbol), (warmup, kept, lived)
            )
            for symbol, path in (beside or {}).items()
        }
        super().__init__(cursors, Source.RECORDED, lived_until=lived_until, beside=others)

    @property
    def total_candles(self) -> int:
        """Number of candles to read: an estimate until the files are at their end."""
        return self.position if self.over else max(self._estimate, self.position)


def _cursor(
    path: Path,
    reading: Reading,
    instrument: Instrument,
    timeframe_ms: int,
    after: Candle | None,
    warmup: int,
) -> Cursor:
    rows = _rows(path, reading, timeframe_ms, after)
    cursor = Cursor(rows, instrument, timeframe_ms, after=after, warmup=warmup)
    if after is None and cursor.over:
        raise BadInput(f"{path}: holds {cursor.position} candles; a warm-up of {warmup} needs {warmup + 1}")
    return cursor


def _beside(
    path: Path,
    reading: Reading,
    instrument: Instrument,
    timeframe_ms: int,
    after: Candle | None,
    more: tuple[int, int, bool],
) -> Cursor:
    warmup, kept, lived = more
    rows = _rows(path, reading, timeframe_ms, after)
    return beside_cursor(rows, instrument, timeframe_ms, after=after, warmup=warmup, kept=kept, lived=lived)


def _rows(path: Path, reading: Reading, timeframe_ms: int, after: Candle | None) -> Rows:
    result = timeframe_of(path, reading)
    if result != timeframe_ms:
        raise BadInput(f"{path}: candles are {result} ms apart, the timeframe is {timeframe_ms} ms")
    rows = read_candles(path, reading)
    return rows if after is None else _behind(rows, after.time)


def _behind(rows: Rows, time: int) -> Rows:
    try:
        for row in rows:
            if row.time > time:
                yield row
    finally:
        rows.close()
