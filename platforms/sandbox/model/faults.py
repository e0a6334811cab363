"""Faults of a model's API: each named, with its fields, as a plan gives them."""

from typing import Any

from platforms.sandbox.faults.faults import Field

_COUNT = Field("a whole number from 1", (int,), None, 1)
_ANY: dict[str, Field] = {
    "model": Field("a model's name, or a pattern such as big-*", (str,), "*"),
    "skip": Field("a whole number from 0", (int,), 0, 0),
    "count": _COUNT,
    "probability": Field("a number from 0 to 1", (int, float), 1.0, 0, 1),
}
_SECONDS = Field("seconds from 0 to 86400", (int, float), required=True, low=0, high=86_400)


def _choice(first: Any, *others: str) -> Field:
    names = (first, *others)
    return Field("one of " + ", ".join(names), (str,), first, choices=names)


KINDS: dict[str, dict[str, Field]] = {
    "slow": _ANY | {"seconds": _SECONDS},
    "drip": _ANY | {"seconds": Field("seconds from 0 to 86400", (int, float), 0.05, 0, 86_400)},
    "drop": _ANY,
    "cut": _ANY | {"bytes": Field("a whole number from 0", (int,), 40, 0)},
    "throttle": _ANY | {"seconds": Field("seconds from 0 to 86400", (int, float), 5, 0, 86_400)},
    "error": _ANY | {"status": Field("a status from 400 to 599", (int,), 500, 400, 599)},
    "html": _ANY | {"status": Field("a status from 200 to 599", (int,), 502, 200, 599)},
    "usage": _ANY | {"tells": _choice("nothing", "too much", "below zero", "a fraction", "a text", "zero")},
    "doubled": _ANY | {"where": _choice("answer", "envelope")},
    "wrong_type": _ANY | {"field": _choice("vote", "probability", "reasons", "content", "choices")},
    "prose": _ANY,
    "unknown_field": _ANY,
    "unfinished": _ANY | {"why": _choice("length", "refusal")},
    "huge": _ANY | {"bytes": Field("a whole number up to 64 MiB", (int,), 2**20, 1, 2**26)},
    "nested": _ANY,
    "obeys": _ANY,
}
"""Every kind of fault with its fields: it strikes `count` times, once so many requests were skipped."""
