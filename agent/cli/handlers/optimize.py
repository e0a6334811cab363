"""`agent optimize`: a study that can be stopped, gone on with and shared."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from agent.answers.trials import PresentAnswer, StudyAnswer, StudySide
from agent.cli.handlers.inputs import ResearchRequest
from agent.cli.handlers.search import (
    Begun,
    Proposal,
    begin,
    chance,
    day,
    evidence_of,
    interval,
    number,
    said,
    search_bar,
    search_home,
    share,
)
from agent.cli.handlers.search import table as table_of
from agent.cli.handlers.targets import writable
from agent.cli.output.compile_bar import compiling_told
from agent.cli.output.streams import say_json, say_lines
from agent.parameters.evidence import study_file, write
from agent.reports.drawn import curve_of, months_of, tried_of
from agent.reports.figures import figure_fields
from agent.settings.version import code_version
from domain.times import utc
from research.data.candles import FloatArray, IntArray
from research.engine.result import Result
from research.search.optimise import Studied, optimise
from research.search.space import space_of
from research.search.study import Search
from research.search.sweep import Job
from research.statistics.headline import Stopped
from research.statistics.metrics import Metrics

STOPPED = 130


class StudyRequest(NamedTuple):
    """The arguments of `agent optimize`."""

    asked: ResearchRequest
    trials: int
    ranges: Sequence[str]
    study: str | None
    storage: str | None
    timeout: float | None
    seed: int
    score: str
    evidence: Path | None
    json: bool


def optimize_command(request: StudyRequest) -> None:
    """Search, keep what is done, and print the best with its figures on both sides."""
    if request.evidence is not None:
        writable("--evidence-out", request.evidence)
    begun = begin(request.asked)
    name = _name(begun) if request.study is None else request.study
    folder = search_home(request.asked.home)
    evidence = study_file(folder.parent, name)  # refuses a bad name before anything runs
    database = folder / f"{name}.db"
    if request.storage is None:
        database.touch(mode=0o600)  # SQLite would leave it to the umask
    search = Search(
        space=space_of(begun.strategy, request.ranges, begun.base),
        base=begun.base,
        name=name,
        storage=f"sqlite:///{database}" if request.storage is None else request.storage,
        trials=request.trials,
        seed=request.seed,
        criterion=request.score,
        timeout=request.timeout,
    )
    with compiling_told(), search_bar(f"study {name}", request.trials) as done:
        result = optimise(Job(begun.candles, begun.setup, machine=begun.machine), search, done)
    match = evidence_of(begun, _found(name, result))
    write(evidence, match, mode=0o600)
    if request.evidence is not None:
        write(request.evidence, match)
    if request.json:
        say_json(answer_of(begun, search, result))
    else:
        say_lines([*lines(begun, search, result), f"evidence          {evidence}"])
    if result.interrupted:
        raise SystemExit(STOPPED)


def _name(begun: Begun) -> str:
    symbols = "-".join(each.symbol for each in begun.candles[:2])
    return f"{begun.strategy.name}-{symbols}-{begun.options.timeframe}"[:64]


def _found(name: str, result: Studied) -> Proposal:
    present = result.present[0].sharpe, result.present[1].sharpe
    sides = result.inside.sharpe, result.outside.sharpe
    return Proposal(
        dict(result.best.parameters), sides, present, _made(result), result.deflated, None, f"study {name}"
    )


def _made(result: Studied) -> int:
    return result.counts["complete"] + result.counts["pruned"]


def lines(begun: Begun, search: Search, result: Studied) -> list[str]:
    """Return the result as lines for people."""
    inside, outside = result.inside, result.outside
    rows: list[tuple[str, str, str]] = [
        ("a year", share(inside.cagr), share(outside.cagr)),
        ("total return", share(inside.total_return), share(outside.total_return)),
        ("buy and hold", share(inside.hold_return), share(outside.hold_return)),
        ("Sharpe", _sharpe(inside), _sharpe(outside)),
        ("Calmar", number(inside.calmar), number(outside.calmar)),
        ("max drawdown", share(inside.max_drawdown), share(outside.max_drawdown)),
        ("trades", str(inside.trades), str(outside.trades)),
        ("present Sharpe", number(result.present[0].sharpe), number(result.present[1].sharpe)),
        ("stopped by a limit", _stop(result.stopped[0]), _stop(result.stopped[1])),
    ]
    counts = ", ".join(f"{count} {what}" for what, count in result.counts.items() if count)
    symbols = ", ".join(each.symbol for each in begun.candles)
    title = f"optimize {begun.strategy.name} on {symbols} {begun.options.timeframe}"
    return [
        f"{title}, study {search.name}: {counts}",
        *(["stopped by Ctrl-C; the same command goes on"] if result.interrupted else []),
        *(["every combination of the search was tried"] if result.exhausted else []),
        "",
        f"best              {said(result.best.parameters, list(search.space))}",
        f"{search.criterion:<17} {number(result.value)} over the segments searched",
        "",
        *table_of(("", f"in sample, to {day(result.cut_ms)}", "out of sample, after it"), rows),
        "",
        f"deflated Sharpe   {chance(result.deflated)} that the best of {_made(result)} trials is no luck",
        *(f"note              {note}" for note in begun.notes),
    ]


def _sharpe(report: Metrics) -> str:
    return number(report.sharpe) + interval(report.interval)


def answer_of(begun: Begun, search: Search, result: Studied) -> StudyAnswer:
    """Return everything that is said about a study."""
    value, decimals = result.value, next(iter(begun.setup.instruments.values())).cash_decimals
    inside, outside = result.present
    return StudyAnswer(
        strategy=begun.strategy.name,
        symbols=[each.symbol for each in begun.candles],
        timeframe=begun.options.timeframe,
        fingerprints=[each.fingerprint for each in begun.candles],
        study=search.name,
        score=search.criterion,
        trials=dict(result.counts),
        parameters=dict(result.best.parameters),
        value=value if abs(value) != float("inf") else None,
        cut=utc(result.cut_ms),
        in_sample=_side(result.inside, result.stopped[0], decimals),
        out_of_sample=_side(result.outside, result.stopped[1], decimals),
        present=PresentAnswer(in_sample_sharpe=inside.sharpe, out_of_sample_sharpe=outside.sharpe),
        deflated_sharpe=result.deflated,
        interrupted=result.interrupted,
        exhausted=result.exhausted,
        notes=begun.notes,
        code_version=code_version(),
        curves=[
            curve_of(each.times_ms, each.equity / each.opening_cash, begun.candles) for each in result.results
        ],
        months=months_of(*_joined(result.results)),
        tried=tried_of((parameters, score, None) for parameters, score in result.tried),
    )


def _joined(results: Sequence[Result]) -> tuple[IntArray, FloatArray]:
    """Return both sides' equity behind one another, from 1."""
    level, parts = 1.0, []
    for each in results:
        parts.append(each.equity / each.opening_cash * level)
        level = float(parts[-1][-1])
    return np.concatenate([each.times_ms for each in results]), np.concatenate(parts)


def _stop(result: Stopped | None) -> str:
    """Say since when a limit let nothing be bought, and which."""
    return "no" if result is None else f"{day(result.since_ms)} {result.rule}"


def _side(report: Metrics, result: Stopped | None, cash_decimals: int) -> StudySide:
    return StudySide(
        **figure_fields(report, cash_decimals),
        stopped_at=None if result is None else utc(result.since_ms),
        stopped_by=None if result is None else result.rule,
    )
