"""A pair's last 24 hours as Binance tells them: volume in quote, range, and the spread just now.

API: GET /api/v3/ticker/24hr (github.com/binance/binance-spot-api-docs, rest-api.md), type FULL, which holds
best bid and ask too. A pair whose fields are not sound is named with the field; the others stand.
"""

from collections.abc import Mapping
from typing import NamedTuple

from domain.errors import BadAnswer
from edge.strict_json import Json, number


class DayTicker(NamedTuple):
    """The last 24 hours: volume in quote, range in percent, spread in bp; None where there was none.

    `why` says what is not sound: then nothing else is told.
    """

    volume: float | None = None
    volatility: float | None = None
    spread_bp: float | None = None
    why: str = ""


def tickers(answer: Json, names: Mapping[str, str]) -> dict[str, DayTicker]:
    """Return a ticker for each symbol of `names`, which says what the exchange calls it.

    Raises BadAnswer where the answer is no list of tickers, is empty, or no row of it is sound.
    """
    rows = answer if isinstance(answer, list) else [answer]
    known = {str(row.get("symbol")): row for row in rows if isinstance(row, dict)}
    if not known:
        raise BadAnswer("answer holds no ticker")
    result = {symbol: _ticker(known.get(name), symbol) for symbol, name in names.items()}
    if all(each.why for each in result.values()):
        raise BadAnswer(next(iter(result.values())).why)
    return result


def _ticker(row: Mapping[str, Json] | None, symbol: str) -> DayTicker:
    if row is None:
        return DayTicker(why=f"the answer says nothing of {symbol}")
    try:
        return _read(row, symbol)
    except BadAnswer as fault:
        return DayTicker(why=str(fault))


def _read(row: Mapping[str, Json], symbol: str) -> DayTicker:
    names = ("quoteVolume", "highPrice", "lowPrice", "bidPrice", "askPrice")
    values = (number(row.get(name), f"{name} of {symbol}", inclusive=True) for name in names)
    volume, high, low, bid, ask = values
    if high < low:
        raise BadAnswer(f"highPrice {high:g} of {symbol} is below lowPrice {low:g}")
    if 0 < ask < bid:
        raise BadAnswer(f"askPrice {ask:g} of {symbol} is below bidPrice {bid:g}")
    middle = ask / 2 + bid / 2  # halved first: the sum of two large prices is no number
    return DayTicker(
        volume,
        (high - low) / low * 100 if low > 0 else None,
        (ask - bid) / middle * 10_000 if bid > 0 and ask > 0 and middle > 0 else None,
    )
