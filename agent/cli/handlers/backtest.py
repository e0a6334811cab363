"""`agent backtest`: run it, check it against the loop if asked, show it."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from agent.answers.research import (
    BacktestAnswer,
    BacktestTrade,
    CostsAnswer,
    DifferenceAnswer,
    LimitsAnswer,
    OpenPosition,
    StoppedAnswer,
    Verification,
)
from agent.cli.handlers.figures import figures_of_run
from agent.cli.handlers.inputs import ResearchRequest, gather
from agent.cli.handlers.targets import writable, write_page
from agent.cli.output.compile_bar import compiling_told
from agent.cli.output.progress import progress_bar
from agent.cli.output.sparkline import sparkline
from agent.cli.output.streams import say, say_json, say_lines
from agent.settings.settings import Options
from agent.settings.version import code_version
from agent.verify.parity import ParityDifference, compare, run_loop
from agent.views.session import decimal
from agent.wiring.backtests import setup_of
from domain.errors import BadInput
from domain.money import PPM, cash_text, show_cash
from domain.times import utc
from research.data.candles import Candles
from research.data.flaws import flaw_lines, flaws
from research.engine.backtest import Setup, backtest
from research.engine.compiler import CompiledRules, compiled, plain
from research.engine.result import Result
from research.statistics.headline import Stopped, limits_did, stopped
from research.statistics.metrics import Metrics, daily_returns, metrics
from research.statistics.overfit import deflated_sharpe
from research.statistics.ratios import LEAST_DAYS
from research.statistics.words import costs_words, limits_words, stopped_words
from risk.table import NOTHING_TO_REDUCE, RULES

DIFFERENT = 1


class BacktestRequest(NamedTuple):
    """The arguments of `agent backtest`."""

    asked: ResearchRequest
    verify: bool
    uncompiled: bool
    report: Path | None
    json: bool


class Done(NamedTuple):
    """A backtest with all that is said about it; `deflated` is its Sharpe ratio's, for a single trial."""

    options: Options
    candles: Sequence[Candles]
    setup: Setup
    result: Result
    metrics: Metrics
    stopped: Stopped | None
    deflated: float | None
    flaws: list[str]
    notes: list[str]


def backtest_command(request: BacktestRequest) -> None:
    """Run as asked; exit 1 when the loop does not do the same."""
    if request.report is not None:
        writable("--report", request.report)
    options, candles, report = gather(request.asked)
    setup = setup_of(options)
    engine, about = engine_for(setup, uncompiled=request.uncompiled)
    with compiling_told():
        result = backtest(candles, setup, engine)
    results = [f"{each.symbol}: {line}" for each in candles for line in flaw_lines(flaws(each))]
    done = Done(
        options,
        candles,
        setup,
        result,
        metrics(result, candles),
        stopped(result, setup.policy),
        _deflated(result),
        results,
        [*report, *about],
    )
    difference = _verified(done) if request.verify else None
    if request.report is not None:
        write_report(done, request.report)
    if request.json:
        say_json(answer_of(done, difference, verified=request.verify))
    else:
        say_lines([*lines(done), *_verdict(done, difference, verified=request.verify)])
        if request.report is not None:
            say(f"report      {request.report}")
    if difference is not None:
        sys.exit(DIFFERENT)


def _deflated(result: Result) -> float | None:
    """Return the probability that the true Sharpe ratio is above 0; None where the returns do not say."""
    try:
        returns = daily_returns(result.times_ms, result.equity, result.opening_cash)
        return deflated_sharpe(returns, (1, 0.0)) if len(returns) >= LEAST_DAYS else None
    except BadInput:
        return None


def engine_for(setup: Setup, *, uncompiled: bool) -> tuple[CompiledRules, list[str]]:
    """Return machine code where every strategy allows it, else plain Python, and what to say about it."""
    from reasoning.kernels.subset import compilable  # reads sources: only where asked

    reasons = [(voice.strategy.name, compilable(voice.strategy)) for voice in setup.voices]
    notes = [f"strategy {name} runs uncompiled: {why}" for name, why in reasons if why is not None]
    return (plain() if uncompiled or notes else compiled()), notes


def _verified(done: Done) -> ParityDifference | None:
    with progress_bar("running the loop", done.result.cycles) as advance:
        loop = run_loop(done.options, done.candles, advance)
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


