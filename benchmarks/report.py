"""The report: a table for people, JSON for machines."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.figures import Figure, Section


class Report(NamedTuple):
    """Everything a run of the benchmarks found."""

    machine: dict[str, Any]
    load_after: float
    sections: Sequence[Section]

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        machine = self.machine | {"load_after": self.load_after}
        return {"machine": machine, "sections": [section.plain() for section in self.sections]}

    def lines(self) -> list[str]:
        """Return the report as lines; `min` and `max` are over the passes and show the machine's noise."""
        told = self.machine
        versions = ", ".join(f"{name} {number}" for name, number in told["libraries"].items())
        head = [
            f"machine   {told['processor']}, {told['cores']} cores, {told['memory_gb']} GB, {told['system']}",
            f"disk      {told['filesystem']}; SQLite {told['sqlite']}",
            f"python    {told['python']}; {versions}",
            f"load      {told['load']} before, {self.load_after} after (other work shows as noise)",
        ]
        return head + [line for section in self.sections for line in _section(section)]


def _section(section: Section) -> list[str]:
    columns = f"{'':36}{'median':>11}{'min':>11}{'max':>11}  {'unit':9}aim"
    rows = [_row(figure) for figure in section.figures]
    return ["", f"[{section.name}] {section.title}", columns, *rows, *section.notes]


def _row(figure: Figure) -> str:
    numbers = "".join(
        f"{_shown(each):>11}" for each in (figure.median, min(figure.values), max(figure.values))
    )
    return f"{figure.name:36}{numbers}  {figure.unit:9}{figure.aim}".rstrip()


def _shown(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
