"""The gain by a second Ray node in a sweep, and with one lost on the way: `python -m benchmarks.cluster`.

Nodes of one processor each on this machine. The same sweep, of as many trials as take one node `--seconds`,
runs on one node, on two, and on two of which the second is killed half way; all three come to the same
bytes. Beside them stands what the machine itself allows: trials by two bare processes at a time against one.
Each step is told on the error output as it goes.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stdout
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import machine
from benchmarks.peers.boyd import series, setup
from benchmarks.peers.market import write
from reasoning.strategies.sma import SMA, SmaParams
from research.search.executor_threads import One
from research.search.executors import engine_named
from research.search.grid import Trial, trial_of
from research.search.sweep import Job, Scores, job_of, sweep

HEALTH = {
    "health_check_initial_delay_ms": 500, "health_check_period_ms": 500,
    "health_check_timeout_ms": 5_000, "health_check_failure_threshold": 5,
}  # fmt: skip
"""A node that is killed is found out at once by its connection; a busy one is not to be taken for dead."""
WARM, PROBE_SECONDS, PROBE_TRIALS = 40, 5.0, 20_000
"""Trials nodes make before a time is taken; how long and by how many one's rate is looked for at most."""
TOLD_EVERY_SECONDS = 5.0


class Timed(NamedTuple):
    """A sweep's seconds and its scores."""

    seconds: float
    scores: Scores


class Progress:
    """Lines with the seconds since the start, so that who waits sees for what."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()

    def say(self, words: str) -> None:
        """Tell a step."""
        print(f"{time.monotonic() - self._began:6.1f} s  {words}", file=sys.stderr, flush=True)

    def counting(self, words: str, whole: int) -> Callable[[int], None]:
        """Return a counter of trials that tells how many are done every few seconds."""
        began = time.monotonic()

        def count(done: int) -> None:
            now = time.monotonic()
            if now - self._told >= TOLD_EVERY_SECONDS or done == whole:
                self._told = now
                self.say(
                    f"{words}: {done:,} of {whole:,} trials, {done / max(now - began, 1e-9):,.0f} a second"
                )

        return count


@contextmanager
def cluster(nodes: int) -> Iterator[Any]:
    """Start nodes of one processor on this machine and connect to them."""
    import ray  # noqa: PLC0415  # an extra, and heavy
    from ray.cluster_utils import Cluster  # noqa: PLC0415  # as above

    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": HEALTH}
    # Ray tells of a lost node on the standard output, which is the figures'.
    with redirect_stdout(sys.stderr):
        started: Any = Cluster(initialize_head=True, head_node_args=head)
        started.others = [started.add_node(num_cpus=1) for _ in range(nodes - 1)]
        ray.init(address=started.address, log_to_driver=False, configure_logging=False)
        try:
            yield started
        finally:
            ray.shutdown()
            started.shutdown()


def timed(
    progress: Progress,
    words: str,
    job: Job,
    trials: Sequence[Trial],
    lose: Callable[[int], None] | None = None,
) -> Timed:
    """Run a sweep on the cluster that is there, after a short one in which nodes read their machine code."""
    progress.say(f"{words}: started")
    sweep(engine_named("ray"), job, trials[:WARM])
    count = progress.counting(words, len(trials))

    def done(made: int) -> None:
        count(made)
        if lose is not None:
            lose(made)

    begin = time.perf_counter()
    scores = sweep(engine_named("ray"), job, trials, done)
    return Timed(time.perf_counter() - begin, scores)


def rate_of(job: Job, trials: Sequence[Trial]) -> float:
    """Return trials a second of one processor, machine code made before."""
    count = WARM
    sweep(One(), job, trials[:count])
    while True:
        begin = time.perf_counter()
        sweep(One(), job, trials[:count])
        seconds = time.perf_counter() - begin
        if seconds >= PROBE_SECONDS / 2 or count >= len(trials):
            return min(count, len(trials)) / seconds
        count = max(2 * count, int(count * PROBE_SECONDS / seconds))


def seconds_of(job: Job, trials: Sequence[Trial]) -> float:
    """Return how long a process by itself takes for trials, warm."""
    sweep(One(), job, trials[:WARM])
    begin = time.perf_counter()
    sweep(One(), job, trials)
    return time.perf_counter() - begin


def floor_of(job: Job, trials: Sequence[Trial]) -> float:
    """Return the gain by a second process that shares nothing: all the machine can give a second node."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        # Both are there before a time is taken.
        list(pool.map(seconds_of, [job] * 2, [trials[: 2 * WARM]] * 2))
        alone = pool.submit(seconds_of, job, trials).result()
        return 2 * alone / max(pool.map(seconds_of, [job] * 2, [trials] * 2))


