"""The gate explained: every rule's measurement in units people read, evaluated even after a failure."""

from collections.abc import Callable
from typing import NamedTuple

from domain.filters import refusal
from domain.instrument import Instrument
from domain.order import Order
from domain.verdict import Check
from risk import codes, rules
from risk.case import Case
from risk.facts import Facts
from risk.reading import unmarked
from risk.rule import CASH_UNITS, Rule
from risk.rules import Measure
from risk.table import REASONS, RULES, rule


class Gate(NamedTuple):
    """All a check is told from: the case, the facts read from it and the order wanted."""

    case: Case
    facts: Facts
    order: Order

    @property
    def cash_scale(self) -> int:
        """Cash units in one unit of the quote currency."""
        return int(10**self.case.policy.cash_decimals)


def checks_of(gate: Gate) -> tuple[Check, ...]:
    """Return one check per rule that is on, in the table's order; of blocked entries only where they are.

    Verdicts of older journals have none of it to compare.
    """
    limits = gate.facts.limits
    measured = (
        (each, each.measure(gate.facts))
        for each in RULES
        if each.measure is not None and each.applies(limits)
    )
    return tuple(
        worded(gate, each, measure)
        for each, measure in measured
        if not (each.measure is rules.blocked and measure.passed)
    )


def worded(gate: Gate, rule: Rule, measure: Measure) -> Check:
    """Return one rule's measurement in the units and words people read."""
    return WORDED.get(rule.reason, _check)(gate, rule, measure)


def filters_check(order: Order, instrument: Instrument) -> Check:
    """Return the check of an order against the exchange's filters: what they say is the measurement."""
    which = rule(codes.FILTERS)
    text = refusal(order, instrument)
    return Check(which.reason, text is None, text or "no refusal", None, which.unit)


def detail(check: Check) -> str:
    """Say what a failed check measured against which limit."""
    measured, limit = check.measured, check.limit
    if measured is None:
        return check.note
    if limit is None:
        return str(measured)
    if isinstance(measured, str) or isinstance(limit, str):
        return f"{check.note} {measured}, must be {limit}"
    relation = "under" if REASONS[check.rule].least else "over"
    return f"{measured:.10g} {check.note}, {relation} the limit {limit:.10g}"


def _check(gate: Gate, rule: Rule, measure: Measure) -> Check:
    return _number(gate, rule, measure, _lacking(gate, rule))


def _number(gate: Gate, rule: Rule, measure: Measure, lacking: str) -> Check:
    scale = gate.cash_scale if rule.scale == CASH_UNITS else rule.scale
    limit = measure.limit if scale == 1 else measure.limit / scale
    if not measure.known:
        return Check(rule.reason, measure.passed, None, limit, f"missing: {lacking}")
    measured = measure.measured if scale == 1 else measure.measured / scale
    return Check(rule.reason, measure.passed, measured, limit, rule.unit)


def _lacking(gate: Gate, rule: Rule) -> str:
    if rule.needs in ("price", "stop") and gate.facts.entry.price <= 0:
        return "price"
    return {"stop": "stop below the price", "price": ""}.get(rule.needs, rule.needs)


def _words(rule: Rule, measure: Measure, value: str, wanted: str) -> Check:
    return Check(rule.reason, measure.passed, value, wanted, rule.unit)


def _kill_switch(gate: Gate, rule: Rule, measure: Measure) -> Check:
    reason = gate.case.account.kill_switch
    return _words(rule, measure, "off" if reason is None else f"on ({reason})", "off")


def _source(gate: Gate, rule: Rule, measure: Measure) -> Check:
    wanted = "live or cached" if gate.case.policy.live else "any"
    return _words(rule, measure, str(gate.case.observation.source), wanted)


def _blocked(gate: Gate, rule: Rule, measure: Measure) -> Check:
    why = gate.case.account.why_blocked(gate.case.symbol)
    return Check(rule.reason, measure.passed, why, None, rule.unit)


def _off_list(gate: Gate, rule: Rule, measure: Measure) -> Check:
    """Tell the filter that keeps the symbol off the list, with what it measured and its limit."""
    off = gate.case.account.off_list.get(gate.case.symbol)
    if off is None:
        return _words(rule, measure, "listed", "listed")
    return _words(rule, measure, off.measured_text, off.limit_text)


