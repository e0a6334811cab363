"""The commands that try a strategy on candles of the past; each hands over to a module that does the work."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.commands.over_candles import over_candles
from agent.cli.options import ConfigOption, HomeOption, InformativeOption, JsonOption

if TYPE_CHECKING:
    from agent.cli.handlers.inputs import ResearchRequest

research = typer.Typer(rich_markup_mode=None)


@research.command(
    epilog="Examples: agent backtest --strategy rsi --data BTC-USDT_1m.csv.gz --verify | agent backtest "
    "--strategy sma --symbol BTC-USDT --timeframe 1h --timerange 20230101-20230601 --report out.html | "
    "agent backtest --strategy rsi --strategy sma --data a.csv.gz --data b.csv.gz --set sizing.stake=10% "
    "| agent backtest --strategy sma --data a.csv.gz --slippage fills "
    "| agent backtest --strategy rsi --data a.csv.gz --model meta --verify "
    "| agent backtest --strategy sma --data a.csv.gz --data b.csv.gz --memory 200. "
    "Exit code 0: done. 1: --verify found a difference. 2: bad input."
)
@over_candles
def backtest(
    asked: "ResearchRequest",
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run the loop over the same candles and compare everything.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write a page with charts to this file.")] = None,
    uncompiled: Annotated[
        bool, typer.Option("--uncompiled", help="Run the rules as plain Python; the result is the same.")
    ] = False,
    memory: Annotated[
        int | None,
        typer.Option(
            metavar="MB",
            min=1,
            max=1_000_000,
            help="Make at most this much of several symbols' candles ready at a time, 512 unless told; the "
            "result is the same.",
        ),
    ] = None,
    advice: Annotated[
        Path | None,
        typer.Option(help="Hear the advice on this tape of `agent advise`; nobody is asked."),
    ] = None,
    slippage: Annotated[
        str | None,
        typer.Option(
            help="Let market orders cost what this model of `agent slippage fit` says where that is more "
            "than the settings say: NAME, NAME:VERSION or a file."
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Ask this trained model of the home about entries: NAME or NAME:VERSION; may be repeated."
        ),
    ] = None,
    models_in_force: Annotated[
        bool, typer.Option("--models-in-force", help="Ask the models that the home's journal has in force.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Run the loop's own rules over years of candles, with the same trades, lot for lot."""
    from agent.cli.handlers.backtest.command import BacktestRequest, backtest_command

    backtest_command(
        BacktestRequest(
            asked,
            verify=verify,
            uncompiled=uncompiled,
            memory=memory,
            report=report,
            json=json,
            advice=advice,
            slippage=slippage,
            models=tuple(model or ()),
            models_in_force=models_in_force,
        )
    )


@research.command(
    "monte-carlo",
    epilog="Example: agent monte-carlo --strategy sma --data BTC-USDT_1h.csv.gz --runs 5000 --seed 7. "
    "The same seed gives the same figures.",
)
@over_candles
def monte_carlo(
    asked: "ResearchRequest",
    *,
    runs: Annotated[int, typer.Option(help="Resamples of each kind.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the resampling.")] = 0,
    block: Annotated[
        float | None,
        typer.Option(help="Mean block of the bootstrap in days; cube root of the days if not given."),
    ] = None,
    limit: Annotated[
        float, typer.Option(help="Drawdown whose probability is asked for, as a fraction.")
    ] = 0.2,
    json: JsonOption = False,
) -> None:
    """Resample a backtest: its trades in another order, its days drawn again in blocks."""
    from agent.cli.handlers.monte_carlo import MonteCarloRequest, monte_carlo_command

    monte_carlo_command(MonteCarloRequest(asked, runs, seed, block, limit, json))


