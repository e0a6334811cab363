"""Alpha Vantage's documents turned into candles, rates and headlines.

Series come newest first and keyed by time. US equities are stamped at the start of the bar in
US/Eastern, crypto in UTC; the metadata names the zone. A daily stamp is a session date, a label,
kept as 00:00 UTC like the project's recorded data. Crypto daily has two shapes: `4. close`, and the
old `4a. close (EUR)` beside `4b. close (USD)`. Foreign exchange has no volume. A series with split
coefficients is told in the shares of its last row, everything else as it was traded.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.candle import RawCandle
from domain.errors import BadAnswer, NoData
from domain.times import millis
from edge.strict_json import Json, number, signed
from perception.providers.rows import as_told, each_row
from perception.quality.splits import unsplit

Document = dict[str, Json]

ZONES = {"US/Eastern": "America/New_York"}
"""Old names that slim systems leave out of their zone data."""
STAMP = re.compile(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")
FIELD = re.compile(r"[0-9]+[ab]?\. (open|high|low|close|volume|split coefficient)(?: \(([A-Z0-9]+)\))?")
PRICES = ("open", "high", "low", "close")
FX = "Time Series FX"
MOST_SPLIT = 1000.0
"""Largest split coefficient believed, and its inverse the smallest."""


class ExchangeRate(NamedTuple):
    """Units of quote for one of base, when it was true, and bid and ask where they are given."""

    rate: float
    at: datetime
    bid: float | None
    ask: float | None


class SharePrice(NamedTuple):
    """The last price of a share, the day of it, and the day before's close."""

    price: float
    day: datetime
    previous_close: float | None


class _Shape(NamedTuple):
    """The reading of a series' rows: zone of their times, currency of prices and of the rest."""

    zone: ZoneInfo
    market: str
    plain: str
    volumes: bool

    def sound(self, item: tuple[str, Json]) -> RawCandle:
        """Return a row as a candle. Raises BadAnswer naming the value that is not sound."""
        stamp, row = item
        fields, time = self.fields(stamp, row), millis(_instant(stamp, self.zone))
        prices = [number(fields.get((name, self.market)), self.called(name, stamp)) for name in PRICES]
        volume = number(self.volume(fields), f"volume of {stamp}", inclusive=True)
        return RawCandle(time, prices[0], prices[1], prices[2], prices[3], volume)

    def unread(self, item: tuple[str, Json]) -> RawCandle:
        """Return a row that is not sound as far as it can be read."""
        stamp, row = item
        fields = self.fields(stamp, row) if isinstance(row, dict) else {}
        values = [*(fields.get((name, self.market)) for name in PRICES), self.volume(fields)]
        return as_told(millis(_instant(stamp, self.zone)), values)

    def split(self, row: Json) -> float:
        """Return a row's split coefficient, 1 where it has none that can be believed."""
        answer = {name: value for name, _, value in _fields(row)} if isinstance(row, dict) else {}
        result = signed(answer.get("split coefficient")) or 1.0
        return result if 1 / MOST_SPLIT <= result <= MOST_SPLIT else 1.0

    def fields(self, stamp: str, row: Json) -> dict[tuple[str, str], Json]:
        """Return the values of a row by name and currency. Raises BadAnswer where it is no object."""
        if not isinstance(row, dict):
            raise BadAnswer(f"row {stamp} is not an object")
        return {(name, currency or self.plain): value for name, currency, value in _fields(row)}

    def volume(self, fields: dict[tuple[str, str], Json]) -> Json:
        """Return what is told as volume, 0 where the series has none."""
        return fields.get(("volume", self.plain)) if self.volumes else 0

    def called(self, name: str, stamp: str) -> str:
        """Return what a value is called in a fault."""
        return f"{name} of {stamp} in {self.market}" if self.market else f"{name} of {stamp}"


def candles(document: Document, market: str = "") -> tuple[RawCandle, ...]:
    """Return the document's series, oldest first, priced in `market` where it has several.

    A row that is not sound is told as it is, to be left out by name. Raises NoData without a series,
    BadAnswer when a time cannot be placed or no row is sound.
    """
    (title, series), metadata = _series(document), document.get("Meta Data")
    # The new daily shape does not name the currency in each row, so the metadata's word counts.
    plain = _named(metadata, "Market Code") or market
    shape = _Shape(_zone(_named(metadata, "Time Zone")), market, plain, volumes=FX not in title)
    read = each_row(series.items(), shape.sound, shape.unread)
    rows = zip(read, map(shape.split, series.values()), strict=True)
    return tuple(unsplit(sorted(rows, key=lambda row: row[0].time)))


def _series(document: Document) -> tuple[str, Document]:
    for name, value in document.items():
        if "Time Series" in name and isinstance(value, dict) and value:
            return name, value
    raise NoData("answer holds no series")


def _named(metadata: Json, ending: str) -> str:
    """Return the metadata's value under a numbered name ("6. Time Zone"), or ""."""
    entries = metadata.items() if isinstance(metadata, dict) else ()
    results = [value for name, value in entries if name.endswith(f". {ending}") and isinstance(value, str)]
    return results[0] if len(results) == 1 else ""


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


def _fields(row: Document) -> Iterator[tuple[str, str, Json]]:
    for label, value in row.items():
        match = FIELD.fullmatch(label)
        if match is not None:
            yield match[1], match[2] or "", value


def exchange_rate(document: Document) -> ExchangeRate:
    """Return the rate of CURRENCY_EXCHANGE_RATE; bid and ask may be "-". Raises NoData or BadAnswer."""
    result = document.get("Realtime Currency Exchange Rate")
    if not isinstance(result, dict) or not result:
        raise NoData("answer holds no exchange rate")
    at = _instant(result.get("6. Last Refreshed"), _zone(_named(result, "Time Zone")))
    rate = number(result.get("5. Exchange Rate"), "exchange rate")
    return ExchangeRate(
        rate, at.astimezone(UTC), _offer(result, "8. Bid Price"), _offer(result, "9. Ask Price")
    )


def _offer(result: Document, name: str) -> float | None:
    value = result.get(name)
    return None if value in (None, "-") else number(value, name[3:].lower())


def share_price(document: Document) -> SharePrice:
    """Return the price of GLOBAL_QUOTE; a delayed one has another name. Raises NoData or BadAnswer."""
    result = next((value for name, value in document.items() if name.startswith("Global Quote")), None)
    if not isinstance(result, dict) or not result:
        raise NoData("answer holds no quote")
    price = number(result.get("05. price"), "price")
    day = _instant(result.get("07. latest trading day"), ZoneInfo("UTC"))
    before = result.get("08. previous close")
    return SharePrice(price, day, None if before is None else number(before, "previous close"))
