"""The commands that run, watch and stop the agent; each hands over to a module that does the work."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.config import config
from agent.cli.data import data
from agent.cli.drill import EPILOG as DRILL_EPILOG
from agent.cli.drill import drill
from agent.cli.group import PlainGroup
from agent.cli.journal import journal
from agent.cli.options import (
    BaseUrlOption,
    ConfigOption,
    HomeOption,
    JournalOption,
    JsonOption,
    StrategyOption,
    named,
)
from agent.cli.params import params
from agent.cli.reading import ColumnsOption, FormatOption, ZoneOption, said_of_files
from agent.cli.research import research
from agent.cli.sandbox import EPILOG as SANDBOX_EPILOG
from agent.cli.sandbox import sandbox
from agent.cli.strategy import strategy as strategy_app
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
app.add_typer(research)
app.add_typer(journal, name="journal")
app.add_typer(config, name="config")
app.add_typer(strategy_app, name="strategy")
app.add_typer(data, name="data")
app.add_typer(params, name="params")
app.command(epilog=SANDBOX_EPILOG)(sandbox)
app.command(epilog=DRILL_EPILOG)(drill)


@app.callback(invoke_without_command=True)
def version(
    ctx: typer.Context,
    *,
    show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Print the version when asked."""
    if show:
        from agent.version import code_version

        typer.echo(f"boyd {code_version()}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@app.command(
    epilog="Examples: agent run --rehearse | agent run --mode paper | agent run --mode paper --provider "
    "simulated --cycles 500 --speed max | agent run --provider recorded --data BTC-USDT_1m.csv.gz --speed "
    "max | agent run --mode quicktest"
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
    format_: FormatOption = None,
    columns: ColumnsOption = None,
    timezone: ZoneOption = None,
    speed: Annotated[
        str | None, typer.Option(help="Pace of recorded candles: times real time, or max.")
    ] = None,
    base_url: BaseUrlOption = None,
    account: Annotated[
        str | None, typer.Option(help="Id of the account to trade; mode live needs it typed.")
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
    from agent.cli.run import Wish, run_command

    flags = {
        "cycles": cycles,
        "interval_seconds": interval,
        "symbols": tuple(symbol) if symbol else None,
        "timeframe": timeframe,
        "provider": provider,
        "data": tuple(data) if data else None,
        "files": said_of_files(format_, columns, timezone),
        "speed": speed,
        "exchange": {"base_url": base_url} if base_url else None,
        "reasoning": {"strategies": named(strategy)} if strategy else None,
        "account": account,
        "db_url": db_url,
        "db_url_file": db_url_file,
        "home": home,
        "journal": journal,
    }
    wish = Wish(mode or [], flags, config, fresh=fresh, plain=plain, json=json, rehearse=rehearse)
    run_command(wish)


@app.command()
def status(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """Show what the agent is doing, or how its last session ended."""
    from agent.cli.read import show_status

    show_status(home, journal, json=json)


@app.command()
def positions(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """Show open positions and the orders that protect them."""
    from agent.cli.read import show_positions

    show_positions(home, journal, json=json)


@app.command(
    epilog="Examples: agent trades | agent trades --symbol BTC/USDT --since 2026-11-01 --exit stop | "
    "agent trades --csv > trades.csv. Open positions: agent positions."
)
def trades(
    *,
    symbol: Annotated[
        list[str] | None,
        typer.Option(parser=spelled, metavar="SYMBOL", help="Only of this symbol; may be repeated."),
    ] = None,
    since: Annotated[str | None, typer.Option(help="Closed on this UTC day or later: 2026-11-28.")] = None,
    until: Annotated[str | None, typer.Option(help="Closed on this UTC day or before.")] = None,
    session: Annotated[int | None, typer.Option(help="Only of this session.")] = None,
    exit_: Annotated[
        list[str] | None,
        typer.Option("--exit", help="Ended by signal, stop, target or operator; may be repeated."),
    ] = None,
    last: Annotated[
        int | None, typer.Option("--last", "-n", min=1, max=10**9, help="Only the latest ones.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """List closed trades, oldest first, with prices, costs, result and how each ended."""
    from agent.cli.trades import Wish, show_trades

    wish = Wish(symbol or (), since, until, session, exit_ or (), last, csv, json)
    show_trades(home, journal, wish)


@app.command(
    epilog="Examples: agent report | agent report --session 3 --out november.html | agent report --json"
)
def report(
    *,
    session: Annotated[
        int | None, typer.Option(help="One session; the account's whole life if not given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write; JOURNAL-report.html here if not given.")
    ] = None,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Write a paper or live run as one page with charts, the same as a backtest's."""
    from agent.cli.report import write_report

    write_report(home, journal, session, out, json=json)


@app.command()
def lessons(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """Show what was learned: trades, vetoes and each voice's weight."""
    from agent.cli.read import show_lessons

    show_lessons(home, journal, json=json)


@app.command(epilog="Examples: agent why | agent why 812 | agent why 812 --json")
def why(
    cycle: Annotated[int | None, typer.Argument(help="Cycle to explain; the last one if not given.")] = None,
    *,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Explain a cycle: what was seen, who voted how, which rule measured what, what would have turned it."""
    from agent.cli.why import show_why

    show_why(cycle, home, journal, json=json)


@app.command(epilog="Exit code 0: identical. 1: a difference, shown field by field.")
def replay(
    *,
    session: Annotated[int | None, typer.Option(help="Session to replay; the last one if not given.")] = None,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Run a recorded session's inputs through today's code and compare every decision."""
    from agent.cli.replay import show_replay

    show_replay(session, home, journal, json=json)


@app.command()
def kill(
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")],
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Throw the kill switch: no entry until `agent resume`. Exits and stops go on working."""
    from agent.cli.read import switch

    switch(home, journal, reason, active=True, json=json)


@app.command()
def resume(
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")] = "operator resumed",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Reset the kill switch."""
    from agent.cli.read import switch

    switch(home, journal, reason, active=False, json=json)


@app.command(
    epilog="Example: agent flatten --reason 'going on holiday'. Exit code 0: the venue confirms that nothing "
    "is left. 1: something is, and what."
)
def flatten(
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")],
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Emergency stop: no entry from now on, every order cancelled, every position sold, each confirmed."""
    from agent.cli.account import flatten_account

    flatten_account(home, journal, reason, json=json)


@app.command(
    epilog="Example: agent close BTC-USDT --reason 'before the news'. Exit code 0: the venue confirms that "
    "nothing of it is left. 1: something is, and what."
)
def close(
    symbol: Annotated[str, typer.Argument(parser=spelled, metavar="SYMBOL", help="Whose position is sold.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")] = "operator closed",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Sell one position and cancel its orders, at once and confirmed; other symbols and entries go on."""
    from agent.cli.account import close_position

    close_position(symbol, home, journal, reason, json=json)


@app.command(
    epilog="Examples: agent reconcile | agent reconcile --adopt --reason 'sold 0.1 BTC by hand'. "
    "Exit code 0: journal and venue agree, or the account was taken over. 1: they differ."
)
def reconcile(
    *,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take the venue's account over as it is; needs --reason.")
    ] = False,
    write_off: Annotated[
        str | None,
        typer.Option(
            parser=spelled,
            metavar="SYMBOL",
            help="Count the position in a symbol that cannot be sold any more as lost.",
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it goes into the journal.")] = None,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Compare orders and holdings of the journal with the venue's."""
    from agent.cli.account import reconcile_account

    reconcile_account(home, journal, reason, adopt=adopt, lost=write_off, json=json)


@app.command(epilog="Exit code 0: nothing is wrong. 1: something is, with what to do.")
def doctor(
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Examine the exchange account too: key, rights, fees, clock.")
    ] = False,
    base_url: BaseUrlOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Check configuration, files, journals, clock and providers, and say what to do."""
    from agent.cli.doctor import examine

    examine(config, home, base_url, live=live, json=json)
