"""The command line as a whole, and `agent run`; every command hands over to a module that does the work."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.commands.advise import EPILOG as ADVISE_EPILOG
from agent.cli.commands.advise import advise
from agent.cli.commands.adviser import adviser
from agent.cli.commands.alerts import alerts
from agent.cli.commands.backup import backups
from agent.cli.commands.compile import EPILOG as COMPILE_EPILOG
from agent.cli.commands.compile import compile_
from agent.cli.commands.config import config
from agent.cli.commands.data import data
from agent.cli.commands.drill import EPILOG as DRILL_EPILOG
from agent.cli.commands.drill import drill
from agent.cli.commands.indicators import EPILOG as INDICATORS_EPILOG
from agent.cli.commands.indicators import indicators
from agent.cli.commands.jobs import jobs
from agent.cli.commands.journal import journal
from agent.cli.commands.judging import judging
from agent.cli.commands.mcp import EPILOG as MCP_EPILOG
from agent.cli.commands.mcp import mcp
from agent.cli.commands.memory import memory
from agent.cli.commands.meta import meta
from agent.cli.commands.pairs import EPILOG as PAIRS_EPILOG
from agent.cli.commands.pairs import pairs
from agent.cli.commands.params import params
from agent.cli.commands.reading import ColumnsOption, FormatOption, ZoneOption, said_of_files
from agent.cli.commands.research import research
from agent.cli.commands.sandbox import EPILOG as SANDBOX_EPILOG
from agent.cli.commands.sandbox import sandbox
from agent.cli.commands.serve import EPILOG as SERVE_EPILOG
from agent.cli.commands.serve import serve
from agent.cli.commands.slippage import slippage
from agent.cli.commands.stopping import stopping
from agent.cli.commands.strategy import strategy as strategy_app
from agent.cli.commands.watching import watching
from agent.cli.group import PlainGroup
from agent.cli.options import (
    BaseUrlOption,
    ConfigOption,
    HomeOption,
    InformativeOption,
    JournalOption,
    JsonOption,
    SetOption,
    StrategyOption,
    joined,
    named,
    nested,
)
from domain.symbols import spelled

app = typer.Typer(
    cls=PlainGroup,
    help="Boyd: a trading agent you can replay, question and trust.",
    epilog="Start with: agent run --rehearse",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(watching)
app.add_typer(judging)
app.add_typer(stopping)
app.add_typer(research)
app.add_typer(journal, name="journal")
app.add_typer(jobs, name="jobs")
app.add_typer(backups)
app.add_typer(adviser, name="adviser")
app.add_typer(alerts, name="alerts")
app.add_typer(config, name="config")
app.add_typer(strategy_app, name="strategy")
app.add_typer(data, name="data")
app.add_typer(params, name="params")
app.add_typer(meta, name="meta")
app.add_typer(memory, name="memory")
app.add_typer(slippage, name="slippage")
app.command(epilog=ADVISE_EPILOG)(advise)
app.command(epilog=SERVE_EPILOG)(serve)
app.command(epilog=MCP_EPILOG)(mcp)
app.command(epilog=SANDBOX_EPILOG)(sandbox)
app.command(epilog=DRILL_EPILOG)(drill)
app.command(epilog=INDICATORS_EPILOG)(indicators)
app.command(epilog=PAIRS_EPILOG)(pairs)
app.command("compile", epilog=COMPILE_EPILOG)(compile_)


@app.callback(invoke_without_command=True)
def version(
    ctx: typer.Context,
    *,
    show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Print the version when asked."""
    if show:
        from agent.settings.version import code_version

        typer.echo(f"boyd {code_version()}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@app.command(
    epilog="Examples: agent run --rehearse | agent run --mode paper | agent run --mode paper --provider "
    "simulated --cycles 500 --speed max | agent run --provider recorded --data BTC-USDT_1m.csv.gz --speed "
    "max | agent run --timeframe 1h --schedule '1 * * * *' | agent run --mode quicktest"
)
def run(
    *,
    mode: Annotated[
        list[str] | None, typer.Option(help="paper, testnet (a rehearsal), live, or quicktest (for CI).")
    ] = None,
    cycles: Annotated[int | None, typer.Option(help="Cycles to run; 0 runs until Ctrl-C.")] = None,
    interval: Annotated[
        float | None, typer.Option(help="Seconds between cycles; 0 runs without pause.")
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(help='Cycles at the instants of a cron rule such as "0 * * * *", not at an interval.'),
    ] = None,
    symbol: Annotated[
        list[str] | None,
        typer.Option(parser=spelled, metavar="SYMBOL", help="What to trade; may be repeated."),
    ] = None,
    strategy: StrategyOption = None,
    timeframe: Annotated[str | None, typer.Option(help="Candle length, from 1s to 1M (a month).")] = None,
    provider: Annotated[
        str | None, typer.Option(help="auto, alpha_vantage, binance, recorded or simulated.")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="Candle file of any known format; may be repeated.")
    ] = None,
    informative: InformativeOption = None,
    format_: FormatOption = None,
    columns: ColumnsOption = None,
    timezone: ZoneOption = None,
    speed: Annotated[
        str | None, typer.Option(help="Pace of recorded candles: times real time, or max.")
    ] = None,
    set_: SetOption = None,
    base_url: BaseUrlOption = None,
    account: Annotated[
        str | None, typer.Option(help="Id of the account to trade; mode live needs it typed.")
    ] = None,
    despite_gate: Annotated[
        str | None,
        typer.Option(
            "--despite-gate", help="Reason in words to enter in mode live though the gate says NO-GO."
        ),
    ] = None,
    db_url: Annotated[
        str | None, typer.Option(help="PostgreSQL database of the journals (or AGENT_DB_URL), not files.")
    ] = None,
    db_url_file: Annotated[
        Path | None, typer.Option(help="File that holds its URL, with a password (or AGENT_DB_URL_FILE).")
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    journal: JournalOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Put the old journal aside and begin anew.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Plain lines, no live view.")] = False,
    rehearse: Annotated[
        bool,
        typer.Option(
            "--rehearse",
            help="First a short rehearsal on the simulated market: a veto, a trade, a lesson. On paper only.",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Run the agent: observe, decide, judge, trade and learn, cycle by cycle."""
    from agent.cli.handlers.run import RunRequest, run_command

    flags = {
        "cycles": cycles,
        "interval_seconds": interval,
        "schedule": schedule,
        "symbols": tuple(symbol) if symbol else None,
        "timeframe": timeframe,
        "provider": provider,
        "data": tuple(data) if data else None,
        "informative": tuple(informative) if informative else None,
        "files": said_of_files(format_, columns, timezone),
        "speed": speed,
        "exchange": {"base_url": base_url} if base_url else None,
        "reasoning": {"strategies": named(strategy)} if strategy else None,
        "account": account,
        "despite_gate": despite_gate,
        "db_url": db_url,
        "db_url_file": db_url_file,
        "home": home,
        "journal": journal,
    }
    flags = joined(nested(set_ or ()), flags)
    request = RunRequest(mode or [], flags, config, fresh=fresh, plain=plain, json=json, rehearse=rehearse)
    run_command(request)
