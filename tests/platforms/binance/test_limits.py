"""What the exchange says of its limits is kept to the second."""

from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.errors import RateLimited
from domain.retry_after import LONGEST_SECONDS
from platforms.binance.ban import Ban
from platforms.binance.limits import (
    BAN_SECONDS,
    BEGIN_SECONDS,
    SLOW_SECONDS,
    TRY_AGAIN_SECONDS,
    TRY_SECONDS,
    RequestWeight,
)
from tests.perception.manual_clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def weights(clock: ManualClock) -> RequestWeight:
    return RequestWeight(clock, 1_000, 0.2)


def silent(weights: RequestWeight) -> bool:
    try:
        weights.admit(vital=True)
    except RateLimited:
        return True
    return False


@pytest.mark.parametrize("asked", ["", "soon", "-5", "1.5", "²", "9" * 400])
@pytest.mark.parametrize(("status", "seconds"), [(429, SLOW_SECONDS), (418, BAN_SECONDS)])
def test_fault_18_without_a_sound_time_the_silence_is_that_of_the_status(
    weights: RequestWeight, clock: ManualClock, status: int, seconds: float, asked: str
) -> None:
    weights.heard(status, {"retry-after": asked})
    clock.advance(seconds - 0.1)
    assert silent(weights)
    clock.advance(0.2)
    assert not silent(weights)


def test_fault_18_a_shorter_silence_does_not_end_a_longer_one(
    weights: RequestWeight, clock: ManualClock
) -> None:
    weights.heard(418, {"retry-after": "259200"})
    weights.heard(429, {"retry-after": "1"})
    weights.heard(200, {})
    weights.refused(-1015, 400)
    clock.advance(259_199)
    assert silent(weights)
    clock.advance(2)
    assert not silent(weights)


def test_fault_18_a_step_of_the_wall_clock_ends_no_silence(
    weights: RequestWeight, clock: ManualClock
) -> None:
    weights.heard(429, {"retry-after": "60"})
    clock.step(3_600)
    assert silent(weights)


def test_a_new_minute_is_a_new_budget(weights: RequestWeight, clock: ManualClock) -> None:
    weights.heard(200, {"x-mbx-used-weight-1m": "1000"})
    assert silent(weights)
    clock.advance(60)
    weights.admit(vital=False)


def test_a_count_beyond_all_sense_holds_nothing_back(weights: RequestWeight) -> None:
    weights.heard(200, {"x-mbx-used-weight-1m": "999999999"})
    weights.admit(vital=False)
    assert not silent(weights)


def test_an_error_that_is_no_limit_asks_for_no_silence(weights: RequestWeight) -> None:
    weights.refused(-1013, 400)
    weights.heard(503, {"retry-after": "5"})
    weights.heard(200, {"x-mbx-used-weight-1m": "many"})
    assert not silent(weights)


def banned(clock: ManualClock, path: Path) -> RequestWeight:
    return RequestWeight(clock, 1_000, 0.2, Ban(path))


def test_fault_18_a_ban_outlives_the_process(clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "made" / "it.ban"
    first = banned(clock, path)
    first.heard(200, {"x-mbx-used-weight-1m": "1"})
    assert not path.exists()
    first.heard(418, {"retry-after": "300"})
    first.heard(429, {"retry-after": "5"})
    clock.advance(299)
    assert silent(banned(clock, path))
    clock.advance(2)
    assert not silent(banned(clock, path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["it.ban"]


@pytest.mark.parametrize("text", ["", "soon", "-5", "9" * 40, "17700000000000000", "\x00", "²"])
def test_fault_18_a_file_that_makes_no_sense_is_no_ban_and_is_replaced(
    clock: ManualClock, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "it.ban"
    path.write_text(text)
    weights = banned(clock, path)
    assert not silent(weights)
    weights.heard(418, {"retry-after": "300"})
    assert silent(banned(clock, path))


def test_fault_18_a_ban_that_cannot_be_kept_holds_in_this_process(clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with capture_logs() as logs:
        weights = banned(clock, tmp_path / "file" / "it.ban")
        weights.heard(418, {"retry-after": "300"})
    assert silent(weights)
    assert [each["event"] for each in logs] == ["ban cannot be kept"]


DATE = "Fri, 20 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("999999999", LONGEST_SECONDS),
        ("Fri, 20 Nov 2026 12:05:00 GMT", 300),
        ("Fri, 20 Nov 2099 12:05:00 GMT", LONGEST_SECONDS),
    ],
)
def test_a_silence_is_read_in_either_form_capped_at_the_longest_ban_and_kept(
    clock: ManualClock, tmp_path: Path, asked: str, seconds: float
) -> None:
    path = tmp_path / "it.ban"
    banned(clock, path).heard(418, {"retry-after": asked, "date": DATE})
    clock.advance(seconds - 1)
    assert silent(banned(clock, path))
    clock.advance(2)
    assert not silent(banned(clock, path))


def tried(weights: RequestWeight, *, exits: bool) -> bool:
    with suppress(RateLimited):
        weights.admit(vital=True, exits=exits)
        return True
    return False


def test_in_a_silence_only_an_exit_is_tried_once_in_half_a_minute(
    weights: RequestWeight, clock: ManualClock
) -> None:
    weights.heard(418, {"retry-after": "3600"})
    assert not tried(weights, exits=True), "the exchange has just said no"
    clock.advance(TRY_AGAIN_SECONDS)
    assert not tried(weights, exits=False), "a look at open orders does not begin it"
    assert tried(weights, exits=True)
    assert tried(weights, exits=False), "what became of it may be asked"
    with pytest.raises(RateLimited):
        weights.admit(vital=False)
    clock.advance(BEGIN_SECONDS)
    assert not tried(weights, exits=True), "its last request might come too late"
    assert tried(weights, exits=False)
    clock.advance(TRY_SECONDS)
    assert not tried(weights, exits=False)
    clock.advance(TRY_AGAIN_SECONDS)
    assert tried(weights, exits=True)
    weights.heard(418, {"retry-after": "3600"})
    assert not tried(weights, exits=True), "refused again: the next half minute is silent"


def test_an_exit_after_a_restart_in_a_silence_is_tried_at_once(clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "it.ban"
    banned(clock, path).heard(418, {"retry-after": "999999999"})
    assert tried(banned(clock, path), exits=True)
