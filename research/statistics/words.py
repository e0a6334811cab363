"""A result's headline in words, the same in the terminal, on the page and in JSON."""

from functools import partial

import numpy as np

from domain.money import MAX_CASH, PPM, show_cash
from domain.times import utc
from platforms.fills import Costs
from research.engine.result import Result
from research.statistics.headline import LimitsDid, Stopped
from risk import codes
from risk.case import Policy
from risk.table import REASONS


def percent(ppm: float) -> str:
    """Show parts per million as per cent, as short as they are."""
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".") + "%"


def stopped_words(match: Stopped, result: Result) -> str:
    """Say since when nothing could be bought, why, and how much of the run that is."""
    show = partial(show_cash, decimals=result.cash_decimals)
    why = f"{match.rule}: {REASONS[match.rule].meaning}"
    if match.lost is not None and match.limit is not None:
        why = f"kill switch, thrown by the day's loss of {show(match.lost)} (limit {show(match.limit)})"
    elif match.rule == "kill_switch_active":
        why = "kill switch"
    return (
        f"{utc(match.since_ms):%Y-%m-%d %H:%M}: nothing could be bought any more, {match.share:.1%} of the "
        f"run ({match.denied} entries denied). {why}"
    )


def sizing_words(policy: Policy, decimals: int) -> str:
    """Say how entries are sized."""
    sizing = policy.sizing
    if policy.fixed_quantity is not None:
        return f"fixed quantity {policy.fixed_quantity.normalize():f}"
    if sizing.stake_ppm >= PPM:
        return "stake all"
    if sizing.stake_ppm:
        return f"stake {percent(sizing.stake_ppm)} of equity"
    if sizing.stake:
        return f"stake {show_cash(sizing.stake, decimals)}"
    return f"{percent(sizing.risk_ppm)} of equity at risk"


def limits_words(did: LimitsDid, result: Result, policy: Policy) -> str:
    """Say in one line how entries were sized, what was cut from them, and what the worst day lost."""
    decimals, limits = result.cash_decimals, policy.limits
    most = {
        "per_trade_loss": _bound(limits.per_trade_loss, limits.per_trade_loss_ppm, decimals),
        "portfolio_exposure": percent(limits.total_exposure_ppm),
        "concentration": percent(limits.concentration_ppm),
    }
    cuts = [f"{count} cut by {name} {most.get(name, '')}".rstrip() for name, count in did.cut.items()]
    worth = "" if did.mean_share is None else f", on average {did.mean_share:.1%} of equity"
    text = f"{sizing_words(policy, decimals)}: {did.entries} entries{worth}; {', '.join(cuts) or 'none cut'}"
    text += _refused(result)
    if did.worst_day is None:
        return text
    day = _bound(limits.daily_loss, limits.daily_loss_ppm, decimals)
    return f"{text}; worst day {-did.worst_day or 0:.2%} (limit {day})"


def _refused(result: Result) -> str:
    """Say how many entries were of a size that the exchange does not take."""
    count = int(np.isin(result.vetoes["rule"], (codes.SIZE, codes.FILTERS)).sum())
    return f"; {count} refused by the exchange's least and largest sizes" if count else ""


def _bound(amount: int, ppm: int, decimals: int) -> str:
    if not ppm:
        return show_cash(amount, decimals)
    return percent(ppm) if amount >= MAX_CASH else f"{percent(ppm)} up to {show_cash(amount, decimals)}"


def costs_words(costs: Costs, fees: str, slippage: str) -> str:
    """Say what one way of a market order costs here, and what was paid."""
    half = costs.spread / 2
    each = costs.taker_fee + costs.slippage + half
    return (
        f"{percent(each)} each way: fee {percent(costs.taker_fee)}, slippage {percent(costs.slippage)}, half "
        f"spread {percent(half)}; paid {fees} in fees, {slippage} in slippage and spread"
    )
