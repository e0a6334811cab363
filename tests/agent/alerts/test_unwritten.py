"""A disk on which nothing can be written down is told of all the same, once, and so is its end."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.alerts.channel import Severity
from agent.alerts.watch import HomeKnown
from agent.notices import Notices, NoticesFault
from agent.serve.alerting.alerting import Alerting
from agent.serve.fleet.fleet import Fleet
from agent.settings.home import Home
from agent.settings.upkeep.alerts import AlertSettings
from tests.agent.alerts.rig import Fickle, Hands, Rig, critical, message
from tests.serve.test_supervisor import until


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
        self.looks, self._look = 0, self.alerting.home
        self.alerting.home = self._counted  # type: ignore[assignment]  # as it is called
        self.alerting.start()

    def _counted(self) -> HomeKnown:
        self.looks += 1
        return self._look()

    def minutes(self, count: int) -> None:
        """Let minutes pass, a whole look in each: the one that had begun before, and one more."""
        for _ in range(count):
            self.hands.sleep(60)
            self.whole_look()

    def whole_look(self) -> None:
        due = self.looks + 2

        def over() -> bool:
            self.alerting.wake()
            return self.looks > due

        until(over)


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
        until(lambda: watched.channel.arrived)
        assert [each.severity for each in watched.channel.arrived] == [Severity.CRITICAL]
        told = watched.channel.arrived[0]
        assert (told.title, told.lines[0]) == (
            "the home's notices cannot be written",
            "notices.db: disk I/O error",
        )
    watched.minutes(2)
    over = "over: the home's notices can be written again"
    until(lambda: over in watched.channel.titles)
    # and what was to be told is told now
    until(lambda: any("MiB are left on the disk" in each for each in watched.channel.titles))
    assert watched.channel.titles.count(over) == 1


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
