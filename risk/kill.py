"""The automatic trip of the kill switch. Throwing and resetting it is journaled by the agent."""

from domain.money import DECIMALS, cash_text
from risk.limits import Limits, day_limit
from risk.rules import daily_loss


def trip_reason(
    equity: int, day_start_equity: int, limits: Limits, cash_decimals: int = DECIMALS
) -> str | None:
    """Say why a kill switch that is not on must trip now, or None: a daily loss beyond its limit."""
    limit = day_limit(limits, day_start_equity)
    if daily_loss(equity, day_start_equity, limit).passed:
        return None
    lost = cash_text(day_start_equity - equity, cash_decimals)
    return f"daily loss {lost} exceeds limit {cash_text(limit, cash_decimals)}"
