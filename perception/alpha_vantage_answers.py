"""Alpha Vantage's documents turned into candles, rates and headlines.

Series come newest first and keyed by time. US equities are stamped at the start of the bar in
US/Eastern, crypto in UTC; the metadata names the zone. A daily stamp is a session date, a label,
kept as 00:00 UTC like the project's recorded data. Crypto daily has two shapes: `4. close`, and the
old `4a. close (EUR)` beside `4b. close (USD)`.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.candle import RawCandle
from domain.errors import BadAnswer, NoData
from domain.times import millis
from perception.strict_json import Json, number

Document = dict[str, Json]

ZONES = {"US/Eastern": "America/New_York"}
"""Old names that slim systems leave out of their zone data."""
STAMP = re.compile(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")
FIELD = re.compile(r"[0-9]+[ab]?\. (open|high|low|close|volume)(?: \(([A-Z0-9]+)\))?")
PRICES = ("open", "high", "low", "close")


class ExchangeRate(NamedTuple):
    """Units of quote for one of base, when it was true, and bid and ask where they are given."""

    rate: float
    at: datetime
    bid: float | None
    ask: float | None


def candles(document: Document, market: str = "") -> tuple[RawCandle, ...]:
    """Return the document's series, oldest first, priced in `market` where it has several.

    Raises NoData without a series, BadAnswer when any row is not sound.
    """
    series, metadata = _series(document), document.get("Meta Data")
    zone = _zone(_named(metadata, "Time Zone"))
    # The new daily shape does not name the currency in each row, so the metadata's word counts.
    plain = _named(metadata, "Market Code") or market
    rows = (_candle(stamp, row, zone, market, plain) for stamp, row in series.items())
    return tuple(sorted(rows, key=lambda candle: candle.time))


def _series(document: Document) -> Document:
    for name, value in document.items():
        if "Time Series" in name and isinstance(value, dict) and value:
            return value
    raise NoData("answer holds no series")


def _named(metadata: Json, ending: str) -> str:
    """Return the metadata's value under a numbered name ("6. Time Zone"), or ""."""
    entries = metadata.items() if isinstance(metadata, dict) else ()
    found = [value for name, value in entries if name.endswith(f". {ending}") and isinstance(value, str)]
    return found[0] if len(found) == 1 else ""


def _zone(name: str) -> ZoneInfo:
    """Return a zone by name. Raises BadAnswer: guessing a zone would shift every candle."""
    if not name:
        raise BadAnswer("answer names no time zone")
    try:
        return ZoneInfo(ZONES.get(name, name))
    except (ValueError, OSError, KeyError):
        pass
    raise BadAnswer("answer names a time zone this system does not know")


def _instant(stamp: Json, zone: ZoneInfo) -> datetime:
    if not isinstance(stamp, str) or not STAMP.fullmatch(stamp):
        raise BadAnswer("a time is not like 2018-04-11 15:30:00")
    try:
        naive = datetime.fromisoformat(stamp)
    except ValueError:
        naive = None
    if naive is None:
        raise BadAnswer(f"time {stamp} does not exist")
    return naive.replace(tzinfo=UTC if len(stamp) == 10 else zone)


def _candle(stamp: str, row: Json, zone: ZoneInfo, market: str, plain: str) -> RawCandle:
    time = millis(_instant(stamp, zone))
    if not isinstance(row, dict):
        raise BadAnswer(f"row {stamp} is not an object")
    fields = {(name, currency or plain): value for name, currency, value in _fields(row)}
    prices = [number(fields.get((name, market)), _called(name, stamp, market)) for name in PRICES]
    volume = number(fields.get(("volume", plain)), f"volume of {stamp}", inclusive=True)
    return RawCandle(time, prices[0], prices[1], prices[2], prices[3], volume)


def _called(name: str, stamp: str, market: str) -> str:
    return f"{name} of {stamp} in {market}" if market else f"{name} of {stamp}"


def _fields(row: Document) -> Iterator[tuple[str, str, Json]]:
    for label, value in row.items():
        found = FIELD.fullmatch(label)
        if found is not None:
            yield found[1], found[2] or "", value


def exchange_rate(document: Document) -> ExchangeRate:
    """Return the rate of CURRENCY_EXCHANGE_RATE; bid and ask may be "-". Raises NoData or BadAnswer."""
    found = document.get("Realtime Currency Exchange Rate")
    if not isinstance(found, dict) or not found:
        raise NoData("answer holds no exchange rate")
    at = _instant(found.get("6. Last Refreshed"), _zone(_named(found, "Time Zone")))
    rate = number(found.get("5. Exchange Rate"), "exchange rate")
    return ExchangeRate(
        rate, at.astimezone(UTC), _offer(found, "8. Bid Price"), _offer(found, "9. Ask Price")
    )


def _offer(found: Document, name: str) -> float | None:
    value = found.get(name)
    return None if value in (None, "-") else number(value, name[3:].lower())
