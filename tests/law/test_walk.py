"""One unreadable fact never blocks an exit: a sample of the walk, every fact and every route once.

`make law` walks them all in every way. What is judged is the exchange's own truth: what is held, what rests
to sell it, and for how long it stood bare.
"""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.state.leaving import NOTHING
from domain.errors import BadAnswer
from tests.law.case import Case
from tests.law.facts import Fact, Unreadable
from tests.law.scenario import Start, begin
from tests.law.walk import every_case, facts_of, sample, walked

PARTS = 8


class Known(NamedTuple):
    """An account that holds BTC and ETH, and the facts that its agent reads."""

    start: Start
    facts: list[Fact]


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder: Path = tmp_path_factory.mktemp("law")
    start = begin(folder)
    return Known(start, facts_of(start, folder))


@pytest.mark.parametrize("part", range(PARTS))
def test_one_unreadable_fact_never_blocks_an_exit(known: Known, part: int) -> None:
    broken = {}
    for number, case in enumerate(list(sample(known.facts))[part::PARTS]):
        wrong = walked(known.start, case, afterwards=number % 4 == 0)
        if wrong:
            broken[str(case)] = wrong
    assert not broken


def test_the_facts_are_found_by_reading(known: Known) -> None:
    names = {str(fact) for fact in known.facts}
    for name in (
        "GET account balances.[BTC].free", "GET exchangeInfo symbols.[BTCUSDT].filters.[LOT_SIZE].stepSize",
        "GET myTrades [].qty", "GET openOrders [].status", "GET order executedQty",
        "GET time serverTime", "POST order fills.[].price", "POST orderList/oco orderReports.[].status",
        "DELETE order (all of it)", "GET /sapi/v1/account/apiRestrictions enableWithdrawals",
    ):  # fmt: skip
        assert name in names
    routes = {fact.route for fact in known.facts}
    walked_over = [case.fact for case in sample(known.facts)]
    assert {fact.route for fact in walked_over if isinstance(fact, Unreadable)} == routes
    assert len(list(every_case(known.facts))) > 800


def test_a_walk_through_broken_code_names_the_fact(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    from platforms.binance.platform import BinancePlatform  # noqa: PLC0415

    def trusting(_self: Any, told: Any, *_names: str) -> None:
        raise BadAnswer(f"nobody looks at {type(told).__name__}")

    case = Case(Unreadable("GET order", ("status",), "unknown", "text"), "during")
    assert walked(known.start, case) == []
    monkeypatch.setattr(BinancePlatform, "_cancelled", trusting)
    assert any("BTCUSDT" in each for each in walked(known.start, case))


def test_a_walk_whose_exits_are_forgotten_or_doubled_names_them(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(Unreadable("GET order", ("status",), "unknown", "text"), "share once")
    assert walked(known.start, case, afterwards=False) == []
    with monkeypatch.context() as patch:
        patch.setattr("agent.loop.cycle.due_exits", lambda *_arguments: [])
        assert any("its time was over" in each for each in walked(known.start, case, afterwards=False))
    with monkeypatch.context() as patch:
        patch.setattr("agent.loop.exits.asked", lambda *_arguments: NOTHING)
        assert any("custom exit has sold" in each for each in walked(known.start, case, afterwards=False))
    with monkeypatch.context() as patch:
        patch.setattr("agent.loop.additions.add_due", lambda *numbers: numbers[-1] // 2)
        assert any("addition 2 of 1" in each for each in walked(known.start, case, afterwards=False))
    monkeypatch.setattr("agent.loop.exits.part_due", lambda *numbers: numbers[5] // 3)
    assert any("shares of" in each for each in walked(known.start, case, afterwards=False))