def measured(progress: Progress, job: Job, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return the seconds of one node, of two and of two of which one is lost, and whether bytes agree."""
    with cluster(1):
        one = timed(progress, "one node", job, trials)
    with cluster(2):
        two = timed(progress, "two nodes", job, trials)
    lost: list[int] = []
    with cluster(2) as started:

        def lose(done: int) -> None:
            if done >= len(trials) // 2 and not lost:
                lost.append(done)
                progress.say(f"killing the second node after {done:,} trials")
                started.remove_node(started.others[0], allow_graceful=False)

        left = timed(progress, "two nodes, one lost", job, trials, lose)
    same = [one.scores.table.tobytes() == each.scores.table.tobytes() for each in (two, left)]
    return {
        "trials": len(trials), "one_node": one.seconds, "two_nodes": two.seconds,
        "ratio": one.seconds / two.seconds, "a_node_lost_after": lost, "then": left.seconds,
        "same_bytes": all(same),
    }  # fmt: skip


def trials_of(count: int) -> list[Trial]:
    """Return so many pairs of means, of which neighbours share a column; the last of all comes first.

    It needs the longest warm-up, so a job made of any number of them has the same.
    """
    base = SmaParams(stop_ppm=900_000).model_dump()
    pairs = ((fast, slow) for fast in range(5, 505) for slow in range(510, 1_010))
    chosen = [(504, 1_009), *islice(pairs, count - 1)]
    made = (trial_of(SMA, {**base, "fast": fast, "slow": slow}) for fast, slow in chosen)
    return [each for each in made if each is not None]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--bars", type=int, default=200_000, help="candles (default 200000)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of one node (default 60)")
    parser.add_argument("--trials", type=int, help="so many, instead of as many as take that long")
    asked = parser.parse_args(arguments)
    # Ray looks for a GPU and says so; and its nodes inherit both.
    os.environ.update(RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0", PYTHONWARNINGS="ignore")
    warnings.simplefilter("ignore")
    progress = Progress()
    with tempfile.TemporaryDirectory(prefix="boyd-cluster-") as name:
        before = machine(Path(name))
        candles = [series(write(Path(name), asked.bars))]
        probe = trials_of(asked.trials or PROBE_TRIALS)
        job = job_of(candles, setup("sma", candles), probe)
        progress.say("one processor without Ray; machine code is made where there is none, 20 s and more")
        rate = rate_of(job, probe)
        trials = trials_of(asked.trials or max(10 * WARM, int(rate * asked.seconds)))
        progress.say(f"{rate:,.0f} trials a second, so {len(trials):,}; two bare processes beside one")
        floor = floor_of(job, trials[: max(2 * WARM, len(trials) // 6)])
        progress.say(f"a second bare process gives {floor:.2f} times one")
        found = measured(progress, job, trials)
    report = {
        "machine": before | {"load_after": round(os.getloadavg()[0], 2)}, "bars": asked.bars,
        "without_ray_per_second": rate, "two_bare_processes": floor, **found,
        "of_what_the_machine_gives": found["ratio"] / floor,
    }  # fmt: skip
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
