"""The common beginning and output of `agent walk-forward` and `agent optimize`."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agent.cli.handlers.backtest.command import engine_for
from agent.cli.handlers.inputs import ResearchRequest, gather
from agent.cli.output.progress import bars, tell, told_to_a_program
from agent.parameters.evidence import EvidenceFile, Present
from agent.settings.settings import Options
from agent.wiring.backtests import setup_of
from domain.errors import BadInput
from domain.private import private_folder
from domain.times import utc
from reasoning.kernels.strategy import Strategy, StrategyParams
from reasoning.strategies.registry import STRATEGIES
from research.data.candles import Candles
from research.engine.backtest import Setup


class Begun(NamedTuple):
    """Settings and candles of a search, with the strategy it is about and its present parameters."""

    options: Options
    candles: list[Candles]
    setup: Setup
    strategy: Strategy[Any]
    base: StrategyParams
    machine: bool
    notes: list[str]


def begin(asked: ResearchRequest) -> Begun:
    """Gather everything. Raises BadInput unless exactly one strategy is named."""
    options, candles, said_of_input, beside = gather(asked)
    names = options.reasoning.strategies
    if len(names) != 1:
        raise BadInput(f"{len(names)} strategies ({', '.join(names)}); name one with --strategy")
    setup = setup_of(options, (), beside)
    engine, notes = engine_for(setup, uncompiled=False)
    strategy = STRATEGIES[names[0]].at(options.timeframe_ms)
    base = getattr(options.reasoning, names[0].replace("-", "_"), None)
    known = base if isinstance(base, StrategyParams) else strategy.params()
    return Begun(options, candles, setup, strategy, known, engine.compiled, [*said_of_input, *notes])


class Proposal(NamedTuple):
    """The parameters that a search proposes, Sharpe ratios inside and outside, and what they are worth."""

    parameters: dict[str, Any]
    sharpe: tuple[float | None, float | None]
    present: tuple[float | None, float | None]
    trials: int
    deflated: float | None
    pbo: float | None
    source: str


def evidence_of(begun: Begun, result: Proposal) -> EvidenceFile:
    """Return what `agent params apply` wants to see; a Sharpe ratio without a trade is 0."""
    inside, outside = (each or 0.0 for each in result.sharpe)
    before, after = (each or 0.0 for each in result.present)
    return EvidenceFile(
        strategy=begun.strategy.name,
        parameters=result.parameters,
        data_fingerprint=",".join(each.fingerprint for each in begun.candles),
        in_sample_sharpe=inside,
        out_of_sample_sharpe=outside,
        present=Present(
            parameters=begun.base.model_dump(), in_sample_sharpe=before, out_of_sample_sharpe=after
        ),
        trials=result.trials,
        deflated_sharpe=result.deflated,
        pbo=result.pbo,
        source=result.source,
    )


@contextmanager
def search_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left on the error output, where someone looks at it."""
    if not sys.stderr.isatty():
        yield tell(what, total) if told_to_a_program() else lambda _done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with bars(*columns) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def search_home(home: Path | None) -> Path:
    """Return the folder of studies, made if need be."""
    from agent.cli.options import home_of

    folder: Path = home_of(home).root / "studies"
    private_folder(folder)
    return folder


def share(value: float | None) -> str:
    """Show a fraction as percent."""
    return "n/a" if _undefined(value) else f"{value:+.2%}"


def number(value: float | None) -> str:
    """Show a ratio."""
    return "n/a" if _undefined(value) else f"{value:.2f}"


def interval(bounds: tuple[float, float] | None) -> str:
    """Show the 95 % confidence interval beside a ratio."""
    return "" if bounds is None else f" ({bounds[0]:.2f} to {bounds[1]:.2f})"


def chance(value: float | None) -> str:
    """Show a probability."""
    return "n/a" if _undefined(value) else f"{value:.1%}"


def _undefined(value: float | None) -> bool:
    return value is None or value != value or value in (float("inf"), float("-inf"))  # noqa: PLR0124  # NaN


def day(time_ms: int | None) -> str:
    """Show an instant as its UTC day."""
    return "" if time_ms is None else f"{utc(time_ms):%Y-%m-%d}"


def said(parameters: Sequence[tuple[str, Any]], varied: Sequence[str]) -> str:
    """Show the parameters that were varied."""
    return " ".join(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
                    for name, value in parameters if name in varied)  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines of a table: the first column to the left, the others to the right."""
    widths = [max(len(row[index]) for row in [head, *rows]) for index in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]
