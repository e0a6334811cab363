"""Full cycles per second, with the journal in memory and with the durable one, beside the floors."""

from collections.abc import Sequence
from typing import Any

from benchmarks.figures import Figure, Section, column, ratio
from benchmarks.plan import Plan
from benchmarks.processes import child

Passes = Sequence[dict[str, Any]]
AIMS = {"in memory": ">= 4000", "durable": ">= 1000"}


def loop(plan: Plan) -> Section:
    """Run both kinds of journal turn by turn, each pass in a fresh process."""
    memory: list[dict[str, Any]] = []
    durable: list[dict[str, Any]] = []
    for number in range(1, plan.passes + 1):
        plan.say(f"the loop, pass {number} of {plan.passes}")
        memory.append(_pass(plan, durable=False))
        durable.append(_pass(plan, durable=True))
    figures = [*_speed("in memory", memory), *_speed("durable", durable), *_floors(memory, durable)]
    outcomes = ", ".join(f"{count} {name}" for name, count in memory[0]["outcomes"].items())
    return Section(
        "loop",
        f"full cycles, {plan.passes} passes of {memory[0]['cycles']} on {plan.candles.label}",
        (*figures, *_multiples(memory, durable)),
        (f"every pass: {outcomes}",),
    )


def _pass(plan: Plan, *, durable: bool) -> dict[str, Any]:
    data = str(plan.candles.path)
    return child("loop", plan.disk, data=data, cycles=plan.cycles, durable=durable)


def _speed(kind: str, passes: Passes) -> list[Figure]:
    wall, processor = column(passes, "cycle_us"), column(passes, "processor_us")
    return [
        Figure(f"{kind}: full cycles", "1/s", tuple(1e6 / each for each in wall), AIMS[kind]),
        Figure(f"{kind}: by processor time", "1/s", tuple(1e6 / each for each in processor)),
        Figure(f"{kind}: one cycle", "us", wall),
    ]


def _floors(memory: Passes, durable: Passes) -> list[Figure]:
    every = [*memory, *durable]
    return [
        Figure("floor: bare transitions trigger", "us", column(every, "trigger_us")),
        Figure("floor: msgspec struct", "us", column(every, "struct_us")),
        Figure("floor: durable commit", "us", column(every, "commit_us")),
    ]


def _multiples(memory: Passes, durable: Passes) -> list[Figure]:
    # Processor time against processor time, waiting for the disk against waiting for the disk.
    cycles = column(memory, "processor_us")
    return [
        ratio("in memory: cycle / trigger", cycles, column(memory, "trigger_us")),
        ratio("in memory: cycle / struct", cycles, column(memory, "struct_us")),
        ratio("durable: cycle / commit", column(durable, "cycle_us"), column(durable, "commit_us")),
    ]
