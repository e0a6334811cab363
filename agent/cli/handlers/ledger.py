"""The work of `agent ledger`."""

from collections.abc import Iterator
from pathlib import Path

from agent.account.client import AccountClient
from agent.answers.spend import SpendAnswer, SpendRow
from agent.cli.options import home_of
from agent.cli.output.streams import answer


def show_ledger(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print what advice cost."""
    answer(AccountClient(home_of(home), journal).spend(), ledger_lines, json=json)


def ledger_lines(report: SpendAnswer) -> Iterator[str]:
    """Yield what advice cost as people read it."""
    yield f"journal   {report.journal}, row {report.seq}"
    if report.day is None:
        yield "advice    nobody was asked yet, so nothing was spent"
    else:
        yield f"today     {_sums(report.today)} ({report.day}, UTC)"
        yield f"session   {_sums(report.session)}"
        yield f"total     {_sums(report.total)}"
        yield from (f"adviser   {name}: {_sums(each)}" for name, each in report.advisers.items())
    if report.open:
        yield f"open      {report.open} without an answer: charged with all that was reserved"
    if report.alarms:
        yield f"alarm     {report.alarms} answers told what cannot be true of their cost: charged whole"
    yield from (f"cap       {each.name}: {each.used} of {each.most}" for each in report.caps)


def _sums(each: SpendRow) -> str:
    return f"{each.usd} USD, {each.tokens} tokens, {each.answered} of {each.asked} answered"
