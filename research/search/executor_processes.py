"""Processes on this machine that make trials and share the candles' memory."""

import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import numpy as np

from journal.scratch import Scratch
from research.data.candles import Candles
from research.search.executor_threads import worker_count
from research.search.sweep import Done, Engine, Job, Task, TrialScores, Worker
from research.search.work_queue import Chunk, WorkQueue, timed

ALONE, WORTH_IT = 0.3, 3.0
"""Seconds after which this process asks for help, and the seconds of work left that are worth it."""
COLUMNS = ("time", "open", "high", "low", "close", "volume")


class Processes(Engine):
    """Processes on this machine. One that dies is replaced and its piece tried again."""

    def __init__(self, workers: int | None = None, worth_it: float = WORTH_IT) -> None:
        """Use as many processes as told, or as there are processors. Raises BadInput below 1.

        This one is among them; the others are started only for more than `worth_it` seconds of work.
        """
        self.workers = worker_count(workers)
        self._worth_it = worth_it

    def run(self, job: Job, tasks: Sequence[Task], done: Done) -> list[TrialScores]:
        """Make the trials, the first ones here: what is wrong shows at once, and kernels compile once."""
        queue, worker = WorkQueue(tasks, self.workers, done), Worker(job)
        began = time.perf_counter()
        while (chunk := queue.chunk()) is not None:
            queue.complete(chunk, *timed(worker, chunk.work))
            late = time.perf_counter() - began > min(ALONE, self._worth_it)
            if late and self.workers > 1 and queue.seconds_left > self._worth_it:
                self._with_help(job, queue, worker)
                break
        return queue.answers()

    def _with_help(self, job: Job, queue: WorkQueue, worker: Worker) -> None:
        """Do the rest together with further processes; Ctrl-C ends them and removes the shared candles."""
        scratch = Scratch("boyd-sweep-")
        folder = scratch.path
        hands: list[_Hand] = []
        try:
            save_job(job, folder)
            hands.extend(_Hand(folder) for _ in range(self.workers - 1))
            _drive(queue, hands, worker)
        finally:
            for hand in hands:
                hand.end()
            scratch.cleanup()


def _drive(queue: WorkQueue, hands: Sequence["_Hand"], worker: Worker) -> None:
    for hand in hands:
        hand.give(queue.chunk())
    while not queue.over:
        busy = {hand.ours: hand for hand in hands if hand.chunk is not None}
        own = queue.own_chunk()
        if own is not None:
            queue.complete(own, *timed(worker, own.work))
        for ready in wait(list(busy), None if own is None else 0):
            hand = busy[ready]  # type: ignore[index]  # only what was asked for comes back
            chunk, answer = hand.chunk, hand.answer()
            if chunk is not None and isinstance(answer, BaseException):
                raise answer
            if chunk is not None and isinstance(answer, tuple):
                queue.complete(chunk, *answer)
            elif chunk is not None:
                queue.requeue(chunk, f"the worker ended with exit code {hand.restart()}")
            hand.give(queue.chunk())


class _Hand:
    """A worker process as its parent sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.chunk: Chunk | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, "numba"])
        self.ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, str(self._folder)), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, chunk: Chunk | None) -> None:
        """Send a piece, if there is one."""
        self.chunk = chunk
        if chunk is not None:
            try:
                self.ours.send(chunk.work)
            except OSError:
                return  # it died while idle: the answer will say so

    def answer(self) -> tuple[TrialScores, float] | BaseException | None:
        """Return the answer, what went wrong, or None when the worker is dead."""
        try:
            report: tuple[TrialScores, float] | BaseException = self.ours.recv()
        except (EOFError, OSError):
            return None
        return report

    def restart(self) -> int | None:
        """Replace the dead process; return its exit code."""
        self._process.join()
        code = self._process.exitcode
        self.ours.close()
        self._start()
        return code

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self.ours.close()


def _serve(pipe: Connection, folder: str) -> None:
    """Be a worker: answer every task until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, and it ends us
    threading.Thread(target=_end_with_parent, name="boyd-lifeline", daemon=True).start()
    try:
        worker = Worker(load_job(Path(folder)))
        while True:
            pipe.send(timed(worker, pipe.recv()))
    except (EOFError, OSError):
        return
    except Exception as error:  # noqa: BLE001  # all of it belongs to the parent
        pipe.send(error)


def _end_with_parent() -> None:
    """End at once when the parent is gone: between two pieces the pipe would say so, within one nothing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def save_job(job: Job, folder: Path) -> None:
    """Write a job: candles as arrays to be mapped into memory, the rest pickled."""
    for index, each in enumerate(job.candles):
        for name in COLUMNS:
            np.save(folder / f"{index}_{name}.npy", getattr(each, name))
    heads = [(each.symbol, each.timeframe_ms) for each in job.candles]
    (folder / "job.pickle").write_bytes(pickle.dumps((heads, replace(job, candles=()))))


def load_job(folder: Path) -> Job:
    """Read a job; its candles are shared by all processes of the machine, copied only where written."""
    heads, job = pickle.loads((folder / "job.pickle").read_bytes())  # noqa: S301  # our own, written just now
    candles: list[Any] = []
    for index, head in enumerate(heads):
        columns = [np.load(folder / f"{index}_{name}.npy", mmap_mode="c") for name in COLUMNS]
        candles.append(Candles(*head, *(np.asarray(column) for column in columns)))
    built: Job = replace(job, candles=candles)
    return built
