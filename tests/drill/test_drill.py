"""The crash drill: a subset of its matrix on every change, and two mutants that it must catch."""

import pickle
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from agent.drill import plan, runner
from agent.drill.case import CaseVerdict, run_case
from agent.drill.facts import FACTS
from agent.drill.planned import beyond_plan, sold_after
from agent.drill.scenario import AFTER, BEFORE, DrillCase
from domain.exits import ExitPlan
from domain.order import UNRESOLVED, OrderStatus
from platforms.binance.tracked import OrderTracker
from tests.drill.rig import apart

CHOSEN = (
    DrillCase("none", point=58),
    DrillCase("none", waits=AFTER, message=1),
    DrillCase("none", waits=AFTER, message=3),
    DrillCase("dropped after execution", waits=AFTER, message=2),
    DrillCase("executed late", waits=BEFORE, message=2),
    DrillCase("partial, then dropped", point=60),
    DrillCase("cancel unanswered", waits=AFTER, message=4),
    DrillCase("queries fail", point=64),
    DrillCase("503 after execution", point=61, again=3),
    DrillCase(point=59, fact="fees below a lot"),
    DrillCase(point=58, fact="market closed"),
    DrillCase(point=88, fact="slices and declared exits"),  # between two slices
    DrillCase(point=126, fact="slices and declared exits"),  # a share is sold, the rest has no stop yet
    DrillCase(point=94, fact="additions and a custom exit"),  # added at the exchange, not yet in the journal
)


def verdict_of(case: DrillCase, folder: Path, mutant: Callable[[], object] = bool) -> CaseVerdict:
    """Run a case in a process of its own that has one thread: it forks agents and an exchange."""
    told = folder / f"verdict-{len(list(folder.iterdir()))}"
    assert apart(folder / "log", run_and_tell, case, told, mutant) == 0, (folder / "log").read_text()
    verdict: CaseVerdict = pickle.loads(told.read_bytes())  # noqa: S301 -- the child's
    return verdict


def run_and_tell(case: DrillCase, told: Path, mutant: Callable[[], object]) -> None:
    mutant()
    told.write_bytes(pickle.dumps(run_case(case)))


@pytest.mark.parametrize("case", CHOSEN, ids=str)
def test_fault_02_killed_and_recovered_nothing_is_lost_or_doubled(case: DrillCase, tmp_path: Path) -> None:
    verdict = verdict_of(case, tmp_path)
    assert verdict.kept, verdict
    assert verdict.interrupted
    assert verdict.orders


def skips_sending() -> None:
    """Have a recovery that does not ask after what was being sent."""
    patch("agent.state.order_states.UNRESOLVED", UNRESOLVED - {OrderStatus.SENDING}).start()
    # Else the adapter, told of every order in the journal, finds it by its own way.
    patch.object(OrderTracker, "remember", lambda _self, _standing: None).start()


def trusts_the_first_not_found() -> None:
    patch("agent.orders.absence.Absence.proven", lambda _self, _standing: True).start()


def leaves_a_position_bare() -> None:
    patch("agent.orders.executor.Executor.protect", lambda *_arguments, **_more: None).start()
    patch("agent.drill.case.BARE_SECONDS", 0.5).start()


@pytest.mark.parametrize(
    ("mutant", "cases"),
    [
        (skips_sending, (DrillCase("none", waits=AFTER, message=1),)),
        (
            trusts_the_first_not_found,
            (DrillCase("executed late", waits=BEFORE, message=1), DrillCase("executed late")),
        ),
    ],
)
def test_fault_02_the_mutants_are_caught(
    mutant: Callable[[], None], cases: tuple[DrillCase, ...], tmp_path: Path
) -> None:
    assert not all(verdict_of(case, tmp_path, mutant).kept for case in cases)


def test_a_position_left_bare_is_caught(tmp_path: Path) -> None:
    verdict = verdict_of(DrillCase(point=58), tmp_path, leaves_a_position_bare)
    told = ("stood bare for", "stand without their stop")  # by when the death came, one of them or both
    assert any(words in each for each in verdict.unexplained for words in told), verdict


def row(tag: str, quantity: str) -> dict[str, str]:
    """Return an order as the sandbox lists it, traded in full."""
    side = "SELL" if "s" in tag else "BUY"
    return {"clientOrderId": f"a-{tag}", "side": side, "origQty": quantity, "executedQty": quantity}


def test_a_slice_or_a_share_too_many_is_caught() -> None:
    told = (("11-0", "2"), ("12-700", "2"), ("20-sx0", "1"), ("21-sx0", "1"), ("25-0", "4"))
    rows = [row(tag, quantity) for tag, quantity in told]
    shares = ExitPlan(parts=((1_500, 400_000), (4_000, 100_000)))
    assert not list(beyond_plan(rows, 2, shares))
    assert list(beyond_plan(rows, 1, shares)) == ["a-12-700: order 2 of an entry of 1"]
    assert list(beyond_plan([*rows, rows[3] | {"executedQty": "3"}], 2, shares)) == [
        "a-21-sx0: shares of 3 sold of 4"
    ]


def test_an_addition_too_many_or_too_large_and_a_custom_exit_twice_are_caught() -> None:
    """Half of the first size is added once, and 0.6 of all that was bought is sold by the custom exit."""
    rows = [row(tag, quantity) for tag, quantity in (("11-0", "4"), ("15-800", "2"), ("20-sx0", "3.6"))]
    plan = ExitPlan(leave=sold_after(7, 0.6, "late"), adds=((1_000, 500_000),))
    assert not list(beyond_plan(rows, 1, plan))
    assert list(beyond_plan([*rows, row("16-800", "2")], 1, plan)) == ["a-16-800: addition 2 of 1"]
    assert list(beyond_plan([rows[0], row("15-800", "2.1")], 1, plan)) == [
        "a-15-800: 2.1 added to an entry of 1 orders of 4"
    ]
    assert list(beyond_plan([*rows, row("21-sx0", "3.6")], 1, plan)) == ["a-21-sx0: shares of 7.2 sold of 6"]


@pytest.mark.parametrize("axis", plan.AXES)
def test_each_axis_of_the_matrix_has_a_thousand_cases_and_each_once(axis: str) -> None:
    cases = plan.cases(200, None, 0, (axis,))
    assert len(cases) == len(set(cases)) > 1_000


def test_every_fact_is_crossed_with_kills_at_steps_waits_and_recoveries() -> None:
    for fact in FACTS:
        mine = [case for case in plan.cases(200, None, 0) if case.fact == fact]
        assert any(case.point and not case.again for case in mine)
        assert any(case.waits for case in mine)
        assert any(case.again for case in mine)


def test_the_seed_says_which_cases_come_first() -> None:
    assert plan.cases(200, 10, 1) != plan.cases(200, 10, 2)


def test_what_is_not_kept_is_counted_and_told() -> None:
    drilled = runner.Drilled(by_fault={}, bare={}, by_point={}, broken=[])
    drilled.add(CaseVerdict(DrillCase(), 1, "before send", lost=("a-1-0",)))
    drilled.add(CaseVerdict(DrillCase("lost"), 2, "after send"))
    assert (drilled.runs, drilled.interrupted, drilled.lost, drilled.kept) == (2, 3, 1, False)
    assert "a-1-0" in drilled.broken[0]
