"""Conditions that last are told when they begin and when they are over, and neither twice."""

from pathlib import Path

import pytest

from agent.alerts.channel import AlertKind
from agent.alerts.incidents import Incidents
from agent.alerts.watch import AGENT_KINDS, UNREAD_KINDS, Condition
from agent.notices import Notices
from tests.agent.alerts.rig import Hands

BREAKER = Condition(AlertKind.BREAKER_OPEN, "binance", "binance: circuit breaker open", seconds=600.0)
HALTED = Condition(AlertKind.HALTED, "", "halted: the disk is full")


class Watched:
    """Incidents of one agent, looked at every two seconds."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notices.db"
        self.hands = Hands()
        self.begin()

    def begin(self) -> None:
        self.notices = Notices(self.path)
        self.incidents = Incidents(self.notices)

    def restart(self) -> None:
        self.notices.close()
        self.begin()

    def look(self, seconds: float, *there: Condition, judged: frozenset[AlertKind] = AGENT_KINDS) -> None:
        for _ in range(max(1, int(seconds / 2))):
            self.incidents.see("paper", judged, there, self.hands.now(), self.hands.monotonic())
            self.hands.sleep(2)

    @property
    def titles(self) -> list[str]:
        return [each.title for each in self.notices.after(0)]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_condition_is_told_once_it_has_lasted_and_when_it_is_over(watched: Watched) -> None:
    watched.look(598, BREAKER)
    assert watched.titles == []
    watched.look(4, BREAKER)
    assert watched.titles == ["binance: circuit breaker open"]
    watched.look(58)
    assert len(watched.titles) == 1
    watched.look(6)
    assert watched.titles[1:] == ["over: binance: circuit breaker open"]
    watched.look(100)
    assert len(watched.titles) == 2


def test_a_condition_that_comes_and_goes_is_told_neither_each_time_nor_never(watched: Watched) -> None:
    for _ in range(20):
        watched.look(30, HALTED)
        watched.look(30)
    assert watched.titles == ["halted: the disk is full"]
    for _ in range(20):
        watched.look(500, BREAKER)
        watched.look(4)
    assert len(watched.titles) == 2, "a breaker that closed in between was not open for ten minutes"


def test_after_a_restart_it_is_not_told_again_and_its_end_is(watched: Watched) -> None:
    watched.look(2, HALTED)
    for _ in range(3):
        watched.restart()
        watched.look(100, HALTED)
    assert watched.titles == ["halted: the disk is full"]
    watched.restart()
    watched.look(70)
    assert watched.titles[1:] == ["over: halted: the disk is full"]


def test_what_cannot_be_judged_stays_as_it_is(watched: Watched) -> None:
    watched.look(700, BREAKER)
    watched.look(200, judged=UNREAD_KINDS)
    assert watched.titles == ["binance: circuit breaker open"]
    watched.incidents.forget("paper", watched.hands.now())
    assert watched.titles[1:] == ["the agent is gone: binance: circuit breaker open"]
