"""The commands that tell what an agent does and did; each hands over to a module that does the work."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import HomeOption, JournalOption, JsonOption
from domain.errors import BadInput
from domain.symbols import spelled

watching = typer.Typer(rich_markup_mode=None)


@watching.command(epilog="Examples: agent status | agent status --json")
def status(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """Show what the agent is doing, or how its last session ended."""
    from agent.cli.handlers.status import show_status

    show_status(home, journal, json=json)


@watching.command(epilog="Examples: agent positions | agent positions --json")
def positions(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """Show open positions and the orders that protect them."""
    from agent.cli.handlers.status import show_positions

    show_positions(home, journal, json=json)


@watching.command(
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
        typer.Option(
            "--exit",
            help="Ended by signal, stop, target, roi, time, break-even, trail or operator; may be repeated.",
        ),
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
    from agent.cli.handlers.trades import TradesRequest, show_trades

    request = TradesRequest(symbol or (), since, until, session, exit_ or (), last, csv, json)
    show_trades(home, journal, request)


@watching.command(
    epilog="Examples: agent report | agent report --days 7 --out week.html | agent report --days 1 --text | "
    "agent report --since 2026-11-01 --until 2026-11-30 --json | agent report --session 3"
)
def report(
    *,
    days: Annotated[
        int | None, typer.Option(help="The last so many days: earnings, costs, backtest beside it, health.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="From this UTC day or instant on: 2026-11-28.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Up to the end of this UTC day, or to an instant.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", envvar="AGENT_AS_OF", help="Instant at which --days end; now if not given."),
    ] = None,
    session: Annotated[
        int | None, typer.Option(help="One session; the account's whole life if not given.")
    ] = None,
    backtest: Annotated[
        bool, typer.Option(help="Of a period: run the backtest of the same candles beside it.")
    ] = True,
    text: Annotated[bool, typer.Option("--text", help="Of a period: print it as lines.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Of a period: keep it in HOME/reports.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="File to write; JOURNAL-report.html here if not given.")
    ] = None,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Write a period, a session or an account's whole life as one page with charts.

    A period (--days, --since, --until) also tells costs against those assumed, vetoes, health, and each trade
    beside a backtest of the same candles.
    """
    from agent.cli.handlers.period import PeriodRequest, write_period
    from agent.cli.handlers.report import write_report

    asked = PeriodRequest(days, since, until, as_of, out, text, json, backtest, keep)
    if asked.given:
        if session is not None:
            raise BadInput("--session and a period were both given: give one of them")
        write_period(home, journal, asked)
    elif text or keep:
        raise BadInput("--text and --keep are for a period: give --days, --since or --until")
    else:
        write_report(home, journal, session, out, json=json)


@watching.command(
    epilog="Examples: agent summary | agent summary --json | agent summary --days 7 | agent summary --as-of "
    "2026-11-28T23:00:00Z --send. The job `summary` sends it at 23:00 UTC for each agent."
)
def summary(
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="The last so many days.")] = 1,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", envvar="AGENT_AS_OF", help="Instant at which they end; now if not given."),
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Have the alerts' channels tell it, once for this instant.")
    ] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Sum up the day: profit, trades and win rate, risk, and how the agent ran."""
    from agent.cli.handlers.summary import show_summary

    show_summary(home, journal, days, as_of, send=send, json=json)


@watching.command(epilog="Examples: agent lessons | agent lessons --json")
def lessons(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """Show what was learned: trades, vetoes and each voice's weight."""
    from agent.cli.handlers.status import show_lessons

    show_lessons(home, journal, json=json)


@watching.command(
    epilog="Examples: agent forecasts | agent forecasts --voice rsi | agent forecasts --json. "
    "A skill of 0 says no more than the base rate known at each forecast, one below 0 misleads."
)
def forecasts(
    *,
    voice: Annotated[list[str] | None, typer.Option(help="Only of this voice; may be repeated.")] = None,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Show whether each voice's confidence means anything: Brier score, log loss, skill, reliability."""
    from agent.cli.handlers.forecasts import show_forecasts

    show_forecasts(home, journal, voice or (), json=json)


@watching.command(
    epilog="Examples: agent ledger | agent ledger --json. A question counts with all that was reserved "
    "until its answer says less."
)
def ledger(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """Show what advice cost, by day, session and adviser, and what the caps leave."""
    from agent.cli.handlers.ledger import show_ledger

    show_ledger(home, journal, json=json)


@watching.command(epilog="Examples: agent why | agent why 812 | agent why 812 --json")
def why(
    cycle: Annotated[int | None, typer.Argument(help="Cycle to explain; the last one if not given.")] = None,
    *,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Explain a cycle: what was seen, who voted how, which rule measured what, what would have turned it."""
    from agent.cli.handlers.why import show_why

    show_why(cycle, home, journal, json=json)


@watching.command(
    epilog="Examples: agent replay | agent replay --session 2 --json | agent replay --questions. Exit code "
    "0: identical. 1: a difference, shown field by field; with --questions also where a question differs."
)
def replay(
    *,
    session: Annotated[int | None, typer.Option(help="Session to replay; the last one if not given.")] = None,
    questions: Annotated[
        bool,
        typer.Option("--questions", help="Make each question to an adviser again, and compare its bytes."),
    ] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Run a recorded session's inputs through today's code and compare every decision."""
    from agent.cli.handlers.replay import show_replay

    show_replay(session, home, journal, questions=questions, json=json)
