"""The work of `agent strategy check`: what is to be known of a strategy before it trades."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from agent.answers.strategies import CheckAnswer, DeniedAnswer, HistoryAnswer
from agent.cli.output.streams import answer
from agent.settings.instruments import instrument
from agent.settings.load import load
from agent.settings.settings import Options
from agent.settings.user_strategies import LOADED, folder_of, load_folder, refused_files
from agent.verify.gated import as_candles, gated
from agent.verify.leaving import divided, idle
from agent.verify.lookahead import (
    LENGTH,
    Beside,
    length_for,
    made_up,
    made_up_beside,
    prove,
    signals_of,
)
from agent.verify.settled import HistoryEffect, histories
from agent.wiring.backtests import options_for
from domain.candle import Candle
from domain.errors import BadInput
from domain.times import lasting, length_name
from perception.quality.continuity import MOST_CANDLES
from perception.quality.ticks import rounded
from reasoning.kernels.subset import compilable
from reasoning.own import OwnStrategy
from reasoning.strategies.registry import STRATEGIES
from research.data.candles import Candles

MADE_UP = ("BTC-USDT", *(f"MADE{number}-USDT" for number in range(1, 100)))
"""Symbols of a made-up market: the first that the strategy does not look at."""
MOST_BACK = MOST_CANDLES - 2
"""Candles a live provider of pairs gives at a start."""
MOST = 6_000
"""Candles of a file that are looked at, the last ones."""


def check_strategy(
    name: str,
    data: Path | None,
    informative: Sequence[Path],
    config: Path | None,
    home: Path | None,
    *,
    json: bool,
) -> None:
    """Print what was found; exit 1 where something is wrong with the strategy itself."""
    settings = load({"home": home, "reasoning": {"strategies": (name,)}}, config)
    _not_another_s(name, settings)
    if settings.mode != "paper":
        settings = settings.model_copy(update={"mode": "paper"})
    candles, rows, others, beside = looked_over(name, data, informative, settings)
    strategy = STRATEGIES[name].at(candles.timeframe_ms)
    # Built in or not, declared or not: every place it reads or writes is looked at.
    own = strategy if isinstance(strategy, OwnStrategy) else OwnStrategy.of(strategy, Path(name))
    held = replace(own, columns=None)
    packed = settings.reasoning.packed(name, candles.timeframe_ms)
    proof = prove(held, packed, rows, beside)
    signals = list(signals_of(held, packed, rows, beside))
    effects = histories(held, packed, rows, beside)
    settled = _settled(effects)
    warmup = held.warmup_for(packed)
    closes = [row.close for row in rows]
    votes = gated(settings, candles, signals, closes, warmup, others)
    why = compilable(strategy)
    plan = held.exits_for(packed)
    report = CheckAnswer(
        strategy=name,
        source=str(LOADED[name][0]) if name in LOADED else "built in",
        passed=proof.proved and settled is not None,
        compiles="compiles" if why is None else f"runs uncompiled: {why}",
        candles=proof.candles,
        signals=proof.signals,
        difference=proof.difference,
        timeframe=length_name(candles.timeframe_ms) if strategy.timeframes else "",
        warmup=warmup,
        starts=_starts(name, settings),
        settled=settled,
        histories=[HistoryAnswer(**each._asdict()) for each in effects],
        traded=votes.candles,
        entries=votes.entries,
        denied=[DeniedAnswer(**each._asdict()) for each in votes.denied],
        exits=list(plan.words()) if plan else [],
        idle=[*idle(plan, votes.cost_ppm), *divided(*votes.divided)] if plan else [],
        endings=votes.endings,
    )
    answer(report, _lines, json=json)
    if not report.passed:
        sys.exit(1)


def _not_another_s(name: str, settings: Options) -> None:
    """Raise BadInput where a user's file has the name of a built-in strategy, which would be checked."""
    folder = folder_of({"strategies_folder": settings.strategies_folder}, settings.home)
    file = refused_files(folder).get(name)
    if file is not None:
        raise BadInput("\n".join(each for each in load_folder(folder) if each.startswith(f"{file}: ")))


def _starts(name: str, settings: Options) -> str:
    """Say what a strategy of several timeframes waits for on the candles that are set, "" for another."""
    if not STRATEGIES[name].timeframes:
        return ""
    length = settings.timeframe_ms
    try:
        strategy = STRATEGIES[name].at(length)
    except BadInput as error:
        return str(error)
    needed = strategy.warmup_for(settings.reasoning.packed(name, length))
    text = f"on {settings.timeframe} candles, as set: {needed} candles, {lasting(needed * length)}"
    late = needed - MOST_BACK
    if late <= 0:
        return text
    return f"{text}; a provider gives {MOST_BACK} at once: no entry on the first {late} after a start"


