"""Work done meanwhile comes to what it would come to at once, on one processor and on several."""

import os
import threading

import pytest

from research.engine import meanwhile as module
from research.engine.meanwhile import meanwhile, processors


@pytest.mark.parametrize("count", [1, 2])
def test_a_result_is_there_as_often_as_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(module, "processors", lambda: count)
    threads: list[str] = []

    def work() -> int:
        threads.append(threading.current_thread().name)
        return 7

    result = meanwhile(work)
    assert (result(), result()) == (7, 7)
    assert len(threads) == 1
    assert (threads[0] == threading.current_thread().name) is (count == 1)


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_raised_meanwhile_is_raised_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(module, "processors", lambda: count)
    none: dict[str, int] = {}
    result = meanwhile(lambda: none["there"])
    with pytest.raises(KeyError):
        result()


def test_threads_are_kept_for_more_work_of_the_same_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "processors", lambda: 2)
    assert module._threads(os.getpid()) is module._threads(os.getpid())
    before = meanwhile(threading.get_ident)()
    monkeypatch.setattr(os, "getpid", lambda: -1)  # as after a fork, which no thread of its parent's survives
    assert meanwhile(threading.get_ident)() not in {before, threading.get_ident()}


def test_a_process_that_may_use_one_processor_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {3}, raising=False)
    assert processors() == 1
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == 1
