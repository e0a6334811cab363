"""The outcome of an order that was answered with an error, by the table in `codes`."""

from enum import Enum

from platforms.binance import codes
from platforms.binance.client import ApiError

LIMITED = (418, 429)
"""Statuses of the gateway, which lets nothing through then."""


class Outcome(Enum):
    """REJECTED does not exist, DUPLICATE exists already, OPEN may or may not."""

    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    OPEN = "open"


def verdict(error: ApiError) -> Outcome:
    """Say what became of a new order that was answered with an error."""
    if not _sound(error):
        return Outcome.OPEN
    if error.code == codes.NEW_ORDER_REJECTED:
        return Outcome.DUPLICATE if codes.DUPLICATE in error.message.lower() else Outcome.REJECTED
    known = error.code in codes.REFUSED or error.status in LIMITED
    return Outcome.REJECTED if known else Outcome.OPEN


def rejected(error: ApiError) -> bool:
    """Say whether a new order with this answer certainly does not exist."""
    return verdict(error) is Outcome.REJECTED


def not_found(error: ApiError) -> bool:
    """Say whether the exchange truly knows no such order."""
    return _sound(error) and error.code == codes.MISSING


def archived(error: ApiError) -> bool:
    """Say whether the exchange put the order away: cancelled or expired without a fill."""
    return _sound(error) and error.code == codes.ARCHIVED


def shut(error: ApiError) -> bool:
    """Say whether the exchange takes no order of this symbol now, whatever it asks for."""
    return _sound(error) and codes.shut(error.code, error.message)


def filtered(error: ApiError) -> bool:
    """Say whether a filter refuses an order, whenever it is sent."""
    return _sound(error) and error.code == codes.FILTER


def _sound(error: ApiError) -> bool:
    return 400 <= error.status < 500