@research.command(
    "walk-forward",
    epilog="Examples: agent walk-forward --strategy sma --data BTC-USDT_1h.csv.gz --grid fast=10:30:10 "
    "--grid slow=40:80:20 | agent walk-forward --strategy rsi --data BTC-USDT_1h.csv.gz --train 365d "
    "--test 30d --anchored --engine one | agent walk-forward --strategy sma --symbol BTC-USDT "
    "--timeframe 1h --train 5000c --test 500c --score calmar",
)
@over_candles
def walk_forward(
    asked: "ResearchRequest",
    *,
    train: Annotated[
        str, typer.Option(help="Time fitted on: days (180d), hours (12h) or candles (5000c).")
    ] = "180d",
    test: Annotated[str, typer.Option(help="Unseen time after it.")] = "30d",
    step: Annotated[
        str | None, typer.Option(help="How far to move on; the test's length if not given.")
    ] = None,
    anchored: Annotated[
        bool, typer.Option("--anchored", help="Fit on all time from the start, not on the last part.")
    ] = False,
    grid: Annotated[
        list[str] | None,
        typer.Option(help="Values to try: fast=10:30:10, fast=5,8,13 or fast=5; may be repeated."),
    ] = None,
    score: Annotated[str, typer.Option(help="What to fit: sharpe, return or calmar.")] = "sharpe",
    engine: Annotated[
        str | None,
        typer.Option(
            help="one, threads, processes or ray; if not given, threads, or processes for a strategy that "
            "is not compiled."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Threads or processes; one per processor if not given.")
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option(help="Ray cluster; RAY_ADDRESS or one on this machine if not given.")
    ] = None,
    evidence_out: Annotated[
        Path | None, typer.Option(help="Write the evidence for `agent params apply` to this file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fit parameters on the past, trade the unseen time after it, window by window."""
    from agent.cli.handlers.walk_forward import WalkForwardRequest, walk_forward_command

    walk_forward_command(
        WalkForwardRequest(
            asked,
            train,
            test,
            step,
            anchored,
            grid or (),
            score,
            engine,
            workers,
            ray_address,
            evidence_out,
            json,
        )
    )


@research.command(
    epilog="Examples: agent optimize --strategy sma --data BTC-USDT_1h.csv.gz --trials 200 | agent optimize "
    "--strategy rsi --data BTC-USDT_1h.csv.gz --range period=5:40 --range lower=10:45 --study night. "
    "The same command goes on with a study that was stopped. Exit code 0: done. 2: bad input. 130: Ctrl-C, "
    "what is done is kept."
)
@over_candles
def optimize(
    asked: "ResearchRequest",
    *,
    trials: Annotated[int, typer.Option(help="Trials the study shall have in all.")] = 200,
    range_: Annotated[
        list[str] | None,
        typer.Option(
            "--range", help="Where to look: fast=5:50, fast=5:50:5 or fast=5,8,13; may be repeated."
        ),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Name of the study; strategy, symbols and timeframe if not given.")
    ] = None,
    storage: Annotated[
        str | None, typer.Option(help="Optuna storage URL; SQLite in the home if not given.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds after which to stop.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the search.")] = 0,
    score: Annotated[str, typer.Option(help="What to search for: sharpe, return or calmar.")] = "sharpe",
    evidence_out: Annotated[
        Path | None, typer.Option(help="Write the evidence for `agent params apply` to this file, too.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Search for parameters in the first 70 % of the data; the rest shows what they are worth."""
    from agent.cli.handlers.optimize import StudyRequest, optimize_command

    optimize_command(
        StudyRequest(asked, trials, range_ or (), study, storage, timeout, seed, score, evidence_out, json)
    )


@research.command(
    epilog="Examples: agent lookahead rsi | agent lookahead my-breakout --data BTC-USDT_1h.csv.gz. "
    "Exit code 0: proved. 1: it looks ahead, with the first difference, or there was no signal to compare."
)
def lookahead(
    strategy: Annotated[str, typer.Argument(help="Strategy to examine, built in or your own.")],
    *,
    data: Annotated[Path | None, typer.Option(help="Candle file; a made-up market if not given.")] = None,
    informative: InformativeOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Prove that a strategy's signals never depend on later candles."""
    from agent.cli.handlers.strategy import show_lookahead

    show_lookahead(strategy, data, informative or (), config, home, json=json)
