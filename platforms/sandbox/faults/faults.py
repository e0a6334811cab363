"""Fault plans: what may go wrong, read from TOML or JSON, refused with every mistake named at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_NUMBER = (int, float)


@dataclass(frozen=True)
class Field:
    """One field of a fault: its type in words, the check, and the default (None: not set)."""

    words: str
    kinds: tuple[type, ...]
    default: Any = None
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    required: bool = False

    def fault(self, value: Any) -> str | None:
        """Say what is wrong with a value, or None."""
        right = isinstance(value, self.kinds) and not (isinstance(value, bool) and bool not in self.kinds)
        if right and self.choices:
            right = value in self.choices
        if right and self.low is not None:
            right = self.low <= value
        if right and self.high is not None:
            right = value <= self.high
        return None if right else self.words


def _seconds(default: float | None = None, *, required: bool = False) -> Field:
    return Field("seconds from 0 to 86400", _NUMBER, default, 0, 86_400, required=required)


_WHEN = Field('"before" or "after" (the execution)', (str,), "before", choices=("before", "after"))
_COUNT = Field("a whole number from 1", (int,), None, 1)
_REQUEST = {
    "method": Field("a text such as POST, or WS", (str,), "*"),
    "path": Field("a text such as /api/v3/order, /api/* or order.place", (str,), "*"),
    "probability": Field("a number from 0 to 1", _NUMBER, 1.0, 0, 1),
    "count": _COUNT,
    "start": _seconds(0),
    "duration": _seconds(),
}
_EVENT = {
    "event": Field("a text such as executionReport", (str,), "*"),
    **{name: _REQUEST[name] for name in ("probability", "count", "start", "duration")},
}
_TIMED = {"start": _seconds(0), "every": Field("seconds above 0", _NUMBER, None, 0.001), "count": _COUNT}
_STREAM = {"stream": Field('a text such as btcusdt@kline_1m, *@trade, "user" or "*"', (str,), "*"), **_TIMED}
_LASTING = {"duration": _seconds()}

KINDS: dict[str, dict[str, Field]] = {
    "delay": _REQUEST | {"seconds": _seconds(required=True), "when": _WHEN},
    "drip": _REQUEST | {"seconds": _seconds(1.0)},
    "drop": _REQUEST | {"when": _WHEN},
    "error": _REQUEST | {"when": _WHEN, "status": Field("a status from 500 to 599", (int,), 503, 500, 599)},
    "unknown": _REQUEST
    | {"when": _WHEN, "code": Field("-1006 or -1007", (int,), -1007, choices=(-1006, -1007))},
    "truncate": _REQUEST | {"bytes": Field("a whole number from 0", (int,), 10, 0)},
    "html": _REQUEST | {"when": _WHEN, "status": Field("a status from 200 to 599", (int,), 502, 200, 599)},
    "throttle": _REQUEST | {"seconds": _seconds(5)},
    "ban": _REQUEST | {"seconds": _seconds(120)},
    "lost": _REQUEST | {"seconds": _seconds(30)},
    "late": _REQUEST | {"seconds": _seconds(required=True)},
    "partial": _REQUEST | {"share": Field("a number from 0 to 1", _NUMBER, 0.5, 0, 1)},
    "duplicate": _EVENT,
    "reorder": _EVENT,
    "miss": _EVENT,
    "clock": _TIMED | _LASTING | {"offset_ms": Field("a whole number of ms", (int,), required=True)},
    "filters": _TIMED
    | _LASTING
    | {
        "symbol": Field("a symbol such as BTCUSDT", (str,), required=True),
        "fields": Field("a table such as {min_notional = 10}", (dict,), required=True),
    },
    "silence": _STREAM | _LASTING,
    "disconnect": _STREAM,
    "shutdown": _STREAM | {"seconds": _seconds(10)},
}
"""Every kind of fault with its fields."""

REQUEST_KINDS = frozenset(kind for kind, fields in KINDS.items() if "path" in fields)
EVENT_KINDS = frozenset(kind for kind, fields in KINDS.items() if "event" in fields)


@dataclass
class Fault:
    """One fault of a plan. `fired` counts how often it struck."""

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    fired: int = 0

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


Kinds = Mapping[str, Mapping[str, Field]]


def read_plan(
    table: Mapping[str, Any], kinds: Kinds = KINDS, beside: Sequence[str] = ()
) -> tuple[int | None, list[Fault]]:
    """Read `seed` and the list `fault` of a plan. Raises ValueError with one line for each mistake.

    `kinds` are those of the server that is to fail; `beside` names what else its plan may hold.
    """
    allowed = ", ".join(sorted(("fault", "seed", *beside)))
    wrong = [
        f"{name!r} is unknown; allowed: {allowed}" for name in table if name not in ("seed", "fault", *beside)
    ]
    seed = table.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        wrong.append(f"seed {seed!r} must be a whole number")
    rows = table.get("fault", [])
    faults: list[Fault] = []
    if not isinstance(rows, list):
        wrong.append(f"fault {rows!r} must be a list of tables")
        rows = []
    for number, row in enumerate(rows, 1):
        faults.append(_fault(number, row, kinds, wrong))
    if wrong:
        raise ValueError("\n".join(wrong))
    return seed, faults


def _fault(number: int, row: Any, kinds: Kinds, wrong: list[str]) -> Fault:
    if not isinstance(row, dict):
        wrong.append(f"fault {number}: {row!r} must be a table")
        return Fault("")
    kind = row.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        wrong.append(f"fault {number}: kind {kind!r} is unknown; allowed: {', '.join(kinds)}")
        return Fault("")
    fields = kinds[kind]
    for name, value in row.items():
        if name == "kind":
            continue
        if name not in fields:
            allowed = ", ".join(sorted(fields))
            wrong.append(f"fault {number} ({kind}): field {name!r} is unknown; allowed: {allowed}")
        elif words := fields[name].fault(value):
            wrong.append(f"fault {number} ({kind}): {name} {value!r} must be {words}")
    for name, one in fields.items():
        if one.required and name not in row:
            wrong.append(f"fault {number} ({kind}): field {name!r} is missing; it must be {one.words}")
    given = {name: one.default for name, one in fields.items()}
    return Fault(kind, {**given, **row})
