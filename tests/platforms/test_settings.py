"""The paper exchange's settings refuse what the kernels could not take."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from platforms.paper.settings import PaperSettings


def test_fractions_become_whole_parts_per_million() -> None:
    costs = PaperSettings.model_validate({"slippage": "0.000001", "spread": 0.1, "participation": 1}).costs()
    assert (costs.slippage, costs.spread, costs.participation) == (1, 100_000, 1_000_000)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cash", 0),
        ("cash", "NaN"),
        ("cash", "40000000001"),
        ("cash", "1.000000001"),
        ("maker_fee", -0.0001),
        ("taker_fee", 0.2),
        ("slippage", "Infinity"),
        ("spread", "0.0000001"),
        ("participation", 0),
        ("participation", 1.5),
        ("leverage", 3),
    ],
)
def test_bad_values_are_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        PaperSettings.model_validate({field: value})


def test_settings_do_not_change() -> None:
    settings = PaperSettings()
    with pytest.raises(ValidationError):
        settings.cash = Decimal(1)  # type: ignore[misc]  # that it cannot be set is the point
