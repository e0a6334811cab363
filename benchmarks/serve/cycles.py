"""The price of being watched: an agent alone, with a server attached, and with clients of its stream.

And beside a process that only turns: where cores share caches and a clock, any neighbour costs something.
"""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, Section, ratio
from benchmarks.serve.processes import Ran, Served, clients, run, server, spinning

CYCLES = 6_000
PACED = 400
PASSES = 3
CLIENTS = 200
FULL = ("--provider", "simulated", "--speed", "max")
PACE = ("--provider", "simulated", "--interval", "0.05")
BUSY = "beside a busy core"
KINDS = ("alone", BUSY, "served", f"{CLIENTS} clients")


def cycles(folder: Path) -> Section:
    """Run the same cycles alone, served, and followed; at full speed and paced."""
    figures: list[Figure] = []
    for pace, words, count in (("full speed", FULL, CYCLES), ("paced", PACE, PACED)):
        runs: dict[str, list[Ran]] = {kind: [] for kind in KINDS}
        for number in range(PASSES):
            for kind in KINDS:
                home = folder / f"{pace}-{kind}-{number}".replace(" ", "-")
                runs[kind].append(_run(kind, home, (*words, "--cycles", str(count))))
        start = run(folder / f"start-{pace}".replace(" ", "-"), *words, "--cycles", "1")
        figures += _figures(pace, count, runs, start)
    notes = (
        "processor time is the agent's own process, its start taken off; the server runs at a lower priority",
        f"{BUSY}: a process that only turns, at the server's priority: what any neighbour costs here",
    )
    return Section(
        "cycles", f"{CYCLES} cycles at full speed, {PACED} at twenty a second", tuple(figures), notes
    )


def _run(kind: str, home: Path, words: Sequence[str]) -> Ran:
    home.mkdir(parents=True)
    if kind == "alone":
        return run(home, *words)
    if kind == BUSY:
        with spinning():
            return run(home, *words)
    with server(home) as served:
        if kind == "served":
            return _beside(served, home, words)
        with clients(served, CLIENTS) as figures:
            ran = _beside(served, home, words)
            return ran._replace(readers=figures()["processor"])


def _beside(served: Served, home: Path, words: Sequence[str]) -> Ran:
    before = served.processor
    ran = run(home, *words)
    return ran._replace(server=served.processor - before)


def _figures(pace: str, count: int, runs: dict[str, list[Ran]], start: Ran) -> list[Figure]:
    def processor(kind: str) -> list[float]:
        return [(each.processor - start.processor) / count * 1e6 for each in runs[kind]]

    def speed(kind: str) -> list[float]:
        return [count / (each.seconds - start.seconds) for each in runs[kind]]

    figures = []
    for kind in KINDS:
        figures.append(Figure(f"{pace}, {kind}: cycles", "1/s", tuple(speed(kind))))
        figures.append(Figure(f"{pace}, {kind}: processor", "us/cycle", tuple(processor(kind))))
    for kind in KINDS[1:]:
        kept = ratio(f"{pace}, {kind}: cycles kept", speed(kind), speed("alone"))
        figures.append(Figure(kept.name, kept.unit, kept.values, "> 0.95"))
        figures.append(ratio(f"{pace}, {kind}: processor", processor(kind), processor("alone")))
    for kind in KINDS[2:]:
        spent = tuple(each.server / count * 1e6 for each in runs[kind])
        figures.append(Figure(f"{pace}, {kind}: server's processor", "us/cycle", spent))
    readers = tuple(each.readers / count * 1e6 for each in runs[KINDS[-1]])
    figures.append(Figure(f"{pace}, {KINDS[-1]}: readers' processor", "us/cycle", readers))
    against = f"{pace}, {KINDS[-1]}: cycles kept, against {BUSY}"
    return [*figures, ratio(against, speed(KINDS[-1]), speed(BUSY))]