def _data_age(gate: Gate, rule: Rule, measure: Measure) -> Check:
    feed, priced = gate.facts.feed, gate.facts.entry.price > 0
    check = _number(gate, rule, measure, "candle" if priced and feed.quote_age_ms >= 0 else "price")
    late = measure.measured > measure.limit
    if measure.known and not measure.passed and not late:  # young enough: it is the cache that vetoes
        return Check(check.rule, False, str(gate.case.observation.source), "live", "source")
    if not measure.known:
        return check
    what = "candle" if rules.candle_is_older(feed, gate.facts.limits) else "quote"
    only = ", recorded only: not in live mode" if late and measure.passed else ""
    return Check(check.rule, check.passed, check.measured, check.limit, f"{check.note} ({what}{only})")


def _drawdown(gate: Gate, rule: Rule, measure: Measure) -> Check:
    """Tell a fall as a percentage of the peak, though it is compared in cash units."""
    limits, peak = gate.facts.limits, gate.facts.book.peak_equity
    own = rule.measure is rules.class_drawdown
    limit = (limits.class_drawdown_ppm if own else limits.max_drawdown_ppm) / 10_000
    if not measure.known:
        return Check(rule.reason, False, None, limit, "missing: peak equity")
    return Check(rule.reason, measure.passed, measure.measured / peak * 100, limit, rule.unit)


ADDED_TO = "none besides the one it adds to"
"""The position of a symbol as a further slice or an addition sees it."""


def _duplicate(gate: Gate, rule: Rule, measure: Measure) -> Check:
    account, symbol = gate.case.account, gate.case.symbol
    if measure.passed and (gate.case.slice is not None or gate.case.addition is not None):
        return _words(rule, measure, ADDED_TO, "none")
    value = "held" if symbol in account.positions else "on its way" if symbol in account.entries else "none"
    return _words(rule, measure, value, "none")


def _cool_down(gate: Gate, rule: Rule, measure: Measure) -> Check:
    check = _check(gate, rule, measure)
    if measure.measured < 0:
        return Check(check.rule, check.passed, None, check.limit, "no loss, or a win since")
    return check


def _symbol_cool_down(gate: Gate, rule: Rule, measure: Measure) -> Check:
    check = _check(gate, rule, measure)
    if measure.measured < 0:
        return Check(check.rule, check.passed, None, check.limit, "no trade of the symbol yet")
    return check


def _low_profit(gate: Gate, rule: Rule, measure: Measure) -> Check:
    """Tell how many trades the sum is of, and that too few pass."""
    trades, least = gate.facts.book.symbol_trades, gate.facts.limits.low_profit_trades
    note = (
        f"{rule.unit}, of {trades} trades" if trades >= least else f"{trades} of {least} trades to judge by"
    )
    return Check(rule.reason, measure.passed, measure.measured, measure.limit, note)


def _exposure(gate: Gate, rule: Rule, measure: Measure) -> Check:
    lacking = "price" if gate.facts.entry.price <= 0 else "mark of " + ", ".join(unmarked(gate.case))
    return _number(gate, rule, measure, lacking)


def _breaker(gate: Gate, rule: Rule, measure: Measure) -> Check:
    return _words(rule, measure, gate.case.observation.breaker, "closed")


def _entry_filters(gate: Gate, rule: Rule, measure: Measure) -> Check:
    """Tell what the exchange would say of the order itself; the measure alone knows no client id."""
    del measure
    if gate.facts.entry.price <= 0:
        return Check(rule.reason, False, None, None, "missing: price")
    return filters_check(gate.order, gate.case.instrument)


def _reward_risk(gate: Gate, rule: Rule, measure: Measure) -> Check:
    check = _check(gate, rule, measure)
    if gate.facts.entry.target == 0:
        return Check(check.rule, check.passed, None, check.limit, "no target: exit by signal or stop")
    return check


WORDED: dict[str, Callable[[Gate, Rule, Measure], Check]] = {
    "kill_switch_active": _kill_switch,
    "simulated_data": _source,
    "stale_data": _data_age,
    "entries_blocked": _blocked,
    "pair_not_listed": _off_list,
    "max_drawdown": _drawdown,
    "class_drawdown": _drawdown,
    "duplicate_position": _duplicate,
    "cool_down_active": _cool_down,
    "symbol_cool_down_active": _symbol_cool_down,
    "low_profit_symbol": _low_profit,
    "portfolio_exposure": _exposure,
    "min_reward_risk": _reward_risk,
    "circuit_breaker_open": _breaker,
    "exchange_filters": _entry_filters,
}
"""Rules whose check says more than a number and its limit, by their reason."""
