"""One rule of the gate, as its table names it."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from risk import rules
from risk.facts import Facts
from risk.limits import Limits

Measures = Callable[[Facts], rules.Measure]

CASH_UNITS = -1
"""Stands for the cash units in one unit of the quote currency, which differ by account."""


class Rule(NamedTuple):
    """One rule: the number of its group (rising), recorded reason, settings, unit and meaning.

    `measure` is its kernel. `least` says that the limit is a minimum, not a maximum. A setting is named as
    section.field. What is measured is divided by `scale` for people; `needs` is what a measurement lacks
    where it is not known. `about` says what it can be measured of: the whole account, one symbol, or nothing
    less than an order. `window` names the field of the limits whose 0 turns it off ("" for none).
    """

    number: int
    reason: str
    settings: tuple[str, ...]
    unit: str
    meaning: str
    measure: Measures | None = None
    least: bool = False
    scale: int = 1
    needs: str = ""
    about: Literal["account", "symbol", "order"] = "account"
    window: str = ""

    def applies(self, limits: Limits) -> bool:
        """Return whether the rule is on: one with a window is off while that is 0."""
        return not self.window or bool(getattr(limits, self.window))
