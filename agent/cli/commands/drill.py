"""`agent drill`: kill the agent everywhere, and ask the exchange what really happened."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.options import JsonOption
from agent.cli.output.streams import answer
from domain.errors import BadInput
from domain.extras import lacking

if TYPE_CHECKING:
    from agent.answers.checks import DrillAnswer

EPILOG = (
    "Examples: agent drill --cases 100 | agent drill --cases 0 --json. All of it happens on this machine, on "
    "a sandbox exchange made for it. Ctrl-C ends it and shows what is done. Exit code 0: nothing lost, "
    "doubled or unexplained. 1: something was. 130: stopped early, and nothing was until then."
)


def drill(
    *,
    cases: Annotated[int, typer.Option(help="Cases to run; 0 runs the whole matrix.")] = 200,
    axis: Annotated[
        str, typer.Option(help="times: faults crossed with kills; facts: facts that change; all: both.")
    ] = "all",
    seed: Annotated[int, typer.Option(help="Which cases come first.")] = 0,
    workers: Annotated[int | None, typer.Option(help="Processes; two per processor if not given.")] = None,
    json: JsonOption = False,
) -> None:
    """Kill real agents at every step of an order, under faults; count what was lost or doubled."""
    try:
        from agent.drill import plan, runner
    except ImportError:
        raise BadInput(lacking("the drill", "live")) from None
    from agent.cli.output.progress import progress_bar

    if cases < 0 or (workers is not None and workers < 1):
        raise BadInput("--cases must be at least 0 and --workers at least 1")
    axes = plan.AXES if axis == "all" else (axis,)
    if axis not in ("all", *plan.AXES):
        raise BadInput(f"--axis {axis!r} must be one of {', '.join(plan.AXES)}, all")
    chosen = plan.cases(runner.points_passed(), cases or None, seed, axes)
    with progress_bar("cases", len(chosen), step=1) as advance:
        drilled = runner.run(chosen, workers or runner.workers_here(), lambda done: advance(done.runs))
    import msgspec

    from agent.answers.checks import DrillAnswer

    answer(DrillAnswer(kept=drilled.kept, **msgspec.structs.asdict(drilled)), _lines, json=json)
    if drilled.stopped:
        typer.echo(f"stopped after {drilled.runs} of {len(chosen)} cases", err=True)
    sys.exit(1 if not drilled.kept else 130 if drilled.stopped else 0)


def _lines(drilled: "DrillAnswer") -> Iterator[str]:
    heads = f"{'lost':>5} {'doubled':>8} {'unexplained':>12} {'bare, s':>8}"
    yield f"{'fault or fact':28} {'runs':>6} {'killed':>7} {heads}"
    for fault, row in sorted(drilled.by_fault.items()):
        bare = drilled.bare.get(fault, 0.0)
        yield f"{fault:28} {row[0]:6} {row[1]:7} {row[2]:5} {row[3]:8} {row[4]:12} {bare:8.1f}"
    total = drilled.runs, drilled.interrupted, drilled.lost, drilled.doubled, drilled.unexplained
    bare = max(drilled.bare.values(), default=0.0)
    yield f"{'all':28} {total[0]:6} {total[1]:7} {total[2]:5} {total[3]:8} {total[4]:12} {bare:8.1f}"
    yield ""
    for where, count in sorted(drilled.by_point.items(), key=lambda row: -row[1]):
        yield f"{count:6}  {where}"
    yield from (f"BROKEN  {each}" for each in drilled.broken)
    yield f"{drilled.orders} orders at the exchange; {'every promise kept' if drilled.kept else 'NOT KEPT'}"
