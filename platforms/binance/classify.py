"""Whether an order that came back with an error can exist at the exchange.

Rejected are only codes with which it never reached the matching engine, or was refused by it
(github.com/binance/binance-spot-api-docs, errors.md). Everything else leaves its fate open.
"""

from platforms.binance.client import ApiError

NEVER_REACHED = frozenset(
    {-1003, -1013, -1014, -1015, -1016, -1020, -1021, -1022, -2008, -2014, -2015}
    | set(range(-1136, -1099))  # malformed or missing parameters
)
REFUSED = -2010
DUPLICATE = "duplicate order sent"
UNKNOWN_TO_CANCEL, NO_SUCH_ORDER = -2011, -2013
CLOCK = -1021
FILTER = -1013


def rejected(error: ApiError) -> bool:
    """Say whether a new order with this answer certainly does not exist."""
    if not 400 <= error.status < 500:
        return False
    if error.code == REFUSED:
        return DUPLICATE not in error.message.lower()
    return error.code in NEVER_REACHED


def not_found(error: ApiError) -> bool:
    """Say whether the exchange truly knows no such order."""
    return 400 <= error.status < 500 and error.code == NO_SUCH_ORDER
