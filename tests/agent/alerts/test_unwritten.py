"""A disk on which nothing can be written down is told of all the same, once, and so is its end."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.alerts.channel import Severity
from agent.notices import Notices, NoticesFault
from agent.serve.alerting.alerting import Alerting
from agent.serve.fleet.fleet import Fleet
from agent.settings.home import Home
from agent.settings.upkeep.alerts import AlertSettings
from tests.agent.alerts.rig import Fickle, Hands, Rig, critical, message


class Watched:
    """An alerting whose home has something to tell, on a clock moved by hand."""

    def __init__(self, folder: Path) -> None:
        home = Home(folder)
        home.make()
        self.hands = Hands()
        self.notices = Notices(home.notices)
        self.channel = Fickle()
        settings = AlertSettings(disk_free_mb=1 << 40)
        fleet = Fleet(home, self.hands)
        self.alerting = Alerting(fleet, self.notices, [self.channel], settings, self.hands)
        self.alerting.start()

    def minutes(self, count: int) -> None:
        """Let minutes pass, a look in each."""
        for _ in range(count):
            self.hands.sleep(60)
            for _ in range(3):
                self.alerting.wake()
                time.sleep(0.12)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.alerting.close()


def test_that_nothing_can_be_written_is_told_once_and_so_is_its_end(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_values: object) -> None:
        raise NoticesFault("notices.db: disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(watched.notices, "open", full)
        watched.minutes(5)
        assert [each.severity for each in watched.channel.arrived] == [Severity.CRITICAL]
        told = watched.channel.arrived[0]
        assert (told.title, told.lines[0]) == (
            "the home's notices cannot be written",
            "notices.db: disk I/O error",
        )
    watched.minutes(2)
    titles = watched.channel.titles
    assert titles.count("over: the home's notices can be written again") == 1
    assert any("MiB are left on the disk" in each for each in titles), "and what was to be told is told now"


def test_what_no_source_keeps_waits_for_a_channel_that_fails_and_comes_first(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.settle()
    rig.outbox.say(message(1))
    rig.delivery.tell(critical(9))
    rig.channel.fails = [ConnectionError()]
    rig.settle()
    assert rig.channel.titles == []
    rig.hands.at -= timedelta(days=1)
    rig.settle(2)
    assert rig.channel.titles == ["kill 9", "message 1"]
    rig.close()
