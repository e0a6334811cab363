"""JSON from outside, read without benefit of the doubt.

`json.loads` accepts NaN, Infinity, duplicate keys (the last wins) and 1e309 (as infinity). Here
each is refused, and so is a text nested deeper than anybody means, before it is parsed: at the recursion
limit Python 3.11 may collect garbage, and every finalizer it runs there fails. A UTF-8 byte order mark is
tolerated: Alpha Vantage has sent one.
"""

import json
import math
import re
from typing import TypeVar

from domain.errors import BadAnswer

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Text = TypeVar("Text", str, bytes, str | bytes)

NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?")
SIGNED = re.compile(rf"-?{NUMBER.pattern}")
DEEPEST = 64
"""Levels of lists and objects; the deepest answer of an exchange has about six."""
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")


class Unsound(ValueError):
    """Valid for the json module, not for us."""


def _constant(name: str) -> Json:
    raise Unsound(f"holds {name}")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Unsound("holds a number too large for a float")
    return number


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Unsound("holds a key twice")
    return result


def shallow(text: Text) -> Text:
    """Return what is about to be parsed. Raises Unsound where it is nested deeper than `DEEPEST`."""
    if _too_deep(text):
        raise Unsound("is nested too deep")
    return text


def _too_deep(text: str | bytes) -> bool:
    content = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return content.count(b"[") + content.count(b"{") > DEEPEST and _deep(_brackets(content))


def _brackets(content: bytes) -> bytes:
    plain = _ESCAPED.sub(b"", content) if b"\\" in content else content
    outside = b"".join(plain.split(b'"')[::2])  # every other piece stands in a string
    return outside.translate(_ONE_KIND, _NO_BRACKETS)


def _deep(brackets: bytes) -> bool:
    """Take the innermost pairs away, a level a turn: what is no pair stays, and is deep where it is long."""
    for _ in range(DEEPEST):
        inner = brackets.replace(b"[]", b"")
        if len(inner) == len(brackets):
            return len(brackets) > DEEPEST
        brackets = inner
    return bool(brackets)


def parse(text: str, *, finite: bool = True) -> Json:
    """Parse a text in which every key stands once and every number is one.

    A number too large for a float is unsound too, unless whoever reads looks at each number by itself: then,
    `finite` false, it is infinity. Raises Unsound, also for what is nested deeper than `DEEPEST`, and another
    ValueError for no JSON.
    """
    shallow(text)
    parsed: Json = json.loads(
        text, parse_constant=_constant, parse_float=_finite if finite else None, object_pairs_hook=_unique
    )
    return parsed


def decode(body: bytes) -> Json:
    """Parse a body. Raises BadAnswer saying what it is instead of sound JSON; never quotes it."""
    reason = ""
    try:
        parsed = parse(body.decode("utf-8-sig"))
    except Unsound as error:
        reason = str(error)
    except UnicodeDecodeError:
        reason = "is not utf-8"
    except ValueError:
        reason = _what_instead(body)
    else:
        return parsed
    raise BadAnswer(f"answer {reason}")


def _what_instead(body: bytes) -> str:
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not start:
        return "is empty"
    if start == b"<":
        return "is html instead of json"
    return f"is cut short or malformed json ({len(body)} bytes)"


def number(value: Json, what: str, *, above: float = 0.0, inclusive: bool = False) -> float:
    """Return a finite number above `above` (or at it, when inclusive) from a JSON number or string.

    Raises BadAnswer naming `what`.
    """
    result = _as_float(value, NUMBER)
    if result is None or result < above or (result == above and not inclusive):
        bound = "at least" if inclusive else "above"
        raise BadAnswer(f"{what} is not a number {bound} {above:g}")
    return result


def signed(value: Json) -> float | None:
    """Return a finite number of either sign from a JSON number or string, or None."""
    return _as_float(value, SIGNED)


def _as_float(value: Json, pattern: re.Pattern[str]) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not pattern.fullmatch(value):
            return None
    elif not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None
