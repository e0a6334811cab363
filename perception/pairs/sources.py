"""Sources of a pair list: what symbols are measured by, the exchange's tickers or candles seen so far."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.errors import Refused
from domain.ports import Clock
from domain.times import millis
from perception.pairs.filters import PairMeasures
from perception.pairs.settings import PairListSettings
from perception.pairs.tape import DAY_MS, PairTape, measures_of
from perception.providers.day_tickers import DayTicker


class PairSource(Protocol):
    """A source of measurements."""

    @property
    def name(self) -> str:
        """Name as in the settings."""
        ...

    def measures(self, symbols: Sequence[str], now: datetime) -> Sequence[PairMeasures]:
        """Return each symbol's measurements, in order. Raises VenueFault where nothing can be said of any."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


class DayTickers(Protocol):
    """An exchange that tells of a pair's last 24 hours and its first day."""

    def day(self, symbols: Sequence[str], deadline_seconds: float | None = None) -> Mapping[str, DayTicker]:
        """Return each pair's last 24 hours. Raises Refused where it does not know one, VenueFault."""
        ...

    def first_day(self, symbol: str, deadline_seconds: float | None = None) -> int | None:
        """Return when a pair was first traded, in ms (UTC); None for never. Raises VenueFault."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


class ExchangePairs:
    """Measures by an exchange's public tickers. Implements `PairSource`.

    Whatever is asked in one call takes `settings.timeout_seconds` together; first days are asked for once.
    """

    name = "exchange"

    def __init__(self, tickers: DayTickers, settings: PairListSettings, clock: Clock) -> None:
        self._tickers = tickers
        self._settings = settings
        self._clock = clock
        self._first: dict[str, int | None] = {}

    def measures(self, symbols: Sequence[str], now: datetime) -> list[PairMeasures]:
        """Return each symbol's measurements. Raises VenueFault where nothing can be said of any."""
        until = self._clock.monotonic() + self._settings.timeout_seconds
        days = self._days(symbols, until)
        if self._settings.age_days:
            self._learn_ages([each for each in symbols if not days[each].why], until)
        return [self._measured(each, days[each], millis(now)) for each in symbols]

    def close(self) -> None:
        """Close the exchange's connections."""
        self._tickers.close()

    def _days(self, symbols: Sequence[str], until: float) -> Mapping[str, DayTicker]:
        try:
            return self._tickers.day(symbols, self._left(until))
        except Refused as refused:
            # One pair the exchange does not know has it refuse them all.
            if len(symbols) == 1:
                raise
            days = {each: self._day(each, until) for each in symbols}
            if all(each.why for each in days.values()):
                raise refused from None
            return days

    def _day(self, symbol: str, until: float) -> DayTicker:
        try:
            return self._tickers.day([symbol], self._left(until))[symbol]
        except Refused as refused:
            return DayTicker(why=f"the exchange refuses it: {refused}")

    def _learn_ages(self, symbols: Sequence[str], until: float) -> None:
        """Ask for first days that are not known; those known by then stay so where it fails midway."""
        for symbol in symbols:
            if self._first.get(symbol) is None:
                self._first[symbol] = self._tickers.first_day(symbol, self._left(until))

    def _left(self, until: float) -> float:
        return until - self._clock.monotonic()

    def _measured(self, symbol: str, day: DayTicker, now_ms: int) -> PairMeasures:
        first = self._first.get(symbol)
        age = None if first is None else max(now_ms - first, 0) / DAY_MS
        return PairMeasures(symbol, day.volume, age, day.spread_bp, day.volatility, day.why)


class CandlePairs:
    """Measures by the candles that were seen so far. Implements `PairSource`; never fails.

    `spread_bp` is what the settings say of every symbol: candles tell none.
    """

    name = "candles"

    def __init__(
        self, tapes: Callable[[], Mapping[str, PairTape]], settings: PairListSettings, spread_bp: float
    ) -> None:
        self._tapes = tapes
        self._settings = settings
        self._spread_bp = spread_bp

    def measures(self, symbols: Sequence[str], now: datetime) -> list[PairMeasures]:
        """Return each symbol's measurements."""
        return list(self._each(symbols, millis(now)))

    def _each(self, symbols: Sequence[str], now_ms: int) -> Iterator[PairMeasures]:
        tapes = self._tapes()
        for symbol in symbols:
            tape = tapes.get(symbol)
            yield measures_of(symbol, tape, now_ms, self._settings.window_ms, self._spread_bp)

    def close(self) -> None:
        """Hold nothing."""
