"""Settings refuse what would make learning blow up or fall asleep."""

import math

import pytest
from pydantic import ValidationError

from learning.settings import LearningSettings


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rate", 0),
        ("rate", math.nan),
        ("rate", math.inf),
        ("full_result", 0),
        ("full_result", math.nan),
        ("floor", 0),
        ("floor", 1.1),
        ("ceiling", 0.9),
        ("ceiling", math.inf),
        ("min_evidence", 0),
        ("veto_horizon_candles", 0),
        ("max_pending", 0),
        ("unheard_of", 1),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValidationError, match=field):
        LearningSettings.model_validate({field: value})


def test_the_defaults_are_those_documented() -> None:
    settings = LearningSettings()
    assert (settings.floor, settings.ceiling, settings.min_evidence) == (0.25, 4.0, 5)
    assert (settings.veto_horizon_candles, settings.max_pending, settings.enabled) == (60, 200, True)
