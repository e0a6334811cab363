"""A life with an entry in slices, an addition and declared exits, and what of it is judged besides the law.

BTC is bought in three slices and SOL at once; BTC's stop is raised to where costs are paid while the last
slice is due, a share is sold, some is added, a custom exit sells a share, and time closes both. Nobody votes
to sell them.
"""

from decimal import Decimal
from typing import Any

from agent.drill.planned import beyond_plan
from agent.loop.additions import ADDITIONS
from domain.order import SHARE
from risk.entry_settings import EntrySettings
from risk.settings import SizingSettings
from tests.law.scenario import BTC, CUSTOM_SHARE, EXITS, LEAVES, RISE, SELL, SOL, Acts

SLICES = 3
SLICED = {
    "entries": EntrySettings.model_validate({
        "order": "auto", "worst": "0.003", "slices": SLICES, "laws": {BTC: {"base": 0, "growth": 500_000}},
    }),
    "sizing": SizingSettings(min_confidence=40, risk_per_trade=Decimal("0.0008")),
}  # fmt: skip
"""Settings: BTC's market is thin, and what is lost at its stop leaves room for a slice at a higher price."""
SLICED_LIFE: Acts = {
    1: {},
    2: {BTC: SELL, SOL: LEAVES},
    3: {BTC: LEAVES},
    4: {},
    5: {BTC: RISE},
    6: {},
    7: {BTC: RISE},
    8: {},
    9: {},
    10: {},
    11: {},
    12: {},
}
MOMENTS = {"slice": 4, "raise": 5, "share": 7, "addition": 8, "custom": 9, "exit": 11}
"""Cycles in which BTC's second slice is due, its raised stop with the third, its share, what is added, the
share of its custom exit, and all of it."""
PHASES_OF_LEAVING = tuple(f"{moment}{once}" for moment in MOMENTS for once in ("", " once"))
"""When a fact becomes unreadable in this life: from a moment on, or in one answer."""
NEARLY = Decimal("0.99")
"""What fees and whole lots leave of a share."""


def doubled(orders: list[Any]) -> list[str]:
    """Return what BTC was traded more often, or in larger parts, than was decided."""
    rows = [
        {
            "clientOrderId": each.draft.client_id,
            "side": each.draft.side,
            "origQty": each.draft.quantity,
            "executedQty": each.executed,
        }
        for each in orders
    ]
    return list(beyond_plan(rows, SLICES, EXITS[BTC]))


def left_out(orders: list[Any], moment: str, *, passes: bool) -> list[str]:
    """Return what was not traded though all was readable by then; no single answer puts an exit off."""
    bought = {False: Decimal(0), True: Decimal(0)}
    shares = Decimal(0)
    for each in orders:
        tag = each.draft.client_id.rpartition("-")[2]
        if each.draft.buys:
            bought[int(tag) >= ADDITIONS] += each.executed
        elif tag.startswith(SHARE):
            shares += each.executed
    wrong = ["nothing was added"] if MOMENTS[moment] > MOMENTS["addition"] and not bought[True] else []
    if (passes or moment == "exit") and shares < bought[False] * CUSTOM_SHARE * NEARLY:
        wrong.append(f"its custom exit has sold {shares} of {bought[False]}")
    return wrong
