"""`agent pairs` tells the list in force, and asks the exchange when told to."""

from pathlib import Path

import msgspec
import pytest

from agent.answers.pairs import PairListAnswer
from agent.cli.handlers.pairs import refuse_mixed
from agent.doctor.doctor import _configuration
from domain.errors import BadInput
from perception.pairs.settings import PairListSettings
from tests.agent.command import agent
from tests.perception.server import ScriptedServer, answer, throttled
from tests.perception.test_pairs import DAY, ticker


def test_the_list_in_force_is_told_with_what_was_measured(tmp_path: Path) -> None:
    run = ("run", "--provider", "simulated", "--cycles", "20", "--speed", "max")
    agent(tmp_path, *run)
    assert agent(tmp_path, "pairs").stdout == (
        "pairs     no pair list: every symbol may be entered (pairlist.source is off)\n"
    )
    named = {"source": "candles", "volume_least": "1e14", "window_hours": "1"}
    agent(tmp_path, *run, "--fresh", *(f"--set=pairlist.{name}={value}" for name, value in named.items()))
    text = agent(tmp_path, "pairs").stdout
    assert "out       BTC-USDT     volume " in text
    assert "in 1 h, must be at least 100000000000000" in text
    report = msgspec.json.decode(agent(tmp_path, "pairs", "--json").stdout, type=PairListAnswer)
    assert (report.source, report.stale, [each.listed for each in report.pairs]) == (
        "candles",
        False,
        [False],
    )
    assert "off list  BTC-USDT: volume " in agent(tmp_path, "status").stdout


def test_settings_that_keep_no_pair_off_are_told_wherever_one_looks(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for text, told in (
        ("volume_top = 3\nage_days = 7", "pairlist.volume_top, pairlist.age_days: without effect while"),
        ('source = "candles"\nvolume_top = 1', "pairlist.volume_top 1: without effect with 1 in symbols"),
    ):
        file.write_text(f"[pairlist]\n{text}\n")
        assert f"# warning: {told}" in agent(tmp_path, "config", "show").stdout
        run = agent(tmp_path, "run", "--provider", "simulated", "--cycles", "1", "--speed", "max", "--fresh")
        assert told in run.stdout + run.stderr, "the start goes on: something may be held"
        assert f"warning   {told}" in agent(tmp_path, "pairs").stdout
    warned = [each for each in _configuration({"home": tmp_path}, None)[0] if each.level == "warn"]
    (finding,) = [each for each in warned if each.subject == "configuration"]
    assert (finding.what.partition(":")[0], finding.remedy.partition(",")[0]) == (
        "pairlist.volume_top 1",
        "set it below",
    )
    assert PairListSettings(source="candles", volume_top=1).without_effect(2) == []
    assert PairListSettings().without_effect(0) == []


def test_the_exchange_is_asked_when_told_to(tmp_path: Path) -> None:
    with ScriptedServer() as venue:
        venue.on(DAY, answer([ticker("BTC-USDT"), ticker("ETH-USDT", quoteVolume="1")]))
        (tmp_path / "config.toml").write_text(
            f'symbols = ["BTC-USDT", "ETH-USDT"]\n[binance]\nbase_url = "{venue.url}"\n'
            '[pairlist]\nsource = "exchange"\nvolume_least = 1000\ntimeout_seconds = 60\n'
        )
        text = agent(tmp_path, "pairs", "--ask").stdout
        assert "in        BTC-USDT     volume 5000 (place 1)" in text
        assert "out       ETH-USDT     volume 1 USDT in 24 h, must be at least 1000" in text
        venue.on(DAY, throttled(429, "7"))
        refused = agent(tmp_path, "pairs", "--ask", check=1).stderr
        assert "429" in refused
        assert "could not be asked for its tickers" in refused
    (tmp_path / "config.toml").unlink()
    assert "pairlist.source is off" in agent(tmp_path, "pairs", "--ask", check=2).stderr


def test_an_option_that_would_change_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="--journal one: the exchange is asked by the settings"):
        refuse_mixed(ask=True, config=None, journal="one")
    with pytest.raises(BadInput, match=r"--config other\.toml: the list in force is the journal's"):
        refuse_mixed(ask=False, config=Path("other.toml"), journal=None)
    refuse_mixed(ask=True, config=Path("other.toml"), journal=None)
    refuse_mixed(ask=False, config=None, journal="one")
