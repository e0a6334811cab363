"""A start whose advisers cannot be asked: refused with nothing held, and no exit waits for them."""

from pathlib import Path
from unittest import mock

import pytest

from advice.settings import AdviceSettings
from agent.settings.settings import Options
from domain.errors import BadInput
from tests.law import scenario
from tests.law.scenario import FALL, SELL, World, begin


def lost(folder: Path) -> AdviceSettings:
    """Return settings whose model's key was in a file that is gone."""
    model = {
        "kind": "openai", "base_url": "http://127.0.0.1:9", "model": "m", "price_in": "1", "price_out": "1",
        "cutoff": "2020-01-01", "api_key_file": str(folder / "gone"),
    }  # fmt: skip
    return AdviceSettings.model_validate({"models": {"m": model}, "advisers": {"macro": {"model": "m"}}})


def test_what_is_held_is_sold_and_protected_though_a_model_s_key_is_gone(tmp_path: Path) -> None:
    world, plain = World(begin(tmp_path), tmp_path / "home"), scenario.options

    def advised(home: Path, cycles: int) -> Options:
        return plain(home, cycles).model_copy(update={"advice": lost(tmp_path)})

    with mock.patch.object(scenario, "options", advised):
        told = world.run({1: {}, 2: {"BTC-USDT": SELL}, 3: {"ETH-USDT": FALL}, 4: {}})
        assert told["positions"] == [], "BTC was sold by its signal, ETH by its stop"
        assert world.review()["in_line"]
        with pytest.raises(BadInput, match=r"advice\.models\.m\.api_key_file"):
            world.run({1: {}})
