"""The work of `agent strategy` and `agent lookahead`."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.answers.strategies import ParameterAnswer, StrategiesAnswer, StrategyRow
from agent.answers.trials import LookaheadAnswer
from agent.cli.options import home_of
from agent.cli.output.streams import answer, say
from agent.settings.load import load
from agent.settings.settings import Options
from agent.settings.template import example
from agent.settings.user_strategies import LOADED, folder_in_use, folder_of, load_folder
from agent.verify.lookahead import Beside, length_for, made_up, made_up_beside, prove, spacing
from domain.errors import BadInput
from domain.private import private_folder
from domain.times import length_name
from reasoning.kernels.strategy import Strategy
from reasoning.kernels.subset import compilable
from reasoning.strategies.registry import STRATEGIES
from research.engine.trusted import require_trusted_folder

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def show_strategies(config: Path | None, home: Path | None, *, json: bool) -> None:
    """Print every strategy; what is wrong with a file of the user's comes last."""
    settings = load({"home": home}, config)
    report = [_told(name, settings) for name in STRATEGIES]
    folder = folder_of({"strategies_folder": settings.strategies_folder}, settings.home)
    problems = load_folder(folder)
    answer(StrategiesAnswer(strategies=report, folder=str(folder), problems=problems), _lines, json=json)


def _lines(report: StrategiesAnswer) -> Iterator[str]:
    for each in report.strategies:
        of = f" of {each.timeframe}" if each.timeframe else ""
        yield f"{each.name}  (warm-up {each.warmup} candles{of}, {each.source}, {each.compiles})"
        for name, parameter in each.parameters.items():
            yield f"    {name} = {parameter.value}    {parameter.description or ''}".rstrip()
    yield from (f"cannot be used: {problem}" for problem in report.problems)
    yield f"your own go into {report.folder}; begin one with: agent strategy new NAME"


def _told(name: str, settings: Options) -> StrategyRow:
    strategy, params = STRATEGIES[name], settings.reasoning.params(name)
    length = _fitting(strategy, settings.timeframe_ms)
    strategy = strategy.at(length)
    why = compilable(strategy)
    return StrategyRow(
        name=name,
        warmup=strategy.warmup_for(strategy.pack(params)),
        timeframe=length_name(length) if strategy.timeframes else "",
        source=str(LOADED[name][0]) if name in LOADED else "built in",
        compiles="compiles" if why is None else f"runs uncompiled: {why}",
        parameters={
            field: ParameterAnswer(value=getattr(params, field), description=info.description)
            for field, info in type(params).model_fields.items()
        },
    )


def _fitting(strategy: Strategy[Any], length: int) -> int:
    """Return the candles' length (ms) that is set, where a strategy goes with it, else one that does."""
    try:
        strategy.at(length)
    except BadInput:
        return length_for(strategy)
    return length


def write_example(name: str, folder: Path | None, home: Path | None) -> None:
    """Write a strategy to begin with. Raises BadInput for a bad name and rather than overwrite anything."""
    if not NAME.fullmatch(name):
        raise BadInput(f"name {name!r} is not of small letters, digits and hyphens, such as my-breakout")
    if name in STRATEGIES:
        raise BadInput(f"strategy {name!r} is built in; choose another name")
    folder = folder or folder_in_use(home_of(home).root)
    path = folder / f"{name.replace('-', '_')}.py"
    private_folder(folder)
    require_trusted_folder(folder)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(example(name).encode())
    except FileExistsError:
        raise BadInput(f"{path}: is there already; nothing was written") from None
    say(f"wrote {path}")
    say(f"check it:  agent strategy check {name}")
    say(f"run it:    agent backtest --strategy {name} --data FILE")
    say("indicators it can declare:  agent indicators")


def show_lookahead(
    name: str,
    data: Path | None,
    informative: Sequence[Path],
    config: Path | None,
    home: Path | None,
    *,
    json: bool,
) -> None:
    """Print the proof; exit 1 when it fails or there was nothing to compare."""
    settings = load({"home": home}, config)
    if name not in STRATEGIES:
        raise BadInput(f"unknown strategy {name!r}; known: {', '.join(STRATEGIES)}")
    strategy = STRATEGIES[name]
    length = length_for(strategy)
    candles = made_up(timeframe_ms=length) if data is None else _from_file(data)
    beside = made_up_beside(strategy, len(candles), length)
    if data is not None and (strategy.timeframes or strategy.informative):
        length = spacing(candles)
        beside = _beside(name, data, informative, settings) if strategy.informative else beside
    proof = prove(strategy.at(length), settings.reasoning.packed(name, length), candles, beside)
    answer(LookaheadAnswer(strategy=name, **proof._asdict(), proved=proof.proved), _proof, json=json)
    if not proof.proved:
        sys.exit(1)


def _proof(report: LookaheadAnswer) -> Iterator[str]:
    if report.proved:
        yield (
            f"{report.strategy} does not look ahead: {report.signals} signals on {report.candles} candles "
            f"are the same, cut short in {report.cuts} places and told twice"
        )
    elif report.difference is None:
        why = "so nothing is proved; try --data FILE"
        yield f"{report.strategy} gave no signal on {report.candles} candles, {why}"
    else:
        yield f"{report.strategy} looks ahead, or keeps something outside its memory: {report.difference}"


def _beside(name: str, data: Path, informative: Sequence[Path], settings: Options) -> Beside:
    """Return the candles of symbols that a strategy looks at. Raises BadInput where there are none."""
    from agent.cli.handlers.strategy_check import looked_over  # only with a file

    named = settings.reasoning.model_copy(update={"strategies": (name,)})
    return looked_over(name, data, informative, settings.model_copy(update={"reasoning": named})).beside


def _from_file(data: Path) -> list[Any]:
    from agent.settings.instruments import instrument  # only with a file
    from perception.files.candles import read_candles, symbol_of  # as above
    from perception.quality.ticks import rounded  # as above

    grid = instrument(symbol_of(data) or "BTC-USDT", {})
    return [rounded(row, grid)[0] for row in read_candles(data)]
