"""Facts: what the code reads of an answer, found out while it reads, and the ways to make one unreadable.

Nothing is listed by hand. Every answer is handed on as containers that note which of their fields are asked
for, so a field that is read tomorrow is walked tomorrow.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from platforms.sandbox.requests.gateway import HttpReply
from tests.law.nearby import SILENCE, Question, said

NAMES = ("filterType", "symbol", "asset", "rateLimitType", "clientOrderId")
"""What tells the rows of a list apart, in this order; rows of orders and trades are all alike."""
OURS = ("BTCUSDT", "BTC")


class Fact(NamedTuple):
    """One thing the live path reads: the route it comes by, where in the answer, and its type."""

    route: str
    path: tuple[str, ...]
    kind: str

    def __str__(self) -> str:
        return f"{self.route} {'.'.join(self.path) or '(all of it)'}"


class Facts:
    """Collects what is read. `told` wraps an answer; `current` says which question it answers."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, tuple[str, ...]], str] = {}
        self.current = ""

    def told(self, value: Any) -> Any:
        self.read(self.current, (), value)
        return _wrapped(self, self.current, (), value)

    def read(self, route: str, path: tuple[str, ...], value: Any) -> None:
        kind = _kind(value)
        if self.found.get((route, path), "null") == "null":
            self.found[route, path] = kind

    def all(self) -> list[Fact]:
        return [Fact(route, path, kind) for (route, path), kind in sorted(self.found.items())]


class _Object(dict[str, Any]):
    facts: Facts
    route: str
    path: tuple[str, ...]

    def _note(self, name: Any) -> None:
        if isinstance(name, str):
            self.facts.read(self.route, (*self.path, name), dict.get(self, name))

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._note(name)
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._note(name)
        return super().get(name, default)


def _wrapped(facts: Facts, route: str, path: tuple[str, ...], value: Any) -> Any:
    if isinstance(value, dict):
        made = _Object()
        made.facts, made.route, made.path = facts, route, path
        made.update({name: _wrapped(facts, route, (*path, name), each) for name, each in value.items()})
        return made
    if isinstance(value, list):
        return [_wrapped(facts, route, (*path, _row(each)), each) for each in value]
    return value


def _row(value: Any) -> str:
    if isinstance(value, Mapping):
        for name in NAMES[:-1]:
            if name in value and not (name == "symbol" and "orderId" in value):
                return f"[{dict(value)[name]}]"
    return "[]"


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "number" if value.replace(".", "", 1).isdigit() else "text"
    return {bool: "bool", int: "int", float: "float", list: "list"}.get(type(value), "object")


WAYS = ("missing", "null", "type", "unknown")
"""How a fact is made unreadable where it stands."""

UNKNOWN: dict[str, Any] = {
    "number": "-1e999", "text": "NEVER_HEARD_OF", "int": -7, "bool": "perhaps", "float": "NaN",
    "list": ["?"], "object": {"?": "?"}, "null": "?",
}  # fmt: skip
OTHER: dict[str, Any] = {
    "number": ["1"], "text": 7, "int": "seven", "bool": {}, "float": [], "list": {}, "object": [], "null": 7,
}  # fmt: skip


def change(fact: Fact, way: str, value: Any) -> Any:
    """Return an answer in which a fact is unreadable; the answer itself where it does not hold it."""
    if not fact.path:
        return {"missing": {}, "null": None, "type": OTHER[fact.kind], "unknown": UNKNOWN[fact.kind]}[way]
    for holder, key in list(_places(value, fact.path)):
        if way == "missing":
            del holder[key]
        else:
            holder[key] = {"null": None, "type": OTHER[fact.kind], "unknown": UNKNOWN[fact.kind]}[way]
    return value


def _places(value: Any, path: tuple[str, ...]) -> Iterator[tuple[Any, Any]]:
    first, rest = path[0], path[1:]
    if isinstance(value, list):
        numbers = [number for number, each in enumerate(value) if _row(each) == first]
        if rest:
            for number in numbers:
                yield from _places(value[number], rest)
        else:
            yield from ((value, number) for number in reversed(numbers))
    elif isinstance(value, dict) and first in value:
        if rest:
            yield from _places(value[first], rest)
        else:
            yield value, first


REFUSALS: dict[str, Callable[[], HttpReply]] = {
    "-1121": lambda: said({"code": -1121, "msg": "Invalid symbol."}, 400),
    "-1000": lambda: said({"code": -1000, "msg": "An unknown error occurred."}, 400),
    "-9999": lambda: said({"code": -9999, "msg": "A code of next year."}, 400),
    "-2015": lambda: said({"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, 401),
    "html": lambda: HttpReply(403, b"<html>Forbidden</html>", {}, "text/html"),
    "503": lambda: said({"code": -1001, "msg": "Internal error."}, 503),
    "silence": lambda: SILENCE,
    "throttled": lambda: said({"code": -1003, "msg": "Too many."}, 429, {"Retry-After": "999999999"}),
    "no code": lambda: said({"msg": 7}, 400),
}
"""How a whole answer is refused."""

HEADERS = {
    "X-MBX-USED-WEIGHT-1M": ("", "-5", "1e999", "999999999", "many"),
    "Retry-After": ("", "-5", "999999999", "Fri, 31 Dec 2049 23:59:59 GMT", "soon"),
}


class Unreadable(NamedTuple):
    """One fact, made unreadable in one way."""

    route: str
    path: tuple[str, ...]
    way: str
    kind: str = "object"

    def __str__(self) -> str:
        return f"{self.route} {'.'.join(self.path) or '(all of it)'} {self.way}"

    @property
    def refused(self) -> bool:
        return self.way in REFUSALS

    def put(self, world: Any) -> None:
        """Have the exchange of a world answer so from now on."""
        world.near.refuse = self.instead
        world.near.change = self.of

    def strikes(self, question: Question) -> bool:
        return question.route == self.route and question.symbol in ("", *OURS)

    def instead(self, question: Question) -> HttpReply | None:
        """Return what is answered instead of the exchange, None where it is to answer."""
        return REFUSALS[self.way]() if self.refused and self.strikes(question) else None

    def of(self, question: Question, told: HttpReply) -> HttpReply:
        """Return the answer with this fact unreadable."""
        if self.refused or not self.strikes(question):
            return told
        if self.path[:1] == ("headers",):
            return HttpReply(
                told.status, told.body, {**told.headers, self.path[1]: self.way}, told.content_type
            )
        if told.status != 200:
            return told
        value = change(Fact(self.route, self.path, self.kind), self.way, json.loads(told.body))
        return HttpReply(told.status, json.dumps(value).encode(), told.headers, told.content_type)
