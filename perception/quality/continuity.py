"""The price series each symbol is on, and with it the candle to ask for next.

The loop says after which candle it wants to go on. Whether an answer may follow on that candle
depends on whose candle it was: another provider's prices are close but not the same, and a
simulated market's have nothing to do with it.
"""

from collections.abc import Mapping
from datetime import datetime

from domain.candle import Candle
from domain.instrument import Instrument
from domain.ports import CandleRequest
from domain.times import DAY_MS, millis, opening, slot
from perception.quality.intake import CLOSED_HOURS_MS, Intake
from perception.quality.splits import BEGUN

MOST_CANDLES = 1000
"""Candles one request for a market that never closes may ask for; Binance gives no more."""

SINCE = " since "
"""Between the name of a series that was begun anew and when it was, in ms."""


class Continuity:
    """Remembers, by symbol, the series last delivered and its last price.

    `series` are those of an earlier session; where it is silent, the first `after` is taken on trust.
    """

    def __init__(self, timeframe_ms: int, warmup: int, series: Mapping[str, str]) -> None:
        self.timeframe_ms = timeframe_ms
        self.warmup = warmup
        self._series = dict(series)
        # The `after` that was presented when the series began: it belongs to another one.
        self._foreign: dict[str, Candle | None] = {}
        self._price: dict[str, int] = {}

    def on(self, symbol: str, provider: str) -> bool:
        """Tell whether the symbol's series is that provider's."""
        return self._series.get(symbol, "").partition(SINCE)[0] == series_of(provider, symbol)

    def price(self, symbol: str) -> int | None:
        """Return the last price delivered in this process, in ticks."""
        return self._price.get(symbol)

    def follows(self, symbol: str, provider: str, after: Candle | None) -> bool:
        """Tell whether a provider's candles may follow on `after`; else a full warm-up is due."""
        if after is None:
            return False
        if symbol not in self._series:
            return True
        return self.on(symbol, provider) and after != self._foreign.get(symbol)

    def request(self, instrument: Instrument, after: Candle | None, now: datetime) -> CandleRequest:
        """Return what to ask for: from `after` on, but no further back than a full warm-up begins."""
        step, now_ms = self.timeframe_ms, millis(now)
        newest = slot(now_ms, step)
        since = opening(newest - reach(instrument.asset_class, step, self.warmup), step)
        if after is not None:
            # The last closed candle is asked for in any case, also when the clock was set back.
            since = max(since, min(after.time, opening(newest - 1, step)))
        return CandleRequest(instrument.symbol, step, since, now_ms, newest - slot(since, step) + 2)

    def delivered(self, symbol: str, provider: str, after: Candle | None, taken: Intake) -> str:
        """Remember what was delivered in answer to `after`; return the name of its series.

        A series begun anew behind a split is another one.
        """
        begun = next((each.time for each in taken.findings if each.kind == BEGUN), None)
        series = series_of(provider, symbol)
        if begun is not None:
            series = f"{series}{SINCE}{begun}"
        elif after is not None and self.on(symbol, provider):
            series = self._series[symbol]
        if taken.candles:
            if self._series.get(symbol, series) != series:
                self._foreign[symbol] = after
            self._series[symbol] = series
        last = taken.quote.price if taken.quote else taken.candles[-1].close if taken.candles else None
        if last is not None:
            self._price[symbol] = last
        return series


def reach(asset_class: str, timeframe_ms: int, warmup: int) -> int:
    """Return how many candles back a request begins at most."""
    if asset_class == "crypto":
        return min(warmup, MOST_CANDLES - 2)
    # A trading week has 5 days of 7 and a trading day 6.5 hours of 24; a long weekend on top.
    stretch = 2 if timeframe_ms >= DAY_MS else 6
    return warmup * stretch + CLOSED_HOURS_MS // timeframe_ms


def series_of(provider: str, symbol: str) -> str:
    """Return the name of a provider's series of a symbol."""
    return f"{provider}:{symbol}"
