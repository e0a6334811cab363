"""The work of `agent compile`."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from agent.answers.strategies import CompiledAnswer, CompiledRow
from agent.cli.output.compile_bar import compiling_told
from agent.cli.output.streams import answer
from agent.settings.given import Settings
from agent.settings.load import load
from agent.settings.user_strategies import folder_of, load_folder
from agent.verify.quicktest import FIXTURE, SYMBOL
from agent.wiring.backtests import options_for, setup_of
from domain.errors import BadInput
from reasoning.declare.refusal import near
from reasoning.kernels.subset import compilable
from reasoning.strategies.registry import STRATEGIES
from research.data.load import load as candles_of
from research.engine.code_cache import cache_folder
from research.search.ahead import compile_ahead


def compile_strategies(names: Sequence[str], config: Path | None, home: Path | None, *, json: bool) -> None:
    """Make machine code of strategies and rules, and say so. Raises BadInput for an unknown name."""
    settings = load({"home": home}, config)
    problems = load_folder(folder_of({"strategies_folder": settings.strategies_folder}, settings.home))
    for name in names:
        if name not in STRATEGIES:
            raise BadInput(f"there is no strategy {name!r}; {near(name, STRATEGIES)}")
    begun = time.monotonic()
    with compiling_told():
        rows = [_compiled(name) for name in names or STRATEGIES]
    seconds = round(time.monotonic() - begun, 1)
    report = CompiledAnswer(strategies=rows, folder=str(cache_folder()), seconds=seconds, problems=problems)
    answer(report, _lines, json=json)


def _compiled(name: str) -> CompiledRow:
    why = compilable(STRATEGIES[name])
    if why is None:
        candles = [candles_of(FIXTURE, SYMBOL)]
        entries = {"order": "market", "slices": 1}  # another order is the same machine code
        settings = Settings(mode="paper", reasoning={"strategies": (name,)}, entries=entries)
        beside = [
            replace(candles[0], symbol=each) for each in settings.reasoning.informative if each != SYMBOL
        ]
        compile_ahead(candles, setup_of(options_for(settings, candles, beside), (), beside))
    return CompiledRow(name=name, compiles="compiled" if why is None else f"runs uncompiled: {why}")


def _lines(report: CompiledAnswer) -> Iterator[str]:
    for each in report.strategies:
        yield f"{each.name}  {each.compiles}"
    yield from (f"cannot be used: {problem}" for problem in report.problems)
    yield f"{report.seconds:.1f} s; kept in {report.folder}"
