"""The verdict on an engine: it made the reference's trades, or exactly why not."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from benchmarks.peers.market import CASH, FEE, Column, symbols
from benchmarks.peers.reference import Reference, reference

CENT = 0.01
FILLED = ("next open", "signal's own close, not next open", "next candle's close, not its open")
"""The prices an engine may fill at, in the order of `References.filled`."""


class References(NamedTuple):
    """The trades of a kind by the three prices an engine may fill at."""

    next_open: Reference
    own_close: Reference
    next_close: Reference
    candles: int
    last_close: float
    terms: str = ""

    @property
    def filled(self) -> tuple[Reference, Reference, Reference]:
        """Return them in the order of `FILLED`."""
        return self.next_open, self.own_close, self.next_close


def references(kind: str, market: Mapping[str, Column], late: int = 0) -> References:
    """Return the references of rsi, sma or trend on a market; longer candles are seen so much later."""
    opened, close = market["open"], market["close"]
    next_open, own, later = (
        reference(kind, close, *filled, late) for filled in ((opened, 1), (close, 0), (close, 1))
    )
    terms = f"sees a longer candle {late} candle after it closed" if late else ""
    return References(next_open, own, later, len(close), float(close[-1]), terms)


def wanted_of(kind: str, market: dict[str, Column]) -> list[tuple[References, ...]]:
    """Return what a run of this kind may come to: one reference for each symbol, by one or two terms."""
    if kind == "basket":
        return [tuple(references("sma", each) for each in symbols(market))]
    return [(references(kind, market, late),) for late in ((0, 1) if kind == "trend" else (0,))]


def judged(row: Mapping[str, Any], wanted: Sequence[tuple[References, ...]]) -> str:
    """Return the verdict on a row: on the first terms that it agrees with, or how it differs."""
    texts = [_on_terms(row, each) for each in wanted]
    return next((text for text in texts if not text.startswith("DIFFERS")), texts[0])


def _on_terms(row: Mapping[str, Any], wanted: tuple[References, ...]) -> str:
    if "symbols" not in row:
        text = verdict(row, wanted[0])
        return text if text.startswith("DIFFERS") or not wanted[0].terms else f"{text}; {wanted[0].terms}"
    for at, words in enumerate(FILLED):
        for tick in {0.0, row.get("tick", 0.0)}:
            if (forced := _basket_same(row, wanted, at, tick)) is not None:
                return _agreed(words, forced=forced, tick=tick)
    count = sum(len(each.next_open.trades) for each in wanted)
    money = sum(each.next_open.equity - CASH for each in wanted) + CASH
    return f"DIFFERS: {row['trades']} trades, not {count}; equity {row['equity'] - money:+,.2f}"


def _basket_same(row: Mapping[str, Any], wanted: tuple[References, ...], at: int, tick: float) -> bool | None:
    """Compare each symbol's trades and the money of all; return if any was sold by force, None if not so."""
    value, any_forced = row["equity"], False
    parts: Sequence[Mapping[str, Any]] = row["symbols"]
    for part, each in zip(parts, wanted, strict=True):
        chosen, forced, back = each.filled[at], part["trades"] > len(each.filled[at].trades), 0.0
        if forced:
            price = part["ends"][-1][3]
            back = price * FEE + each.last_close - price
        back += tick * (1.0 - FEE) * (part["trades"] - forced)
        # What a symbol earned is not told by itself: its trades are compared here, all money below.
        if not _same({**part, "equity": chosen.equity - back}, chosen, each, forced=forced, tick=tick):
            return None
        value += back - (chosen.equity - CASH)
        any_forced |= forced
    return any_forced if abs(value - CASH) < CENT else None


def _agreed(words: str, *, forced: bool, tick: float) -> str:
    terms = [
        f"same trades and equity, filled at the {words}"
        if words == FILLED[0]
        else f"fills at the {words}; as the reference that does so, to the cent"
    ]
    terms += ["sells what is held with the last candle"] if forced else []
    terms += [f"sells {tick:g} lower, its book's spread"] if tick else []
    return "; ".join(terms)


def verdict(row: Mapping[str, Any], wanted: References) -> str:
    """Say that trades and final equity agree to the cent, on which terms, or how they differ."""
    prices = tuple(zip(FILLED, wanted.filled, strict=True))
    for (words, each), forced, tick in product(prices, (False, True), {0.0, row.get("tick", 0.0)}):
        if _same(row, each, wanted, forced=forced, tick=tick):
            return _agreed(words, forced=forced, tick=tick)
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
