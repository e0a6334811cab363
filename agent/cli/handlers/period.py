"""`agent report --days 7`: an account over a period, as a page, as lines or as JSON."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.account.client import AccountClient
from agent.cli.handlers.targets import writable, write_page
from agent.cli.options import home_of
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import answer, say
from agent.host.clock import SystemClock
from agent.reports.period import ReportPeriod, ends_at
from agent.reports.shelf import ReportShelf
from agent.reports.text import lines
from agent.settings.recorded import last_session
from agent.settings.settings import DRIVEN
from domain.errors import BadInput
from journal.history import History

if TYPE_CHECKING:
    from agent.reports.report import Reported

MOST_DAYS = 3_660
INSTANT = re.compile(r"\d{4}-?\d{2}-?\d{2}([T ]\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:\d{2})?)?")


class PeriodRequest(NamedTuple):
    """The period asked for and how it is told; the texts are a UTC day or an instant."""

    days: int | None
    since: str | None
    until: str | None
    as_of: str | None
    out: Path | None
    text: bool
    json: bool
    backtest: bool
    keep: bool = False

    @property
    def given(self) -> bool:
        """Say whether a period was asked for at all."""
        return any(each is not None for each in (self.days, self.since, self.until))


def write_period(home: Path | None, journal: str | None, asked: PeriodRequest) -> None:
    """Write the page of a period to a file, or print it."""
    if asked.text and asked.json:
        raise BadInput("--text and --json are two forms: give one of them")
    client = AccountClient(home_of(home), journal)
    target = _target(client, asked)
    if target is not None:
        writable("--out", target)
    done = period_report(client, asked)
    if asked.json or asked.text:
        answer(done.answer, lines, json=asked.json)
    if target is None and not asked.keep:
        return
    from agent.reports.page import html  # the charts' modules: only where a page is made

    page = html(done)
    if target is not None:
        write_page("--out", target, page)
    kept = ReportShelf(client.home, client.name).keep(done.answer, page) if asked.keep else ""
    if not asked.json and not asked.text:
        words = next(lines(done.answer)).removeprefix("report").strip()
        say(f"{f'kept as {kept}' if asked.keep else f'written to {target}'}: {words}")


def _target(client: AccountClient, asked: PeriodRequest) -> Path | None:
    """Return the file to write the page to, None where it is not to be written, or kept in the home."""
    if asked.out is not None or asked.json or asked.text or asked.keep:
        return asked.out
    return Path(f"{client.name}-report.html")


def period_report(client: AccountClient, asked: PeriodRequest) -> "Reported":
    """Return the report that is asked for, with a bar while it is made."""
    from agent.reports.report import reported  # NumPy: for whoever wants a report

    with client.resting() as records:
        period = period_of(records, asked)
        with progress_bar("reading", records.head()[0]) as tell:
            return reported(records, client.name, period, client.checkpoints, tell, twin=asked.backtest)


def period_of(records: History, asked: PeriodRequest) -> ReportPeriod:
    """Return the period that is asked for; it ends with the present, or the last cycle of a driven market."""
    if asked.days is not None and (asked.since or asked.until):
        raise BadInput("--days and --since or --until were both given: give one of them")
    until = instant("--until", asked.until, end=True) or instant("--as-of", asked.as_of) or _now(records)
    if asked.since is None:
        days = 1 if asked.days is None else asked.days
        if not 1 <= days <= MOST_DAYS:
            raise BadInput(f"--days {days}: must be from 1 to {MOST_DAYS}")
        return ReportPeriod(until - timedelta(days=days), until)
    since = instant("--since", asked.since)
    if since is None or since >= until:
        raise BadInput(f"--since {asked.since} is not before the end, {until:%Y-%m-%dT%H:%M:%SZ}")
    return ReportPeriod(since, until)


def _now(records: History) -> datetime:
    """Return the present; of a driven market the instant just behind the last cycle."""
    driven = last_session(records).settings.get("provider") in DRIVEN
    last = ends_at(records)
    if driven and last is not None:
        return last + timedelta(milliseconds=1)
    return SystemClock().now()


def instant(name: str, text: str | None, *, end: bool = False) -> datetime | None:
    """Return a UTC day such as 2026-11-28, of which `end` is the end, or an instant; None for none.

    Raises BadInput for another text.
    """
    if not text:
        return None
    if not INSTANT.fullmatch(text):
        raise BadInput(f"{name} {text[:40]}: not a day such as 2026-11-28, nor an instant such as "
                       "2026-11-28T23:00:00Z")  # fmt: skip
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{name} {text[:40]}: {error}") from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC) + (
        timedelta(days=1) if end and len(text) <= len("2026-11-28") else timedelta()
    )
