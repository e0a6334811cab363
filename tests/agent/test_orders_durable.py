"""The order protocol over journals that outlive a process: the same promises on SQLite and on PostgreSQL."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.loop.session import EXHAUSTED
from domain.order import OrderStatus, Purpose
from domain.ports import Journal
from journal.sql import open_journal
from tests.agent.test_orders import oracle, room_after_first_send, statuses, venue, world
from tests.agent.test_recovery import CLOSES, Resumed
from tests.agent.venue import EXECUTED, LATE, LOST
from tests.agent.world import ID, START, SYMBOL, folded, lively
from tests.journal.postgres_server import account, postgres_server, url

__all__ = ["account", "postgres_server", "url"]
Opened = Callable[[], Journal]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Return what opens the same journal again and again, as one process after another would."""
    if request.param == "sqlite":
        return lambda: open_journal(tmp_path / "orders.db", ID)
    name, place = request.getfixturevalue("account"), request.getfixturevalue("url")
    return lambda: open_journal(place, ID, account=name, holder="test", grace_ms=0, lease_ms=1_000)


@pytest.mark.parametrize("fate", [EXECUTED, LOST])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_faults_01_and_05_whichever_answer_is_lost_there_is_one_order(
    opened: Opened, fate: str, place: int
) -> None:
    at = venue()
    at.fates.extend([None] * place + [fate])
    made = world(at, journal=opened())
    assert made.run() == EXHAUSTED
    checked(at, made, opened)


def checked(at: Any, made: Any, opened: Opened) -> None:
    """Check the oracle against what another process would read."""
    made.journal = opened()
    try:
        oracle(at, made)
    finally:
        made.journal.close()


class PulledOut(BaseException):
    """Stands for the power cord."""


class Cut:
    """A journal whose process dies after `room` more transactions, the next one committed or not."""

    def __init__(self, inner: Any, room: int, *, commits: bool) -> None:
        self.inner = inner
        self.room = room
        self.commits = commits

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def append(self, *events: Any) -> None:
        self.room -= 1
        if self.room < 0 and not self.commits:
            raise PulledOut
        self.inner.append(*events)
        if self.room < 0:
            raise PulledOut


@pytest.mark.parametrize("commits", [True, False])
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_fault_02_cut_off_around_a_commit_nothing_is_lost_or_doubled(
    opened: Opened, beside: int, *, commits: bool
) -> None:
    at = venue()
    at.fates.append(LATE)
    inner = opened()
    with pytest.raises(PulledOut):
        world(at, journal=Cut(inner, room_after_first_send() + beside, commits=commits)).run()
    inner.close()
    at.execute_late()
    journal = opened()
    before, _ = folded(lively(), journal)
    done = (before.last[SYMBOL].time - START) // 60_000 + 1
    made = world(at, journal=journal, observer=Resumed(done))
    assert made.run() == EXHAUSTED
    checked(at, made, opened)


def test_an_exit_that_was_lost_is_sent_again_until_it_is_sold(opened: Opened) -> None:
    at = venue()
    made = world(at, CLOSES, journal=opened())
    lost: list[str] = []

    def lose_first_exit(order: Any) -> None:
        if order.purpose is Purpose.EXIT and not lost:
            lost.append(order.client_id)
            at.fates.appendleft(LOST)

    at.on_place = lose_first_exit
    made.run()
    made.journal = opened()
    assert statuses(made, lost[0]) == [OrderStatus.UNKNOWN, OrderStatus.ABSENT]
    oracle(at, made)
    made.journal.close()
