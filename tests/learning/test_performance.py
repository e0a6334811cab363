"""What lessons add up to; what has no basis is said to have none."""

import pytest
from msgspec.structs import astuple

from domain.lesson import Lesson
from learning.hedge import fold
from learning.performance import Totals, performance
from learning.settings import LearningSettings
from tests.learning.outcomes import lesson
from tests.learning.test_hedge import folded

SETTINGS = LearningSettings(min_evidence=2)


def test_no_trades_is_no_verdict() -> None:
    nothing = performance([], SETTINGS)
    assert (nothing.voices, nothing.rules) == ({}, {})
    assert nothing.totals == Totals(0, 0, None, None, None, 0, 0, 0, 0)


def test_vetoes_alone_are_no_trades() -> None:
    found = performance([lesson(-0.5, kind="veto", rule="daily_loss_limit_exceeded")] * 9, SETTINGS)
    assert found.totals == Totals(0, 0, None, None, None, 0, 0, 0, 0)
    assert found.voices == {}


def test_totals_count_what_is_left_after_costs() -> None:
    found = performance([lesson(0.02), lesson(-0.01), lesson(0.03), lesson(0.0)], SETTINGS).totals
    unit = 1_000 * 10**8
    assert (found.trades, found.wins, found.win_rate) == (4, 2, 0.5)
    assert found.profit_factor == pytest.approx(5.0)
    assert found.mean_result == pytest.approx(0.01)
    assert (found.pnl, found.gross, found.fees, found.slippage) == (unit // 25, unit // 25 + 12, 8, 4)


def test_without_a_loss_there_is_no_profit_factor() -> None:
    assert performance([lesson(0.02)], SETTINGS).totals.profit_factor is None
    assert performance([lesson(-0.02)], SETTINGS).totals.profit_factor == 0.0


def test_a_voice_is_measured_on_what_it_said() -> None:
    lessons = [
        lesson(0.02, {"rsi": 1, "sma": -1}),
        lesson(-0.01, {"rsi": 1, "sma": -1, "news": 0}),
        lesson(0.03, {"sma": 1}),
    ]
    found = performance(lessons, SETTINGS).voices
    weights = folded(lessons, SETTINGS)
    assert list(found) == ["rsi", "sma"]
    assert astuple(found["rsi"]) == pytest.approx((2, 1, 0.005, weights.weight("rsi")))
    assert astuple(found["sma"]) == pytest.approx((3, 2, 0.02 / 3, weights.weight("sma")))
    assert weights.weight("rsi") != 1.0


def test_a_rule_is_measured_on_what_it_kept_us_from() -> None:
    def veto(result: float, rule: str) -> Lesson:
        return lesson(result, kind="veto", rule=rule)

    lessons = [veto(-0.03, "cool_down_active"), veto(0.01, "cool_down_active"), veto(0.0, "cool_down_active")]
    found = performance([*lessons, veto(0.05, "min_confidence"), lesson(0.02)], SETTINGS).rules
    assert list(found) == ["cool_down_active", "min_confidence"]
    assert astuple(found["cool_down_active"]) == pytest.approx((3, 1, 1, -0.02 / 3, 0.02))
    assert astuple(found["min_confidence"]) == pytest.approx((1, 0, 1, 0.05, -0.05))


def test_weights_shown_are_those_the_vote_reads() -> None:
    lessons = [lesson(0.03), lesson(0.03), lesson(-0.01)]
    beliefs = folded(lessons[:1], SETTINGS)
    assert performance(lessons[:1], SETTINGS).voices["rsi"].weight == beliefs.weight("rsi") == 1.0
    for one in lessons[1:]:
        beliefs = fold(beliefs, one, SETTINGS)
    assert performance(lessons, SETTINGS).voices["rsi"].weight == beliefs.weight("rsi") > 1.0
