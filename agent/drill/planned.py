"""Entries and exits held against what their plans allow, by the exchange's list of all orders."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from domain.exits import ExitPlan
from domain.order import SHARE

FIRST_TAG = 100
"""From this number on, in its id, an order to buy is no first order of an entry."""


def beyond_plan(rows: Iterable[Mapping[str, Any]], slices: int, exits: ExitPlan | None) -> Iterator[str]:
    """Yield what was bought in more orders, or sold in larger shares, than an entry's plans allow.

    `rows` are all orders, oldest first. Shares count together: one that was refused is made up for, so only
    what traded does.
    """
    most = Decimal(sum(share for _gain, share in exits.parts) if exits else 0) / 1_000_000
    bought = shares = Decimal(0)
    entries = 0
    for row in rows:
        tag = str(row["clientOrderId"]).rpartition("-")[2]
        executed = Decimal(row["executedQty"])
        if row["side"] == "BUY":
            if tag.isdigit() and int(tag) < FIRST_TAG:
                bought = shares = Decimal(0)
                entries = 0
            bought += executed
            entries += 1
            if entries > slices:
                yield f"{row['clientOrderId']}: order {entries} of an entry of {slices}"
        elif tag.startswith(SHARE):
            shares += executed
            if shares > bought * most:
                yield f"{row['clientOrderId']}: shares of {shares} sold of {bought}"
