"""Backtests of a session's stretches: run over the candles it saw, and what they did, found by candle."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from agent import wiring
from agent.reports.candles import Market
from agent.reports.pairs import TradeSide
from agent.reports.period import ReportPeriod
from agent.reports.seen import Rules
from agent.settings.pairs import voices
from agent.wiring.backtests import one_order
from domain.errors import BadInput
from domain.times import millis
from reasoning.minds import StrategyRunner
from reasoning.settings import Values
from reasoning.strategies.registry import STRATEGIES
from research.data.candles import Candles, IntArray
from research.engine.backtest import BacktestVoice, Setup, backtest
from research.engine.compiler import compiled, plain
from research.engine.result import Result
from risk.table import NOTHING_TO_REDUCE, RULES

AMOUNTS = ("lots", "bought", "sold", "fees", "slippage", "pnl")
FEW_CANDLES = 300_000
"""Up to here plain Python is done before machine code would be ready."""

Key = tuple[str, int]
"""A symbol, and the closed candle that was bought on."""


class Ran(NamedTuple):
    """A backtest of one stretch, and where in time it counts."""

    result: Result
    begin_ms: int
    end_ms: int


class Backtested:
    """The doings of the backtests of all stretches, found by symbol and candle."""

    def __init__(self) -> None:
        self.trades: dict[Key, TradeSide] = {}
        self.open: set[Key] = set()
        self.denied: dict[Key, str] = {}
        self.held: dict[str, list[tuple[int, int]]] = {}
        self.candles = 0

    def add(self, ran: Ran) -> None:
        """Take in a stretch."""
        result = ran.result
        times = {each.symbol: each.time for each in result.candles}
        reasons = [NOTHING_TO_REDUCE.reason, *(rule.reason for rule in RULES)]
        for row in result.trades:
            symbol, opened, closed = (
                result.symbols[int(row["symbol"])],
                int(row["opened_ms"]),
                int(row["closed_ms"]),
            )
            if ran.begin_ms <= opened < ran.end_ms:
                lots, bought, sold, fees, slippage, pnl = (int(row[name]) for name in AMOUNTS)
                ending = result.endings[int(row["ending"])]
                side = TradeSide(opened, closed, lots, bought, sold, fees, slippage, pnl, ending)
                self.trades[symbol, decided_on(times[symbol], opened)] = side
                self.held.setdefault(symbol, []).append((opened, closed))
        for each in result.open_positions:
            symbol, opened = str(each["symbol"]), int(each["opened_ms"])
            if ran.begin_ms <= opened < ran.end_ms:
                self.open.add((symbol, decided_on(times[symbol], opened)))
                self.held.setdefault(symbol, []).append((opened, ran.end_ms))
        for row in result.vetoes:
            symbol = result.symbols[int(row["symbol"])]
            self.denied[symbol, decided_on(times[symbol], int(row["at_ms"]))] = reasons[int(row["rule"])]
        self.candles += sum(map(len, result.candles))

    def holding(self, symbol: str, at_ms: int) -> bool:
        """Say whether a symbol was held just before an instant."""
        return any(opened < at_ms < closed for opened, closed in self.held.get(symbol, ()))


def decided_on(times: IntArray, instant_ms: int) -> int:
    """Return the candle that had closed last when another opened at an instant."""
    return int(times[max(int(np.searchsorted(times, instant_ms)) - 1, 0)])


def warmup_of(rules: Rules) -> int:
    """Return the candles a cold start of these rules takes in first, with the parameters in force."""
    reasoning = rules.options.reasoning
    pairs = voices(rules.options.pairs)
    needed = [
        STRATEGIES[name].warmup_for(_voice(rules, name, values.get(name)).packed)
        for name in rules.parameters
        for values in ({}, *pairs.values())
        if name in reasoning.strategies
    ]
    own = StrategyRunner(reasoning, rules.options.timeframe_ms, pairs).candles_needed
    return max(rules.options.perception.warmup_candles, own, *needed)


def run_stretch(rules: Rules, market: Mapping[str, Market], period: ReportPeriod, end_ms: int) -> Ran:
    """Run the backtest of a stretch. Raises BadInput where its candles are too few."""
    warmup = warmup_of(rules)
    begin_ms = millis(period.since) if rules.since is None else millis(rules.since) + 1
    series = [
        cut(market[name].candles, begin_ms, end_ms, warmup)
        for name in rules.options.symbols
        if name in market and name in rules.instruments
    ]
    if not series:
        raise BadInput("no candle was seen")
    setup = setup_of(rules, [each.symbol for each in series], warmup)
    few = sum(map(len, series)) <= FEW_CANDLES
    return Ran(backtest(series, setup, plain() if few else compiled()), begin_ms, end_ms)


def cut(candles: Candles, begin_ms: int, end_ms: int, warmup: int) -> Candles:
    """Return a stretch's candles behind their warm-up, and the one whose opening ends it."""
    first = int(np.searchsorted(candles.time, begin_ms - candles.timeframe_ms, side="right"))
    last = int(np.searchsorted(candles.time, end_ms)) + 1
    return candles[max(0, first - warmup) : last]


def setup_of(rules: Rules, symbols: Sequence[str], warmup: int) -> Setup:
    """Return what a backtest by some rules needs beside candles; it has the costs and the gate of paper.

    Raises BadInput where its entries go in slices.
    """
    options = rules.options.model_copy(update={"mode": "paper", "symbols": tuple(symbols)})
    one_order(options)
    grid = {name: rules.instruments[name] for name in symbols}
    return Setup(
        voices=tuple(_voice(rules, name) for name in options.reasoning.strategies),
        own_voices={
            symbol: tuple(_voice(rules, name, values.get(name)) for name in options.reasoning.strategies)
            for symbol, values in voices(options.pairs).items()
            if symbol in symbols
        },
        instruments=grid,
        policy=wiring.policy_of(options, grid),
        costs=options.paper.costs(),
        hedge=options.learning.packed(),
        threshold=options.reasoning.vote_threshold,
        cash=rules.equity or options.paper.opening_cash(grid.values()),
        warmup=warmup,
        impacts=options.entries.impacts,
    )


def _voice(rules: Rules, name: str, own: Values | None = None) -> BacktestVoice:
    strategy = STRATEGIES[name].at(rules.options.timeframe_ms)
    given = rules.parameters.get(name)
    if given is None:
        values = rules.options.reasoning.params(name, own)
    else:
        values = strategy.params.model_validate({**given, **(own or {})})
    return BacktestVoice(strategy, strategy.pack(values), values.model_dump())
