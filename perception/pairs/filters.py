"""The filters of a pair list: measurements and settings in, who is listed and why others are not out.

Pure, and the one place where it is judged: exchange, candles and backtests differ in how they measure alone.
What a filter needs and nobody knows keeps a pair off the list.
"""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import NamedTuple

from domain.pairs import ListedPair, OffList
from perception.pairs.settings import PairListSettings


class PairMeasures(NamedTuple):
    """The measurements of one symbol, as in `domain.pairs.ListedPair`; None is not known.

    `why` says what is wrong with it as a whole: then it is off the list whatever else is known.
    """

    symbol: str
    volume: float | None = None
    age_days: float | None = None
    spread_bp: float | None = None
    volatility: float | None = None
    why: str = ""


def listed(measures: Sequence[PairMeasures], settings: PairListSettings) -> tuple[ListedPair, ...]:
    """Return every symbol with its measurements, in the order given, and why it is off the list if it is.

    The first filter that fails names the reason: age, volume, spread, volatility, then the place by volume.
    Places are of all candidates whose volume is known; equal volumes are placed by name. A measurement that
    is not finite is none: a list with one could not be journaled, and no exit of its cycle would be made.
    """
    measures = [_finite(each) for each in measures]
    known = sorted((-each.volume, each.symbol) for each in measures if each.volume is not None)
    ranks = {symbol: rank for rank, (_, symbol) in enumerate(known, 1)}
    return tuple(
        ListedPair(
            symbol=each.symbol,
            volume=each.volume,
            rank=ranks.get(each.symbol),
            age_days=each.age_days,
            spread_bp=each.spread_bp,
            volatility=each.volatility,
            off=_off(each, ranks.get(each.symbol), settings),
        )
        for each in measures
    )


def _finite(each: PairMeasures) -> PairMeasures:
    """Return measurements that can be journaled: those of a symbol with one that is not are not known."""
    given = zip(PairMeasures._fields[1:-1], each[1:-1], strict=True)
    wrong = [name for name, value in given if value is not None and not isfinite(value)]
    return PairMeasures(each.symbol, why=f"{', '.join(wrong)} is not a finite number") if wrong else each


def _off(each: PairMeasures, rank: int | None, settings: PairListSettings) -> OffList | None:
    if each.why:
        return OffList("unknown", note=each.why)
    return next(filter(None, _failed(each, rank, settings)), None)


def _failed(each: PairMeasures, rank: int | None, settings: PairListSettings) -> Iterator[OffList | None]:
    quote = each.symbol.partition("-")[2] or "of its currency"
    window = f"{quote} in {settings.window_hours} h"
    yield _least("age", each.age_days, settings.age_days, "days")
    yield _least("volume", each.volume, settings.volume_least, window)
    yield _most("spread", each.spread_bp, settings.spread_bp, "bp")
    yield _least("volatility", each.volatility, settings.volatility_least, "%")
    yield _most("volatility", each.volatility, settings.volatility_most, "%")
    yield _most("place by volume", rank, settings.volume_top, "")


def _least(name: str, measured: float | None, limit: float, unit: str) -> OffList | None:
    if not limit or (measured is not None and measured >= limit):
        return None
    return OffList(name, measured, limit, unit, least=True, note="" if measured is not None else "not known")


def _most(name: str, measured: float | None, limit: float, unit: str) -> OffList | None:
    if not limit or (measured is not None and measured <= limit):
        return None
    return OffList(name, measured, limit, unit, note="" if measured is not None else "not known")
