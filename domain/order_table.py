"""The life of an order as one table that code, docs and tests read, like the loop's.

A message from a venue may come late, twice or out of order. `after` tells apart what is news, what is
old news (nothing changes), and what cannot be: that halts the agent, because either the venue or our
own books are wrong about money.
"""

from domain.errors import IllegalTransition
from domain.order import TERMINAL, OrderStatus

SENDING, UNSENT, UNKNOWN, NEEDS_OPERATOR, ABSENT = (
    OrderStatus.SENDING,
    OrderStatus.UNSENT,
    OrderStatus.UNKNOWN,
    OrderStatus.NEEDS_OPERATOR,
    OrderStatus.ABSENT,
)
NEW, PARTIALLY_FILLED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED
ENDED = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
AT_VENUE = (NEW, PARTIALLY_FILLED, *ENDED)

TABLE: dict[OrderStatus, tuple[OrderStatus, ...]] = {
    SENDING: (UNSENT, UNKNOWN, ABSENT, OrderStatus.REJECTED, *AT_VENUE),
    UNKNOWN: (NEEDS_OPERATOR, ABSENT, OrderStatus.REJECTED, *AT_VENUE),
    NEEDS_OPERATOR: (ABSENT, OrderStatus.REJECTED, *AT_VENUE),
    NEW: (PARTIALLY_FILLED, *ENDED),
    PARTIALLY_FILLED: ENDED,
    **dict.fromkeys(sorted(TERMINAL), ()),
}
"""Where an order may go from each state; staying is always allowed."""

_STALE: dict[OrderStatus, tuple[OrderStatus, ...]] = {
    UNKNOWN: (SENDING,),
    NEEDS_OPERATOR: (SENDING, UNKNOWN),
    NEW: (SENDING, UNKNOWN, NEEDS_OPERATOR),
    PARTIALLY_FILLED: (SENDING, UNKNOWN, NEEDS_OPERATOR, NEW),
    **dict.fromkeys(ENDED, (SENDING, UNKNOWN, NEEDS_OPERATOR, NEW, PARTIALLY_FILLED)),
}
"""What may still be heard of an order that has moved on: old news, not a contradiction."""


def after(client_id: str, present: OrderStatus, report: OrderStatus) -> OrderStatus:
    """Return an order's state after hearing `report` of it.

    Raises IllegalTransition when the table has no way there: an order proven absent that trades, or a
    finished one that ends otherwise.
    """
    if report is present or report in _STALE.get(present, ()):
        return present
    if report in TABLE[present]:
        return report
    raise IllegalTransition(
        f"order {client_id} is {present} and was then told to be {report}: compare it with the venue, "
        f"then take the difference over with `agent reconcile --adopt`"
    )


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", f"    [*] --> {SENDING}: intent committed"]
    lines += [f"    {source} --> {dest}" for source, dests in TABLE.items() for dest in dests]
    return "\n".join([*lines, *(f"    {status} --> [*]" for status in sorted(TERMINAL))])
