"""Settings: file, environment and flags in rising order, all problems at once, secrets kept."""

from pathlib import Path
from typing import Any

import pytest

from agent.settings.given import Settings
from agent.settings.load import load
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from agent.wiring import pause_seconds

KEY = "canary-key-1234567890"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def test_flags_win_over_environment_and_environment_over_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, 'cycles = 1\ninterval_seconds = 1\ntimeframe = "5m"\n[risk]\nmax_positions = 1\n')
    monkeypatch.setenv("AGENT_CYCLES", "2")
    monkeypatch.setenv("AGENT_INTERVAL_SECONDS", "2")
    monkeypatch.setenv("AGENT_RISK__COOL_DOWN_MINUTES", "7")
    settings = load({"cycles": 3}, file)
    assert (settings.cycles, settings.interval_seconds, settings.timeframe) == (3, 2.0, "5m")
    assert (settings.risk.max_positions, settings.risk.cool_down_minutes) == (1, 7)


def test_the_home_s_config_file_is_read_without_being_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("cycles = 9\n")
    assert load({}).cycles == 9
    assert load({"home": tmp_path / "other"}).cycles == 0


def test_every_problem_is_reported_with_field_value_and_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, 'cycles = -3\ntimefrme = "1m"\n[risk]\nmax_positions = -1\n')
    monkeypatch.setenv("AGENT_SYMBOLS", "btc$usdt")
    monkeypatch.setenv("AGENT_NO_SUCH__THING", "1")
    with pytest.raises(BadSettings) as caught:
        load({}, file)
    told = "\n".join(caught.value.problems)
    assert "cycles = -3: must be at least 0" in told
    assert "risk.max_positions = -1" in told
    assert "timefrme: no such setting" in told
    assert "btc$usdt" in told
    assert "AGENT_NO_SUCH__THING: no such setting" in told
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"stake": "100"}, "stake: no such setting; did you mean sizing.stake?"),
        ({"risk": {"daly_loss": 1}}, "risk.daly_loss: no such setting; did you mean risk.daily_loss"),
        ({"entries": {"worst": 2}}, "entries.worst = 2: must be at most 0.1"),
        ({"entries": {"worst": "nan"}}, "entries.worst = nan: must be a finite number"),
        ({"entries": {"slices": True}}, "entries.slices = True: must be a number, not true or false"),
        ({"risk": {"cool_down_minutes": True}}, "risk.cool_down_minutes = True: must be a number, not true"),
        ({"sizing": {"fixed_quantity": True}}, "sizing.fixed_quantity = True: must be a number, not true"),
        ({"pairlist": {"volume_least": True}}, "pairlist.volume_least = True: must be a number, not true or"),
        ({"reasoning": {"rsi": {"period": True}}}, "reasoning.rsi.period = True: must be a number, not true"),
        ({"cycles": True}, "cycles = True: must be a number, not true or false"),
        ({"exchange": {"recv_window_ms": False}}, "exchange.recv_window_ms"),
        (
            {"instruments": {"BTC-USDT": {"tick_size": True, "step_size": "1"}}},
            "instruments.BTC-USDT.tick_size = True: must be a number, not true or false",
        ),
        (
            {"pairs": {"BTC-USDT": {"reasoning": {"sma": {"fast": True}}}}},
            "pairs.BTC-USDT.reasoning.sma.fast = True: must be a number, not true or false",
        ),
        (
            {"pairs": {"BTC-USDT": {"reasoning": {"vote_threshold": 20}}}},
            "pairs.BTC-USDT.reasoning.vote_threshold = 20: is one of all pairs together: set reasoning.vote",
        ),
        (
            {"pairs": {"BTC-USDT": {"concentration": 0.1}}},
            "pairs.BTC-USDT.concentration: no such setting; did you mean pairs.BTC-USDT.risk.concentration?",
        ),
        (
            {"pairs": {"BTC-USDT": {"risk": {"concentratio": 0.1}}}},
            "pairs.BTC-USDT.risk.concentratio: no such setting; did you mean pairs.BTC-USDT.risk.concent",
        ),
        ({"risk": {"max_drawdown": "-2%"}}, "risk.max_drawdown = -2%: must be a number"),
        ({"risk": {"low_profit": "-200%"}}, "risk.low_profit = -200%: must be at least -1"),
        ({"reasoning": {"custom": {"no": {"a": 1}}}}, "reasoning.custom.no: no strategy of your own has"),
        ({"zzz": 1}, "zzz: no such setting; agent config show lists them"),
    ],
)
def test_a_name_that_is_no_setting_is_told_with_the_one_meant(given: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings) as caught:
        load(given)
    assert caught.value.problems[0].startswith(said)


def test_a_variable_that_is_no_setting_is_told_with_the_one_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_SIZING__STEAK", "100")
    with pytest.raises(BadSettings) as caught:
        load({})
    said = "AGENT_SIZING__STEAK: no such setting; did you mean AGENT_SIZING__STAKE?"
    assert caught.value.problems[0] == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("cycles = = 1", "not valid TOML"), ("\x00", "not valid TOML"), ("[risk\n", "not valid TOML")],
)
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(BadSettings, match=said) as caught:
        load({}, file)
    assert str(file) in str(caught.value)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="no such file"):
        load({}, tmp_path / "nowhere.toml")


def test_the_key_comes_from_its_own_variable_and_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    settings = load({"provider": "alpha_vantage"})
    assert settings.alpha_vantage.api_key is not None
    assert settings.alpha_vantage.api_key.get_secret_value() == KEY
    assert KEY not in repr(settings) + str(settings.public())


def test_a_bad_value_beside_a_key_does_not_show_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    monkeypatch.setenv("AGENT_ALPHA_VANTAGE__TIMEOUT_SECONDS", "-1")
    with pytest.raises(BadSettings) as caught:
        load({})
    assert KEY not in str(caught.value)
    assert "alpha_vantage.timeout_seconds" in str(caught.value)


def test_alpha_vantage_without_a_key_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALPHA_VANTAGE_API_KEY", raising=False)
    with pytest.raises(BadSettings, match="ALPHA_VANTAGE_API_KEY"):
        load({"provider": "alpha_vantage"})


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"provider": "recorded"}, "--data"),
        ({"data": (Path("x.csv"),)}, "only read by provider recorded"),
        ({"speed": "max"}, "speed applies to recorded or simulated"),
        ({"provider": "simulated", "speed": "-1"}, "above 0"),
        ({"symbols": ("BTC-USDT", "BTC-USDT")}, "named twice"),
        ({"journal": "../escape"}, "journal"),
        ({"mode": "live"}, "mode"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(flags: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        load(flags)


def test_public_settings_read_back_the_same() -> None:
    settings = load({"provider": "simulated", "speed": "max"})
    again = Options.model_validate(settings.public())
    assert again.public() == settings.public()


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, 60.0),
        ({"timeframe": "1s"}, 1.0),
        ({"timeframe": "1h"}, 60.0),
        ({"timeframe": "1s", "interval_seconds": 5}, 5.0),
        ({"provider": "simulated"}, 1.0),
        ({"provider": "simulated", "speed": "max", "interval_seconds": 5}, 0.0),
    ],
)
def test_the_pause_between_cycles_is_as_set_or_fits_the_candles(
    given: dict[str, Any], seconds: float
) -> None:
    assert pause_seconds(Settings(**given)) == seconds
