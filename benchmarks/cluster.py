"""The gain by a second Ray node in a sweep, and with one lost on the way: `python -m benchmarks.cluster`.

Nodes of one processor each on this machine. The same sweep runs on one node, on two, and on two of which the
second is killed half way; all three have to come to the same bytes. Each node has compiled before.
"""

import argparse
import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import machine
from benchmarks.peers.boyd import series, setup
from benchmarks.peers.market import write
from reasoning.strategies.sma import SMA, SmaParams
from research.search.executors import engine_named
from research.search.grid import Trial, trial_of
from research.search.sweep import Job, Scores, job_of, sweep

QUICK = {f"health_check_{name}": 500 for name in ("initial_delay_ms", "period_ms", "timeout_ms")}
WARM = 40
"""Trials that each node makes before its time is taken."""


class Timed(NamedTuple):
    """A sweep's seconds and its scores."""

    seconds: float
    scores: Scores


@contextmanager
def cluster(nodes: int) -> Iterator[Any]:
    """Start nodes of one processor on this machine and connect to them."""
    import ray  # noqa: PLC0415  # an extra, and heavy
    from ray.cluster_utils import Cluster  # noqa: PLC0415  # as above

    quick = QUICK | {"health_check_failure_threshold": 3}
    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": quick}
    started: Any = Cluster(initialize_head=True, head_node_args=head)
    started.others = [started.add_node(num_cpus=1) for _ in range(nodes - 1)]
    ray.init(address=started.address, log_to_driver=False, configure_logging=False)
    try:
        yield started
    finally:
        ray.shutdown()
        started.shutdown()


def timed(job: Job, trials: Sequence[Trial], done: Callable[[int], None] = lambda _count: None) -> Timed:
    """Run a sweep on the cluster that is there."""
    sweep(engine_named("ray"), job, trials[:WARM])
    begin = time.perf_counter()
    scores = sweep(engine_named("ray"), job, trials, done)
    return Timed(time.perf_counter() - begin, scores)


def measured(job: Job, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return the seconds of one node, of two and of two of which one is lost, and whether bytes agree."""
    with cluster(1):
        one = timed(job, trials)
    with cluster(2):
        two = timed(job, trials)
    lost: list[int] = []
    with cluster(2) as started:

        def lose(done: int) -> None:
            if done >= len(trials) // 2 and not lost:
                lost.append(done)
                started.remove_node(started.others[0], allow_graceful=False)

        left = timed(job, trials, lose)
    same = [one.scores.table.tobytes() == each.scores.table.tobytes() for each in (two, left)]
    return {
        "trials": len(trials), "one_node": one.seconds, "two_nodes": two.seconds,
        "ratio": one.seconds / two.seconds, "a_node_lost_after": lost, "then": left.seconds,
        "same_bytes": all(same),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--bars", type=int, default=200_000, help="candles (default 200000)")
    parser.add_argument("--trials", type=int, default=20_000, help="trials at most (default 20000)")
    asked = parser.parse_args(arguments)
    # Ray looks for a GPU and says so; and its nodes inherit both.
    os.environ.update(RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0", PYTHONWARNINGS="ignore")
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="boyd-cluster-") as name:
        candles = [series(write(Path(name), asked.bars))]
        base = SmaParams(stop_ppm=900_000).model_dump()
        pairs = [(fast, slow) for fast in range(5, 105) for slow in range(110, 310)]
        made = (trial_of(SMA, {**base, "fast": fast, "slow": slow}) for fast, slow in pairs[: asked.trials])
        trials = [each for each in made if each is not None]
        found = measured(job_of(candles, setup("sma", candles), trials), trials)
        print(json.dumps({"machine": machine(Path(name)), "bars": asked.bars, **found}, indent=2))


if __name__ == "__main__":
    main()
