"""The joint effect of the faults that strike a request."""

from dataclasses import dataclass
from decimal import Decimal

from platforms.sandbox.exchange.errors import UNKNOWN, UNKNOWN_STATUS, RequestRefused
from platforms.sandbox.faults.faults import Fault
from platforms.sandbox.requests.gateway import HttpReply, refusal
from platforms.sandbox.requests.venue import Venue

PAGE = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


@dataclass
class Effect:
    """The treatment of one request. Seconds; None where nothing is to be done.

    `instead` is an answer that keeps the request from being executed, `afterwards` one that takes the
    place of the true answer. `lost` swallows it; `late` answers -1007 and executes it later.
    """

    delay_before: float = 0
    delay_after: float = 0
    drop_before: bool = False
    drop_after: bool = False
    lost: float | None = None
    late: float | None = None
    instead: HttpReply | None = None
    afterwards: HttpReply | None = None
    truncate: int | None = None
    drip: float | None = None
    take: Decimal = Decimal(1)


def effect_of(faults: list[Fault], venue: Venue) -> Effect:
    """Put together what the faults do."""
    effect = Effect()
    for fault in faults:
        _apply(effect, fault, venue)
    return effect


def _apply(effect: Effect, fault: Fault, venue: Venue) -> None:  # noqa: C901, PLR0912 -- one arm for each kind
    after = fault["when"] == "after"
    match fault.kind:
        case "delay" if after:
            effect.delay_after += fault["seconds"]
        case "delay":
            effect.delay_before += fault["seconds"]
        case "drop" if after:
            effect.drop_after = True
        case "drop":
            effect.drop_before = True
        case "lost":
            effect.lost = fault["seconds"]
        case "late":
            effect.late = fault["seconds"]
        case "partial":
            effect.take, effect.drop_after = Decimal(str(fault["share"])), True
        case "truncate":
            effect.truncate = fault["bytes"]
        case "drip":
            effect.drip = fault["seconds"]
        case "ban":
            venue.limits.ban(venue.exchange.now, int(fault["seconds"] * 1000))
        case "throttle":
            effect.instead = refusal(venue.limits.throttled(int(fault["seconds"] * 1000)))
        case "error" | "unknown" | "html":
            answer = _answer(fault)
            if after:
                effect.afterwards = answer
            else:
                effect.instead = answer


def _answer(fault: Fault) -> HttpReply:
    if fault.kind == "html":
        return HttpReply(fault["status"], PAGE, content_type="text/html")
    if fault.kind == "unknown":
        code = fault["code"]
        return refusal(RequestRefused(code, UNKNOWN[code], UNKNOWN_STATUS[code]))
    message = "Internal error; unable to process your request. Please try again."
    return refusal(RequestRefused(-1001, message, fault["status"]))
