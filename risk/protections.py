"""Protections: rules that look back on closed trades, and are off until somebody sets their time.

They hold entries back as every rule does, and no exit. Those of freqtrade that stand elsewhere: its maximum
drawdown is `max_drawdown`, its pause of all pairs `cool_down_active`.
"""

from domain.kernel import kernel
from risk.facts import Facts
from risk.rules import Measure


@kernel
def symbol_cool_down(facts: Facts) -> Measure:
    """Measure the time since the symbol's last trade closed in ms; nothing to wait for passes."""
    age, wait = facts.book.exit_age_ms, facts.limits.symbol_cool_down_ms
    return Measure(age, wait, age < 0 or age >= wait, True)


@kernel
def stop_guard(facts: Facts) -> Measure:
    """Count the trades that lost at their stop within the guard's time."""
    stops, limits = facts.book.stops, facts.limits
    return Measure(stops, limits.stop_guard_stops, stops <= limits.stop_guard_stops, True)


@kernel
def low_profit(facts: Facts) -> Measure:
    """Measure what the symbol's trades came to within their time, as a fraction; too few pass."""
    book, limits = facts.book, facts.limits
    few = book.symbol_trades < limits.low_profit_trades
    return Measure(
        book.symbol_profit, limits.low_profit, few or book.symbol_profit >= limits.low_profit, True
    )
