"""The ordered table of rules that all else is made of: the first that fails names the denial.

The checks of a verdict follow it, `risk.gate` is written from it (`python -m scripts.gate`), docs and tests
read it.

A rule's code is its place in RULES, from 1 (`risk.codes`); 0 means that nothing denies. Entries meet every
rule, exits only the exchange's filters. Every rule is recorded with a verdict, but `entries_blocked` only
where it denies, and a protection or the pair list only where it is on.
"""

from domain.times import MINUTE_MS
from risk import protections, rules
from risk.rule import CASH_UNITS, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        1, "kill_switch_active", (), "kill switch", "No entry while the kill switch is on.", rules.kill_switch
    ),
    Rule(
        2,
        "simulated_data",
        (),
        "source",
        "In live mode no entry on simulated or recorded data; in other modes the source is only recorded.",
        rules.source,
        about="symbol",
    ),
    Rule(
        2,
        "stale_data",
        ("risk.max_data_age_minutes", "risk.max_candle_age_timeframes"),
        "minutes old",
        "No entry without a price; in live mode none on a quote or candle too old, missing or cached.",
        rules.data_age,
        scale=MINUTE_MS,
        about="symbol",
    ),
    Rule(
        3,
        "unknown_order_pending",
        (),
        "orders of unknown fate",
        "No entry while any order's fate is unknown.",
        rules.unknown_orders,
    ),
    Rule(
        3,
        "entries_blocked",
        (),
        "reason",
        "No entry while exchange or books name a reason against it: a closed market, an unreadable fact.",
        rules.blocked,
        about="symbol",
    ),
    Rule(
        3,
        "pair_not_listed",
        (
            "pairlist.source",
            "pairlist.volume_least",
            "pairlist.volume_top",
            "pairlist.age_days",
            "pairlist.spread_bp",
            "pairlist.volatility_least",
            "pairlist.volatility_most",
        ),
        "pair list",
        "With a pair list no entry in a symbol that is not on it.",
        rules.off_list,
        about="symbol",
        window="pair_list",
    ),
    Rule(
        4,
        "daily_loss_limit_exceeded",
        ("risk.daily_loss",),
        "quote lost since the day began",
        "Equity may not have fallen by more than this since the day began, fees and open losses included.",
        rules.day_loss,
        scale=CASH_UNITS,
    ),
    Rule(
        5,
        "max_drawdown",
        ("risk.max_drawdown",),
        "% below peak equity",
        "Equity may not be further below its peak.",
        rules.account_drawdown,
    ),
    Rule(
        5,
        "class_drawdown",
        ("risk.class_drawdown",),
        "% of peak equity lost by the asset class",
        "The profit of the symbol's asset class may not be further below its peak.",
        rules.class_drawdown,
        about="symbol",
    ),
    Rule(
        6,
        "per_trade_loss_limit_exceeded",
        ("risk.per_trade_loss",),
        "quote lost at the stop, costs included",
        "One entry may not lose more at its stop, with the costs of both ways; it needs a stop.",
        rules.trade_loss,
        scale=CASH_UNITS,
        needs="stop",
        about="order",
    ),
    Rule(
        7,
        "max_position_limit_reached",
        ("risk.max_positions",),
        "positions with this one",
        "Open positions and entries on their way may not be more, this one included.",
        rules.positions,
    ),
    Rule(
        8,
        "duplicate_position",
        (),
        "position",
        "No entry in a symbol that is held or has an entry on its way.",
        rules.duplicate,
        about="symbol",
    ),
    Rule(
        9,
        "cool_down_active",
        ("risk.cool_down_minutes",),
        "minutes since the last loss",
        "After a losing trade no entry until this much time has passed; a win clears it.",
        rules.cool_down,
        least=True,
        scale=MINUTE_MS,
    ),
    Rule(
        9,
        "symbol_cool_down_active",
        ("risk.symbol_cool_down_minutes",),
        "minutes since the symbol's last trade",
        "After any trade of a symbol no entry in it until this much time has passed.",
        protections.symbol_cool_down,
        least=True,
        scale=MINUTE_MS,
        about="symbol",
        window="symbol_cool_down_ms",
    ),
    Rule(
        9,
        "stop_guard_active",
        ("risk.stop_guard_minutes", "risk.stop_guard_stops"),
        "trades lost at their stop",
        "No entry after more trades lost at their stop, of all symbols, within the guard's time.",
        protections.stop_guard,
        window="stop_guard_ms",
    ),
    Rule(
        9,
        "low_profit_symbol",
        ("risk.low_profit_minutes", "risk.low_profit_trades", "risk.low_profit"),
        "sum of the symbol's results",
        "No entry in a symbol whose trades within this time, if there are enough, came to less.",
        protections.low_profit,
        least=True,
        about="symbol",
        window="low_profit_ms",
    ),
    Rule(
        10,
        "max_trades_per_day",
        ("risk.max_trades_per_day",),
        "entries today with this one",
        "Entries in one day may not be more, this one included.",
        rules.trades_today,
    ),
    Rule(
        11,
        "portfolio_exposure",
        ("risk.total_exposure",),
        "quote exposed with this entry",
        "Positions at their marks and entries on their way may not exceed this fraction of equity.",
        rules.exposure,
        scale=CASH_UNITS,
        needs="price",
    ),
    Rule(
        13,
        "concentration",
        ("risk.concentration",),
        "quote exposed in this symbol",
        "One symbol may not exceed this fraction of equity.",
        rules.concentration,
        scale=CASH_UNITS,
        needs="price",
        about="symbol",
    ),
    Rule(
        15,
        "min_confidence",
        ("risk.min_confidence",),
        "points of confidence",
        "An entry needs at least this confidence.",
        rules.confidence,
        least=True,
        needs="confidence",
        about="order",
    ),
    Rule(
        15,
        "min_reward_risk",
        ("risk.min_reward_risk",),
        "reward over risk",
        "The way to the target over the way to the stop is at least this; an entry without a target passes.",
        rules.reward_risk,
        least=True,
        needs="stop",
        about="order",
    ),
    Rule(
        16,
        "loss_streak",
        ("risk.loss_streak", "risk.loss_streak_paper"),
        "losing trades in a row",
        "No entry after a longer row of losing trades.",
        rules.loss_streak,
    ),
    Rule(
        17,
        "circuit_breaker_open",
        (),
        "breaker",
        "No entry on data of a provider whose circuit breaker is not closed.",
        rules.breaker,
        about="symbol",
    ),
    Rule(
        18,
        "size_below_minimum",
        (
            "sizing.stake",
            "sizing.method",
            "sizing.risk_per_trade",
            "sizing.min_confidence",
            "sizing.min_confidence_paper",
            "sizing.fixed_quantity",
        ),
        "lots",
        "What sizing and its caps leave is at least one lot.",
        rules.size,
        least=True,
        needs="price",
        about="order",
    ),
    Rule(
        18,
        "insufficient_cash",
        (),
        "quote needed, costs included",
        "The entry with its costs is paid from cash that no other entry has reserved.",
        rules.cash,
        scale=CASH_UNITS,
        needs="price",
        about="order",
    ),
    Rule(
        18,
        "exchange_filters",
        (),
        "refusal",
        "The exchange's own filters: least quantity, least and largest notional, client order id.",
        rules.filters,
        about="order",
    ),
)
"""The gate, in order."""

NOTHING_TO_REDUCE = Rule(
    0, "nothing_to_reduce", (), "lots held", "A sale needs a position: spot is long only.", least=True
)

REASONS: dict[str, Rule] = {rule.reason: rule for rule in (*RULES, NOTHING_TO_REDUCE)}
"""Every reason a denial can carry."""


def rule(code: int) -> Rule:
    """Return the rule with a code from 1."""
    return RULES[code - 1]
