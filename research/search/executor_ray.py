"""Trials on a Ray cluster: candles go to each node once, tasks take seconds, failed ones run again."""

import os
import pickle
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

from domain.errors import BadInput, LocalFault
from domain.extras import lacking
from research.data.candles import Candles
from research.search.executor_processes import COLUMNS
from research.search.sweep import Done, Engine, Job, Task, TrialScores, Worker
from research.search.work_queue import RETRIES, Chunk, WorkQueue, timed

ADDRESS_VARIABLE = "RAY_ADDRESS"
MISSING = lacking("engine ray", "scale")
AHEAD = 2
"""Pieces per processor on their way, so that none waits for the next."""


def ray_module() -> Any:
    """Return ray. Raises BadInput that says what to install when it is not there."""
    try:
        import ray  # noqa: PLC0415  # an extra, and heavy
    except ImportError:
        raise BadInput(MISSING) from None
    return ray


class Ray(Engine):
    """A Ray cluster: the one at `address`, at RAY_ADDRESS, or one started on this machine."""

    def __init__(self, address: str | None = None) -> None:
        self._ray = ray_module()
        self._address = address or os.environ.get(ADDRESS_VARIABLE)

    def run(self, job: Job, tasks: Sequence[Task], done: Done) -> list[TrialScores]:
        """Make the trials on the cluster. Raises LocalFault when a piece fails beyond its retries.

        What Ray tells of workers and nodes that died goes to the error output: the other one is the results'.
        """
        with redirect_stdout(sys.stderr):
            return self._connected(job, tasks, done)

    def _connected(self, job: Job, tasks: Sequence[Task], done: Done) -> list[TrialScores]:
        ray = self._ray
        ours = not ray.is_initialized()
        if ours:
            self._connect()
        try:
            return self._run(job, tasks, done)
        finally:
            if ours:
                ray.shutdown()

    def _connect(self) -> None:
        try:
            self._ray.init(address=self._address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, ValueError) as error:
            raise BadInput(f"no ray cluster at {self._address}: {error}") from None

    def _run(self, job: Job, tasks: Sequence[Task], done: Done) -> list[TrialScores]:
        ray = self._ray
        shared = ray.put(_packed(job))
        processors = max(1, int(ray.cluster_resources().get("CPU", 1)))
        queue = WorkQueue(tasks, processors, done)
        remote = ray.remote(max_retries=RETRIES)(_work)
        flying: dict[Any, Chunk] = {}
        while not queue.over:
            while len(flying) < AHEAD * processors and (chunk := queue.chunk()) is not None:
                flying[remote.remote(shared.hex(), shared, chunk.work)] = chunk
            ready, _ = ray.wait(list(flying), num_returns=1)
            for each in ready:
                queue.complete(flying.pop(each), *self._answer(each))
        return queue.answers()

    def _answer(self, ready: Any) -> tuple[TrialScores, float]:
        ray = self._ray
        try:
            report: tuple[TrialScores, float] = ray.get(ready)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, BadInput | LocalFault):
                raise error.cause from None
            raise
        except ray.exceptions.RayError as error:
            raise LocalFault(f"trials failed {RETRIES + 1} times on the ray cluster: {error}") from None
        return report


_workers: dict[str, Worker] = {}


def _work(key: str, shared: Any, task: Task) -> tuple[TrialScores, float]:
    """Work on a task in a Ray worker, which keeps the job's candles from one task to the next."""
    if key not in _workers:
        _workers.clear()
        _workers[key] = Worker(_unpacked(shared))
    return timed(_workers[key], task)


def _packed(job: Job) -> tuple[list[Any], bytes]:
    """Return a job as Ray's store keeps it: columns as arrays that all workers of a node share."""
    heads = [
        (each.symbol, each.timeframe_ms, *(getattr(each, name) for name in COLUMNS)) for each in job.candles
    ]
    return heads, pickle.dumps(replace(job, candles=()))


def _unpacked(shared: tuple[list[Any], bytes]) -> Job:
    heads, rest = shared
    job: Job = pickle.loads(rest)  # noqa: S301  # from our own driver
    return replace(job, candles=[Candles(*head) for head in heads])
