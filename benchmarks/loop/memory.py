"""The growth of memory over many cycles of the endless simulated market."""

from collections.abc import Sequence
from typing import Any

from benchmarks.figures import Figure, Section
from benchmarks.plan import Plan
from benchmarks.processes import child

MB = 1e6
Samples = Sequence[tuple[int, int]]


def memory(plan: Plan) -> Section:
    """Run long, once with each kind of journal, and say how resident size moved after the first tenth."""
    figures: list[Figure] = []
    notes: list[str] = []
    cycles = 0
    for kind in ("in memory", "durable"):
        plan.say(f"memory over {plan.long_cycles} cycles, journal {kind}")
        told = child("memory", plan.disk, data=None, cycles=plan.long_cycles, durable=kind == "durable")
        figures += _figures(kind, told)
        notes.append(_curve(kind, told["samples"]))
        cycles = told["cycles"]
    title = f"memory over {cycles} cycles of the simulated market at full speed"
    return Section("memory", title, tuple(figures), tuple(notes))


def _figures(kind: str, told: dict[str, Any]) -> list[Figure]:
    samples: Samples = told["samples"]
    settled = samples[1:] or samples
    first, last = settled[0][1], settled[-1][1]
    figures = [
        Figure(f"{kind}: RSS after a tenth", "MB", (first / MB,)),
        Figure(f"{kind}: RSS at the end", "MB", (last / MB,)),
        Figure(f"{kind}: growth between", "MB", ((last - first) / MB,), "flat"),
        Figure(f"{kind}: slope", "B/cycle", (slope(settled),)),
        Figure(f"{kind}: full cycles", "1/s", (1e6 / told["cycle_us"],)),
    ]
    if kind == "durable":
        figures.append(Figure("durable: journal on disk", "B/cycle", (told["file_bytes"] / told["cycles"],)))
    return figures


def slope(samples: Samples) -> float:
    """Return the least-squares slope of resident bytes over cycles; 0 for fewer than two samples."""
    if len(samples) < 2:
        return 0.0
    mean_x = sum(done for done, _ in samples) / len(samples)
    mean_y = sum(size for _, size in samples) / len(samples)
    spread = sum((done - mean_x) ** 2 for done, _ in samples)
    together = sum((done - mean_x) * (size - mean_y) for done, size in samples)
    return together / spread


def _curve(kind: str, samples: Samples) -> str:
    points = ", ".join(f"{size / MB:.1f} at {done}" for done, size in samples)
    return f"{kind}, MB at cycle: {points}"
