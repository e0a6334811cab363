"""From settings to a backtest's numbers: the same settings the loop reads."""

from collections.abc import Sequence

from agent import wiring
from agent.settings.grids import with_grids
from agent.settings.instruments import instrument, instruments
from agent.settings.pairs import refuse_others, voices
from agent.settings.settings import Options
from domain.errors import BadInput
from domain.events import ModelSet
from domain.times import TIMEFRAMES
from reasoning.declare.parameters import TIMEFRAME
from reasoning.minds import StrategyRunner
from reasoning.models import heard_model
from reasoning.settings import ReasoningSettings, Values
from reasoning.strategies.registry import STRATEGIES
from research.data.candles import Candles
from research.engine.backtest import BacktestVoice, Setup
from research.engine.informed import BesideCandles
from research.engine.opinions import BacktestModel
from research.engine.pair_flags import PairRule

PPM_OF_BP = 100

SAMPLE = 500
"""Candles of a series by which its grid is told."""


def options_for(options: Options, candles: Sequence[Candles], beside: Sequence[Candles] = ()) -> Options:
    """Return the options with the symbols and the timeframe of the candles; those `beside` are not traded."""
    names = {length: name for name, length in TIMEFRAMES.items()}
    lengths = sorted({each.timeframe_ms for each in (*candles, *beside)})
    unknown = [length for length in lengths if length not in names]
    if unknown:
        raise BadInput(f"candles are {unknown[0] / 1000:g} s apart, known are {', '.join(TIMEFRAMES)}")
    if len(lengths) > 1:
        raise BadInput(f"candles have different timeframes: {', '.join(names[each] for each in lengths)}")
    symbols = tuple(each.symbol for each in candles)
    # What an exchange tells now would be hindsight: of the past there is what the candles told by then.
    pairs = {"source": "candles"} if options.pairlist.on else {}
    pairlist = options.pairlist.model_copy(update=pairs)
    named = {
        "symbols": symbols, "timeframe": names[lengths[0]], "mode": "paper", "pairlist": pairlist,
    }  # fmt: skip  # as they come
    options = _of_pairs(options, symbols)
    return with_grids(
        options.model_copy(update=named), {each.symbol: sampled(each) for each in (*candles, *beside)}
    )


def _of_pairs(options: Options, symbols: Sequence[str]) -> Options:
    """Return the options with the settings of the pairs that have candles; of a lone one as if of all.

    Raises BadInput for settings of a pair that is neither traded nor has candles.
    """
    traded = options.symbols if "symbols" in options.model_fields_set else ()
    try:
        refuse_others(options.pairs, {*traded, *symbols})
    except ValueError as refused:
        raise BadInput(str(refused)) from None
    if len(symbols) == 1:
        options = options.for_pair(symbols[0])
    own = {symbol: pair for symbol, pair in options.pairs.items() if symbol in symbols}
    return options.model_copy(update={"pairs": own})


def sampled(candles: Candles) -> list[float]:
    """Return prices from all over a series, to tell its grid by."""
    step = max(1, len(candles) // SAMPLE)
    columns = (candles.low, candles.close, candles.open, candles.high)
    prices = [price for column in columns for price in column[::step].tolist()]
    candles.release()  # mapped ones: a price of every page is all of them
    return prices


def one_order(options: Options) -> None:
    """Raise BadInput where entries may go in slices: a backtest orders each entry once."""
    if options.entries.slices > 1:
        raise BadInput(
            f"entries.slices {options.entries.slices}: a backtest orders each entry once; for it set "
            "entries.slices = 1 (--set entries.slices=1), or run the loop itself: "
            "agent run --provider recorded --data FILE"
        )


def setup_of(options: Options, models: Sequence[ModelSet] = (), beside: Sequence[Candles] = ()) -> Setup:
    """Return everything a backtest with these options needs beside candles; `models` are asked as set.

    Candles `beside` are of symbols that strategies look at and that are not traded.

    Raises BadInput where its entries go in slices.
    """
    one_order(options)
    reasoning = options.reasoning
    own = voices(options.pairs)
    needed = StrategyRunner(reasoning, options.timeframe_ms, own).candles_needed
    grid = instruments(options.symbols, options.instruments)
    return Setup(
        voices=tuple(voice_of(reasoning, name, options.timeframe_ms) for name in reasoning.strategies),
        own_voices={
            symbol: tuple(
                voice_of(reasoning, name, options.timeframe_ms, values.get(name))
                for name in reasoning.strategies
            )
            for symbol, values in own.items()
        },
        instruments=grid,
        policy=wiring.policy_of(options, grid),
        costs=options.paper.costs(),
        hedge=options.learning.packed(),
        threshold=options.reasoning.vote_threshold,
        cash=options.paper.opening_cash(grid.values()),
        warmup=max(options.perception.warmup_candles, needed),
        impacts=options.entries.impacts,
        pair_list=pair_rule(options),
        models=tuple(
            BacktestModel(heard_model(each), each.raise_cap if each.promoted else None) for each in models
        ),
        beside=tuple(BesideCandles(each, instrument(each.symbol, options.instruments)) for each in beside),
    )


def pair_rule(options: Options) -> PairRule | None:
    """Return the pair list that a backtest's entries go by, None for none."""
    if not options.pairlist.on:
        return None
    return PairRule(options.pairlist, options.paper.costs().spread / PPM_OF_BP)


def voice_of(
    reasoning: ReasoningSettings, name: str, timeframe_ms: int, own: Values | None = None
) -> BacktestVoice:
    """Return a strategy for candles of this length, with its parameters as settings have them, or a pair."""
    packed = reasoning.packed(name, timeframe_ms, own)
    given = packed._asdict() if hasattr(packed, "_asdict") else {}
    given.pop(TIMEFRAME, None)
    return BacktestVoice(STRATEGIES[name].at(timeframe_ms), packed, given)
