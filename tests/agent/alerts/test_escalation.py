"""What somebody has to see to is told again until somebody does, or until it is over; and then no more."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.alerts.channel import AlertKind, Severity
from agent.alerts.escalation import Escalation
from agent.alerts.notes import noted
from agent.alerts.rows import Telling
from agent.notices import Notices
from agent.settings.upkeep.alerts import AlertSettings
from tests.agent.alerts.rig import JOURNAL, Hands, Said, critical, message


class Watch:
    """An escalation over an outbox in memory, and what is so of each concern."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notices.db"
        self.hands = Hands()
        self.outbox = Said()
        self.so: bool | None = True
        self.begin()

    def begin(self) -> None:
        self.notices = Notices(self.path)
        self.escalation = Escalation(self.notices, self.outbox, AlertSettings())

    def restart(self) -> None:
        self.notices.close()
        self.begin()

    def say(self, about: str = "kill") -> str:
        """Have a row say something that somebody has to see to; return its number."""
        seq = self.outbox.head[JOURNAL] = self.outbox.head[JOURNAL] + 1
        self.outbox.sources[JOURNAL].append(Telling(critical(seq), JOURNAL, seq, 0, about))
        return critical(seq).id

    def wait(self, minutes: float) -> None:
        self.hands.sleep(60 * minutes)
        self.escalation.step(self.hands.now(), lambda _concern: self.so)

    @property
    def told(self) -> list[str]:
        return [each.title for each in self.notices.after(0)]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    made = Watch(tmp_path)
    made.wait(0)
    yield made
    made.notices.close()


def test_what_nobody_acknowledges_is_told_again_three_times_over_restarts(watch: Watch) -> None:
    identity = watch.say()
    for _ in range(40):
        watch.wait(4)
        watch.restart()
    assert watch.told == [f"nobody has acknowledged #{identity}: kill 1"] * 3
    assert {each.kind for each in watch.notices.after(0)} == {AlertKind.ESCALATION}


def test_what_is_acknowledged_by_its_own_number_or_a_reminder_s_is_told_no_more(watch: Watch) -> None:
    first, second = watch.say(), watch.say()
    watch.notices.acknowledge(first, "anna", watch.hands.now())
    watch.wait(16)
    (reminder,) = watch.notices.after(0)
    assert reminder.title.startswith(f"nobody has acknowledged #{second}")
    watch.notices.acknowledge(noted(reminder).message.id, "anna", watch.hands.now())
    watch.wait(60)
    assert len(watch.told) == 1
    assert watch.notices.concerns() == []


def test_what_is_over_by_itself_is_told_no_more_and_an_order_s_end_is_said(watch: Watch) -> None:
    watch.say("kill")
    watch.say("order/a1-1")
    watch.wait(1)
    watch.so = None
    watch.wait(1)
    assert len(watch.notices.concerns()) == 2, "nobody knows: it stays"
    watch.so = False
    watch.wait(60)
    assert watch.told == ["over: kill 2"]
    assert watch.notices.concerns() == []


def test_what_asks_for_nothing_is_no_concern(watch: Watch) -> None:
    watch.outbox.say(message(1))
    watch.wait(60)
    assert watch.told == []


def test_an_incident_is_a_concern_as_long_as_it_is_open(watch: Watch) -> None:
    now = watch.hands.now()
    seq = watch.notices.open("dead/a", AlertKind.AGENT_DEAD, Severity.CRITICAL, "a", "a is dead", "", now)
    (row,) = watch.notices.after(0)
    telling = noted(row)
    assert (telling.message.id, telling.concern) == (f"notice-{seq}", "incident/dead/a")
    assert telling.message.acknowledgeable
    watch.notices.end("dead/a", "over", now + timedelta(minutes=1))
    over = noted(watch.notices.after(seq or 0)[0])
    assert (over.concern, over.message.acknowledgeable, over.message.severity) == ("", False, Severity.INFO)
