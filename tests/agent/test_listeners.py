"""Listeners are told in the teller's thread; one that fails or leaves changes nothing for the others."""

import pytest

from agent.host.listeners import Listeners


def test_one_that_raises_is_logged_and_the_others_are_told(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[int] = []
    listeners = Listeners[int](agent="alpha")
    listeners.subscribe(lambda number: heard.append(number // 0))
    listeners.subscribe(heard.append)
    listeners.tell(5)
    assert heard == [5]
    line = caplog.text
    assert "ZeroDivisionError" in line
    assert "alpha" in line


def test_one_that_leaves_while_it_is_told_is_told_no_more() -> None:
    heard: list[str] = []
    listeners = Listeners[str]()

    def once(text: str) -> None:
        heard.append(f"one {text}")
        leave()

    leave = listeners.subscribe(once)
    listeners.subscribe(lambda text: heard.append(f"two {text}"))
    listeners.tell("a")
    listeners.tell("b")
    leave()
    assert heard == ["one a", "two a", "two b"]
