"""The figures of a measurement with their noise, and ratios to floors of the same pass."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One measured quantity, one value a pass, in `unit`; `aim` is what the project wants of it."""

    name: str
    unit: str
    values: tuple[float, ...]
    aim: str = ""

    @property
    def median(self) -> float:
        """The reported value."""
        return median(self.values)

    def plain(self) -> dict[str, Any]:
        """Return the figure as JSON values."""
        told = {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "values": list(self.values),
        }
        return told | ({"aim": self.aim} if self.aim else {})


class Section(msgspec.Struct, frozen=True):
    """One measurement: its name for `--only`, what it did, its figures, and notes worth reading."""

    name: str
    title: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the section as JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "figures": [figure.plain() for figure in self.figures],
            "notes": list(self.notes),
        }


def ratio(name: str, costs: Sequence[float], floors: Sequence[float]) -> Figure:
    """Return costs as multiples of floors in the same unit, pass by pass: common noise cancels."""
    return Figure(name, "x", tuple(cost / floor for cost, floor in zip(costs, floors, strict=True)))


def column(passes: Iterable[dict[str, Any]], key: str) -> tuple[float, ...]:
    """Return one value of every pass."""
    return tuple(float(each[key]) for each in passes)
