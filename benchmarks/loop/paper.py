"""A paper run as people start it: the real command, its resident size and its speed."""

from benchmarks.figures import Figure, Section
from benchmarks.loop.memory import MB
from benchmarks.plan import Plan
from benchmarks.processes import watched

LIVE_CYCLES = 20


def paper(plan: Plan) -> Section:
    """Run `agent run --mode paper` on the candles at full speed, and with live providers that are dead."""
    data = str(plan.candles.path)
    cycles, live = str(plan.cycles), str(min(plan.cycles, LIVE_CYCLES))
    recorded = ["--provider", "recorded", "--data", data, "--speed", "max", "--cycles", cycles]
    fast, auto = [], []
    for number in range(1, plan.passes + 1):
        plan.say(f"a paper run, pass {number} of {plan.passes}")
        fast.append(watched(["run", "--mode", "paper", *recorded], plan.disk))
        auto.append(watched(["run", "--mode", "paper", "--interval", "0", "--cycles", live], plan.disk))
    return Section(
        "paper",
        f"agent run --mode paper, {plan.passes} passes: {cycles} candles at full speed; {live} cycles "
        "with every provider unreachable",
        (
            Figure("candles: largest RSS", "MB", tuple(each.rss / MB for each in fast), "< 120"),
            Figure(
                "candles: cycles, start to exit",
                "1/s",
                tuple(plan.cycles / each.seconds for each in fast),
            ),
            Figure("live, unreachable: largest RSS", "MB", tuple(each.rss / MB for each in auto), "< 120"),
        ),
    )
