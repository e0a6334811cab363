"""The declared exits of a strategy, looked at before it trades: what they are, and which can never act."""

from collections.abc import Iterator
from itertools import pairwise

from domain.custom_exit import CONSTANT, END, CustomExit
from domain.exits import ExitPlan
from domain.times import MINUTE_MS


def divided(count: int, line: int) -> Iterator[str]:
    """Yield that a custom exit divided by zero, where it did."""
    if count:
        yield f"leave divided by zero on {count} candles, last at line {line}, and asked for nothing on them"


def idle(plan: ExitPlan, cost_ppm: int) -> Iterator[str]:
    """Yield what of a plan never acts, or later than it says; `cost_ppm` is what one way costs at most."""
    if plan.leave is not None and not _may_sell(plan.leave):
        yield (
            "leave never acts: every way through it returns False, 0 or nothing; return True, a share or a "
            "text where it is to sell, or leave it out"
        )
    for ms, gain in plan.roi:
        if 0 < plan.after_ms <= ms:
            yield (
                f"the step of roi at {gain / 10_000:g}% begins after {ms // MINUTE_MS} minutes, "
                f"and after={plan.after_ms // MINUTE_MS} has sold all by then"
            )
    if 0 < plan.break_even <= 2 * cost_ppm:
        both = f"{2 * cost_ppm / 10_000:g}%"
        yield (
            f"break_even is {plan.break_even / 10_000:g}% and both ways cost up to {both}: "
            "the stop is raised above that gain only"
        )
    if plan.roi and plan.roi[0][0] == 0:
        most = max(gain for _, gain in plan.roi)
        for gain, _ in plan.parts:
            if gain >= most:
                yield (
                    f"partial at {gain / 10_000:g}% comes too late: "
                    f"roi has sold all at {most / 10_000:g}% or before"
                )


def _may_sell(leave: CustomExit) -> bool:
    """Say whether some way through a program ends with anything but a written share of nothing."""
    steps = list(zip(leave.code[::2], leave.code[1::2], strict=True))
    return any(what == END and before != (CONSTANT, 0.0) for before, (what, _) in pairwise(steps))
