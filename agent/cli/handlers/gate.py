"""`agent gate`: the verdict on a journal, kept in the home, and told where it changed."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from agent.account.client import AccountClient
from agent.answers.alerts import AlertKind, Severity
from agent.answers.gate import GateAnswer, RuleStanding, Verdict
from agent.cli.handlers.period import PeriodRequest, period_of
from agent.cli.options import home_of
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import answer
from agent.doctor.verdicts import KeptVerdicts
from agent.gate.facts import GateFacts
from agent.gate.matrix import judged
from agent.notices import FILE, Notices
from agent.reports.groups import result_of
from agent.reports.report import Reported, reported
from agent.settings.upkeep.gate import GateSettings
from agent.settings.upkeep.reading import upkeep
from domain.errors import BadInput
from journal.stored import Broken
from journal.verify import verify
from research.statistics.metrics import daily_returns
from research.statistics.overfit import deflated_sharpe

EXITS = {Verdict.GO: 0, Verdict.NO_GO: 1, Verdict.WATCH: 3, Verdict.NOT_ENOUGH: 4}
SEVERITIES = {Verdict.NO_GO: Severity.WARNING}
MARKS = {
    RuleStanding.PASS: "ok",
    RuleStanding.WEAK: "weak",
    RuleStanding.UNKNOWN: "?",
    RuleStanding.FAIL: "FAIL",
}


class GateRequest(NamedTuple):
    """The arguments of `agent gate`."""

    days: int | None
    as_of: str | None
    notify: bool
    json: bool


def show_gate(home: Path | None, journal: str | None, asked: GateRequest) -> None:
    """Judge a journal, print the verdict and keep it; the exit code says which it is."""
    agent_home = home_of(home)
    settings = upkeep(agent_home).gate
    client = AccountClient(agent_home, journal)
    result = judge(client, settings, asked)
    answer(result, gate_lines, json=asked.json)
    if asked.days is None:  # other days are a question, and no verdict of the home
        before = KeptVerdicts(agent_home).keep(result)
        if asked.notify:
            _notify(client, result, before)
    if not asked.notify:  # a job has done its work, whatever came of it
        sys.exit(EXITS[result.verdict])


def judge(client: AccountClient, settings: GateSettings, asked: GateRequest) -> GateAnswer:
    """Return the verdict on a journal over its last days, with a bar while it is worked out."""
    days = settings.days if asked.days is None else asked.days
    request = PeriodRequest(days, None, None, asked.as_of, None, text=False, json=True, backtest=True)
    with client.resting() as records:
        period = period_of(records, request)
        with progress_bar("reading", records.head()[0]) as tell:
            done = reported(records, client.name, period, client.checkpoints, tell)
        checked = verify(records)
    broken = f"row {checked.seq}: {checked.what}" if isinstance(checked, Broken) else ""
    return judged(facts_of(done, settings, broken))


def facts_of(done: Reported, settings: GateSettings, broken: str | None) -> GateFacts:
    """Return what the rules measure of a report."""
    state = done.lived.state
    return GateFacts(
        report=done.answer,
        settings=settings,
        broken=broken,
        evidence={name: event.evidence for name, event in state.in_force().items()},
        results=[result_of(each) for each in done.lived.trades],
        deflated=_deflated(done, settings),
    )


def _deflated(done: Reported, settings: GateSettings) -> float | None:
    """Return the likelihood that the period's Sharpe ratio is above 0, as of one trial."""
    if done.drawn is None:
        return None
    result = done.drawn.result
    try:
        returns = daily_returns(result.times_ms, result.equity, float(result.opening_cash), every_day=True)
        return deflated_sharpe(returns, (1, 0.0)) if len(returns) >= settings.least_days else None
    except BadInput:
        return None


def _notify(client: AccountClient, result: GateAnswer, before: GateAnswer | None) -> None:
    """Tell people where the verdict is another than the last one, once."""
    if before is not None and before.verdict is result.verdict:
        return
    was = "" if before is None else f", was {before.verdict}"
    notices = Notices(client.home.root / FILE)
    try:
        notices.put(
            f"gate/{result.journal_id}/{result.seq}",
            AlertKind.GATE,
            SEVERITIES.get(result.verdict, Severity.INFO),
            client.name,
            f"gate: {result.verdict}{was}",
            "\n".join([*result.reasons, result.next_step]),
            result.until,
        )
    finally:
        notices.close()


def gate_lines(result: GateAnswer) -> Iterator[str]:
    """Yield a verdict as people read it: the verdict, why, and the rules in one table."""
    span = f"{result.since:%Y-%m-%d %H:%M} to {result.until:%Y-%m-%d %H:%M} UTC"
    yield f"{result.verdict}  {result.journal} ({result.mode}), {span}, row {result.seq}"
    rows = [
        (MARKS[each.standing], each.rule, each.measured or "not known", each.limit) for each in result.rows
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    for row, each in zip(rows, result.rows, strict=True):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True))
        yield f"{cells}  limit {row[3]}{f'; {each.why}' if each.why else ''}"
    yield from (f"power {each.rule}: {each.power}" for each in result.rows if each.power)
    yield from (f"why   {each}" for each in result.reasons)
    yield f"next  {result.next_step}"
