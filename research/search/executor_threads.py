"""Threads of this process that make trials."""

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

from domain.errors import BadInput
from research.search.sweep import Done, Engine, Job, Task, TrialScores, Worker
from research.search.work_queue import Chunk, WorkQueue, timed

WORTH_IT = 0.1
"""Seconds of work left that are worth a further thread: it costs making the candles ready for it."""


class Threads(Engine):
    """Threads of this process: machine code runs side by side in them, plain Python takes turns."""

    def __init__(self, workers: int | None = None) -> None:
        """Use as many threads as told, or as there are processors. Raises BadInput below 1."""
        self.workers = worker_count(workers)

    def run(self, job: Job, tasks: Sequence[Task], done: Done) -> list[TrialScores]:
        """Make the trials, the first ones in one thread: what is wrong shows at once, and kernels compile."""
        queue, worker = WorkQueue(tasks, self.workers, done), Worker(job)
        while (chunk := queue.chunk()) is not None:
            queue.complete(chunk, *timed(worker, chunk.work))
            if self.workers > 1 and queue.seconds_left > WORTH_IT:
                more = [Worker(job, beside=worker) for _ in range(self.workers - 1)]
                self._side_by_side(queue, [worker, *more])
                break
        return queue.answers()

    def _side_by_side(self, queue: WorkQueue, workers: Sequence[Worker]) -> None:
        """Do the rest; Ctrl-C ends it when the pieces that are begun are done, a second or so."""
        free: SimpleQueue[Worker] = SimpleQueue()
        for worker in workers:
            free.put(worker)
        busy: dict[Future[tuple[TrialScores, float]], Chunk] = {}
        with ThreadPoolExecutor(len(workers), "boyd-sweep") as pool:
            while not queue.over:
                while len(busy) < len(workers) and (chunk := queue.chunk()) is not None:
                    busy[pool.submit(_turn, free, chunk.work)] = chunk
                for future in wait(busy, return_when=FIRST_COMPLETED).done:
                    queue.complete(busy.pop(future), *future.result())


class One(Threads):
    """The calling thread alone."""

    def __init__(self) -> None:
        super().__init__(1)


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
