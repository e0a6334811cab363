"""Errors as Binance gives them: a code, a message and an HTTP status."""

from collections.abc import Mapping

NUMBER = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
CLIENT_ID = r"^[a-zA-Z0-9-_]{1,36}$"

UNKNOWN = {
    -1006: "An unexpected response was received from the message bus. Execution status unknown.",
    -1007: "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
}
UNKNOWN_STATUS = {-1006: 500, -1007: 504}
BAD_REQUEST, UNAUTHORISED, TOO_MANY, BANNED = 400, 401, 429, 418


class RequestRefused(Exception):
    """A request was refused. `status` is the HTTP status, `headers` what goes beside the body."""

    def __init__(
        self, code: int, message: str, status: int = BAD_REQUEST, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, object]:
        """Return the JSON body."""
        return {"code": self.code, "msg": self.message}


def mandatory(name: str) -> RequestRefused:
    """Return the error for a parameter that is missing."""
    return RequestRefused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def illegal(name: str, legal: str) -> RequestRefused:
    """Return the error for a parameter with characters it may not have."""
    return RequestRefused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def empty(name: str) -> RequestRefused:
    """Return the error for an optional parameter without a value."""
    return RequestRefused(-1105, f"Parameter '{name}' was empty.")


def invalid(name: str) -> RequestRefused:
    """Return the error for a parameter whose value is none of those there are."""
    return RequestRefused(-1130, f"Data sent for parameter '{name}' is not valid.")


def not_required(name: str) -> RequestRefused:
    """Return the error for a parameter that this kind of request does not have."""
    return RequestRefused(-1106, f"Parameter '{name}' sent when not required.")


def bad_combination() -> RequestRefused:
    """Return the error for optional parameters that exclude one another."""
    return RequestRefused(-1128, "Combination of optional parameters invalid.")


def filter_failure(name: str) -> RequestRefused:
    """Return the error for an order that a filter refuses."""
    return RequestRefused(-1013, f"Filter failure: {name}")


def rejected(message: str) -> RequestRefused:
    """Return the error for an order that the matching engine refuses."""
    return RequestRefused(-2010, message)


def unknown_order() -> RequestRefused:
    """Return the error for a cancel that finds nothing to cancel."""
    return RequestRefused(-2011, "Unknown order sent.")


def no_such_order() -> RequestRefused:
    """Return the error for a query that finds nothing."""
    return RequestRefused(-2013, "Order does not exist.")
