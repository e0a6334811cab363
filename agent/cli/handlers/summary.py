"""`agent summary`: an agent's day in a few lines, printed, and put where the channels tell it."""

from contextlib import closing
from pathlib import Path

import msgspec

from agent.account.client import AccountClient
from agent.answers.alerts import AlertKind, Severity
from agent.answers.summary import DaySummary
from agent.cli.handlers.period import PeriodRequest, instant, period_of
from agent.cli.options import home_of
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import answer, mention
from agent.host.process import memory
from agent.notices import FILE, Notices
from agent.reports.daily import Process, lines, summary, title
from agent.reports.lived import Lived
from agent.reports.period import ReportPeriod, before, ends_at, rows_of, span_of
from agent.settings.home import Home
from agent.settings.recorded import last_session
from agent.settings.settings import DRIVEN
from domain.errors import BadInput
from journal.history import History


def show_summary(
    home: Path | None, journal: str | None, days: int, as_of: str | None, *, send: bool, json: bool
) -> None:
    """Print the summary; with `send` put it as a notice, once for the agent and the instant."""
    client = AccountClient(home_of(home), journal)
    report = summary_of(client, days, as_of)
    if send:
        report = _sent(client.home, report, as_of)
        if report.notice is None:
            mention(f"not sent  {client.name} did nothing in that time")
    answer(report, lines, json=json)


def summary_of(client: AccountClient, days: int, as_of: str | None) -> DaySummary:
    """Return the summary of the days that end at an instant, now if none is given.

    Raises BadInput where the journal has no session by then.
    """
    status = client.status()
    with client.resting() as records:
        period = _period(records, days, as_of)
        span = span_of(records, period)
        lived = Lived(*before(records, span, client.checkpoints))
        with progress_bar("reading", records.head()[0]) as tell:
            for row in rows_of(records, span):
                lived.take(row.event)
                tell(row.seq - span.after)
    if lived.started is None:
        raise BadInput(f"the journal holds no session before {period.until:%Y-%m-%dT%H:%M:%SZ}")
    return summary(client.name, lived, period, Process(status, _memory(client, running=status.running)))


def _period(records: History, days: int, as_of: str | None) -> ReportPeriod:
    """Return the period; one that lies behind the last candle of a driven market ends with that."""
    asked = PeriodRequest(days, None, None, as_of, None, text=True, json=False, backtest=False)
    period, last = period_of(records, asked), ends_at(records)
    if last is None or last >= period.since or last_session(records).settings.get("provider") not in DRIVEN:
        return period
    return period_of(records, asked._replace(as_of=None))


def _memory(client: AccountClient, *, running: bool) -> int | None:
    """Return the bytes that the running agent's process holds, None where that is not to be had."""
    process = client.home.owner(client.name) if running else None
    return memory(process) or None if process else None


def _sent(home: Home, report: DaySummary, as_of: str | None) -> DaySummary:
    """Put a summary as a notice; of an agent that neither runs nor did anything then there is none."""
    if not report.running and (not report.cycles or _long_ago(report, as_of)):
        return report
    key = f"summary/{as_of or _at(report)}/{report.journal}"
    with closing(Notices(home.root / FILE)) as notices:
        number = notices.put(
            key,
            AlertKind.SUMMARY,
            Severity.INFO,
            report.journal,
            title(report),
            "\n".join(lines(report)),
            report.until,
        )
    return msgspec.structs.replace(report, notice=number)


def _long_ago(report: DaySummary, as_of: str | None) -> bool:
    """Say whether a summary ends before the instant that was asked for: nothing happened since."""
    return as_of is not None and instant("--as-of", as_of) != report.until


def _at(report: DaySummary) -> str:
    return f"{report.until:%Y-%m-%dT%H:%M:%SZ}"
