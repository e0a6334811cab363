"""Entries and exits held against what their plans allow, by the exchange's list of all orders."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from agent.loop.additions import ADDITIONS
from domain.custom_exit import AT_LEAST, CONSTANT, END, HELD, NO_REASON, POSITION, UNLESS, CustomExit
from domain.exits import ExitPlan
from domain.order import SHARE

FIRST_TAG = 100
"""From this number on, in its id, an order to buy is no first order of an entry."""
MILLION = 1_000_000


def sold_after(minutes: int, share: float, reason: str) -> CustomExit:
    """Return a custom exit: from so many minutes on a share of all that was bought is to be sold."""
    steps = (
        (POSITION, HELD.index("minutes")), (CONSTANT, minutes), (AT_LEAST, 0), (UNLESS, 6),
        (CONSTANT, share), (END, 0), (CONSTANT, 0), (END, NO_REASON),
    )  # fmt: skip
    return CustomExit(tuple(float(each) for step in steps for each in step), reasons=(reason,))


def beyond_plan(rows: Iterable[Mapping[str, Any]], slices: int, exits: ExitPlan | None) -> Iterator[str]:
    """Yield what was bought in more orders, or sold in larger shares, than an entry's plans allow.

    `rows` are all orders, oldest first. Shares count together: one that was refused is made up for, so only
    what traded does. An addition is at most its share of an entry in all its slices.
    """
    most = _most_sold(exits)
    adds = exits.adds if exits else ()
    bought = shares = first = Decimal(0)
    entries = additions = 0
    for row in rows:
        name, executed = row["clientOrderId"], Decimal(row["executedQty"])
        tag = str(name).rpartition("-")[2]
        if row["side"] == "BUY":
            if tag.isdigit() and int(tag) < FIRST_TAG:
                bought = shares = first = Decimal(0)
                entries = additions = 0
            bought += executed
            if tag.isdigit() and int(tag) >= ADDITIONS:
                additions += 1
                share = max((share for _gain, share in adds[:additions]), default=0)
                if additions > len(adds):
                    yield f"{name}: addition {additions} of {len(adds)}"
                elif executed * MILLION > first * slices * share:
                    yield f"{name}: {executed} added to an entry of {slices} orders of {first}"
                continue
            entries += 1
            first = max(first, Decimal(row["origQty"]))
            if entries > slices:
                yield f"{name}: order {entries} of an entry of {slices}"
        elif tag.startswith(SHARE):
            shares += executed
            if shares * MILLION > bought * most:
                yield f"{name}: shares of {shares} sold of {bought}"


def _most_sold(exits: ExitPlan | None) -> int:
    """Return the share of all that was bought, in ppm, that a plan sells at most before the exit of all."""
    if exits is None:
        return 0
    steps = list(zip(exits.leave.code[::2], exits.leave.code[1::2], strict=True)) if exits.leave else []
    asked = [value for (what, value), (then, _) in pairwise(steps) if what == CONSTANT and then == END]
    return max(sum(share for _gain, share in exits.parts), *(round(share * MILLION) for share in asked), 0)