def answer_of(done: Done, difference: ParityDifference | None, *, verified: bool) -> BacktestAnswer:
    """Return everything that is said about a backtest; amounts in quote, times in UTC."""
    result = done.result
    money = _money_of(result)
    return BacktestAnswer(
        stopped=_stop_told(done),
        strategies=list(result.strategies),
        parameters=result.parameters,
        symbols=list(result.symbols),
        timeframe=done.options.timeframe,
        begin=_at(result.times_ms[0]),
        end=_at(result.times_ms[-1]),
        cycles=result.cycles,
        opening_cash=money(result.opening_cash),
        cash=money(result.cash),
        equity=money(result.equity[-1]),
        metrics=figures_of_run(done.metrics, result.cash_decimals),
        trials=1,
        deflated_sharpe=done.deflated,
        probability_of_overfitting=None,
        limits=_limits_told(done),
        costs=_costs_told(done),
        vetoes=vetoes_by_rule(result),
        kill_switch_at=None if result.kill_switch_ms is None else _at(result.kill_switch_ms),
        trades=trades_of(done),
        open_positions=[_open_told(each, done) for each in result.open_positions],
        flaws=done.flaws,
        notes=done.notes,
        fingerprints=list(result.fingerprints),
        code_version=code_version(),
        verified=_verification(difference) if verified else None,
    )


def _stop_told(done: Done) -> StoppedAnswer | None:
    result, money = done.stopped, _money_of(done.result)
    if result is None:
        return None
    return StoppedAnswer(
        since=_at(result.since_ms),
        rule=result.rule,
        entries_denied=result.denied,
        share_of_run=result.share,
        cagr_until_then=result.yearly,
        day_lost=None if result.lost is None else money(result.lost),
        day_limit=None if result.limit is None else money(result.limit),
        text=stopped_words(result, done.result),
    )


def _limits_told(done: Done) -> LimitsAnswer:
    did = limits_did(done.result)
    return LimitsAnswer(**vars(did), text=limits_words(did, done.result, done.setup.policy))


def _costs_told(done: Done) -> CostsAnswer:
    costs = done.setup.costs
    one_way = {"taker_fee": costs.taker_fee, "slippage": costs.slippage, "half_spread": costs.spread / 2}
    shares = {name: ppm / PPM for name, ppm in one_way.items()}
    return CostsAnswer(**shares, each_way=sum(one_way.values()) / PPM)


def _verification(difference: ParityDifference | None) -> Verification:
    report = None if difference is None else DifferenceAnswer(**difference._asdict())
    return Verification(identical=difference is None, difference=report)


def trades_of(done: Done) -> list[BacktestTrade]:
    """Return the trades with decimals and times as people read them."""
    report, money = [], _money_of(done.result)
    for row in done.result.trades.tolist():
        symbol, ending, cycle, opened, closed, lots, bought, sold, gross, fees, slippage, pnl, _ = row
        grid = done.setup.instruments[done.result.symbols[symbol]]
        report.append(
            BacktestTrade(
                symbol=grid.symbol,
                opened=_at(opened),
                closed=_at(closed),
                entry_cycle=cycle,
                quantity=f"{grid.quantity(lots):f}",
                bought=money(bought),
                sold=money(sold),
                gross=money(gross),
                fees=money(fees),
                slippage=money(slippage),
                pnl=money(pnl),
                ending=done.result.endings[ending],
            )
        )
    return report


def _open_told(held: Mapping[str, Any], done: Done) -> OpenPosition:
    grid, money = done.setup.instruments[held["symbol"]], _money_of(done.result)
    stop, target = (decimal(grid.price(held[name])) if held[name] else None for name in ("stop", "target"))
    return OpenPosition(
        symbol=grid.symbol,
        opened=_at(held["opened_ms"]),
        quantity=f"{grid.quantity(held['lots']):f}",
        bought=money(held["bought"]),
        fees=money(held["fees"]),
        stop=stop,
        target=target,
        price=decimal(grid.price(held["mark"])),
    )


