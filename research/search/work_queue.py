"""The work queue of a sweep, cut into chunks of about a second, and the answers that came back.

A piece holds trials of one task only and its answer is copied to its place when it comes, so results do
not depend on who ran what when, and no answer is held: on a cluster it would fill its node's store.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from domain.errors import LocalFault
from research.search.sweep import Done, Task, TrialScores, Worker
from research.statistics.scoring import FIELDS

RETRIES = 3
FIRST_PIECE, SECONDS = 4, 1.0
"""Trials of the first pieces, and how long a piece should take once the speed is known."""
LEAST_SECONDS = 0.03
"""How long the last pieces take: shorter ones cost a cluster more than another's waiting for them."""
MOST = 2**31
"""Trials of a piece at most, where whoever works on it does not say otherwise."""
OWN_SECONDS, OWN_UNTIL_SECONDS = 0.1, 1.0
"""The same for whoever hands out the pieces, and how much work must be left for one of its own."""


class Chunk(NamedTuple):
    """A run of trials of one task, from trial `first` on."""

    task: int
    first: int
    work: Task


class WorkQueue:
    """The chunks still to do, and the answers that came back."""

    def __init__(
        self,
        tasks: Sequence[Task],
        workers: int,
        done: Done,
        least_seconds: float = LEAST_SECONDS,
        most: int = MOST,
    ) -> None:
        self._tasks, self._workers, self._done = tasks, workers, done
        self._least_seconds, self._most = least_seconds, most
        self._place = (0, 0)
        self._again: list[Chunk] = []
        self._failed: dict[tuple[int, int], int] = {}
        self._answers: dict[int, TrialScores] = {}
        self._left = self._unasked = sum(len(task.packs) for task in tasks)
        self._made = 0
        self._rate = 0.0

    @property
    def over(self) -> bool:
        """True when every answer is there."""
        return self._left == 0

    @property
    def seconds_left(self) -> float:
        """The time the rest would take one worker; 0 while nobody knows."""
        return self._left / self._rate if self._rate else 0.0

    def chunk(self) -> Chunk | None:
        """Return the next piece to do, None when all are given out."""
        return self._again.pop() if self._again else self._next(self._size())

    def own_chunk(self) -> Chunk | None:
        """Return a short piece for whoever hands them out; None towards the end, and never one that was lost.

        Short, for helpers wait meanwhile; and one whose helper died is not to end its parent as well.
        """
        if self.seconds_left < OWN_UNTIL_SECONDS:
            return None
        return self._next(max(1, int(self._rate * OWN_SECONDS)))

    def _next(self, size: int) -> Chunk | None:
        task, first = self._place
        while task < len(self._tasks) and first >= len(self._tasks[task].packs):
            task, first = task + 1, 0
        if task == len(self._tasks):
            return None
        span, packs, _ = self._tasks[task]
        chosen = packs[first : first + size]
        self._place = (task, first + len(chosen))
        self._unasked -= len(chosen)
        return Chunk(task, first, Task(span, chosen))

    def _size(self) -> int:
        """Return trials for about a second, and towards the end fewer, that all workers end together."""
        if not self._rate:
            return FIRST_PIECE
        fair = self._unasked // (2 * self._workers)
        most = min(int(self._rate * SECONDS), self._most)
        return max(1, min(most, max(fair, int(self._rate * self._least_seconds))))

    def complete(self, chunk: Chunk, answer: TrialScores, seconds: float) -> None:
        """Copy an answer to its rows."""
        count = len(chunk.work.packs)
        whole = self._whole(chunk.task, answer.daily.shape[1])
        following, rows = slice(chunk.first, chunk.first + count), self._tasks[chunk.task].rows
        at = following if rows is None else rows[following]
        whole.table[at], whole.daily[at] = answer
        self._rate = count / max(seconds, 1e-6)
        self._left -= count
        self._made += count
        self._done(self._made)

    def requeue(self, chunk: Chunk, why: str) -> None:
        """Put a piece back whose worker died. Raises LocalFault after its last retry."""
        key = chunk.task, chunk.first
        self._failed[key] = self._failed.get(key, 0) + 1
        if self._failed[key] > RETRIES:
            last = chunk.first + len(chunk.work.packs) - 1
            raise LocalFault(
                f"trials {chunk.first} to {last} of task {chunk.task} failed {self._failed[key]} times, the "
                f"limit is {RETRIES} retries: {why}"
            )
        self._again.append(chunk)

    def answers(self) -> list[TrialScores]:
        """Return one answer per task, a row for each of its trials."""
        return [self._whole(task, 0) for task in range(len(self._tasks))]

    def _whole(self, task: int, days: int) -> TrialScores:
        """Return a task's answer as far as it is there; `days` of its first piece are those of all."""
        if task not in self._answers:
            count = len(self._tasks[task].packs)
            self._answers[task] = TrialScores(np.empty((count, FIELDS)), np.empty((count, days)))
        return self._answers[task]


def timed(worker: Worker, task: Task) -> tuple[TrialScores, float]:
    """Work on a task; return the answer and the seconds it took."""
    began = time.perf_counter()
    return worker.work(task), time.perf_counter() - began
