"""Threads of this process that make trials."""

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

from domain.errors import BadInput
from research.search.sweep import Answer, Done, Engine, Job, Task, Worker
from research.search.work_queue import Board, Piece, timed

WORTH_IT = 0.1
"""Seconds of work left that are worth a further thread: it costs making the candles ready for it."""


class Threads(Engine):
    """Threads of this process: machine code runs side by side in them, plain Python takes turns."""

    def __init__(self, workers: int | None = None) -> None:
        """Use as many threads as told, or as there are processors. Raises BadInput below 1."""
        self.workers = worker_count(workers)

    def run(self, job: Job, tasks: Sequence[Task], done: Done) -> list[Answer]:
        """Make the trials, the first ones in one thread: what is wrong shows at once, and kernels compile."""
        board, worker = Board(tasks, self.workers, done), Worker(job)
        while (piece := board.piece()) is not None:
            board.home(piece, *timed(worker, piece.work))
            if self.workers > 1 and board.seconds_left > WORTH_IT:
                self._side_by_side(board, [worker, *(Worker(job) for _ in range(self.workers - 1))])
                break
        return board.answers()

    def _side_by_side(self, board: Board, workers: Sequence[Worker]) -> None:
        """Do the rest; Ctrl-C ends it when the pieces that are begun are done, a second or so."""
        free: SimpleQueue[Worker] = SimpleQueue()
        for worker in workers:
            free.put(worker)
        busy: dict[Future[tuple[Answer, float]], Piece] = {}
        with ThreadPoolExecutor(len(workers), "boyd-sweep") as pool:
            while not board.over:
                while len(busy) < len(workers) and (piece := board.piece()) is not None:
                    busy[pool.submit(_turn, free, piece.work)] = piece
                for future in wait(busy, return_when=FIRST_COMPLETED).done:
                    board.home(busy.pop(future), *future.result())


class One(Threads):
    """The calling thread alone."""

    def __init__(self) -> None:
        super().__init__(1)


def _turn(free: "SimpleQueue[Worker]", task: Task) -> tuple[Answer, float]:
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
