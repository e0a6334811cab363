"""Verdicts of the risk gate: a value with a reason, never an exception."""

import msgspec

from domain.exits import ExitPlan
from domain.order import Order


class Check(msgspec.Struct, frozen=True):
    """One rule's measurement against its limit, both in the unit the note names."""

    rule: str
    passed: bool
    measured: float | int | str | None
    limit: float | int | str | None
    note: str = ""


class EntryChoice(msgspec.Struct, frozen=True):
    """The choice of an entry's order and its numbers, where that is not simply at the market.

    Ppm of the quote: what a market order was `predicted` to pay, what it was `allowed` to (a share of the way
    to the stop), None where a setting chose and not the prediction. It is sent in `slices` orders, of `lots`
    lots together.
    """

    predicted_ppm: int
    allowed_ppm: int | None
    slices: int
    lots: int


class Approved(msgspec.Struct, frozen=True, tag="approved"):
    """An order that may be sent as it is or smaller, never larger.

    `choice` is missing where the settings have entries at the market, and of exits and protection always.
    `exits` are those declared for what an entry buys, `stop_by` the declared exit that raised `stop` last,
    one of `domain.exits.ENDINGS`; unset for none.
    """

    cycle_id: int
    symbol: str
    order: Order
    checks: tuple[Check, ...] = ()
    stop_ppm: int = 0
    stop: int = 0
    target: int = 0
    sizing: str = ""
    choice: EntryChoice | msgspec.UnsetType = msgspec.UNSET
    exits: ExitPlan | msgspec.UnsetType = msgspec.UNSET
    stop_by: str | msgspec.UnsetType = msgspec.UNSET


class Denied(msgspec.Struct, frozen=True, tag="denied"):
    """No order; `reason` is the name of the first rule that failed. `slice_of` as in Order."""

    cycle_id: int
    symbol: str
    reason: str
    checks: tuple[Check, ...] = ()
    detail: str = ""
    slice_of: str | msgspec.UnsetType = msgspec.UNSET


Verdict = Approved | Denied
