"""The automatic trip of the kill switch. Throwing and resetting it is journaled by the agent."""

from domain.account import Account
from domain.money import DECIMALS, cash_text
from risk.limits import Limits, day_limit
from risk.rules import daily_loss


def trip_reason(account: Account, limits: Limits, cash_decimals: int = DECIMALS) -> str | None:
    """Say why the kill switch must trip now, or None: a daily loss beyond its limit, if it is not on yet."""
    limit = day_limit(limits, account.day_start_equity)
    loss = daily_loss(account.equity, account.day_start_equity, limit)
    if loss.passed or account.kill_switch is not None:
        return None
    lost = cash_text(account.day_start_equity - account.equity, cash_decimals)
    return f"daily loss {lost} exceeds limit {cash_text(limit, cash_decimals)}"
