"""The ordered table of rules that code, docs and tests read: the first that fails names the denial.

A rule's code is its place in RULES, from 1; 0 means that nothing denies. Entries meet every rule,
exits only the exchange's filters. Every rule is recorded with a verdict, but `entries_blocked` only where
it denies.
"""

from typing import NamedTuple

KILL_SWITCH = 1
SIMULATED_DATA = 2
STALE_DATA = 3
UNKNOWN_ORDER = 4
BLOCKED = 5
DAILY_LOSS = 6
MAX_DRAWDOWN = 7
CLASS_DRAWDOWN = 8
PER_TRADE_LOSS = 9
MAX_POSITIONS = 10
DUPLICATE = 11
COOL_DOWN = 12
TRADES_PER_DAY = 13
EXPOSURE = 14
CONCENTRATION = 15
CONFIDENCE = 16
REWARD_RISK = 17
LOSS_STREAK = 18
BREAKER = 19
SIZE = 20
CASH = 21
FILTERS = 22


class Rule(NamedTuple):
    """One rule: its number in the mission's list, recorded reason, settings, unit and meaning.

    `least` says that the limit is a minimum, not a maximum. A setting is named as section.field.
    """

    number: int
    reason: str
    settings: tuple[str, ...]
    unit: str
    meaning: str
    least: bool = False


RULES: tuple[Rule, ...] = (
    Rule(1, "kill_switch_active", (), "kill switch", "No entry while the kill switch is on."),
    Rule(
        2,
        "simulated_data",
        (),
        "source",
        "In live mode no entry on simulated or recorded data; in other modes the source is only recorded.",
    ),
    Rule(
        2,
        "stale_data",
        ("risk.max_data_age_minutes", "risk.max_candle_age_timeframes"),
        "minutes old",
        "No entry without a price; in live mode none on a quote or candle too old, missing or cached.",
    ),
    Rule(
        3,
        "unknown_order_pending",
        (),
        "orders of unknown fate",
        "No entry while any order's fate is unknown.",
    ),
    Rule(
        3,
        "entries_blocked",
        (),
        "reason",
        "No entry while exchange or books name a reason against it: a closed market, an unreadable fact.",
    ),
    Rule(
        4,
        "daily_loss_limit_exceeded",
        ("risk.daily_loss",),
        "quote lost since the day began",
        "Equity may not have fallen by more than this since the day began, fees and open losses included.",
    ),
    Rule(
        5,
        "max_drawdown",
        ("risk.max_drawdown",),
        "% below peak equity",
        "Equity may not be further below its peak.",
    ),
    Rule(
        5,
        "class_drawdown",
        ("risk.class_drawdown",),
        "% of peak equity lost by the asset class",
        "The profit of the symbol's asset class may not be further below its peak.",
    ),
    Rule(
        6,
        "per_trade_loss_limit_exceeded",
        ("risk.per_trade_loss",),
        "quote lost at the stop, costs included",
        "One entry may not lose more at its stop, with the costs of both ways; it needs a stop.",
    ),
    Rule(
        7,
        "max_position_limit_reached",
        ("risk.max_positions",),
        "positions with this one",
        "Open positions and entries on their way may not be more, this one included.",
    ),
    Rule(
        8,
        "duplicate_position",
        (),
        "position",
        "No entry in a symbol that is held or has an entry on its way.",
    ),
    Rule(
        9,
        "cool_down_active",
        ("risk.cool_down_minutes",),
        "minutes since the last loss",
        "After a losing trade no entry until this much time has passed; a win clears it.",
        least=True,
    ),
    Rule(
        10,
        "max_trades_per_day",
        ("risk.max_trades_per_day",),
        "entries today with this one",
        "Entries in one day may not be more, this one included.",
    ),
    Rule(
        11,
        "portfolio_exposure",
        ("risk.total_exposure",),
        "quote exposed with this entry",
        "Positions at their marks and entries on their way may not exceed this fraction of equity.",
    ),
    Rule(
        13,
        "concentration",
        ("risk.concentration",),
        "quote exposed in this symbol",
        "One symbol may not exceed this fraction of equity.",
    ),
    Rule(
        15,
        "min_confidence",
        ("risk.min_confidence",),
        "points of confidence",
        "An entry needs at least this confidence.",
        least=True,
    ),
    Rule(
        15,
        "min_reward_risk",
        ("risk.min_reward_risk",),
        "reward over risk",
        "The way to the target over the way to the stop is at least this; an entry without a target passes.",
        least=True,
    ),
    Rule(
        16,
        "loss_streak",
        ("risk.loss_streak", "risk.loss_streak_paper"),
        "losing trades in a row",
        "No entry after a longer row of losing trades.",
    ),
    Rule(
        17,
        "circuit_breaker_open",
        (),
        "breaker",
        "No entry on data of a provider whose circuit breaker is not closed.",
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
        least=True,
    ),
    Rule(
        18,
        "insufficient_cash",
        (),
        "quote needed, costs included",
        "The entry with its costs is paid from cash that no other entry has reserved.",
    ),
    Rule(
        18,
        "exchange_filters",
        (),
        "refusal",
        "The exchange's own filters: least quantity, least and largest notional, client order id.",
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
