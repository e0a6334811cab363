"""The kinds of parameters that Binance documents, and the set of them that an operation takes.

Codes and words are those of the exchange's `errors.md`; which parameter belongs to which request is written
in `accepts.py`. A parameter that no set knows is refused: an exchange that ignored it would do something
other than what was asked, and a rehearsal on it would prove nothing.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from edge.strict_json import shallow
from platforms.sandbox.exchange.errors import (
    CLIENT_ID,
    NUMBER,
    RequestRefused,
    empty,
    illegal,
    invalid,
    mandatory,
)
from platforms.sandbox.exchange.numbers import EIGHT

Check = Callable[[str, str], None]
"""Judges one parameter by name and text. Raises ApiError."""

LARGEST_LONG, LARGEST_INT = 2**63 - 1, 2**31 - 1
SYMBOL = r"^[\w\-._&&[^a-z]]{1,50}$"
"""As Binance tells it, in Java's words: letters and digits of any script but a to z."""
SYMBOLS = r'^\["[\w\-._&&[^a-z]]{1,50}"(,"[\w\-._&&[^a-z]]{1,50}"){0,}\]$'
ONE_SYMBOL = r"(?:[^\Wa-z]|[-.]){1,50}"
INTEGER = "^[0-9]{1,20}$"
BOOLEAN = "^(true|false)$"
WINDOW = r"^[0-9]{1,5}(\.[0-9]{1,3})?$"
TIME_ZONE = r"^[+-]?[0-9]{1,2}(:[0-9]{2})?$"


def of_form(legal: str, ours: str = "") -> Check:
    """Return the check of a text that a pattern describes; `ours` says it in Python's words."""
    pattern = re.compile(ours or legal)

    def check(name: str, text: str) -> None:
        if not pattern.fullmatch(text):
            raise illegal(name, legal)

    return check


def one_of(*values: str, code: int = 0, words: str = "") -> Check:
    """Return the check of a few words; without a code of its own the refusal is -1130."""

    def check(name: str, text: str) -> None:
        if text not in values:
            raise RequestRefused(code, words) if code else invalid(name)

    return check


def _whole(most: int) -> Check:
    well_formed = of_form(INTEGER)

    def check(name: str, text: str) -> None:
        well_formed(name, text)
        if int(text) > most:
            raise RequestRefused(-1108, f"Parameter '{name}' overflowed.")

    return check


def decimal(name: str, text: str) -> None:
    """Check a decimal of fixed point with at most eight places. Raises ApiError -1100, -1111."""
    of_form(NUMBER)(name, text)
    if Decimal(text) % EIGHT:
        raise RequestRefused(-1111, f"Parameter '{name}' has too much precision.")


def strategy_type(name: str, text: str) -> None:
    """Check a strategy's type: numbers below a million are the exchange's own."""
    an_int(name, text)
    if int(text) < 1_000_000:
        raise RequestRefused(-1134, f"`{name}` was less than 1000000.")


def symbols(name: str, text: str) -> None:
    """Check a JSON list of symbols, none of them twice."""
    a_list(name, text)
    if len(set(result := json.loads(shallow(text)))) < len(result):
        raise RequestRefused(-1151, "Symbol is present multiple times in the list.")


def anything(name: str, text: str) -> None:
    """Check nothing: who reads the parameter says what it thinks of it."""
    del name, text


a_symbol = of_form(SYMBOL, ONE_SYMBOL)
a_list = of_form(SYMBOLS, rf'\["{ONE_SYMBOL}"(,"{ONE_SYMBOL}")*\]')
a_client_id = of_form(CLIENT_ID)
a_long = _whole(LARGEST_LONG)
an_int = _whole(LARGEST_INT)
a_boolean = of_form(BOOLEAN)


@dataclass(frozen=True)
class Takes:
    """The parameters of an operation: those that must be sent, and those that may be."""

    needed: Mapping[str, Check]
    optional: Mapping[str, Check]

    def __or__(self, other: "Takes") -> "Takes":
        """Return a set that takes what either takes."""
        return Takes({**self.needed, **other.needed}, {**self.optional, **other.optional})

    def check(self, sent: Mapping[str, str]) -> None:
        """Refuse what the exchange would. Raises ApiError.

        Missing or empty where needed is -1102, empty where optional -1105, malformed by kind, unknown -1104,
        or -1101 where nothing is taken at all.
        """
        for name, check in self.needed.items():
            if not sent.get(name):
                raise mandatory(name)
            check(name, sent[name])
        for name, check in self.optional.items():
            if name not in sent:
                continue
            if not sent[name]:
                raise empty(name)
            check(name, sent[name])
        self._all_read(sent)

    def _all_read(self, sent: Iterable[str]) -> None:
        names = list(sent)
        read = sum(name in self.needed or name in self.optional for name in names)
        if read == len(names):
            return
        if not self.needed and not self.optional:
            raise RequestRefused(-1101, f"Too many parameters; expected '0' and received '{len(names)}'.")
        raise RequestRefused(
            -1104,
            f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{len(names)}'.",
        )


def takes(needed: Mapping[str, Check] | None = None, /, **optional: Check) -> Takes:
    """Return a set of parameters: those needed in a mapping, the optional by keyword."""
    return Takes(dict(needed or {}), optional)
