"""Threads of this process that make trials."""

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from queue import SimpleQueue

from domain.errors import BadInput
from research.search.sweep import Done, Engine, Job, Task, TrialScores, Worker
from research.search.work_queue import Chunk, WorkQueue, timed

WORTH_IT = 0.1
"""Seconds of work left that are worth a further thread: it costs making the candles ready for it."""
SURELY = 50_000_000
"""Candles times trials that take longer than that whatever is tried: 2 ns each are the least there is."""
LAST_SECONDS = 0.004
"""How long the last pieces take: a thread has one at once, and as much may wait for the others at the end."""
MOST_TRIALS = 512
"""Trials of a piece: so few read columns that lie in a cache together with another thread's."""
REHEARSED = 64
"""Candles behind the warm-up that a rehearsal lives through."""


class Threads(Engine):
    """Threads of this process: machine code runs side by side in them, plain Python takes turns."""

    def __init__(self, workers: int | None = None) -> None:
        """Use as many threads as told, or as there are processors. Raises BadInput below 1."""
        self.workers = worker_count(workers)

    def run(self, job: Job, tasks: Sequence[Task], done: Done) -> list[TrialScores]:
        """Make the trials: the others join the first thread once more than `WORTH_IT` is left.

        What is wrong with all trials is told before, and kernels compile where Ctrl-C ends it at once.
        """
        queue, worker = WorkQueue(tasks, self.workers, done, LAST_SECONDS, MOST_TRIALS), Worker(job)
        candles, trials = sum(map(len, job.candles)), sum(len(task.packs) for task in tasks)
        if together := self.workers > 1 and candles * trials >= SURELY:
            _rehearse(job, tasks)
        while not together and (chunk := queue.chunk()) is not None:
            queue.complete(chunk, *timed(worker, chunk.work))
            together = self.workers > 1 and queue.seconds_left > WORTH_IT
        if not queue.over:
            more = [Worker(job, beside=worker) for _ in range(self.workers - 1)]
            self._side_by_side(queue, [worker, *more])
        return queue.answers()

    def _side_by_side(self, queue: WorkQueue, workers: Sequence[Worker]) -> None:
        """Do the rest; Ctrl-C ends it when the pieces that are begun are done, a second or so.

        Of several pieces that fail the first is told, whichever thread came to its own sooner.
        """
        free: SimpleQueue[Worker] = SimpleQueue()
        for worker in workers:
            free.put(worker)
        busy: dict[Future[tuple[TrialScores, float]], Chunk] = {}
        with ThreadPoolExecutor(len(workers), "boyd-sweep") as pool:
            while not queue.over:
                while len(busy) < len(workers) and (chunk := queue.chunk()) is not None:
                    busy[pool.submit(_turn, free, chunk.work)] = chunk
                over = wait(busy, return_when=FIRST_COMPLETED).done
                if any(each.exception() for each in over):
                    over = set(busy)
                for future in sorted(over, key=lambda each: busy[each][:2]):
                    queue.complete(busy.pop(future), *future.result())


class One(Threads):
    """The calling thread alone."""

    def __init__(self) -> None:
        super().__init__(1)


def _rehearse(job: Job, tasks: Sequence[Task]) -> None:
    """Make one trial on a few candles, so that machine code is there. Raises BadInput as all trials would."""
    few = [each[: job.setup.warmup + REHEARSED] for each in job.candles]
    worker, packs = Worker(replace(job, candles=few)), next(task.packs for task in tasks if task.packs)
    for _ in range(2):  # stepped first, then asked at its columns
        worker.work(Task((None, None), packs[:1]))


def _turn(free: "SimpleQueue[Worker]", task: Task) -> tuple[TrialScores, float]:
    """Work on a task with a worker that nobody else uses meanwhile."""
    worker = free.get()
    try:
        return timed(worker, task)
    finally:
        free.put(worker)


def worker_count(workers: int | None) -> int:
    """Return how many work: as many as told, or as there are processors. Raises BadInput below 1."""
    if workers is not None and workers < 1:
        raise BadInput(f"workers {workers} must be at least 1")
    return workers or len(os.sched_getaffinity(0))
