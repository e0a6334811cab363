"""Queue, breaker and caches under threads."""

import threading

from domain.errors import Unreachable
from perception.guard.breaker import Breaker, Ticket
from perception.guard.cache import AnswerCache
from perception.settings import BreakerSettings
from perception.stream.queue import DropOldestQueue
from tests.concurrency.shaken import Shaken, dealt, times
from tests.perception.manual_clock import ManualClock


def test_a_queue_loses_nothing_uncounted_and_gives_nothing_twice(shaken: Shaken) -> None:
    queue: DropOldestQueue[int] = DropOldestQueue(3)
    taken: list[int] = []

    def put(items: range) -> None:
        for item in items:
            queue.put(item)

    def take() -> None:
        while (item := queue.get(0.2)) is not None:
            taken.append(item)

    shaken.run(*(lambda mine=mine: put(mine) for mine in dealt(range(150), 3)), take, take)
    assert len(taken) == len(set(taken))
    assert len(taken) + queue.dropped == 150


def test_a_queue_that_is_closed_lets_everybody_go(shaken: Shaken) -> None:
    queue: DropOldestQueue[int] = DropOldestQueue(3)

    def take() -> None:
        while queue.get() is not None:
            pass

    shaken.run(take, take, times(20, lambda: queue.put(1)), queue.close)
    queue.put(1)
    assert queue.get(0) is None


def test_a_breaker_opens_at_the_fifth_failure_and_lets_one_probe_through(shaken: Shaken) -> None:
    clock = ManualClock()
    breaker = Breaker(BreakerSettings(), clock)
    probes: list[Ticket] = []
    failed: list[Ticket] = []

    def call() -> None:
        try:
            ticket = breaker.admit()
        except Unreachable:
            return
        (probes if ticket.probe else failed).append(ticket)
        if not ticket.probe:
            breaker.failed(ticket)

    shaken.run(*[times(4, call)] * 4)
    assert breaker.state == "open"
    assert len(failed) >= 5
    assert probes == []
    clock.advance(60)
    shaken.run(*[times(4, call)] * 4)
    assert (breaker.state, len(probes)) == ("half-open", 1)
    breaker.failed(failed[0])  # late, and of another time
    assert breaker.state == "half-open"
    breaker.succeeded(probes[0])
    assert breaker.state == "closed"


def test_a_probe_that_says_nothing_makes_room_for_exactly_one_other(shaken: Shaken) -> None:
    clock = ManualClock()
    breaker = Breaker(BreakerSettings(), clock)
    for _ in range(5):
        breaker.failed(breaker.admit())
    clock.advance(60)
    under_way, most = [0], [0]
    guard = threading.Lock()

    def probe() -> None:
        try:
            ticket = breaker.admit()
        except Unreachable:
            return
        with guard:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        with guard:
            under_way[0] -= 1
        breaker.forget(ticket)

    shaken.run(*[times(10, probe)] * 4)
    assert most == [1]
    assert breaker.admit().probe


def test_a_cache_gives_whole_answers_and_keeps_its_size(shaken: Shaken) -> None:
    cache: AnswerCache[tuple[int, int]] = AnswerCache(ManualClock(), ttl_seconds=60, max_entries=3)

    def use(keys: range) -> None:
        for key in keys:
            cache.keep(key % 5, (key, key))
            kept = cache.fresh(key % 5)
            assert kept is None or kept.value[0] == kept.value[1]

    shaken.run(*(lambda mine=mine: use(mine) for mine in dealt(range(200), 4)))
    assert sum(cache.fresh(key) is not None for key in range(5)) == 3
