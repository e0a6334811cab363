"""The scores of a voice's forecasts, counted by hand."""

import pytest

from learning.forecasts import Forecast, Resolved
from learning.scores import scores


def resolved(probability: float, result: float, *, vote: int = 1, kind: str = "trade") -> Resolved:
    return Resolved(Forecast("rsi", 1, "BTC-USDT", 0, vote, probability, 0.5), result, 1, kind)


def test_nothing_resolved_has_no_score() -> None:
    assert scores([]) is None


def test_scores_are_the_means_counted_by_hand() -> None:
    told = scores([resolved(0.8, 0.02), resolved(0.6, -0.01), resolved(0.2, -0.03, vote=-1, kind="veto")])
    assert told is not None
    assert (told.count, told.trades, told.vetoes, told.won, told.taken) == (3, 2, 1, 1, 2)
    assert told.base_rate == pytest.approx(1 / 3)
    assert told.brier == pytest.approx((0.2**2 + 0.6**2 + 0.2**2) / 3)
    assert told.base_brier == pytest.approx(0.25)
    assert told.skill == pytest.approx(1 - told.brier / 0.25)
    assert told.mean_result == pytest.approx(0.005)
    assert sum(each.count for each in told.bins) == 3


def test_without_an_entry_taken_there_is_no_mean_result() -> None:
    told = scores([resolved(0.3, -0.01, vote=-1)])
    assert told is not None
    assert told.mean_result is None
