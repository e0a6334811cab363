"""Grids as an exchange lists them: what GET /api/v3/exchangeInfo says of tick, lot and smallest order.

The answer is Binance's (github.com/binance/binance-spot-api-docs, rest-api.md and filters.md), from the
network or saved as a file.
"""

from decimal import Decimal
from typing import NamedTuple

from domain.errors import BadAnswer
from edge.strict_json import NUMBER, Json, decode


class Listed(NamedTuple):
    """A pair's grid: tick and smallest order value in quote, lot and smallest quantity in base."""

    tick: Decimal
    step: Decimal
    min_quantity: Decimal
    min_notional: Decimal


def listed(body: bytes) -> dict[str, Listed]:
    """Return the grids of an answer by the exchange's names (`PEPEUSDT`), those that can be read.

    Raises BadAnswer where it is no such answer.
    """
    answer = decode(body)
    rows = answer.get("symbols") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise BadAnswer("answer is no listing: it holds no list of symbols")
    result = {}
    for row in rows:
        grid = _grid(row)
        if grid is not None and isinstance(row, dict):
            result[str(row.get("symbol"))] = grid
    return result


def _grid(row: Json) -> Listed | None:
    filters = row.get("filters") if isinstance(row, dict) else None
    if not isinstance(filters, list):
        return None
    kinds = {str(each.get("filterType")): each for each in filters if isinstance(each, dict)}
    lot = kinds.get("LOT_SIZE", {})
    tick, step = _decimal(kinds.get("PRICE_FILTER", {}).get("tickSize")), _decimal(lot.get("stepSize"))
    if not tick or not step:
        return None
    value = (kinds.get("NOTIONAL") or kinds.get("MIN_NOTIONAL") or {}).get("minNotional")
    return Listed(tick, step, _decimal(lot.get("minQty")) or Decimal(0), _decimal(value) or Decimal(0))


def _decimal(value: Json) -> Decimal | None:
    """Return a number of an answer, exactly; None where it is none."""
    return Decimal(value).normalize() if isinstance(value, str) and NUMBER.fullmatch(value) else None
