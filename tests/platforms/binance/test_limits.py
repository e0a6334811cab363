"""What the exchange says of its limits is kept to the second."""

import pytest

from domain.errors import RateLimited
from platforms.binance.limits import BAN_SECONDS, SLOW_SECONDS, Weights
from tests.perception.manual_clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def weights(clock: ManualClock) -> Weights:
    return Weights(clock, 1_000, 0.2)


def silent(weights: Weights) -> bool:
    try:
        weights.admit(vital=True)
    except RateLimited:
        return True
    return False


@pytest.mark.parametrize("asked", ["", "soon", "-5", "1.5", "²", "9" * 400])
@pytest.mark.parametrize(("status", "seconds"), [(429, SLOW_SECONDS), (418, BAN_SECONDS)])
def test_fault_18_without_a_sound_time_the_silence_is_that_of_the_status(
    weights: Weights, clock: ManualClock, status: int, seconds: float, asked: str
) -> None:
    weights.heard(status, {"retry-after": asked})
    clock.advance(seconds - 0.1)
    assert silent(weights)
    clock.advance(0.2)
    assert not silent(weights)


def test_fault_18_a_shorter_silence_does_not_end_a_longer_one(weights: Weights, clock: ManualClock) -> None:
    weights.heard(418, {"retry-after": "259200"})
    weights.heard(429, {"retry-after": "1"})
    weights.heard(200, {})
    weights.refused(-1015, 400)
    clock.advance(259_199)
    assert silent(weights)
    clock.advance(2)
    assert not silent(weights)


def test_fault_18_a_step_of_the_wall_clock_ends_no_silence(weights: Weights, clock: ManualClock) -> None:
    weights.heard(429, {"retry-after": "60"})
    clock.step(3_600)
    assert silent(weights)


def test_a_new_minute_is_a_new_budget(weights: Weights, clock: ManualClock) -> None:
    weights.heard(200, {"x-mbx-used-weight-1m": "1000"})
    assert silent(weights)
    clock.advance(60)
    weights.admit(vital=False)


def test_an_error_that_is_no_limit_asks_for_no_silence(weights: Weights) -> None:
    weights.refused(-1013, 400)
    weights.heard(503, {"retry-after": "5"})
    weights.heard(200, {"x-mbx-used-weight-1m": "many"})
    assert not silent(weights)