class LookedOver(NamedTuple):
    """Candles that a strategy is looked over on, as arrays and in ticks, and those of symbols it looks at."""

    candles: Candles
    rows: list[Candle]
    others: list[Candles]
    beside: Beside


def looked_over(name: str, data: Path | None, informative: Sequence[Path], settings: Options) -> LookedOver:
    """Return a file's last candles, or made-up ones; two warm-ups at least.

    Raises BadInput where there are none of a symbol that the strategy looks at.
    """
    if data is None:
        if informative:
            raise BadInput("--informative goes with --data: without it the market is made up")
        return _made_up(name, settings)
    from agent.cli.handlers.inputs import ResearchRequest, beside_of  # only with a file
    from research.data.load import load as load_candles  # as above

    candles = load_candles(data)
    candles = candles[-max(MOST, 2 * _waits(name, settings, candles.timeframe_ms)) :]
    if not len(candles):
        raise BadInput(f"{data}: holds no candle")
    asked = ResearchRequest(informative=informative, home=settings.home)
    others = list(beside_of(asked, settings, [candles]))
    options = options_for(settings, [candles], others)
    rows, *more = (
        [rounded(row, instrument(each.symbol, options.instruments))[0] for row in each.rows()]
        for each in (candles, *others)
    )
    return LookedOver(
        candles, rows, others, dict(zip(_symbols(candles, *others), (rows, *more), strict=True))
    )


def _symbols(*candles: Candles) -> list[str]:
    return [each.symbol for each in candles]


def _made_up(name: str, settings: Options) -> LookedOver:
    strategy = STRATEGIES[name]
    length = length_for(strategy)
    count = max(LENGTH, 2 * _waits(name, settings, length))
    looked_at = {each.symbol for each in strategy.informative}
    own = next(each for each in MADE_UP if each not in looked_at)
    rows, beside = made_up(count, timeframe_ms=length), made_up_beside(strategy, count, length)
    candles, *others = (
        as_candles(symbol, length, each, float(instrument(symbol, {}).tick_size))
        for symbol, each in ((own, rows), *beside.items())
    )
    return LookedOver(candles, rows, others, beside)


def _waits(name: str, settings: Options, length: int) -> int:
    return STRATEGIES[name].at(length).warmup_for(settings.reasoning.packed(name, length))


def _settled(effects: Sequence[HistoryEffect]) -> int | None:
    """Return the least history from which on no vote was another."""
    different = [index for index, each in enumerate(effects) if each.different]
    first = different[-1] + 1 if different else 0
    return effects[first].history if first < len(effects) else None


def _lines(report: CheckAnswer) -> Iterator[str]:
    yield f"{report.strategy} ({report.source})"
    yield f"  code        {report.compiles}"
    yield f"  memory      {report.candles} candles stepped, no place touched outside its own"
    if report.difference is not None:
        yield f"  look-ahead  LOOKS AHEAD, or keeps something outside its memory: {report.difference}"
    elif not report.signals:
        yield f"  look-ahead  no vote on {report.candles} candles, so nothing is proved; try --data FILE"
    else:
        yield f"  look-ahead  none: {report.signals} votes are the same whatever comes later"
    yield from _warmup(report)
    yield from _gate(report)
    yield from _exits(report)


def _warmup(report: CheckAnswer) -> Iterator[str]:
    of = f" of {report.timeframe}" if report.timeframe else ""
    yield f"  warm-up     {report.warmup} candles{of}"
    if report.starts:
        yield f"              {report.starts}"
    for each in report.histories:
        off = f"; {each.number} is up to {100 * each.apart:.2g} % off" if each.apart > 1e-9 else ""
        compared = f"{each.different} of {each.compared} votes are others than with all history"
        yield f"              with {each.history}{of}: {compared}{off}"
    if report.settled is None:
        yield "              NOT SETTLED: its votes depend on when the agent is started"
    elif report.settled > report.warmup and report.timeframe:
        times = f"{report.settled / report.warmup:g} times its warm-up"
        yield f"              they agree from {report.settled}{of} on: have {times} loaded at a start"
        yield "              (perception.warmup_candles)"
    elif report.settled > report.warmup:
        yield f"              write warmup = {report.settled} in its class, so that it waits until they agree"


def _gate(report: CheckAnswer) -> Iterator[str]:
    yield f"  gate        {report.entries} entries on {report.traded} candles"
    for each in report.denied:
        yield f"              {each.rule} denied {each.votes}: {each.why}"


def _exits(report: CheckAnswer) -> Iterator[str]:
    if not report.exits:
        return
    yield f"  exits       {'; '.join(report.exits)}"
    ended = ", ".join(f"{count} by {ending}" for ending, count in report.endings.items())
    yield f"              trades ended: {ended or 'none'}"
    yield from (f"              LOOK AT: {each}" for each in report.idle)
