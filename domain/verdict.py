"""Verdicts of the risk gate: a value with a reason, never an exception."""

import msgspec

from domain.order import Order


class Check(msgspec.Struct, frozen=True):
    """One rule's measurement against its limit, both in the unit the note names."""

    rule: str
    passed: bool
    measured: float | int | str | None
    limit: float | int | str | None
    note: str = ""


class Approved(msgspec.Struct, frozen=True, tag="approved"):
    """An order that may be sent as it is or smaller, never larger."""

    cycle_id: int
    symbol: str
    order: Order
    checks: tuple[Check, ...] = ()
    stop_ppm: int = 0
    stop: int = 0
    target: int = 0
    sizing: str = ""


class Denied(msgspec.Struct, frozen=True, tag="denied"):
    """No order; `reason` is the name of the first rule that failed."""

    cycle_id: int
    symbol: str
    reason: str
    checks: tuple[Check, ...] = ()
    detail: str = ""


Verdict = Approved | Denied
