"""Made markets and results, seeded and consistent to the cash unit, for tests that need no backtest."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from domain.instrument import Instrument
from domain.money import ASSET_SCALE, share_up
from domain.times import DAY_MS, MINUTE_MS
from research.data.candles import Candles, IntArray
from research.engine.result import TRADE, VETO, Result
from risk import codes

START = 1_672_531_200_000  # 2023-01-01T00:00Z
FEE_PPM, SLIP_TICKS = 1_000, 5


def instrument(symbol: str) -> Instrument:
    base, _, quote = symbol.partition("-")
    step = Decimal("0.00001") if quote else Decimal("0.0001")
    least = Decimal(1)
    return Instrument(symbol, base, quote or "USD", Decimal("0.01"), step, step, least)


def walk(
    symbol: str, count: int, step: int = MINUTE_MS, seed: int = 1, first: float = 20_000.0, start: int = START
) -> Candles:
    """Return a random walk with gaps between candles, prices on the grid of a cent."""
    draw = np.random.default_rng(seed)
    scale = 0.03 * (step / DAY_MS) ** 0.5
    close = first * np.exp(np.cumsum(draw.normal(0.0, scale, count)))
    opened = np.concatenate([[first], close[:-1]]) * np.exp(draw.normal(0.0, scale / 10, count))
    spread = np.abs(draw.normal(0.0, scale / 2, (2, count)))
    high, low = np.maximum(opened, close) * (1 + spread[0]), np.minimum(opened, close) * (1 - spread[1])
    o, h, l, c = (np.round(each, 2) for each in (opened, high, low, close))  # noqa: E741
    volume = np.round(draw.gamma(2.0, 5.0, count), 3)
    return Candles(symbol, step, start + step * np.arange(count, dtype=np.int64), o, h, l, c, volume)


@dataclass(frozen=True)
class Plan:
    """How a made account trades: round trips per symbol, the stake of each, and hindsight.

    With `hindsight` 1 a trip is drawn once; with k it is the best of k. No real strategy has it.
    """

    trips: int = 40
    stake: int = 1_000
    opening: int = 10_000
    hindsight: int = 1
    warmup: int = 20


def trade(candles: Sequence[Candles], seed: int = 1, plan: Plan | None = None) -> Result:
    """Return the result of random round trips at the next open, with fees and slippage.

    All series share their times. Equity is cash plus positions at the open of each cycle's candle.
    """
    plan = plan or Plan()
    draw = np.random.default_rng(seed)
    times = candles[0].time[plan.warmup :]
    flow = np.zeros(len(times), dtype=np.int64)
    worth, held = np.zeros_like(flow), np.zeros(len(times), dtype=bool)
    rows: list[tuple[int, ...]] = []
    for place, series in enumerate(candles):
        quotes = np.rint(series.open[plan.warmup :] * 100).astype(np.int64)
        grid = instrument(series.symbol)
        for begin, end in _trips(draw, quotes, plan):
            row = _trip(place, begin, end, quotes, times, grid, plan)
            rows.append(row)
            lots, bought, sold = row[5], row[6], row[7]
            flow[begin] -= bought + share_up(bought, FEE_PPM)
            flow[end] += sold - share_up(sold, FEE_PPM)
            worth[begin:end] += lots * grid.cash_factor * quotes[begin:end]
            held[begin:end] = True
    rows.sort(key=lambda row: (row[4], row[0]))
    opening = plan.opening * ASSET_SCALE
    equity = opening + np.cumsum(flow) + worth
    return Result(
        symbols=tuple(series.symbol for series in candles),
        timeframe_ms=candles[0].timeframe_ms,
        opening_cash=opening,
        cash=int(opening + flow.sum()),
        times_ms=times,
        equity=equity,
        trades=np.array(rows, dtype=TRADE),
        vetoes=_vetoes(draw, times, len(candles)),
        held=int(held.sum()),
        strategies=("made",),
        parameters={"made": {"trips": plan.trips, "stake": plan.stake}},
        candles=tuple(candles),
    )


def _trips(draw: np.random.Generator, quotes: IntArray, plan: Plan) -> list[tuple[int, int]]:
    slots = np.linspace(0, len(quotes) - 1, plan.trips + 1).astype(int).tolist()
    chosen = []
    for first, last in pairwise(slots):
        if last - first < 3:
            continue
        tries = np.sort(draw.integers(first, last, (plan.hindsight, 2)), axis=1).tolist()
        begin, end = max(tries, key=lambda each: quotes[each[1]] / quotes[each[0]])
        chosen.append((begin, max(end, begin + 1)))
    return chosen


def _trip(
    place: int, begin: int, end: int, quotes: IntArray, times: IntArray, grid: Instrument, plan: Plan
) -> tuple[int, ...]:
    factor = grid.cash_factor
    buy, sell = int(quotes[begin]) + SLIP_TICKS, int(quotes[end]) - SLIP_TICKS
    lots = plan.stake * ASSET_SCALE // (buy * factor)
    bought, sold = buy * lots * factor, sell * lots * factor
    gross = int(quotes[end] - quotes[begin]) * lots * factor
    fees, slippage = share_up(bought, FEE_PPM) + share_up(sold, FEE_PPM), gross - (sold - bought)
    pnl = gross - fees - slippage
    stamps = int(times[begin]), int(times[end])
    return (place, begin % 3, begin, *stamps, lots, bought, sold, gross, fees, slippage, pnl, begin % 5)


def _vetoes(draw: np.random.Generator, times: IntArray, symbols: int) -> Any:
    cycles = np.sort(draw.integers(0, len(times), 60))
    rows = np.zeros(60, dtype=VETO)
    rows["cycle"], rows["at_ms"] = cycles, times[cycles]
    rules = [0, codes.PER_TRADE_LOSS, *[codes.CONFIDENCE] * 3, codes.COOL_DOWN]
    rows["symbol"], rows["rule"] = draw.integers(0, symbols, 60), draw.choice(rules, 60)
    return rows


def bare(times: IntArray, equity: IntArray, opening: int, symbols: tuple[str, ...] = ("BTC-USDT",)) -> Result:
    """Return a result without a trade: only its equity."""
    return Result(
        symbols=symbols,
        timeframe_ms=DAY_MS,
        opening_cash=opening,
        cash=int(equity[-1]) if len(equity) else opening,
        times_ms=times,
        equity=equity,
        trades=np.zeros(0, dtype=TRADE),
        vetoes=np.zeros(0, dtype=VETO),
        held=0,
    )
