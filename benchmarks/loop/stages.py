"""The share of each stage of a cycle, under a stopwatch that says what it costs itself."""

from collections.abc import Sequence
from typing import Any

from benchmarks.figures import Figure, Section, column
from benchmarks.plan import Plan
from benchmarks.processes import child

Passes = Sequence[dict[str, Any]]
MEANINGS = (
    "pace: the market moves on (file, parsing); observe: what is new goes into platform and state",
    "decide: orient and vote; judge: the risk gate; place: orders, stops and what came of them",
    "reflect: lessons, beliefs, state; journal: encode, chain, commit; machine: every trigger",
    "rest: between the stages; no correction is made for the watch's own part",
)


def stages(plan: Plan) -> Section:
    """Run both kinds of journal under the watch, each pass in a fresh process."""
    passes: dict[str, list[dict[str, Any]]] = {"in memory": [], "durable": []}
    for number in range(1, plan.passes + 1):
        plan.say(f"the stages, pass {number} of {plan.passes}")
        for kind, found in passes.items():
            data = str(plan.candles.path)
            request = {"data": data, "cycles": plan.cycles, "durable": kind == "durable"}
            found.append(child("stages", plan.disk, **request))
    figures = [figure for kind, found in passes.items() for figure in _shares(kind, found)]
    title = f"share of each stage, {plan.passes} passes of {passes['in memory'][0]['cycles']} cycles"
    return Section("stages", title, tuple(figures), MEANINGS)


def _shares(kind: str, passes: Passes) -> list[Figure]:
    totals = [sum(each["stages"].values()) for each in passes]
    shares = [
        Figure(
            f"{kind}: {stage}",
            "%",
            tuple(100 * each["stages"][stage] / total for each, total in zip(passes, totals, strict=True)),
        )
        for stage in passes[0]["stages"]
    ]
    return [
        *shares,
        Figure(f"{kind}: one cycle under the watch", "us", column(passes, "cycle_us")),
        Figure(f"{kind}: the watch's own part", "us", column(passes, "overhead_us")),
    ]
