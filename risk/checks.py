"""The gate explained: every rule's measurement in units people read, evaluated even after a failure."""

from typing import NamedTuple

from domain.filters import refusal
from domain.instrument import Instrument
from domain.order import Order
from domain.times import MINUTE_MS
from domain.verdict import Check
from risk import rules, table
from risk.case import Case
from risk.facts import AccountFacts, Entry, Feed
from risk.limits import day_limit
from risk.reading import unmarked
from risk.rules import Measure
from risk.table import rule


class Gate(NamedTuple):
    """All the rules look at: the case, the numbers read from it and the order wanted."""

    case: Case
    feed: Feed
    entry: Entry
    book: AccountFacts
    order: Order

    @property
    def cash_scale(self) -> int:
        """Cash units in one unit of the quote currency."""
        return int(10**self.case.policy.cash_decimals)


def checks_of(gate: Gate) -> tuple[Check, ...]:
    """Return one check per rule, in the table's order (long because the table is); see `_blocked`."""
    feed, entry, book, lots = gate.feed, gate.entry, gate.book, gate.order.lots
    limits, peak = gate.case.policy.limits, book.peak_equity
    cash_scale = gate.cash_scale
    lost = rules.daily_loss(book.equity, book.day_start_equity, day_limit(limits, book.day_start_equity))
    price = "" if entry.price > 0 else "price"
    stop = price or "stop below the price"
    return (
        _kill_switch(gate, rules.kill_switch(book)),
        _source(gate, rules.source(feed, limits)),
        _data_age(gate, rules.data_age(feed, entry, limits)),
        _check(table.UNKNOWN_ORDER, rules.unknown_orders(book)),
        *_blocked(gate, rules.blocked(book)),
        _check(table.DAILY_LOSS, lost, cash_scale),
        _drawdown(table.MAX_DRAWDOWN, peak - book.equity, peak, limits.max_drawdown_ppm),
        _drawdown(table.CLASS_DRAWDOWN, book.class_fall, peak, limits.class_drawdown_ppm),
        _check(table.PER_TRADE_LOSS, rules.trade_loss(entry, lots, book, limits), cash_scale, stop),
        _check(table.MAX_POSITIONS, rules.positions(book, limits)),
        _duplicate(gate, rules.duplicate(book)),
        _cool_down(rules.cool_down(book, limits)),
        _check(table.TRADES_PER_DAY, rules.trades_today(book, limits)),
        _exposure(gate, rules.exposure(entry, lots, book, limits), price),
        _check(table.CONCENTRATION, rules.concentration(entry, lots, book, limits), cash_scale, price),
        _check(table.CONFIDENCE, rules.confidence(entry, limits), lacking="confidence"),
        _reward_risk(entry, rules.reward_risk(entry, limits), stop),
        _check(table.LOSS_STREAK, rules.loss_streak(book, limits)),
        _words(table.BREAKER, rules.breaker(feed), gate.case.observation.breaker, "closed"),
        _check(table.SIZE, rules.size(entry, lots), lacking=price),
        _check(table.CASH, rules.cash(entry, lots, book), cash_scale, price),
        _entry_filters(gate, price),
    )


def filters_check(order: Order, instrument: Instrument) -> Check:
    """Return the check of an order against the exchange's filters: what they say is the measurement."""
    which = rule(table.FILTERS)
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
    relation = "under" if table.REASONS[check.rule].least else "over"
    return f"{measured:.10g} {check.note}, {relation} the limit {limit:.10g}"


def _check(code: int, measure: Measure, scale: int = 1, lacking: str = "") -> Check:
    which = rule(code)
    limit = measure.limit if scale == 1 else measure.limit / scale
    if not measure.known:
        return Check(which.reason, measure.passed, None, limit, f"missing: {lacking}")
    measured = measure.measured if scale == 1 else measure.measured / scale
    return Check(which.reason, measure.passed, measured, limit, which.unit)


def _words(code: int, measure: Measure, value: str, wanted: str) -> Check:
    which = rule(code)
    return Check(which.reason, measure.passed, value, wanted, which.unit)


def _kill_switch(gate: Gate, measure: Measure) -> Check:
    reason = gate.case.account.kill_switch
    return _words(table.KILL_SWITCH, measure, "off" if reason is None else f"on ({reason})", "off")


def _source(gate: Gate, measure: Measure) -> Check:
    wanted = "live or cached" if gate.case.policy.live else "any"
    return _words(table.SIMULATED_DATA, measure, str(gate.case.observation.source), wanted)


def _blocked(gate: Gate, measure: Measure) -> tuple[Check, ...]:
    """Return the check of blocked entries where they are: verdicts of older journals have none to compare."""
    if measure.passed:
        return ()
    which = rule(table.BLOCKED)
    return (Check(which.reason, False, gate.case.account.why_blocked(gate.case.symbol), None, which.unit),)


def _data_age(gate: Gate, measure: Measure) -> Check:
    check = _check(table.STALE_DATA, measure, MINUTE_MS, _no_data(gate))
    late = measure.measured > measure.limit
    if measure.known and not measure.passed and not late:  # young enough: it is the cache that vetoes
        return Check(check.rule, False, str(gate.case.observation.source), "live", "source")
    if not measure.known:
        return check
    what = "candle" if rules.candle_is_older(gate.feed, gate.case.policy.limits) else "quote"
    only = ", recorded only: not in live mode" if late and measure.passed else ""
    return Check(check.rule, check.passed, check.measured, check.limit, f"{check.note} ({what}{only})")


def _no_data(gate: Gate) -> str:
    return "candle" if gate.entry.price > 0 and gate.feed.quote_age_ms >= 0 else "price"


def _drawdown(code: int, fall: int, peak: int, limit_ppm: int) -> Check:
    which, measure = rule(code), rules.drawdown(fall, peak, limit_ppm)
    if not measure.known:
        return Check(which.reason, False, None, limit_ppm / 10_000, "missing: peak equity")
    return Check(which.reason, measure.passed, fall / peak * 100, limit_ppm / 10_000, which.unit)


def _duplicate(gate: Gate, measure: Measure) -> Check:
    account, symbol = gate.case.account, gate.case.symbol
    value = "held" if symbol in account.positions else "on its way" if symbol in account.entries else "none"
    return _words(table.DUPLICATE, measure, value, "none")


def _cool_down(measure: Measure) -> Check:
    check = _check(table.COOL_DOWN, measure, MINUTE_MS)
    if measure.measured < 0:
        return Check(check.rule, check.passed, None, check.limit, "no loss, or a win since")
    return check


def _exposure(gate: Gate, measure: Measure, price: str) -> Check:
    return _check(
        table.EXPOSURE, measure, gate.cash_scale, price or "mark of " + ", ".join(unmarked(gate.case))
    )


def _entry_filters(gate: Gate, price: str) -> Check:
    check = filters_check(gate.order, gate.case.instrument)
    return Check(check.rule, False, None, None, f"missing: {price}") if price else check


def _reward_risk(entry: Entry, measure: Measure, stop: str) -> Check:
    check = _check(table.REWARD_RISK, measure, lacking=stop)
    if entry.target == 0:
        return Check(check.rule, check.passed, None, check.limit, "no target: exit by signal or stop")
    return check
