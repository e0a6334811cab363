"""The matrix that makes one verdict of how the gate's rules stand.

The how-to's table is written from here (`python -m docs.tables`), so what is read there is what is judged.
"""

from collections.abc import Sequence
from typing import NamedTuple

from agent.answers.gate import Area, GateAnswer, GateRow, RuleStanding, Verdict
from agent.gate.facts import GateFacts, Measured
from agent.gate.rules import RULES, GateRule

C, P, E = Area.CONDUCT, Area.PERFORMANCE, Area.EVIDENCE


class MatrixRow(NamedTuple):
    """A row of the matrix: where any rule of these areas stands so, the verdict, and the next step.

    The first row that fits decides.
    """

    areas: tuple[Area, ...]
    standing: RuleStanding | None
    verdict: Verdict
    next_step: str


DECISIONS: tuple[MatrixRow, ...] = (
    MatrixRow(
        (C,), RuleStanding.FAIL, Verdict.NO_GO, "mend how it ran first: nothing that was earned so counts"
    ),
    MatrixRow((P,), RuleStanding.FAIL, Verdict.NO_GO, "take the money out: it goes on, on paper"),
    MatrixRow((E,), RuleStanding.FAIL, Verdict.NO_GO, "mend the backtest first: it is not what is traded"),
    MatrixRow(
        (C, P, E), RuleStanding.UNKNOWN, Verdict.NOT_ENOUGH, "let it run as it does, with no more money"
    ),
    MatrixRow(
        (C, P, E), RuleStanding.WEAK, Verdict.WATCH, "let it run with what it has; ask again in a week"
    ),
    MatrixRow((C, P, E), None, Verdict.GO, "it may be given more money, a step at a time"),
)
"""The matrix that makes one verdict of all rules."""

BLOCKS_LIVE = frozenset({Verdict.NO_GO})
"""Verdicts with which `--mode live` makes no entry unless it is told to in words."""


def judged(facts: GateFacts) -> GateAnswer:
    """Return the verdict, a pure function of the facts."""
    rows = [_row(rule, rule.measure(facts)) for rule in RULES]
    chosen = decision(rows)
    named = [each for each in rows if chosen.standing is each.standing and each.area in chosen.areas]
    first = next((rule for rule in RULES if named and rule.name == named[0].rule), None)
    fails = chosen.standing is RuleStanding.FAIL and first is not None
    report = facts.report
    return GateAnswer(
        journal=report.journal,
        journal_id=report.journal_id,
        seq=report.seq,
        hash=report.hash,
        since=report.since,
        until=report.until,
        mode=report.mode,
        symbols=report.symbols,
        strategies=report.strategies,
        verdict=chosen.verdict,
        allows_live=chosen.verdict not in BLOCKS_LIVE,
        reasons=[_said(each) for each in named] or ["every rule holds"],
        rows=rows,
        next_step=f"{chosen.next_step}; {first.remedy}" if fails and first else chosen.next_step,
    )


def decision(rows: Sequence[GateRow]) -> MatrixRow:
    """Return the first row of the matrix that fits."""
    return next(
        each
        for each in DECISIONS
        if each.standing is None
        or any(row.standing is each.standing and row.area in each.areas for row in rows)
    )


def _row(rule: GateRule, measured: Measured) -> GateRow:
    return GateRow(
        rule=rule.name,
        area=rule.area,
        meaning=rule.meaning,
        measured=measured.value,
        limit=measured.limit,
        standing=measured.standing,
        why=measured.why,
        power=measured.power,
    )


def _said(row: GateRow) -> str:
    """Say of a rule what was measured, the limit, and why."""
    measured = "not known" if row.measured is None else row.measured
    return f"{row.rule}: {measured}, limit {row.limit}{f' ({row.why})' if row.why else ''}"
