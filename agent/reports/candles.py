"""The candles a session saw, out of its journal's rows, as arrays: what a backtest runs over."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from agent.reports.period import Span, rows_of
from domain.events import CycleDecided, GridChanged, SessionStarted
from domain.instrument import Instrument
from domain.observation import Observation, Source
from domain.times import closing
from journal.history import History
from research.data.candles import Candles

COLUMNS = ("open", "high", "low", "close", "volume")


class Market(NamedTuple):
    """One symbol's candles, and whether they were made up or kept ones, seen while no better were had."""

    candles: Candles
    worst: Source


class _Series:
    """One series of one symbol, as it comes."""

    def __init__(self) -> None:
        self.time = array("q")
        self.columns = {name: array("d") for name in COLUMNS}
        self.quote: float | None = None
        self.sources: set[Source] = set()

    def add(self, observation: Observation, tick: float) -> None:
        """Take in the candles of an observation that are later than those before."""
        self.sources.add(observation.source)
        for candle in observation.candles:
            if self.time and candle.time <= self.time[-1]:
                continue
            self.time.append(candle.time)
            for name, price in zip(COLUMNS, candle[1:5], strict=False):
                self.columns[name].append(price * tick)
            self.columns["volume"].append(candle.volume)
        self.quote = observation.quote.price * tick if observation.quote else None

    def candles(self, symbol: str, timeframe_ms: int) -> Candles:
        """Return the series with one candle more, of the last quote: a backtest trades at the next open."""
        time, columns = list(self.time), {name: list(each) for name, each in self.columns.items()}
        if self.quote is not None and time:
            time.append(closing(time[-1], timeframe_ms))
            for name in COLUMNS[:4]:
                columns[name].append(self.quote)
            columns["volume"].append(0.0)
        arrays = (np.array(columns[name], dtype=np.float64) for name in COLUMNS)
        return Candles(symbol, timeframe_ms, np.array(time, dtype=np.int64), *arrays)


def markets(
    records: History, span: Span, timeframe_ms: int, grids: Mapping[str, Instrument]
) -> dict[str, Market]:
    """Return the candles of each symbol in some rows; of several series of a symbol the longest."""
    collected: dict[str, dict[str, _Series]] = {}
    known = dict(grids)
    for event in _events(records, span):
        if isinstance(event, CycleDecided):
            for each in event.observations:
                if each.symbol in known:
                    series = collected.setdefault(each.symbol, {}).setdefault(each.series, _Series())
                    series.add(each, known[each.symbol].tick)
        else:
            known |= {each.symbol: each for each in event.instruments}
    longest = {
        symbol: max(each.values(), key=lambda one: len(one.time)) for symbol, each in collected.items()
    }
    return {
        symbol: Market(series.candles(symbol, timeframe_ms), _worst(collected[symbol].values()))
        for symbol, series in longest.items()
        if series.time
    }


def _events(records: History, span: Span) -> Iterator[CycleDecided | GridChanged | SessionStarted]:
    for row in rows_of(records, span):
        if isinstance(row.event, CycleDecided | GridChanged | SessionStarted):
            yield row.event


def _worst(series: Iterable[_Series]) -> Source:
    """Return the worst source that any of some series had."""
    order = list(Source)
    sources = [source for each in series for source in each.sources]
    return max(sources, key=order.index)
