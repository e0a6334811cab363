"""People are told what advisers cost: most of a budget, all of it, and a bill that cannot be true."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from agent.alerts.rows import told
from agent.alerts.watch import Condition, of_agent
from agent.answers.alerts import AlertKind
from agent.serve.alerting.look import known_of
from agent.serve.fleet.watched import Watched
from agent.serve.mirror.worded import note
from agent.settings.upkeep.alerts import AlertSettings
from agent.views import spend
from domain.advice import usd
from domain.times import utc
from tests.advice.asked import answered
from tests.advice.fakes import Model, chat, settings, written
from tests.advice.test_session import ran, world_with
from tests.serve.mirrored import mirror_of

MODEL = Model(chat(written(1, 0.6), (1_500, 300)))


def conditions(journal: Any, folder: Path, days: int = 0) -> list[Condition]:
    """Return what is told of an agent with such a journal, so many days after its last row."""
    mirror = mirror_of(journal, folder)
    beside = SimpleNamespace(vitals=SimpleNamespace(streams={}), now=None)
    watched = SimpleNamespace(
        name="x", running=True, supervised=None, mirror=mirror, beside=lambda: beside,
        row=lambda: SimpleNamespace(alarms=(), at=None),
    )  # fmt: skip
    last = utc(next(iter(journal.page(journal.head()[0] - 1, 1))).at)
    known = known_of(cast("Watched", watched), last + timedelta(days=days))
    mirror.close()
    assert known.read
    return [each for each in of_agent(known, AlertSettings()) if each.kind is AlertKind.ADVICE_BUDGET]


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of risk are told elsewhere."""
    monkeypatch.setattr("agent.serve.mirror.standing.risk", lambda *_: ())


def test_a_budget_that_is_nearly_used_is_told_and_the_next_question_that_is_not_asked(tmp_path: Path) -> None:
    free = ran(world_with(MODEL))
    whole = spend.folded(free.journal)
    assert whole.session.asked > 3
    assert conditions(free.journal, tmp_path / "free") == []
    cap = whole.session.micro_usd * 7 // 10
    tight = ran(world_with(MODEL, settings(session_usd=usd(cap))))
    found = {each.subject: each for each in conditions(tight.journal, tmp_path / "tight")}
    assert set(found) == {"session, USD", "reached"}
    assert found["session, USD"].title.startswith("advisers used 0.")
    assert found["reached"].title.startswith("advisers are not asked: the budget of the session is ")
    later = conditions(tight.journal, tmp_path / "later", days=1)
    driven = [each.subject for each in later]
    assert driven == ["session, USD", "reached"], "a market of the past has its own days"


def test_a_bill_that_cannot_be_true_is_told_from_its_row() -> None:
    event = answered(3, alarm="the answer tells 9000 tokens, more than were reserved")
    line = {"agent": "x", "seq": 5, "kind": "advice_answered", "at": event.at, "body": note(event)}
    [telling] = told("a1b2c3d4e5f6", "advice_answered", msgspec.json.encode(line))
    assert "tells 9000 tokens" in telling.message.title
    quiet = msgspec.json.encode(line | {"body": note(answered(3))})
    assert told("a1b2c3d4e5f6", "advice_answered", quiet) == []
