"""Every risk rule as it stands: what the gate itself would measure now, its limit, the share that is used.

Nothing is measured here: the kernels of `risk.table` are, on an entry of no lots. So a rule of the account
says what is used up before anybody wants more. What can only be measured of an order is told of the last
entry that was judged.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from agent.answers.agents import Headroom
from domain.account import Account
from domain.decision import Action, Decision
from domain.instrument import Instrument
from domain.money import cash_text
from domain.observation import Observation, Source
from domain.order import Order, OrderType, Purpose, Side
from domain.verdict import Approved, Check, Verdict
from risk import rules
from risk.case import Case, Policy
from risk.checks import Gate, worded
from risk.facts import Facts
from risk.reading import book_of, entry_of, feed_of
from risk.rule import CASH_UNITS, Rule
from risk.rules import Measure
from risk.table import RULES

MOST = 10.0
"""The largest share that is told: beyond it a number says no more."""

OF_THE_FEED = (rules.source, rules.data_age, rules.breaker)
WITH_THE_NEXT = (rules.positions, rules.trades_today)
"""Rules that count the entry in question with the others."""

UNSEEN = "no cycle has seen this market yet"
UNJUDGED = "measured of an order: no entry has been judged yet"


class Judged(NamedTuple):
    """The verdict on the last entry that was wanted in a symbol, and its cycle."""

    cycle: int
    verdict: Verdict


def judged_entry(verdict: Verdict) -> bool:
    """Say whether a verdict is on an entry: only those meet every rule."""
    if isinstance(verdict, Approved):
        return verdict.order.purpose is Purpose.ENTRY
    return len(verdict.checks) > 1


def headroom(
    account: Account,
    instruments: Mapping[str, Instrument],
    policy: Policy,
    observed: Mapping[str, Observation | None],
    judged: Mapping[str, Judged],
    now: datetime,
) -> list[Headroom]:
    """Return a row for each rule of the account, and for each other one a symbol, in the gate's order.

    A protection that is off has none. `observed` has every symbol with what the last cycle saw of it, None
    where there was none. Without an
    instrument nothing can be measured of a symbol, and there is no row.
    """
    gates = {
        symbol: _gate(_case(account, instruments, policy, symbol, observation, now))
        for symbol, observation in observed.items()
        if symbol in instruments
    }
    return [row for rule in RULES for row in _rows(rule, gates, observed, judged)]


def _rows(
    rule: Rule,
    gates: Mapping[str, Gate],
    observed: Mapping[str, Observation | None],
    judged: Mapping[str, Judged],
) -> Iterator[Headroom]:
    for symbol, gate in gates.items():
        if not rule.applies(gate.case.policy.limits):
            continue
        if rule.about == "account":
            yield _measured(rule, None, gate)
            return
        if rule.about == "order":
            yield _of_order(rule, gate, judged.get(symbol))
        elif rule.measure in OF_THE_FEED and observed[symbol] is None:
            yield _row(rule, symbol, None, None, None, None, UNSEEN)
        else:
            yield _measured(rule, symbol, gate)


def _case(
    account: Account,
    instruments: Mapping[str, Instrument],
    policy: Policy,
    symbol: str,
    observation: Observation | None,
    now: datetime,
) -> Case:
    known = observation or Observation(symbol, Source.RECORDED, "", "", now)
    return Case(_wish(symbol, now), known, account, instruments, policy.of(symbol), now, "headroom")


def _gate(case: Case) -> Gate:
    # An entry of no lots costs nothing at any price: what is exposed is known without one.
    entry = entry_of(case)
    entry = entry._replace(price=max(entry.price, 1))
    facts = Facts(feed_of(case), entry, 0, book_of(case), case.policy.limits)
    return Gate(case, facts, _no_order(case.symbol, case.at))


def _wish(symbol: str, now: datetime) -> Decision:
    return Decision(0, symbol, now, Action.BUY, 0.0, 0.0, "")


def _no_order(symbol: str, now: datetime) -> Order:
    return Order("headroom", 0, now, symbol, Side.BUY, OrderType.MARKET, Purpose.ENTRY, 0, 1)


def _measured(rule: Rule, symbol: str | None, gate: Gate) -> Headroom:
    """Measure a rule of the account or of a symbol now."""
    if rule.measure is None:
        return _row(rule, symbol, None, None, None, None)
    facts = gate.facts
    if rule.measure is rules.positions:  # of the account, whichever symbol it is asked of
        facts = facts._replace(book=facts.book._replace(held=0))
    measure = rule.measure(facts)
    if rule.measure in WITH_THE_NEXT:
        return _counted(rule, measure)
    check = worded(gate, rule, measure)
    if rule.scale == CASH_UNITS and measure.known:
        decimals = gate.case.policy.cash_decimals
        cash, most = (cash_text(int(each), decimals) for each in (measure.measured, measure.limit))
        return _row(rule, symbol, cash, most, _used(rule, check), check.passed)
    if rule.measure is rules.blocked and check.passed:
        return _row(rule, symbol, "none", None, 0.0, True)
    note = check.note if check.note != rule.unit else None
    measured, limit = _text(check.measured), _text(check.limit)
    return _row(rule, symbol, measured, limit, _used(rule, check), check.passed, note)


def _counted(rule: Rule, measure: Measure) -> Headroom:
    """Tell a count without the entry that nobody wants yet; `passed` says whether one more would."""
    so_far, limit = measure.measured - 1, measure.limit
    check = Check(rule.reason, measure.passed, so_far, limit)
    note = None if measure.passed else "one more would be too many"
    return _row(rule, None, _text(so_far), _text(limit), _used(rule, check), measure.passed, note)


def _of_order(rule: Rule, gate: Gate, judged: Judged | None) -> Headroom:
    """Tell what the last entry that was judged came to; the limit as it is now where there was none."""
    symbol = gate.case.symbol
    check = judged and next((each for each in judged.verdict.checks if each.rule == rule.reason), None)
    if not check or not judged:
        limit = worded(gate, rule, rule.measure(gate.facts)).limit if rule.measure else None
        return _row(rule, symbol, None, _text(limit), None, None, UNJUDGED)
    note = f"of the entry judged in cycle {judged.cycle}"
    if check.note not in ("", rule.unit):
        note = f"{note}; {check.note}"
    measured, limit = _text(check.measured), _text(check.limit)
    return _row(rule, symbol, measured, limit, _used(rule, check), check.passed, note)


def _used(rule: Rule, check: Check) -> float | None:
    """Return the share of a rule that is used, 1 where its limit is reached.

    Of a maximum that is measured over limit; of a minimum limit over measured. A rule of words is used up
    or not at all.
    """
    measured, limit = check.measured, check.limit
    if measured is None or limit is None or isinstance(measured, str) or isinstance(limit, str):
        return None if measured is None and not check.passed else float(not check.passed)
    part, whole = (limit, measured) if rule.least else (measured, limit)
    if part <= 0:
        return 0.0
    if whole <= 0:
        return MOST if rule.least else float(not check.passed)
    return round(min(part / whole, MOST), 4)


def _text(value: float | str | None) -> str | None:
    """Return a number as decimal text with at most eight decimals."""
    if value is None or isinstance(value, str):
        return value
    return f"{Decimal(repr(round(value, 8))).normalize():f}"


def _row(
    rule: Rule,
    symbol: str | None,
    measured: str | None,
    limit: str | None,
    used: float | None,
    passed: bool | None,  # noqa: FBT001 -- a column among others
    note: str | None = None,
) -> Headroom:
    unit = rule.unit.removesuffix(" with this one").removesuffix(" with this entry")
    return Headroom(
        rule=rule.reason,
        symbol=symbol,
        meaning=rule.meaning,
        unit=unit,
        measured=measured,
        limit=limit,
        used=used,
        passed=passed,
        note=note,
    )
