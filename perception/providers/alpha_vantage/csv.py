"""Alpha Vantage's answers as CSV, turned into the documents it sends as JSON.

A CSV names no time zone: its intraday candles of shares are US/Eastern, all others UTC, as in the JSON.
"""

import csv
import io
from typing import NamedTuple

from domain.errors import BadAnswer, NoData
from edge.strict_json import Json

EASTERN = "TIME_SERIES_INTRADAY"
QUOTE_FIELDS = {
    "symbol": "01. symbol", "open": "02. open", "high": "03. high", "low": "04. low", "price": "05. price",
    "volume": "06. volume", "latestDay": "07. latest trading day", "previousClose": "08. previous close",
    "change": "09. change", "changePercent": "10. change percent",
}  # fmt: skip
"""Columns of a quote's CSV and what its JSON calls them."""


class _Table(NamedTuple):
    head: list[str]
    rows: list[list[str]]


def is_csv(body: bytes) -> bool:
    """Say whether a body is one of its CSVs and not JSON."""
    return body.removeprefix(b"\xef\xbb\xbf").startswith((b"timestamp,", b"symbol,"))


def document(body: bytes, function: str) -> dict[str, Json]:
    """Return the document of a CSV that `function` answered. Raises BadAnswer, NoData without a row."""
    table = _table(body)
    if table.head[0] == "symbol":
        names = [QUOTE_FIELDS.get(name, name) for name in table.head]
        return {"Global Quote": dict(zip(names, table.rows[0], strict=True))}
    labels = [f"{number}. {name.replace('_', ' ')}" for number, name in enumerate(table.head[1:], 1)]
    series: dict[str, Json] = {row[0]: dict(zip(labels, row[1:], strict=True)) for row in table.rows}
    if len(series) < len(table.rows):
        raise BadAnswer("answer holds a time twice")
    zone = "US/Eastern" if function == EASTERN else "UTC"
    return {"Meta Data": {"1. Time Zone": zone}, "Time Series": series}


def _table(body: bytes) -> _Table:
    try:
        head, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig")), strict=True)
    except (UnicodeDecodeError, csv.Error):
        raise BadAnswer("answer is malformed csv") from None
    rows = [row for row in rows if row]
    if not rows:
        raise NoData("answer holds no row")
    if any(len(row) != len(head) for row in rows):
        raise BadAnswer(f"a row of the csv has not the {len(head)} fields of its head")
    return _Table(head, rows)
