"""The kill switch trips by itself on the day's loss."""

from domain.money import to_cash
from risk.kill import trip_reason
from tests.risk.cases import policy

LIMITS = policy().limits
START = to_cash(10_000)


def test_it_trips_one_unit_beyond_the_daily_loss_and_not_at_it() -> None:
    assert trip_reason(START - to_cash(20), START, LIMITS) is None
    assert trip_reason(START - to_cash(20) - 1, START, LIMITS) == "daily loss 20.00000001 exceeds limit 20"


def test_a_share_is_one_of_the_equity_the_day_began_with() -> None:
    limits = policy(daily_loss="3%").limits
    assert trip_reason(to_cash(485), to_cash(500), limits) is None
    assert trip_reason(to_cash(485) - 1, to_cash(500), limits) == "daily loss 15.00000001 exceeds limit 15"


def test_a_gain_never_trips() -> None:
    assert trip_reason(to_cash(20_000), START, LIMITS) is None
