"""The headline of a result: since when nothing could be bought, and what the limits did.

A run that a limit ended after two weeks of six years is no run of six years; whoever reads its return
has to know that first.
"""

from dataclasses import dataclass

import numpy as np

from domain.times import DAY_MS
from research.engine.result import Result
from research.statistics.ratios import CRYPTO_DAYS, LEAST_DAYS, cagr, daily_returns, periods_of
from risk import codes, table
from risk.case import Policy
from risk.limits import day_limit
from risk.sizing import CAPS

FINAL = frozenset(
    {
        codes.KILL_SWITCH,
        codes.MAX_DRAWDOWN,
        codes.CLASS_DRAWDOWN,
        codes.PER_TRADE_LOSS,
        codes.SIZE,
        codes.CASH,
        codes.FILTERS,
    }
)
"""Rules that nothing but a trade or a person makes pass again."""


@dataclass(frozen=True)
class Stopped:
    """From `since_ms` on no entry was allowed: by which rule, how many it denied, what part of the run it is.

    `yearly` is the growth a year until then, None where that is too short to say. For a kill switch `lost`
    and `limit` are the day's loss that threw it, in cash units; else None.
    """

    since_ms: int
    rule: str
    denied: int
    share: float
    yearly: float | None = None
    lost: int | None = None
    limit: int | None = None


@dataclass(frozen=True)
class LimitsDid:
    """The effect of the limits on entries that were made: how many each cap cut, by the cap's name.

    `mean_share` is what an entry was worth on average and `worst_day` the largest fall within a UTC day, as
    fractions of the equity before; None where there was none.
    """

    entries: int
    cut: dict[str, int]
    mean_share: float | None
    worst_day: float | None


def stopped(result: Result, policy: Policy) -> Stopped | None:
    """Return since when a limit let nothing be bought to the end, None when something could."""
    if not result.cycles:
        return None
    rules, times = result.vetoes["rule"], result.vetoes["at_ms"]
    if result.kill_switch_ms is not None:
        since, code = result.kill_switch_ms, codes.KILL_SWITCH
    elif result.open_positions or not len(rules):
        return None
    else:
        since, code = _shut(result)
    if not code:
        return None
    denied = int(np.count_nonzero((times >= since) & (rules > 0)))
    lost, limit = (None, None) if code != codes.KILL_SWITCH else _lost(result, policy, since)
    share, yearly = _share_from(result, since), _yearly_until(result, since)
    return Stopped(since, table.rule(code).reason, denied, share, yearly, lost, limit)


def _shut(result: Result) -> tuple[int, int]:
    """Return when the last unbroken row of final denials began, behind the last entry, and its rule; 0, 0."""
    opened = max(result.trades["opened_ms"].tolist(), default=-1)
    wanted = (result.vetoes["rule"] > 0) & (result.vetoes["at_ms"] > opened)
    rules, times = result.vetoes["rule"][wanted], result.vetoes["at_ms"][wanted]
    final = np.isin(rules, list(FINAL))
    passing = np.flatnonzero(~final)
    first = int(passing[-1]) + 1 if len(passing) else 0
    return (int(times[first]), int(rules[first])) if first < len(rules) else (0, 0)


def _share_from(result: Result, since: int) -> float:
    first, last = int(result.times_ms[0]), int(result.times_ms[-1])
    return (last - since) / (last - first) if last > first else 0.0


def _yearly_until(result: Result, since: int) -> float | None:
    """Return the growth a year without the time in which nothing could be bought and nothing was held."""
    until = max([since, *result.trades["closed_ms"].tolist()])
    count = int(np.searchsorted(result.times_ms, until, side="right"))
    values = result.equity[:count].astype(np.float64)
    if not count or not bool((values > 0).all()):
        return None
    periods = periods_of(result.symbols)
    every_day = periods == CRYPTO_DAYS
    returns = daily_returns(result.times_ms[:count], values, float(result.opening_cash), every_day=every_day)
    return cagr(returns, periods) if len(returns) >= LEAST_DAYS else None


def _lost(result: Result, policy: Policy, at: int) -> tuple[int | None, int | None]:
    """Return the loss of the day at the cycle that threw the switch, and its limit, in cash units."""
    index = int(np.searchsorted(result.times_ms, at))
    if index >= result.cycles:
        return None, None
    began = int(np.searchsorted(result.times_ms, at // DAY_MS * DAY_MS))
    before = int(result.equity[began - 1]) if began else result.opening_cash
    return before - int(result.equity[index]), day_limit(policy.limits, before)


def limits_did(result: Result) -> LimitsDid:
    """Return what the caps cut, how large entries were and how bad the worst day was."""
    trades, still = result.trades, result.open_positions
    bounds = [*trades["bound"].tolist(), *(int(each.get("bound", 0)) for each in still)]
    cut = {name: bounds.count(code) for code, name in CAPS.items() if code in bounds}
    return LimitsDid(len(bounds), cut, _mean_share(result), _worst_day(result))


def _mean_share(result: Result) -> float | None:
    bought = [
        *result.trades["bought"].tolist(),
        *(int(each.get("bought", 0)) for each in result.open_positions),
    ]
    opened = [
        *result.trades["opened_ms"].tolist(),
        *(int(each["opened_ms"]) for each in result.open_positions),
    ]
    if not bought or not result.cycles:
        return None
    places = np.searchsorted(result.times_ms, opened) - 1
    equity = np.where(places >= 0, result.equity[places], result.opening_cash)
    shares = [value / worth for value, worth in zip(bought, equity.tolist(), strict=True) if worth > 0]
    return sum(shares) / len(shares) if shares else None


def _worst_day(result: Result) -> float | None:
    """Return the deepest fall below a day's beginning at any cycle, as a fraction of 0 or more."""
    if not result.cycles:
        return None
    days = result.times_ms // DAY_MS
    first = np.flatnonzero(np.diff(days, prepend=days[:1] - 1))
    before = np.concatenate([[result.opening_cash], result.equity[first[1:] - 1]]).astype(np.float64)
    lowest = np.minimum.reduceat(result.equity, first).astype(np.float64)
    falls = 1.0 - lowest[before > 0] / before[before > 0]
    return max(0.0, float(falls.max())) if len(falls) else None
