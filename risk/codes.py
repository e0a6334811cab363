"""The codes of the rules by name: each the place of its rule in the table, from 1; 0 is nothing to reduce."""

from risk import protections, rules
from risk.rule import Measures
from risk.table import RULES


def _code(measure: Measures) -> int:
    """Return the code of the rule that a kernel measures."""
    return next(code for code, each in enumerate(RULES, 1) if each.measure is measure)


KILL_SWITCH = _code(rules.kill_switch)
SIMULATED_DATA = _code(rules.source)
STALE_DATA = _code(rules.data_age)
UNKNOWN_ORDER = _code(rules.unknown_orders)
BLOCKED = _code(rules.blocked)
OFF_LIST = _code(rules.off_list)
DAILY_LOSS = _code(rules.day_loss)
MAX_DRAWDOWN = _code(rules.account_drawdown)
CLASS_DRAWDOWN = _code(rules.class_drawdown)
PER_TRADE_LOSS = _code(rules.trade_loss)
MAX_POSITIONS = _code(rules.positions)
DUPLICATE = _code(rules.duplicate)
COOL_DOWN = _code(rules.cool_down)
SYMBOL_COOL_DOWN = _code(protections.symbol_cool_down)
STOP_GUARD = _code(protections.stop_guard)
LOW_PROFIT = _code(protections.low_profit)
TRADES_PER_DAY = _code(rules.trades_today)
EXPOSURE = _code(rules.exposure)
CONCENTRATION = _code(rules.concentration)
CONFIDENCE = _code(rules.confidence)
REWARD_RISK = _code(rules.reward_risk)
LOSS_STREAK = _code(rules.loss_streak)
BREAKER = _code(rules.breaker)
SIZE = _code(rules.size)
CASH = _code(rules.cash)
FILTERS = _code(rules.filters)
