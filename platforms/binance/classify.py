"""What an error says of the order it answers.

Rejected are only answers with which an order never reached the matching engine, or was refused by it
(github.com/binance/binance-spot-api-docs, errors.md). Everything else leaves its fate open.
"""

from enum import Enum

from platforms.binance.client import CLOCK, ApiError

FILTER = -1013
NEVER_REACHED = frozenset(
    {
        -1003,  # too many requests
        FILTER,  # a filter failed
        -1014,  # unsupported combination of parameters
        -1015,  # too many orders
        -1020,  # unsupported operation
        CLOCK,  # out of the receiving window
        -1022,  # signature
        -2008,  # unknown key
        -2014,  # malformed key
        -2015,  # key, address or permission
        *range(-1136, -1099),  # malformed or missing parameters
    }
)
REFUSED, NO_SUCH_ORDER, BAD_SYMBOL = -2010, -2013, -1121
DUPLICATE = "duplicate order sent"
LIMITED = (418, 429)
"""Statuses of the gateway, which lets nothing through then."""


class Verdict(Enum):
    """REJECTED does not exist, DUPLICATE exists already, OPEN may or may not."""

    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    OPEN = "open"


def verdict(error: ApiError) -> Verdict:
    """Say what became of a new order that was answered with an error."""
    if not 400 <= error.status < 500:
        return Verdict.OPEN
    if error.code == REFUSED:
        return Verdict.DUPLICATE if DUPLICATE in error.message.lower() else Verdict.REJECTED
    known = error.code in NEVER_REACHED or error.status in LIMITED
    return Verdict.REJECTED if known else Verdict.OPEN


def rejected(error: ApiError) -> bool:
    """Say whether a new order with this answer certainly does not exist."""
    return verdict(error) is Verdict.REJECTED


def not_found(error: ApiError) -> bool:
    """Say whether the exchange truly knows no such order."""
    return 400 <= error.status < 500 and error.code == NO_SUCH_ORDER
