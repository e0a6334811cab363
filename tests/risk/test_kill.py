"""The kill switch trips by itself on the day's loss."""

from msgspec.structs import replace

from domain.money import to_cash
from risk.kill import trip_reason
from tests.risk.cases import account, policy

LIMITS = policy().limits


def test_it_trips_one_unit_beyond_the_daily_loss_and_not_at_it() -> None:
    start = to_cash(10_000)
    at_limit = replace(account(), equity=start - to_cash(20))
    beyond = replace(account(), equity=start - to_cash(20) - 1)
    assert trip_reason(at_limit, LIMITS) is None
    assert trip_reason(beyond, LIMITS) == "daily loss 20.00000001 exceeds limit 20"


def test_a_share_is_one_of_the_equity_the_day_began_with() -> None:
    limits = policy(daily_loss="3%").limits
    began = replace(account(500), peak_equity=to_cash(10_000))
    assert trip_reason(replace(began, equity=to_cash(485)), limits) is None
    assert trip_reason(replace(began, equity=to_cash(485) - 1), limits) == (
        "daily loss 15.00000001 exceeds limit 15"
    )


def test_it_does_not_trip_twice() -> None:
    ruined = replace(account(), equity=0, kill_switch="manual")
    assert trip_reason(ruined, LIMITS) is None


def test_a_gain_never_trips() -> None:
    assert trip_reason(replace(account(), equity=to_cash(20_000)), LIMITS) is None
