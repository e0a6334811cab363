"""Reasons told in the quote currency: those recorded have prices in ticks, which nobody thinks in.

A reason is never changed where it is recorded. It is explained again, from the same memory, with numbers
that know that they are prices: each writes itself as one, with its unit, wherever the words show it. Sums
and multiples of a price stay prices, the ratio of two is a plain number; what a kernel makes of one is shown
as it comes. Where plain numbers do not give the words recorded, or these speak of ticks otherwise, the
recorded words stand.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Self

from domain.decision import Decision, Signal
from domain.instrument import Instrument
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import Strategy

FINE = 100
"""Below so many ticks a number that is none of whole ticks has two decimals more than a price."""
BEGIN, END = "\ue000", "\ue001"
"""What a price stands between until its unit is written."""
_OF_ONE = re.compile(f"{END}-{BEGIN}")
_UNIT = re.compile(rf"{END}(?: ticks?\b)?")
_OTHER_TICKS = re.compile(rf"(?<![\d{END}] )\bticks?\b", re.IGNORECASE)


class UnknownUnit(ValueError):
    """A number shown is in no unit of prices, such as the square of one."""


class InTicks(float):
    """A number in ticks, or in a power of them, that counts as a float and writes itself as a price."""

    __slots__ = ("power", "tick_size")
    power: int
    tick_size: Decimal

    @classmethod
    def of(cls, value: float, tick_size: Decimal, power: int = 1) -> Self:
        """Return a number that is a price in ticks."""
        result = cls(value)
        result.power, result.tick_size = power, tick_size
        return result

    def _made(self, value: float, power: int) -> float:
        return InTicks.of(value, self.tick_size, power) if power else value

    def _same(self, value: float, other: Any) -> float:
        """Return a sum: with a plain number, which is of ticks too, or of two in one unit."""
        if isinstance(other, InTicks) and other.power != self.power:
            raise UnknownUnit(f"ticks to the power of {self.power} and of {other.power}")
        return self._made(value, self.power)

    def __add__(self, other: Any) -> Any:
        """Return a sum."""
        return self._same(float.__add__(self, other), other)

    def __radd__(self, other: Any) -> Any:
        """Return a sum."""
        return self._same(float.__radd__(self, other), other)

    def __sub__(self, other: Any) -> Any:
        """Return a difference."""
        return self._same(float.__sub__(self, other), other)

    def __rsub__(self, other: Any) -> Any:
        """Return a difference."""
        return self._same(float.__rsub__(self, other), other)

    def __mul__(self, other: Any) -> Any:
        """Return a multiple, or an area."""
        return self._made(float.__mul__(self, other), self.power + _power(other))

    def __rmul__(self, other: Any) -> Any:
        """Return a multiple."""
        return self._made(float.__rmul__(self, other), self.power + _power(other))

    def __truediv__(self, other: Any) -> Any:
        """Return a part, or a ratio, which is plain."""
        return self._made(float.__truediv__(self, other), self.power - _power(other))

    def __rtruediv__(self, other: Any) -> Any:
        """Return what is of no unit that can be told."""
        return self._made(float.__rtruediv__(self, other), _power(other) - self.power)

    def __neg__(self) -> Any:
        """Return the opposite."""
        return self._made(float.__neg__(self), self.power)

    def __abs__(self) -> Any:
        """Return the size."""
        return self._made(float.__abs__(self), self.power)

    def __format__(self, form: str) -> str:
        """Return a price in the quote currency; of `form` the sign is kept. Raises UnknownUnit."""
        if self.power != 1 or form.endswith("%"):
            raise UnknownUnit(f"ticks to the power of {self.power} as {form!r}")
        return f"{BEGIN}{price_text(float(self), self.tick_size, '+' if '+' in form else '')}{END}"

    def __str__(self) -> str:
        """Return a price in the quote currency."""
        return format(self, "")

    __repr__ = __str__


def _power(other: Any) -> int:
    return other.power if isinstance(other, InTicks) else 0


def price_text(ticks: float, tick_size: Decimal, sign: str = "") -> str:
    """Return a number of ticks as a price, with the decimals of the instrument."""
    exponent = tick_size.normalize().as_tuple().exponent
    decimals = max(0, -int(exponent))
    if abs(ticks) < FINE and ticks != int(ticks):
        decimals += 2
    return f"{Decimal(ticks) * tick_size:{sign}.{decimals}f}"


def told(
    strategy: Strategy[Any], memory: Memory, packed: Any, signal: Signal, instrument: Instrument
) -> str | None:
    """Return the reason of a signal with its prices in the quote currency, None where it tells none.

    Raises whatever a user's code raises.
    """
    tick = instrument.tick_size
    numbers = memory[:]
    for index in strategy.priced:
        numbers[index] = InTicks.of(numbers[index], tick)
    levels: dict[str, Any] = {
        name: InTicks.of(value, tick) for name in ("stop", "target") if (value := getattr(signal, name))
    }
    return with_unit(strategy.explain(numbers, packed, signal._replace(**levels)), instrument.quote)


def with_unit(text: str, quote: str) -> str | None:
    """Return words whose prices have their unit; None where none does, or where they speak of other ticks."""
    if BEGIN not in text or _OTHER_TICKS.search(text):
        return None
    return _UNIT.sub(f" {quote}", _OF_ONE.sub("-", text)).replace(BEGIN, "")


def reason_told(decision: Decision, words: Mapping[str, str]) -> str:
    """Return a decision's reason with the words of its voices as they are told, by the voices' names."""
    text = decision.reason
    for voice in sorted(decision.voices, key=lambda each: -len(each.reason)):
        if voice.name in words:
            text = text.replace(voice.reason, words[voice.name])
    return text
