"""`agent report`: a paper or live run as one page, or its figures."""

from pathlib import Path

from agent.account.client import AccountClient
from agent.answers.research import ReportAnswer
from agent.cli.handlers.targets import writable, write_page
from agent.cli.handlers.trades import history_of
from agent.cli.options import home_of
from agent.cli.output.streams import say, say_json
from agent.settings.recorded import lenient
from domain.errors import BadInput


def write_report(
    home: Path | None, journal: str | None, session: int | None, out: Path | None, *, json: bool
) -> None:
    """Write the page of a run to a file, or print its figures."""
    from agent.explain.session_report import page, told_of  # NumPy: for this command alone
    from agent.reports.figures import figures_of_run

    reader = AccountClient(home_of(home), journal)
    target = out or Path(f"{reader.name}-report.html")
    if not json:
        writable("--out", target)
    history = history_of(reader, session, candles=True)
    if history.started is None:
        raise BadInput("the journal holds no session yet")
    options = lenient(history.started, run_own=False)
    report = told_of(history, options)
    if json:
        say_json(
            ReportAnswer(
                journal=reader.name,
                sessions=history.sessions,
                stopped=report.stopped or None,
                cycles=report.result.cycles,
                figures=figures_of_run(report.figures, report.result.cash_decimals),
            )
        )
        return
    asked = "" if session is None else f" --session {session}"
    command = f"agent report --journal {reader.name}{asked}"
    write_page("--out", target, page(report, history, options, reader.name, command))
    if report.stopped:
        say(f"STOPPED   {report.stopped}")
    earned = report.figures.total_return
    figures = f"{report.result.cycles} cycles, {report.figures.trades} trades"
    say(f"written to {target}: {figures}, return {'n/a' if earned is None else f'{earned:+.2%}'}")
