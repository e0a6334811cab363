"""A life with an entry in slices and declared exits, and what of it is judged besides the law.

BTC is bought in three slices and SOL at once; BTC's stop is raised to where costs are paid while the last
slice is due, a share is sold, and time closes both. Nobody votes to sell them.
"""

from decimal import Decimal
from typing import Any

from domain.order import SHARE
from risk.entry_settings import EntrySettings
from risk.settings import SizingSettings
from tests.law.scenario import BTC, LEAVES, RISE, SELL, SOL, Acts

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
}
MOMENTS = {"slice": 4, "raise": 5, "share": 7, "exit": 9}
"""Cycles in which BTC's second slice is due, its raised stop with the third, its share, and all of it."""
PHASES_OF_LEAVING = tuple(f"{moment}{once}" for moment in MOMENTS for once in ("", " once"))
"""When a fact becomes unreadable in this life: from a moment on, or in one answer."""
HALF = Decimal("0.5")


def doubled(orders: list[Any]) -> list[str]:
    """Return what BTC was traded more often, or in larger parts, than was decided."""
    bought = [each for each in orders if each.draft.side == "BUY"]
    shares = [each for each in orders if each.draft.client_id.rpartition("-")[2].startswith(SHARE)]
    wrong = [f"{len(bought)} orders to buy of {SLICES} slices"] if len(bought) > SLICES else []
    whole, sold = (sum(each.executed for each in some) for some in (bought, shares))
    if sold > whole * HALF:
        wrong.append(f"shares of {sold} were sold of {whole}")
    return wrong
