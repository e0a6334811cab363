"""Binance spot candles, public and without a key.

API: GET /api/v3/klines (github.com/binance/binance-spot-api-docs, rest-api.md), rows of
[open time ms, open, high, low, close, volume, close time, ...], numbers as strings.
"""

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from domain.candle import RawCandle
from domain.errors import BadAnswer, NoData, Refused, VenueFault
from domain.ports import CandleRequest
from edge.strict_json import Json, decode, number
from perception.guard.cache import LATEST
from perception.guard.call import Answer, Fetch
from perception.guard.faults import Unasked, Wait, inert
from perception.http.fetch import sound
from perception.providers.day_tickers import DayTicker, tickers
from perception.providers.listed import Listed, listed
from perception.providers.rows import as_told, each_row
from perception.providers.symbols import pair, timeframe_name
from perception.settings import BinanceSettings

MOST_ROWS = 1000
MOST_MS = 1 << 53
"""Largest open time believed: beyond it a float no longer holds every millisecond."""


class BinanceProvider:
    """Candles of a Binance spot market. The last one is still forming; its open time says so."""

    name = "binance"

    def __init__(self, settings: BinanceSettings, fetch: Fetch) -> None:
        self._url = f"{settings.base_url}/api/v3/klines"
        self._listing = f"{settings.base_url}/api/v3/exchangeInfo"
        self._day = f"{settings.base_url}/api/v3/ticker/24hr"
        self._fetch = fetch

    def missing(self) -> str:
        """Return "": public data needs nothing."""
        return ""

    def widened(self, request: CandleRequest) -> CandleRequest:
        """Return the request up to the latest candle, so that requests a moment apart are equal."""
        return request._replace(now_ms=LATEST, limit=min(request.limit, MOST_ROWS))

    def candles(self, request: CandleRequest) -> tuple[RawCandle, ...]:
        """Return candles oldest first; none when nothing was traded since, one not sound as it was told.

        Raises Refused (symbol, timeframe), RateLimited, BadAnswer, Unreachable.
        """
        query: dict[str, str | int] = {
            "symbol": self._name(request.symbol),
            "interval": timeframe_name(request.timeframe_ms),
            "startTime": max(request.since_ms, 0),
            "limit": max(1, min(request.limit, MOST_ROWS)),
        }
        if request.now_ms < LATEST:
            query["endTime"] = request.now_ms
        rows = decode(self._answered(self._fetch.get(f"{self._url}?{urlencode(query)}")).body)
        if not isinstance(rows, list):
            raise BadAnswer("answer is not a list of candles")
        return tuple(each_row(rows, _candle, _unread))

    def listed(self, symbol: str) -> Listed:
        """Return how the exchange lists a pair. Raises as `candles`, NoData where it says no grid."""
        name = self._name(symbol)
        query = urlencode({"symbol": name})
        result = listed(self._answered(self._fetch.get(f"{self._listing}?{query}")).body)
        if name not in result:
            raise NoData(f"the listing says no grid of {symbol}")
        return result[name]

    def day(self, symbols: Sequence[str]) -> dict[str, DayTicker]:
        """Return each pair's last 24 hours, in one request. Raises as `candles`."""
        names = {symbol: self._name(symbol) for symbol in symbols}
        query = urlencode({"symbols": json.dumps(list(names.values()), separators=(",", ":"))})
        return tickers(decode(self._answered(self._fetch.get(f"{self._day}?{query}")).body), names)

    def first_day(self, symbol: str) -> int | None:
        """Return when a pair's first daily candle opened, in ms; None for none. Raises as `candles`."""
        query = urlencode({"symbol": self._name(symbol), "interval": "1d", "startTime": 0, "limit": 1})
        rows = decode(self._answered(self._fetch.get(f"{self._url}?{query}")).body)
        if not isinstance(rows, list):
            raise BadAnswer(f"first day of {symbol} is not a list of candles")
        return _opened(rows[0])[0] if rows else None

    def _name(self, symbol: str) -> str:
        base, quote = pair(symbol)
        if not quote:
            raise Unasked(f"binance trades pairs like BTC-USDT, not {symbol}")
        return base + quote

    def _answered(self, answer: Answer) -> Answer:
        """Return a good answer. Raises what the exchange's own error code says, else what the status says."""
        fault = _own_error(answer) if 400 <= answer.status < 500 and answer.status not in {418, 429} else None
        if fault is not None:
            raise fault
        return sound(answer)

    def close(self) -> None:
        """Close kept connections."""
        self._fetch.close()


def _own_error(answer: Answer) -> VenueFault | None:
    try:
        body = decode(answer.body)
    except BadAnswer:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(code, int):
        return None
    text = f"code {code}: {inert(str(body.get('msg', '')))}"
    if code in {-1003, -1015}:
        return Wait(text, 60.0)
    if code in {-1000, -1001, -1006, -1007, -1008, -1016}:
        return BadAnswer(text)
    return Refused(text)


def _candle(row: Json) -> RawCandle:
    """Check one row: six fields at least, a whole open time, finite prices above 0, volume from 0."""
    opened, values = _opened(row)
    return RawCandle(
        opened,
        number(values[0], f"open of candle {opened}"),
        number(values[1], f"high of candle {opened}"),
        number(values[2], f"low of candle {opened}"),
        number(values[3], f"close of candle {opened}"),
        number(values[4], f"volume of candle {opened}", inclusive=True),
    )


def _unread(row: Json) -> RawCandle:
    """Return a row that is not sound as far as it can be read."""
    return as_told(*_opened(row))


def _opened(row: Json) -> tuple[int, list[Json]]:
    """Return a row's open time and its five values. Raises BadAnswer."""
    if not isinstance(row, list) or len(row) < 6:
        raise BadAnswer("a candle has fewer than 6 fields")
    opened = row[0]
    if not isinstance(opened, int) or isinstance(opened, bool) or not 0 <= opened < MOST_MS:
        raise BadAnswer("a candle's open time is not a count of milliseconds")
    return opened, row[1:6]
