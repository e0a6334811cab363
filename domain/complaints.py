"""Complaints about values in our own words: those of a validation library are not for people.

An error comes as pydantic tells it: a `type`, and a context `ctx` with the limits that were passed.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

LIMITS = {
    "greater_than": ("gt", "must be above {}"),
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than": ("lt", "must be below {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "multiple_of": ("multiple_of", "must be a multiple of {}"),
    "decimal_max_places": ("decimal_places", "must have at most {} decimals"),
    "decimal_max_digits": ("max_digits", "must have at most {} digits"),
    "decimal_whole_digits": ("whole_digits", "must have at most {} digits before the point"),
    "string_too_short": ("min_length", "must have at least {} characters"),
    "string_too_long": ("max_length", "must have at most {} characters"),
    "too_short": ("min_length", "must have at least {} entries"),
    "too_long": ("max_length", "must have at most {} entries"),
    "literal_error": ("expected", "must be {}"),
    "enum": ("expected", "must be {}"),
    "string_pattern_mismatch": ("pattern", "must be made as {} says"),
    "finite_number": ("", "must be a finite number"),
}
"""By the error's type: which of the context is the limit, and how it is said."""

KINDS = (
    ("int", "must be a whole number"),
    ("float", "must be a number"),
    ("decimal", "must be a number"),
    ("bool", "must be true or false"),
    ("string", "must be a text"),
    ("tuple", "must be a list"),
    ("list", "must be a list"),
    ("set", "must be a list"),
    ("frozen_set", "must be a list"),
    ("path", "must be a path"),
    ("dict", "must be a table of names and values"),
    ("model", "must be a table of settings"),
    ("datetime", "must be a time such as 2026-11-28T12:00:00Z"),
    ("date", "must be a day such as 2026-11-28"),
    ("url", "must be a URL"),
    ("json", "must be JSON"),
    ("missing", "is needed"),
    ("none", "must be left out"),
)
"""By how the error's type begins: of another kind, or not to be read as it."""


DECIMAL = re.compile(r"Decimal\('([^']*)'\)")


def complaint(error: Mapping[str, Any]) -> str:
    """Say what is wrong with a value."""
    kind = str(error["type"])
    if kind in ("value_error", "assertion_error"):
        text = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return text if text[1:2].isupper() else text[:1].lower() + text[1:]
    if kind == "extra_forbidden":
        return "no such setting"
    if kind in LIMITS:
        name, text = LIMITS[kind]
        return text.format(_shown((error.get("ctx") or {}).get(name, "what is allowed")))
    return next((text for begin, text in KINDS if kind.startswith(begin)), "cannot be meant")


def _shown(limit: Any) -> str:
    wrapped = DECIMAL.fullmatch(limit) if isinstance(limit, str) else None
    if wrapped:  # so the limit of a decimal is told
        limit = Decimal(wrapped[1])
    if isinstance(limit, float) and limit.is_integer() and abs(limit) < 10**15:
        return str(int(limit))
    return f"{limit:f}" if isinstance(limit, Decimal) else str(limit)
