"""Settings: safe defaults, and errors that name what is known."""

import pytest
from pydantic import ValidationError

from reasoning.settings import ReasoningSettings
from reasoning.strategies.registry import STRATEGIES
from reasoning.strategies.rsi import RsiPacked
from reasoning.strategies.sma import SmaPacked


def test_defaults_are_those_of_the_specification() -> None:
    settings = ReasoningSettings()
    assert settings.strategies == ("rsi", "sma")
    assert settings.vote_threshold == 30
    assert settings.packed("rsi") == RsiPacked(14, 30.0, 70.0, 30_000)
    assert settings.packed("sma") == SmaPacked(20, 50, 30_000)
    assert (settings.sentiment.window_hours, settings.sentiment.threshold) == (24, 0.15)


def test_each_strategy_has_a_field_with_its_parameters() -> None:
    settings = ReasoningSettings()
    for name, strategy in STRATEGIES.items():
        assert isinstance(getattr(settings, name.replace("-", "_")), strategy.params)


def test_parameters_reach_the_packed_numbers() -> None:
    settings = ReasoningSettings.model_validate({"rsi": {"period": 7, "lower": 25, "stop_ppm": 20_000}})
    assert settings.packed("rsi") == RsiPacked(7, 25.0, 70.0, 20_000)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"strategies": ["rsi", "magic"]}, "unknown strategy 'magic'; known: fvg, "),
        ({"strategies": []}, "no strategy named; known: fvg, "),
        ({"strategies": ["rsi", "rsi"]}, "strategy named twice in rsi, rsi"),
        ({"vote_threshold": 0}, "greater than 0"),
        ({"vote_threshold": 101}, "less than or equal to 100"),
        ({"vote_treshold": 40}, "Extra inputs"),
        ({"sentiment": {"threshold": 2}}, "less than or equal to 1"),
        ({"sma": {"fast": 60}}, "fast 60 is not below slow 50"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_limit(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ReasoningSettings.model_validate(values)


def test_settings_cannot_be_changed_under_the_loop() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ReasoningSettings().vote_threshold = 1.0  # type: ignore[misc]  # that it is refused is the point
