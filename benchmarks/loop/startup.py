"""Start-up: the help text, and the first complete cycle, beside an interpreter that does nothing."""

import sys

from benchmarks.figures import Figure, Section, ratio
from benchmarks.plan import Plan
from benchmarks.processes import AGENT, environment, scratch, seconds_of, watched


def startup(plan: Plan) -> Section:
    """Start each command turn by turn; one start before counting writes the compiled files."""
    floor, help_text, recorded, live = [], [], [], []
    once = ["--cycles", "1", "--json"]
    candles = ["--provider", "recorded", "--data", str(plan.candles.path), "--speed", "max"]
    with scratch(plan.disk) as folder:
        env = environment(folder)
        seconds_of([*AGENT, "--help"], env)
        for number in range(1, plan.passes + 1):
            plan.say(f"start-up, pass {number} of {plan.passes}")
            floor.append(1000 * seconds_of([sys.executable, "-c", "pass"], env))
            help_text.append(1000 * seconds_of([*AGENT, "--help"], env))
            recorded.append(1000 * watched(["run", *candles, *once], plan.disk).first_output)
            live.append(1000 * watched(["run", "--interval", "0", *once], plan.disk).first_output)
    return Section(
        "startup",
        f"start-up, {plan.passes} passes",
        (
            Figure("floor: python -c pass", "ms", tuple(floor)),
            Figure("agent --help", "ms", tuple(help_text), "< 300"),
            Figure("first cycle, candles", "ms", tuple(recorded)),
            Figure("first cycle, providers unreachable", "ms", tuple(live), "< 15000"),
            ratio("agent --help / python", help_text, floor),
            ratio("first cycle, candles / python", recorded, floor),
        ),
    )
