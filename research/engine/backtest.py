"""A backtest: the loop's own rules over whole series of candles, with the same trades, lot for lot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from domain.errors import BadInput
from domain.impact import Impacts
from domain.instrument import Instrument
from learning.settings import Hedge
from platforms.fills import Costs
from reasoning.kernels.features import PLAN
from reasoning.kernels.strategy import Strategy
from reasoning.remembered import ConfiguredStrategy, informative_kept
from research.data.candles import Candles, FloatArray, IntArray
from research.engine.beside import Misstep
from research.engine.by_pieces import events_in_pieces, in_pieces
from research.engine.compiler import CompiledRules, compiled
from research.engine.equity import EquityParts, parts_of
from research.engine.exit_tables import divided, exit_tables
from research.engine.informed import BesideCandles
from research.engine.layout import (
    ACCT,
    BOUGHT,
    BOUND,
    CANDLE_AT,
    CASH,
    CLASS_AT,
    DAY_END,
    DOUBT_AT,
    DOUBT_COUNT,
    EQUITY,
    EVENT_AT,
    EVENT_COUNT,
    EVENT_TURN,
    EVENT_VOICES,
    EVIDENCE_AT,
    EXIT_PLAN,
    FACTOR,
    FEES,
    FIXED_LOTS,
    HELD_CYCLES,
    KILL_MS,
    KILLED,
    LAST_LOSS,
    LOTS,
    MARK,
    MIN_CASH,
    MIN_LOTS,
    NEVER,
    NO_PLAN,
    OPENED_MS,
    PEAK,
    PER_VOICE,
    RIPE_AT,
    SPOKEN_AT,
    STOP,
    SYMBOL,
    SYMBOLS,
    TARGET,
    TRADE_BOUND,
    TRADE_CYCLE,
    TRADE_ROW,
    TRADES,
    TRADES_AT,
    TURN_AT,
    TURN_COUNT,
    VETO_ROW,
    VETOES,
    VETOES_AT,
    VOICES,
    WEIGHTS,
    WORST,
    ExitTables,
    Opinions,
    PairTables,
    RuleParameters,
)
from research.engine.lone_pass import is_common
from research.engine.opinions import BacktestModel, opinions_at
from research.engine.pair_flags import PairRule
from research.engine.pair_limits import rows_of
from research.engine.recording import Recording
from research.engine.result import TRADE, VETO, Result
from research.engine.signals import CONFIDENCE, EVENT, KNOWN
from risk.case import Policy

MEMORY = 512 * 2**20
"""Bytes that the tapes of a backtest of several symbols may take at a time, where nobody says."""
ROOM = 16
"""Candles for which there is room for one vote, at first."""
LARGEST_CASH = 2**53 - 1
"""Cash units (90 million quote) up to which every ratio of amounts is the same in machine code."""


@dataclass(frozen=True)
class BacktestVoice:
    """A strategy with its parameters, as they were set and as its kernels take them."""

    strategy: Strategy[Any]
    packed: tuple[Any, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Setup:
    """Everything a backtest needs beside candles: who speaks, the rules' numbers, the account.

    `cash` in cash units; `warmup` the candles delivered together before the first cycle. `impacts` are
    models of what market orders cost, by symbol: they count where they cost more than `costs` say. `models`
    are trained ones that are asked about entries. `own_voices` are the voices, in the same order, of symbols
    that have parameters of their own. With `pair_list` entries go by a pair list. `beside` are candles of
    symbols that strategies look at and that are not traded.
    """

    voices: tuple[BacktestVoice, ...]
    instruments: Mapping[str, Instrument]
    policy: Policy
    costs: Costs
    hedge: Hedge
    threshold: float
    cash: int
    warmup: int
    impacts: Impacts = field(default_factory=dict)
    models: tuple[BacktestModel, ...] = ()
    own_voices: Mapping[str, tuple[BacktestVoice, ...]] = field(default_factory=dict)
    pair_list: PairRule | None = None
    beside: tuple[BesideCandles, ...] = ()

    def voices_of(self, symbol: str) -> tuple[BacktestVoice, ...]:
        """Return the voices of a symbol."""
        return self.own_voices.get(symbol, self.voices)

    @property
    def lone(self) -> bool:
        """True where `lone_pass` lives through a session, as long as its candles are even."""
        if len(self.instruments) > 1 or self.impacts or self.models or self.pair_list is not None:
            return False
        policy = self.policy.of(next(iter(self.instruments)))
        plans = (each.strategy.exits_for(each.packed) for each in self.voices)
        return is_common(policy.limits, policy.orders) and not any(plan is not None for plan in plans)

    def house(self, prepared: Recording) -> RuleParameters:
        """Return the numbers of the rules."""
        symbols = [tape.symbol for tape in prepared.tapes]
        policy = self.policy.of(symbols[0]) if len(symbols) == 1 else self.policy
        own = len(symbols) > 1 and any(each in policy.pairs for each in symbols)
        ints, floats = rows_of(map(policy.of, symbols) if own else ())
        tables = PairTables(
            prepared.give(np.array(ints, dtype=np.int64)), prepared.give(np.array(floats, dtype=np.float64))
        )
        return RuleParameters(
            policy.limits,
            policy.sizing,
            self.costs,
            self.hedge,
            float(self.threshold),
            policy.cost_ppm,
            policy.orders,
            tables,
            prepared.pair_flags(self.pair_list),
        )


def backtest(
    candles: Sequence[Candles], setup: Setup, engine: CompiledRules | None = None, memory: int = MEMORY
) -> Result:
    """Run one backtest over one series of candles per symbol, in parts where all at once takes over `memory`.

    `memory` is in bytes, beside candles and equity; what comes out does not depend on it. Raises BadInput
    when a series is too short, the account too large, or `memory` too little for any part.
    """
    from research.engine.in_parts import backtest_in_parts, bytes_of  # noqa: PLC0415  # it reads this module

    engine = engine or compiled()
    if len(candles) > 1 and bytes_of(candles, engine) > memory:
        return backtest_in_parts(candles, setup, engine, memory)
    prepared = Recording(candles, setup.instruments, setup.warmup, engine, setup.beside)
    return run(prepared, candles, setup)


def memory_of(megabytes: int | None) -> int:
    """Return the bytes of a bound said in MB, or of the usual one. Raises BadInput below 1."""
    if megabytes is not None and megabytes < 1:
        raise BadInput(f"memory {megabytes} MB is below 1")
    return MEMORY if megabytes is None else megabytes * 2**20


def run(prepared: Recording, candles: Sequence[Candles], setup: Setup) -> Result:
    """Run one backtest on candles made ready before."""
    check_cash(setup)
    event, confidence, counts = events_of(prepared, setup)
    ints, floats = opened(prepared, setup, counts, blank=not prepared.engine.compiled)
    crossed = setup.lone and len(prepared.market.blocks.rows) > 0
    # The equity of each cycle can then be made of the trades: the pass writes that of each day.
    places = len(prepared.market.blocks.after) if crossed else len(prepared.instants)
    books = prepared.give(ints), prepared.give(floats), prepared.give(np.zeros(places, dtype=np.int64))
    names = [voice.strategy.name for voice in setup.voices]
    opinions = opinions_at(prepared, names, setup.models, event, confidence, counts)
    exits = live(prepared, setup, books, (event, confidence), opinions)
    ints, floats, written = (np.asarray(each) for each in books)
    equity: IntArray | EquityParts = written
    if crossed:
        trades = table_of(ints, TRADES_AT, TRADES, TRADE_ROW)
        equity = parts_of(prepared.tapes[0].turn_quote, setup.cash, trades, ints)
    return result_of(prepared, candles, setup, ints, floats, equity, divided(exits))


def check_cash(setup: Setup) -> None:
    """Raise BadInput for an account that is too large, or empty."""
    if not 0 < setup.cash <= LARGEST_CASH:
        raise BadInput(f"cash {setup.cash} cash units must be from 1 to {LARGEST_CASH}")


def live(
    prepared: Recording,
    setup: Setup,
    books: tuple[Any, Any, Any],
    votes: tuple[IntArray, FloatArray],
    opinions: Opinions,
) -> ExitTables:
    """Run every cycle of a recording on books, and return its exits; `votes` are those of `events_of`."""
    event, confidence = (prepared.give(each) for each in votes)
    slips = prepared.slips(setup.impacts)
    exits = exits_of(prepared, setup)
    more = event, confidence, slips, opinions, exits
    prepared.engine.replay(*books, setup.house(prepared), prepared.market, *more)
    return exits


def exits_of(prepared: Recording, setup: Setup) -> ExitTables:
    """Return the declared exits of the voices, symbol by symbol where one has parameters of its own."""
    sets = [setup.voices]
    if setup.own_voices:
        sets = [setup.voices_of(tape.symbol) for tape in prepared.tapes]
    return exit_tables(prepared, [(each.strategy, each.packed) for voices in sets for each in voices])


def events_of(prepared: Recording, setup: Setup) -> tuple[IntArray, FloatArray, list[int]]:
    """Return every candle with a vote, symbol by symbol, as `layout` lays them out, and how many."""
    parts = []
    kept = kept_beside(setup)
    for index in range(len(prepared.tapes)):
        voices = setup.voices_of(prepared.tapes[index].symbol)
        lines = [_events(prepared, index, voice, kept) for voice in voices]
        parts.append(lines[0] if len(lines) == 1 else _joined(lines))
    ints, floats = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    return ints.reshape(-1), floats.reshape(-1), [len(part[0]) for part in parts]


def kept_beside(setup: Setup) -> int:
    """Return the candles of another symbol that the loop keeps."""
    voices = (*setup.voices, *chain.from_iterable(setup.own_voices.values()))
    if not any(each.strategy.informative for each in voices):
        return 0
    return informative_kept([ConfiguredStrategy(each.strategy, each.packed) for each in voices])


def _events(prepared: Recording, index: int, voice: BacktestVoice, kept: int) -> tuple[Any, Any]:
    """Return a voice's events on one tape, int64[n, EVENT] and float64[n, SURE]."""
    give = prepared.give
    columns, series = prepared.columns[index], prepared.series[index]
    room = max(64, len(columns[0]) // ROOM)
    while in_pieces(prepared, index, voice.strategy, voice.packed):
        events, sure, result = events_in_pieces(prepared, index, voice.strategy, voice.packed, room)
        if result <= room:
            return _rows_of(events, sure, result)
        room = result
    find = prepared.engine.events(voice.strategy.over_tapes())
    while True:
        ints, floats = give(np.zeros(room * EVENT, dtype=np.int64)), give(np.zeros(room * CONFIDENCE))
        memory, one = prepared.memory(index, voice.strategy, voice.packed, kept), give(np.zeros(KNOWN))
        turns = prepared.turns[index]
        try:
            result = find(memory, voice.packed, PLAN, series, one, *columns, *turns, ints, floats, 0)
        except Misstep as misstep:
            raise misstep.on(prepared.tapes[index]) from None
        if result <= room:
            break
        room = result
    return _rows_of(np.asarray(ints, dtype=np.int64), np.asarray(floats, dtype=np.float64), result)


def _rows_of(ints: IntArray, floats: FloatArray, rows: int) -> tuple[Any, Any]:
    return ints[: rows * EVENT].reshape(-1, EVENT), floats[: rows * CONFIDENCE].reshape(-1, CONFIDENCE)


def _joined(lines: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
    """Join the voices' events of one symbol: one for each candle on which any of them voted."""
    turns = np.unique(np.concatenate([ints[:, EVENT_TURN] for ints, _ in lines]))
    ints = np.zeros((len(turns), EVENT_VOICES + PER_VOICE * len(lines)), dtype=np.int64)
    floats = np.zeros((len(turns), 1 + len(lines)))
    for voice, (levels, confidence) in enumerate(lines):
        at, first = np.searchsorted(turns, levels[:, EVENT_TURN]), EVENT_VOICES + voice * PER_VOICE
        ints[at, :EVENT_VOICES] = levels[:, :EVENT_VOICES]
        ints[at, first : first + PER_VOICE] = levels[:, EVENT_VOICES:]
        floats[at, 0], floats[at, 1 + voice] = confidence.T
    return ints, floats


def opened(
    prepared: Recording, setup: Setup, counts: Sequence[int], *, blank: bool = True
) -> tuple[IntArray, FloatArray]:
    """Return the replay's books as they are before the first cycle; `counts` are events by symbol.

    Not `blank`, rows of trades and vetoes are anything: a replay writes them before anybody reads them.
    """
    symbols, voices, most = len(prepared.tapes), len(setup.voices), sum(counts) + 1
    sizes = (2 * len(prepared.classes), symbols * voices, voices, 2 * symbols * voices)
    blocks = np.cumsum([ACCT + symbols * SYMBOL, *sizes, most * TRADE_ROW, most * VETO_ROW])
    classes, spoken, evidence, ripe, trades, vetoes, end = blocks.tolist()
    ints = (np.zeros if blank else np.empty)(end, dtype=np.int64)
    ints[:trades] = 0
    ints[[CASH, EQUITY, PEAK]] = setup.cash
    ints[[DAY_END, LAST_LOSS]] = NEVER
    ints[[SYMBOLS, VOICES, EVIDENCE_AT, RIPE_AT]] = symbols, voices, evidence, ripe
    ints[[TRADES_AT, VETOES_AT]] = trades, vetoes
    records = ints[ACCT : ACCT + symbols * SYMBOL].reshape(symbols, SYMBOL)
    records[:, EXIT_PLAN] = NO_PLAN
    records[:, SPOKEN_AT] = spoken + voices * np.arange(symbols)
    records[:, EVENT_AT], records[:, EVENT_COUNT] = np.cumsum([0, *counts[:-1]]), counts
    _fill_grid(records, prepared, setup, classes)
    floats = np.ones(WEIGHTS + voices + 3 * symbols)
    floats[WORST] = 0.0
    return ints, floats


def _fill_grid(records: IntArray, prepared: Recording, setup: Setup, classes: int) -> None:
    candle = turn = doubt = 0
    for record, tape, grid in zip(records, prepared.tapes, prepared.instruments, strict=True):
        fixed = setup.policy.of(tape.symbol).fixed_quantity
        record[[FACTOR, MIN_LOTS, MIN_CASH]] = grid.cash_factor, grid.min_lots, grid.min_cash
        record[FIXED_LOTS] = 0 if fixed is None else grid.lots(fixed)
        record[CLASS_AT] = classes + 2 * prepared.classes.index(grid.asset_class)
        record[[CANDLE_AT, TURN_AT, TURN_COUNT]] = candle, turn, len(tape.turn_ms)
        record[[DOUBT_AT, DOUBT_COUNT]] = doubt, len(tape.doubt_ms)
        candle, turn = candle + len(tape.time), turn + len(tape.turn_ms)
        doubt += len(tape.doubt_ms)


def result_of(
    prepared: Recording,
    candles: Sequence[Candles],
    setup: Setup,
    ints: IntArray,
    floats: FloatArray,
    equity: IntArray | EquityParts,
    divisions: tuple[int, int],
) -> Result:
    """Return the result that is in the books after the last cycle."""
    return Result(
        symbols=tuple(tape.symbol for tape in prepared.tapes),
        timeframe_ms=candles[0].timeframe_ms,
        opening_cash=setup.cash,
        cash=int(ints[CASH]),
        times_ms=prepared.instants,
        equity=equity,  # type: ignore[arg-type]  # it becomes the array once asked for
        trades=_trades(ints),
        vetoes=_vetoes(ints),
        held=int(ints[HELD_CYCLES]),
        max_drawdown=float(floats[WORST]),
        kill_switch_ms=int(ints[KILL_MS]) if ints[KILLED] else None,
        open_positions=_open(prepared, ints),
        strategies=tuple(voice.strategy.name for voice in setup.voices),
        parameters={voice.strategy.name: dict(voice.parameters) for voice in setup.voices},
        candles=candles,
        cash_decimals=next(iter(setup.instruments.values())).cash_decimals,
        divided=divisions,
    )


def table_of(ints: IntArray, index: int, counter: int, width: int) -> IntArray:
    """Return the rows of trades or vetoes that a replay wrote, int64[n, width]."""
    first, count = int(ints[index]), int(ints[counter])
    return ints[first : first + count * width].reshape(count, width)


def _trades(ints: IntArray) -> Any:
    table = table_of(ints, TRADES_AT, TRADES, TRADE_ROW)
    rows = np.empty(len(table), dtype=TRADE)
    for column, name in ((0, "symbol"), (1, "ending"), (TRADE_BOUND, "bound")):
        rows[name] = table[:, column]
    # What lies between has eight bytes a field here and there: one by one takes three times as long.
    between = np.dtype((np.void, 8 * (TRADE_BOUND - TRADE_CYCLE)))
    if len(rows):
        given = np.ndarray(len(rows), between, table, 8 * TRADE_CYCLE, table.strides[:1])
        np.ndarray(len(rows), between, rows, 2 * TRADE["symbol"].itemsize, rows.strides)[:] = given
    return rows


def _vetoes(ints: IntArray) -> Any:
    table = table_of(ints, VETOES_AT, VETOES, VETO_ROW)
    rows = np.empty(len(table), dtype=VETO)
    for column, name in enumerate(VETO.names or ()):
        rows[name] = table[:, column]
    return rows


def _open(prepared: Recording, ints: IntArray) -> tuple[dict[str, Any], ...]:
    names = {"lots": LOTS, "bought": BOUGHT, "fees": FEES, "opened_ms": OPENED_MS, "stop": STOP,
             "target": TARGET, "mark": MARK, "bound": BOUND}  # fmt: skip
    records = ints[ACCT : ACCT + len(prepared.tapes) * SYMBOL].reshape(-1, SYMBOL)
    return tuple(
        {"symbol": tape.symbol, **{name: int(record[at]) for name, at in names.items()}}
        for tape, record in zip(prepared.tapes, records, strict=True)
        if record[LOTS] > 0
    )