def vetoes_by_rule(result: Result) -> dict[str, int]:
    """Return how often each rule denied a decision, the most frequent first."""
    names = [NOTHING_TO_REDUCE.reason, *(rule.reason for rule in RULES)]
    codes = result.vetoes["rule"].tolist()
    counts = {names[code]: codes.count(code) for code in sorted(set(codes))}
    return dict(sorted(counts.items(), key=lambda each: -each[1]))


def _at(milliseconds: Any) -> datetime:
    return utc(int(milliseconds))


def _span(times_ms: Any) -> str:
    return f"{_at(times_ms[0]).isoformat()} to {_at(times_ms[-1]).isoformat()}"


def _money_of(result: Result) -> Callable[[Any], str]:
    return lambda units: cash_text(int(units), result.cash_decimals)


def lines(done: Done) -> list[str]:
    """Return the result as lines for people."""
    result, report = done.result, done.metrics
    show = partial(show_cash, decimals=result.cash_decimals)
    quote = next(iter(done.setup.instruments.values())).quote
    trades = result.trades
    vetoes = ", ".join(f"{rule} {count}" for rule, count in vetoes_by_rule(result).items()) or "none"
    shown = [f"STOPPED     {stopped_words(done.stopped, result)}"] if done.stopped else []
    shown += [
        f"backtest    {', '.join(result.strategies)} on {', '.join(result.symbols)} {done.options.timeframe}",
        f"period      {_span(result.times_ms)}, {result.cycles} cycles",
        (
            f"equity      {show(int(result.equity[-1]))} {quote} of {show(result.opening_cash)}  "
            f"{sparkline(result.equity[:: max(1, result.cycles // 400)].tolist())}"
        ),
        (
            f"trades      {len(trades)} closed, {_share(report.win_rate)} won; open positions: "
            f"{len(result.open_positions)}"
        ),
        (
            f"P&L         {show(int(trades['pnl'].sum()))} {quote} after costs; gross "
            f"{show(int(trades['gross'].sum()))}"
        ),
        (
            f"return      {_share(report.total_return)}, a year {_share(report.cagr)}{_until_then(done)}; "
            f"buy and hold {_share(report.hold_return)}"
        ),
        (
            f"risk        Sharpe {_sharpe(report)}, Sortino {_number(report.sortino)}, Calmar "
            f"{_number(report.calmar)}, max drawdown {_share(report.max_drawdown)}"
        ),
        *(f"{name:<11} {text}" for name, text in said_of(done)),
        f"vetoes      {vetoes}",
    ]
    shown.append(
        f"luck        deflated Sharpe {_number(done.deflated)} (1 trial); overfitting n/a: it takes "
        "several trials, see agent walk-forward"
    )
    shown += [f"data        {line}" for line in done.flaws]
    return shown + [f"note        {line}" for line in done.notes]


def said_of(done: Done) -> list[tuple[str, str]]:
    """Return what the limits did and what trading costs here, each with its name."""
    result, setup = done.result, done.setup
    show = partial(show_cash, decimals=result.cash_decimals)
    fees, slippage = (show(sum(result.trades[name].tolist())) for name in ("fees", "slippage"))
    return [
        ("limits", limits_words(limits_did(result), result, setup.policy)),
        ("costs", costs_words(setup.costs, fees, slippage)),
    ]


def _until_then(done: Done) -> str:
    """Say what a year brought while something could be bought."""
    return f" ({_share(done.stopped.yearly)} until it was stopped)" if done.stopped else ""


def _sharpe(report: Metrics) -> str:
    """Show the Sharpe ratio with its interval, or why there is none."""
    if report.days < LEAST_DAYS:
        return f"n/a ({report.days} days, least {LEAST_DAYS})"
    result = report.interval
    return _number(report.sharpe) + ("" if result is None else f" (95 %: {result[0]:.2f} to {result[1]:.2f})")


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def _verdict(done: Done, difference: ParityDifference | None, *, verified: bool) -> list[str]:
    if not verified:
        return []
    if difference is None:
        result = done.result
        return [
            (
                f"verified    the loop did the same: {result.cycles} cycles, {len(result.trades)} trades, "
                f"{len(result.vetoes)} vetoes"
            )
        ]
    return [
        f"DIFFERENT   {difference.what} {difference.number}",
        f"  loop      {difference.loop}",
        f"  backtest  {difference.backtest}",
    ]
