"""The price collar: a price that is suddenly a third or three times the last one is not believed at once.

A feed that multiplies a price by ten must not trade, and a share that splits seven to one must not
be lost for ever. So a jump is kept out until LEVEL_CANDLES candles in a row stand on the new level.
"""

from collections.abc import Iterable
from typing import NamedTuple

from domain.candle import Candle

FACTOR = 3
LEVEL_CANDLES = 5


class Sifted(NamedTuple):
    """Candles that may pass, those that later ones may yet confirm, and each jump with what became of it."""

    kept: list[Candle]
    doubted: list[Candle]
    jumps: list[tuple[Candle, str]]


def believable(price: int, level: int) -> bool:
    """Tell whether a price lies between a third and three times the level, both in ticks."""
    return price * FACTOR > level and price < level * FACTOR


def near(candle: Candle, level: int) -> bool:
    """Tell whether a whole candle, wicks included, lies within the collar around a level in ticks."""
    return candle.low * FACTOR > level and candle.high < level * FACTOR


def collar(candles: Iterable[Candle], level: int) -> Sifted:
    """Sift candles, oldest first, against the close before them, in ticks."""
    kept: list[Candle] = []
    jumps: list[tuple[Candle, str]] = []
    run: list[Candle] = []
    for candle in candles:
        if near(candle, level):
            jumps.extend((dropped, _said(dropped, level, "kept out")) for dropped in run)
            run = [candle]
        elif run and near(candle, run[-1].close):
            run.append(candle)
            if len(run) < LEVEL_CANDLES:
                continue
            jumps.append(
                (run[0], f"believed: {LEVEL_CANDLES} candles in a row keep to it, last close {level}")
            )
        else:
            jumps.extend((dropped, _said(dropped, level, "kept out")) for dropped in run)
            run = [candle]
            continue
        kept.extend(run)
        level = run[-1].close
        run = []
    jumps.extend((doubted, _said(doubted, level, "doubted")) for doubted in run)
    return Sifted(kept, run, jumps)


def _said(candle: Candle, level: int, what: str) -> str:
    return f"{what}: {candle.low} to {candle.high} ticks against a last close of {level}, limit x{FACTOR}"
