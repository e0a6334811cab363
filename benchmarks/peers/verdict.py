"""The verdict on an engine: it made the reference's trades, or exactly why not."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from benchmarks.peers.market import FEE, Column
from benchmarks.peers.reference import Reference, reference

CENT = 0.01


class References(NamedTuple):
    """The trades of a kind by the three prices an engine may fill at."""

    next_open: Reference
    own_close: Reference
    next_close: Reference
    candles: int
    last_close: float


def references(kind: str, market: Mapping[str, Column]) -> References:
    """Return the references of rsi or sma on a market."""
    opened, close = market["open"], market["close"]
    next_open, own, later = (
        reference(kind, close, *filled) for filled in ((opened, 1), (close, 0), (close, 1))
    )
    return References(next_open, own, later, len(close), float(close[-1]))


def verdict(row: Mapping[str, Any], wanted: References) -> str:
    """Say that trades and final equity agree to the cent, on which terms, or how they differ."""
    prices = (
        ("next open", wanted.next_open),
        ("signal's own close, not next open", wanted.own_close),
        ("next candle's close, not its open", wanted.next_close),
    )
    for (words, each), forced, tick in product(prices, (False, True), {0.0, row.get("tick", 0.0)}):
        if _same(row, each, wanted, forced=forced, tick=tick):
            terms = [
                f"same trades and equity, filled at the {words}"
                if words == "next open"
                else f"fills at the {words}; as the reference that does so, to the cent"
            ]
            terms += ["sells what is held with the last candle"] if forced else []
            terms += [f"sells {tick:g} lower, its book's spread"] if tick else []
            return "; ".join(terms)
    return _differs(row, wanted.next_open)


def _same(
    row: Mapping[str, Any], wanted: Reference, all_of: References, *, forced: bool, tick: float
) -> bool:
    """Compare count, first and last trade and equity, a forced last sale or a spread taken out."""
    ends: Sequence[Sequence[float]] = row["ends"]
    count, value = row["trades"] - forced, row["equity"]
    if not ends or count != len(wanted.trades) or (forced and ends[-1][2] != all_of.candles - 1):
        return False
    if forced:
        value += ends[-1][3] * FEE + all_of.last_close - ends[-1][3]
    last = [] if forced else [(ends[-1], wanted.trades[-1])]
    for mine, other in [(ends[0], wanted.trades[0]), *last]:
        if (mine[0], mine[2]) != (other[0], other[2]):
            return False
        if abs(mine[1] - other[1]) > CENT / 2 or abs(mine[3] + tick - other[3]) > CENT / 2:
            return False
    value += tick * (1.0 - FEE) * count
    return bool(abs(value - wanted.equity) < CENT)


def _differs(row: Mapping[str, Any], wanted: Reference) -> str:
    told = [f"DIFFERS: {row['trades']} trades, not {len(wanted.trades)}"]
    names = ("first", "last")
    for name, mine, other in zip(names, row["ends"], (wanted.trades[:1] + wanted.trades[-1:]), strict=False):
        if list(mine) != list(other):
            told.append(f"{name} {_trade(mine)}, not {_trade(other)}")
    told.append(f"equity {row['equity'] - wanted.equity:+,.2f}")
    return "; ".join(told)


def _trade(row: Sequence[float]) -> str:
    return f"{row[0]:.0f} at {row[1]:g} to {row[2]:.0f} at {row[3]:g}"
