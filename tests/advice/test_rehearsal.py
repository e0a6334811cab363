"""The rehearsal in short: advised cycles against a model server that fails, judged as in the long form."""

from collections.abc import Iterator

import pytest

from advice.settings import AdviceSettings
from domain.events import AdviceAnswered
from platforms.sandbox.model.faults import KINDS
from platforms.sandbox.model.server import ModelServer
from scripts.rehearse_advice.judge import judged
from scripts.rehearse_advice.rig import Market, Rehearsed, faults, run, settings
from tests.shared import starved


@pytest.fixture(scope="module")
def rehearsed() -> Iterator[tuple[Rehearsed, AdviceSettings, ModelServer]]:
    with ModelServer(seed=7) as server:
        server.load({"fault": [each for each in faults(0.03) if each["kind"] not in ("slow", "drip")]})
        server.load({"fault": [{"kind": "slow", "seconds": 30, "count": 1}]})
        advice = settings(server.base_url, "0.2")
        yield run(Market(2_000, 7), advice, 140), advice, server


def test_a_rehearsal_keeps_every_promise(rehearsed: tuple[Rehearsed, AdviceSettings, ModelServer]) -> None:
    advised, advice, server = rehearsed
    assert judged(advised, advice, server) == []
    answers = [each for each in advised.events if isinstance(each, AdviceAnswered)]
    assert len(answers) >= 100
    assert sum(each.advice is None for each in answers) > 20, "no fault was felt"
    assert advised.parts.state.spend.alarms > 0


def test_a_cap_ends_the_questions_and_no_micro_dollar_is_over_it() -> None:
    with ModelServer(seed=7) as server:
        advice = settings(server.base_url, "0.02")
        advised = run(Market(120, 7), advice)
    spent = advised.parts.state.spend.session.micro_usd
    assert 0 < spent <= 20_000
    assert advised.session.done == 120
    asked = sum(count for path, count in server.counts.items() if path.startswith("/v1/"))
    booked = advised.parts.state.spend.session.asked
    # One that was given up before it went out is paid for, too, on a machine without time.
    assert asked == booked or (0 < asked < booked and starved())


def test_what_breaks_a_promise_is_said(rehearsed: tuple[Rehearsed, AdviceSettings, ModelServer]) -> None:
    advised, _, server = rehearsed
    server.counts["/v1/messages"] += 10_000
    cut = advised._replace(events=[each for each in advised.events if not isinstance(each, AdviceAnswered)])
    words = " ".join(judged(cut, settings(server.base_url, "0"), server))
    server.counts["/v1/messages"] -= 10_000
    for each in ("requests for", "and 0 answered", "rows 0"):
        assert each in words


def test_every_fault_of_the_server_is_rehearsed() -> None:
    assert {each["kind"] for each in faults(0.1)} == set(KINDS)
