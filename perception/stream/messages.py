"""Messages of Binance's market streams, read without benefit of the doubt.

API: <symbol>@kline_<interval>, combined or raw (github.com/binance/binance-spot-api-docs,
web-socket-streams.md). A kline's prices are decimal strings, its times milliseconds, and it is final
only when `x` is true. Everything we did not ask for is refused.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from domain.candle import RawCandle
from domain.errors import BadAnswer
from domain.times import closing, grid
from edge.strict_json import Json, decode, number
from perception.providers.binance import MOST_MS
from perception.providers.symbols import pair, timeframe_name

FUTURE_MS = 1000
"""How far ahead of our clock a message may be: the exchange's clock and ours are not the same."""


class Kline(NamedTuple):
    """One candle as a message told it at `event_ms` of the exchange's time, final or still forming."""

    symbol: str
    candle: RawCandle
    final: bool
    event_ms: int


class Notice(StrEnum):
    """The meaning of a message that holds no candle."""

    SHUTDOWN = "server shutdown"
    ACCEPTED = "subscription accepted"
    REFUSED = "subscription refused"


class Dialect:
    """Names and reads the kline streams of `symbols` (ours, like BTC-USDT) at one timeframe."""

    def __init__(self, symbols: Iterable[str], timeframe_ms: int) -> None:
        self.timeframe_ms = timeframe_ms
        self._interval = timeframe_name(timeframe_ms)
        pairs = ((symbol, pair(symbol)) for symbol in symbols)
        # What is no pair has no stream: whoever is asked for it will say so.
        self._symbols = {base + quote: symbol for symbol, (base, quote) in pairs if quote}

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that have a stream."""
        return tuple(self._symbols.values())

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of their streams."""
        return tuple(f"{name.lower()}@kline_{self._interval}" for name in self._symbols)

    def read(self, body: bytes, now_ms: int) -> Kline | Notice:
        """Return what a message says. Raises BadAnswer saying what is wrong with it; never quotes it."""
        message = decode(body)
        if not isinstance(message, dict):
            raise BadAnswer("message is not an object")
        event = message.get("data", message.get("event", message))
        if not isinstance(event, dict):
            raise BadAnswer("event is not an object")
        kind = event.get("e")
        if kind == "kline":
            return self._kline(message.get("stream"), event, now_ms)
        return _notice(message, kind)

    def _kline(self, stream: Json, event: dict[str, Json], now_ms: int) -> Kline:
        report = event.get("k")
        if not isinstance(report, dict):
            raise BadAnswer("kline is not an object")
        name, interval = report.get("s"), report.get("i")
        symbol = self._symbols.get(name) if isinstance(name, str) else None
        if symbol is None or interval != self._interval or event.get("s") != name:
            raise BadAnswer("kline is of a symbol or an interval that was not asked for")
        if stream is not None and stream != f"{str(name).lower()}@kline_{interval}":
            raise BadAnswer("kline came on another stream")
        candle, final = self._candle(report), report.get("x")
        if not isinstance(final, bool):
            raise BadAnswer("kline does not say whether it is final")
        known_from = closing(candle.time, self.timeframe_ms) if final else candle.time
        if known_from > now_ms + FUTURE_MS:
            raise BadAnswer(f"kline is {known_from - now_ms} ms ahead of now, limit {FUTURE_MS}")
        return Kline(symbol, candle, final, _instant(event.get("E"), "event time"))

    def _candle(self, answer: dict[str, Json]) -> RawCandle:
        opened = _instant(answer.get("t"), "open time")
        off = opened % grid(self.timeframe_ms)
        if off:
            raise BadAnswer(f"kline opens {off} ms off the timeframe's grid")
        if _instant(answer.get("T"), "close time") != closing(opened, self.timeframe_ms) - 1:
            raise BadAnswer("kline does not close where its interval ends")
        open_, high, low, close = (number(answer.get(key), f"kline {key}") for key in "ohlc")
        if not (low <= open_ <= high and low <= close <= high):
            raise BadAnswer("kline high and low do not enclose open and close")
        volume = number(answer.get("v"), "kline v", inclusive=True)
        return RawCandle(opened, open_, high, low, close, volume)


def _instant(value: Json, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST_MS:
        raise BadAnswer(f"{what} is not a count of milliseconds")
    return value


def _notice(message: dict[str, Json], kind: Json) -> Notice:
    if kind == "serverShutdown":
        return Notice.SHUTDOWN
    if kind is None and ("error" in message or "code" in message):
        return Notice.REFUSED
    if kind is None and "id" in message and message.get("result", "") is None:
        return Notice.ACCEPTED
    raise BadAnswer("event is of a type that was not asked for")
