"""The queue between reader and consumer: bounded, never in the reader's way, honest about what it lost."""

import sys
import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from perception.stream.queue import DropOldestQueue


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_first_in_first_out() -> None:
    queue: DropOldestQueue[int] = DropOldestQueue(100)
    assert not any(queue.put(item) for item in range(100))
    assert [queue.get(0) for _ in range(100)] == list(range(100))
    assert queue.get(0) is None
    assert queue.dropped == 0


def test_a_full_queue_drops_its_oldest_and_counts_it() -> None:
    queue: DropOldestQueue[int] = DropOldestQueue(100)
    assert [queue.put(item) for item in range(130)] == [False] * 100 + [True] * 30
    assert queue.dropped == 30
    assert len(queue) == 100
    assert [queue.get(0) for _ in range(100)] == list(range(30, 130))


def test_one_of_a_hundred_drops_is_logged() -> None:
    queue: DropOldestQueue[int] = DropOldestQueue(1)
    with capture_logs() as logs:
        for item in range(302):
            queue.put(item)
    assert queue.dropped == 301
    assert [line["dropped"] for line in logs] == [1, 101, 201, 301]
    assert {line["limit"] for line in logs} == {1}


def test_closing_wakes_who_waits_and_gives_nothing_out() -> None:
    queue: DropOldestQueue[int] = DropOldestQueue(2)
    found: list[int | None] = []
    waiting = threading.Thread(target=lambda: found.append(queue.get()), daemon=True)
    waiting.start()
    queue.close()
    waiting.join(60)
    assert found == [None]
    queue.put(1)
    assert queue.get(0) is None


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("size", [1, 7, 100])
def test_of_many_threads_no_item_is_lost_uncounted_or_given_twice(size: int) -> None:
    queue: DropOldestQueue[int] = DropOldestQueue(size)
    taken: list[int] = []
    drops: list[int] = []

    def produce(first: int) -> None:
        drops.append(sum(queue.put(item) for item in range(first, first + 2000)))

    def consume() -> None:
        while (item := queue.get()) is not None:
            taken.append(item)

    producers = [threading.Thread(target=produce, args=(start,)) for start in (0, 2000, 4000)]
    consumers = [threading.Thread(target=consume) for _ in range(2)]
    for thread in producers + consumers:
        thread.start()
    for thread in producers:
        thread.join()
    while len(queue):
        pass
    queue.close()
    for thread in consumers:
        thread.join()
    assert len(set(taken)) == len(taken)
    assert len(taken) + queue.dropped == 6000
    assert sum(drops) == queue.dropped
