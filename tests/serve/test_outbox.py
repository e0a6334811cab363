"""The outbox of a fleet: its journals by their ids, read to their ends, from where a channel begins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.alerts.channel import AlertKind
from agent.alerts.notes import NOTICES
from agent.alerts.rows import Telling
from agent.alerts.watch import of_agent
from agent.host.clock import SystemClock
from agent.notices import Concern, Notices
from agent.serve.alerting.look import HomeLook, known_of, still
from agent.serve.alerting.outbox import CUT_SECONDS, FleetOutbox
from agent.serve.fleet.fleet import Fleet
from agent.settings.home import Home
from agent.settings.upkeep.alerts import AlertSettings
from tests.agent.alerts.rig import Hands
from tests.agent.command import agent


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a home with an account that traded, and whose kill switch was thrown."""
    folder = tmp_path_factory.mktemp("outbox")
    agent(folder, "run", "--provider", "simulated", "--speed", "max", "--cycles", "150", "--journal", "a")
    agent(folder, "kill", "--reason", "enough", "--journal", "a")
    return Home(folder)


@pytest.fixture
def fleet(home: Home) -> Iterator[Fleet]:
    made = Fleet(home, SystemClock())
    made.start()
    assert made.get("a").looked.wait(30)
    yield made
    made.close()


@pytest.fixture
def outbox(fleet: Fleet, tmp_path: Path) -> Iterator[FleetOutbox]:
    notices = Notices(tmp_path / "notices.db")
    yield FleetOutbox(fleet, notices, Hands())
    notices.close()


def test_each_message_of_a_journal_is_read_again_from_its_row(fleet: Fleet, outbox: FleetOutbox) -> None:
    source = fleet.get("a").mirror.journal_id
    head = outbox.heads()[source]
    told: list[Telling] = []
    after = 0
    while after < head:
        batch = outbox.read(source, after)
        assert batch.covered > after
        told += batch.told
        after = batch.covered
    assert [each.seq for each in told] == sorted(each.seq for each in told)
    assert len({each.message.id for each in told}) == len(told)
    kinds = [each.message.kind for each in told]
    assert kinds[0] is AlertKind.SESSION
    assert kinds[-1] is AlertKind.KILL_SWITCH
    assert AlertKind.FILL in kinds
    assert [outbox.one(source, each.seq, each.part) for each in told] == told
    assert outbox.one("ffffffffffff", 1, 0) is None


def test_a_channel_begins_with_the_present_a_journal_with_its_first_row(
    fleet: Fleet, outbox: FleetOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = fleet.get("a").mirror.journal_id
    head = outbox.heads()[source]
    assert outbox.beginning(source, new=True) == head
    assert outbox.beginning(source, new=False) == 0
    assert outbox.beginning(NOTICES, new=False) == 0
    monkeypatch.setattr("agent.serve.alerting.outbox.NEW_ROWS", 10)
    assert 0 <= outbox.beginning(source, new=False) <= head


def test_a_journal_is_cut_only_when_it_has_been_shorter_for_a_while(
    fleet: Fleet, outbox: FleetOutbox
) -> None:
    source, hands = fleet.get("a").mirror.journal_id, outbox.clock
    head = outbox.heads()[source]
    assert not outbox.cut(source, head + 3), "its mirror may be made anew just now"
    hands.sleep(CUT_SECONDS + 1)
    assert outbox.cut(source, head + 3)
    assert not outbox.cut(source, head)
    assert not outbox.cut("ffffffffffff", 3), "it may be read later"


def test_what_is_known_of_an_agent_at_rest_says_what_is_amiss(fleet: Fleet) -> None:
    watched = fleet.get("a")
    known = known_of(watched, SystemClock().now())
    assert (known.name, known.running, known.read) == ("a", False, True)
    assert list(of_agent(known, AlertSettings())) == []
    about = Concern(
        id="x", agent="a", kind=AlertKind.KILL_SWITCH, title="", about="kill", at=SystemClock().now()
    )
    assert still(about, {"a": watched}, frozenset()) is True
    assert still(about, {}, frozenset()) is None


def test_the_home_s_look_tells_room_and_leaps(home: Home) -> None:
    hands = Hands()
    look = HomeLook(home.root, hands)
    hands.sleep(10)
    assert look().leap_seconds == 0
    hands.at -= hands.at - hands.at.replace(hour=11)
    assert look().leap_seconds < -3_000
    assert look().free_bytes > 0
