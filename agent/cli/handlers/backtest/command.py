"""`agent backtest`: run it, check it against the loop if asked, show it."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from agent.cli.handlers.backtest.advised import advised
from agent.cli.handlers.backtest.answer import answer_of
from agent.cli.handlers.backtest.done import Done, said_of
from agent.cli.handlers.backtest.lines import lines, verdict_lines
from agent.cli.handlers.backtest.models import answer_on, models_asked
from agent.cli.handlers.inputs import ResearchRequest, gather
from agent.cli.handlers.targets import writable, write_page
from agent.cli.options import home_of
from agent.cli.output.compile_bar import compiling_told
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import say, say_json, say_lines
from agent.settings.settings import Options
from agent.settings.version import code_version
from agent.slippage.entries import by_model
from agent.slippage.fitted import in_use
from agent.slippage.kept import SlippageModels
from agent.verify.leaving import divided
from agent.verify.parity import ParityDifference, compare, run_loop
from agent.wiring.backtests import setup_of
from domain.errors import BadInput
from domain.impact import Impacts
from domain.slippage import SlippageModel
from research.data.candles import Candles
from research.data.flaws import flaw_lines, flaws
from research.engine.backtest import Setup, backtest, memory_of
from research.engine.compiler import CompiledRules, compiled, plain
from research.engine.loops import is_made
from research.engine.result import Result
from research.statistics.headline import stopped
from research.statistics.metrics import daily_returns, metrics
from research.statistics.overfit import deflated_sharpe
from research.statistics.ratios import LEAST_DAYS
from research.statistics.words import stopped_words

DIFFERENT = 1
FEW_CANDLES, SOME_CANDLES = 100_000, 600_000
"""Candles times strategies that plain Python goes over before machine code is read from disk, or is made."""
NOT_MADE = "run as plain Python, with the same result: machine code is not made yet (agent compile makes it)"


class BacktestRequest(NamedTuple):
    """The arguments of `agent backtest`."""

    asked: ResearchRequest
    verify: bool
    uncompiled: bool
    report: Path | None
    json: bool
    advice: Path | None = None
    slippage: str | None = None
    models: Sequence[str] = ()
    models_in_force: bool = False
    memory: int | None = None


def backtest_command(request: BacktestRequest) -> None:
    """Run as asked; exit 1 when the loop does not do the same."""
    if request.report is not None:
        writable("--report", request.report)
    options, candles, report, beside = gather(request.asked)
    asked = models_asked(request.models, options, in_force=request.models_in_force)
    model, impacts = None, None
    if request.slippage is not None:
        options, impacts, model, more = with_slippage(request, options)
        report = [*report, *more]
    setup = setup_of(options, asked, beside)
    setup = setup if impacts is None else replace(setup, impacts=impacts)
    if request.advice is not None:
        _by_the_loop(request, asks=bool(asked))
        result, about = advised(options, candles, request.advice, setup.impacts, beside)
    else:
        engine, about = engine_for(setup, uncompiled=request.uncompiled, candles=sum(map(len, candles)))
        with compiling_told():
            result = backtest(candles, setup, engine, memory_of(request.memory))
    results = _flawed(candles)
    done = Done(
        options,
        candles,
        setup,
        result,
        metrics(result, candles),
        stopped(result, setup.policy),
        _deflated(result),
        results,
        [*report, *about, *divided(*result.divided)],
        about[-1] if request.advice is not None else "",
        model,
        [answer_on(each, candles) for each in asked],
        asked,
    )
    difference = _verified(done) if request.verify else None
    if request.report is not None:
        write_report(done, request.report)
    if request.json:
        say_json(answer_of(done, difference, verified=request.verify))
    else:
        say_lines([*lines(done), *verdict_lines(done, difference, verified=request.verify)])
        if request.report is not None:
            say(f"report      {request.report}")
    if difference is not None:
        sys.exit(DIFFERENT)


def _flawed(candles: Sequence[Candles]) -> list[str]:
    """Return a line for each flaw of each series, and give the memory of mapped ones back."""
    results = []
    for each in candles:
        results += [f"{each.symbol}: {line}" for line in flaw_lines(flaws(each))]
        each.release()
    return results


def _by_the_loop(request: BacktestRequest, *, asks: bool) -> None:
    """Raise BadInput for options that mean nothing where the loop itself is run."""
    if asks:
        raise BadInput("--model: a tape of advice is heard by the loop, models are asked without one")
    if request.verify:
        raise BadInput("--verify: with --advice the loop itself is run, there is nothing to compare")
    if request.memory is not None:
        raise BadInput("--memory: with --advice the loop itself is run, candle by candle: leave it out")


def with_slippage(
    request: BacktestRequest, options: Options
) -> tuple[Options, Impacts, SlippageModel, list[str]]:
    """Return what a slippage model costs and what to say about it; entries go by it too, where by any.

    Raises BadInput.
    """
    model, _ = SlippageModels(home_of(request.asked.home).slippage).find(request.slippage or "")
    used = in_use(model, options.symbols, options.timeframe_ms)
    if options.entries.auto:
        bare = options.entries.model_copy(update={"laws": {}})
        options = by_model(options.model_copy(update={"entries": bare}), model, "--slippage")
    return options, used.impacts, model, used.notes


def _deflated(result: Result) -> float | None:
    """Return the probability that the true Sharpe ratio is above 0; None where the returns do not say."""
    try:
        returns = daily_returns(result.times_ms, result.equity, result.opening_cash)
        return deflated_sharpe(returns, (1, 0.0)) if len(returns) >= LEAST_DAYS else None
    except BadInput:
        return None


def engine_for(
    setup: Setup, *, uncompiled: bool, candles: int | None = None
) -> tuple[CompiledRules, list[str]]:
    """Return machine code where every strategy allows it, else plain Python, and what to say about it.

    `candles` are those of a single run: where they are few, or some and machine code is not there yet, plain
    Python has the same result sooner.
    """
    from reasoning.kernels.subset import compilable  # reads sources: only where asked

    reasons = [(voice.strategy.name, compilable(voice.strategy)) for voice in setup.voices]
    notes = [f"strategy {name} runs uncompiled: {why}" for name, why in reasons if why is not None]
    if uncompiled or notes:
        return plain(), notes
    work = SOME_CANDLES + 1 if candles is None else candles * len(setup.voices)
    if work <= FEW_CANDLES:
        return plain(), []
    if work <= SOME_CANDLES and not is_made([voice.strategy for voice in setup.voices], lone=setup.lone):
        return plain(), [NOT_MADE]
    return compiled(), []


def _verified(done: Done) -> ParityDifference | None:
    with progress_bar("running the loop", done.result.cycles) as advance:
        loop = run_loop(
            done.options,
            done.candles,
            advance,
            impacts=done.setup.impacts,
            models=done.sets,
            beside=[each.candles for each in done.setup.beside],
        )
    return compare(loop, done.result)


def write_report(done: Done, path: Path) -> None:
    """Write the self-contained page, whole or not at all."""
    from research.report.page import Report, html_report  # only where asked

    page = html_report(
        Report(
            result=done.result,
            metrics=done.metrics,
            candles=tuple(done.candles),
            instruments=done.setup.instruments,
            parameters=done.result.parameters,
            flaws=tuple(done.flaws),
            code_version=code_version(),
            command=" ".join(["agent", *sys.argv[1:]]),
            trials=1,
            deflated=done.deflated,
            stopped=stopped_words(done.stopped, done.result) if done.stopped else "",
            said=[(name.capitalize(), text) for name, text in said_of(done)],
            settings=done.options.public(),
        )
    )
    write_page("--report", path, page)
