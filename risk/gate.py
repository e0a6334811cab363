"""The gate as one kernel, written from `risk.table` by `python -m scripts.gate`."""

from domain.kernel import kernel
from risk.facts import Facts
from risk.protections import low_profit, stop_guard, symbol_cool_down
from risk.rules import (
    account_drawdown,
    blocked,
    breaker,
    cash,
    class_drawdown,
    concentration,
    confidence,
    cool_down,
    data_age,
    day_loss,
    duplicate,
    exposure,
    filters,
    kill_switch,
    loss_streak,
    off_list,
    positions,
    reward_risk,
    size,
    source,
    trade_loss,
    trades_today,
    unknown_orders,
)


@kernel
def first_denial(facts: Facts) -> int:  # noqa: C901, PLR0911, PLR0912 - a line per rule
    """Return the code of the first rule that denies an entry, 0 when none does."""
    if not kill_switch(facts).passed:
        return 1
    if not source(facts).passed:
        return 2
    if not data_age(facts).passed:
        return 3
    if not unknown_orders(facts).passed:
        return 4
    if not blocked(facts).passed:
        return 5
    if not off_list(facts).passed:
        return 6
    if not day_loss(facts).passed:
        return 7
    if not account_drawdown(facts).passed:
        return 8
    if not class_drawdown(facts).passed:
        return 9
    if not trade_loss(facts).passed:
        return 10
    if not positions(facts).passed:
        return 11
    if not duplicate(facts).passed:
        return 12
    if not cool_down(facts).passed:
        return 13
    if not symbol_cool_down(facts).passed:
        return 14
    if not stop_guard(facts).passed:
        return 15
    if not low_profit(facts).passed:
        return 16
    if not trades_today(facts).passed:
        return 17
    if not exposure(facts).passed:
        return 18
    if not concentration(facts).passed:
        return 19
    if not confidence(facts).passed:
        return 20
    if not reward_risk(facts).passed:
        return 21
    if not loss_streak(facts).passed:
        return 22
    if not breaker(facts).passed:
        return 23
    if not size(facts).passed:
        return 24
    if not cash(facts).passed:
        return 25
    if not filters(facts).passed:
        return 26
    return 0
