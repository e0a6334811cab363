"""A strategy of one's own: one file, for the loop, replay and backtest, proved not to look ahead."""

import json
import os
from pathlib import Path

import pytest

from agent.verify.lookahead import made_up, prove
from reasoning.settings import ReasoningSettings
from reasoning.strategies.registry import STRATEGIES
from tests.agent.command import agent, told
from tests.own.breakout import breakout
from tests.seeded import saved, seeded

BTC = seeded("BTC-USDT", "1h", 2_000)


def written(home: Path, name: str, *changes: tuple[str, str]) -> Path:
    """Write a strategy with kernels of its own under a name, with changes."""
    text = breakout(name)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder = home / "strategies"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{name.replace('-', '_')}.py"
    path.write_text(text)
    return path


def test_the_example_runs_as_it_is_and_is_not_overwritten(tmp_path: Path) -> None:
    agent(tmp_path, "strategy", "new", "first-try")
    path = tmp_path / "strategies" / "first_try.py"
    before = path.read_text()
    assert len([line for line in before.splitlines()[2:] if line.strip()]) <= 15, (
        "a strategy in fifteen lines"
    )
    assert "nothing was written" in agent(tmp_path, "strategy", "new", "first-try", check=2).stderr
    assert path.read_text() == before
    mine = told(tmp_path, "strategy", "list")["strategies"][-1]
    assert (mine["name"], mine["compiles"], mine["source"]) == ("first-try", "compiles", str(path))
    assert mine["parameters"]["length"]["value"] == 20
    checked = told(tmp_path, "strategy", "check", "first-try")
    assert checked["passed"]
    assert (checked["warmup"], checked["settled"], checked["difference"]) == (101, 101, None)
    assert checked["entries"] > 0
    denied = {each["rule"]: each for each in checked["denied"]}
    assert "risk.min_confidence is 70" in denied["min_confidence"]["why"]
    assert "votes to buy" in denied["min_confidence"]["why"]


def test_the_page_s_strategy_of_two_timeframes_is_checked_run_and_replayed(tmp_path: Path) -> None:
    page = Path("docs/how-to/own-strategy.md").read_text()
    (source,) = [each for each in page.split("```text\n") if "class TrendEntry" in each]
    folder = tmp_path / "strategies"
    folder.mkdir(mode=0o700)
    (folder / "trend_entry.py").write_text(source.partition("```")[0])
    checked = told(tmp_path, "strategy", "check", "trend-entry")
    assert checked["difference"] is None
    assert checked["signals"] > 50
    assert checked["starts"] == (
        "on 1m candles, as set: 12240 candles, 8.5 days; a provider gives 998 at once: no entry on the first "
        "11242 after a start"
    )
    assert "trend-entry  (warm-up 12240 candles of 1m," in agent(tmp_path, "strategy", "list").stdout
    simulated = ("run", "--provider", "simulated", "--speed", "max")
    agent(tmp_path, *simulated, "--cycles", "30", "--strategy", "trend-entry")
    assert agent(tmp_path, "replay").stdout.startswith("identical: 30 cycles")
    refused = agent(
        tmp_path, "backtest", "--strategy", "trend-entry", "--data",
        *saved(tmp_path, seeded("BTC-USDT", "1d", 300)), check=2,
    )  # fmt: skip  # one command
    assert "strategy trend-entry: timeframe 4h is no multiple of its candles' 1d" in refused.stderr


def test_a_declared_strategy_runs_replays_and_backtests_alike(tmp_path: Path) -> None:
    agent(tmp_path, "strategy", "new", "bands")
    done = told(
        tmp_path, "backtest", "--strategy", "bands", "--data", *saved(tmp_path, BTC), "--verify",
        "--timerange", "20200115-20200315", "--set", "risk.daily_loss=1000", "--uncompiled",
    )  # fmt: skip  # one command
    assert done["verified"]["identical"]
    assert done["notes"] == []
    assert len(done["trades"]) >= 3
    (tmp_path / "config.toml").write_text(
        '[reasoning]\nstrategies = ["bands"]\n[reasoning.custom.bands]\nlength = 10\n'
    )
    agent(tmp_path, "run", "--provider", "simulated", "--speed", "max", "--cycles", "300", "--plain")
    assert "identical: 300 cycles" in agent(tmp_path, "replay").stdout
    assert "close" in agent(tmp_path, "why", "250").stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "lenght = 3",
            "reasoning.custom.bands.lenght: no such setting; did you mean reasoning.custom.bands.length?",
        ),
        ("length = 1", "reasoning.custom.bands.length = 1: must be at least 5"),
    ],
)
def test_a_parameter_of_ones_own_is_refused_as_every_setting_is(
    tmp_path: Path, given: str, said: str
) -> None:
    agent(tmp_path, "strategy", "new", "bands")
    (tmp_path / "config.toml").write_text(f"[reasoning.custom.bands]\n{given}\n")
    assert f"error: {said}\n" in agent(tmp_path, "config", "show", check=2).stderr


def test_what_cannot_be_compiled_is_named_with_its_line(tmp_path: Path) -> None:
    agent(tmp_path, "strategy", "new", "bands")
    path = tmp_path / "strategies" / "bands.py"
    path.write_text(path.read_text().replace("now.band.upper:", "now.bnad.upper:"))
    (problem,) = told(tmp_path, "strategy", "list")["problems"]
    assert problem.startswith(
        f"{path}: line 15: now.bnad.upper is no number of this strategy; did you mean band"
    )
    path.write_text(path.read_text().replace("ema(100)", "ema(0)"))
    (problem,) = told(tmp_path, "strategy", "list")["problems"]
    assert problem == f"{path}: line 10: ema: n is 0, and goes from 1 to 2000"


def test_it_trades_in_the_loop_and_replays(tmp_path: Path) -> None:
    written(tmp_path, "second-try")
    (tmp_path / "config.toml").write_text(
        '[reasoning]\nstrategies = ["rsi", "second-try"]\n[reasoning.custom.second-try]\nperiod = 5\n'
    )
    run = agent(tmp_path, "run", "--provider", "simulated", "--speed", "max", "--cycles", "400", "--plain")
    assert "0 closed" not in run.stdout
    assert "identical: 400 cycles" in agent(tmp_path, "replay").stdout
    assert "of 5 candles" in agent(tmp_path, "why", "200").stdout


def test_a_backtest_compiles_it_and_agrees_with_the_loop(tmp_path: Path) -> None:
    written(tmp_path, "third-try")
    done = told(
        tmp_path, "backtest", "--strategy", "third-try", "--data", *saved(tmp_path, BTC), "--verify",
        "--timerange", "20200115-20200315", "--set", "risk.daily_loss=1000",
    )  # fmt: skip  # one command
    assert done["verified"]["identical"]
    assert done["notes"] == []
    assert len(done["trades"]) > 5


def test_one_that_cannot_be_compiled_runs_and_says_so(tmp_path: Path) -> None:
    written(tmp_path, "plain-try", ("    vote = 0\n", '    vote = len("") * 0\n'))
    done = told(
        tmp_path, "backtest", "--strategy", "plain-try", "--data", *saved(tmp_path, BTC), "--verify",
        "--timerange", "20200115-20200315",
    )  # fmt: skip  # one command
    assert done["verified"]["identical"]
    (note,) = done["notes"]
    assert note.startswith("strategy plain-try runs uncompiled: step: line")


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_every_built_in_strategy_has_something_to_prove_and_proves_it(name: str) -> None:
    packed = ReasoningSettings().packed(name)
    proof = prove(STRATEGIES[name], packed, made_up())
    assert proof.proved, proof
    assert proof.signals >= 5


def test_without_a_signal_nothing_is_proved(tmp_path: Path) -> None:
    written(tmp_path, "silent", ("    vote = 0\n", "    return 0\n    vote = 0\n"))
    done = agent(tmp_path, "lookahead", "silent", check=1)
    assert "silent gave no signal on 1500 candles, so nothing is proved" in done.stdout


def test_one_that_remembers_outside_its_memory_is_caught(tmp_path: Path) -> None:
    cheat = ("    vote = 0\n", "    SEEN.append(close)\n    vote = len(SEEN) % 2\n")
    written(tmp_path, "cheat", cheat, ("class Packed(", "SEEN: list[float] = []\n\n\nclass Packed("))
    done = agent(tmp_path, "lookahead", "cheat", "--json", check=1)
    proof = json.loads(done.stdout)
    assert not proof["proved"]
    assert "candle 1 gives" in proof["difference"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1 +\n", "line 1: SyntaxError"),
        ("import nowhere_to_be_found\n", "line 1: ModuleNotFoundError"),
        ("x = 1\n\0", "line 2: SyntaxError: a NUL byte: this is no text in UTF-8; save it as such"),
        ("x = " + "-" * 100_000 + "1\n", "Error: it is nested too deeply, or too large; write it in several"),
        ("x = 1\n", "defines 0 strategies at its top level; one class of Declared, or one Strategy(...)"),
        (
            "from reasoning.strategies.rsi import RSI\n",
            "its strategy is named 'rsi'; by the file's name it must be 'wrong'",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    folder = tmp_path / "strategies"
    folder.mkdir()
    (folder / "wrong.py").write_text(text)
    (problem,) = told(tmp_path, "strategy", "list")["problems"]
    assert words in problem
    assert str(folder / "wrong.py") in problem
    data = ("--data", *saved(tmp_path, BTC))
    failed = agent(tmp_path, "backtest", "--strategy", "wrong", *data, check=2).stderr
    assert words in failed
    assert "unknown strategy" not in failed, "it is known, and its file was refused"
    (tmp_path / "config.toml").write_text("[reasoning.custom.wrong]\nperiod = 1\n")
    assert agent(tmp_path, "config", "show", check=2).stderr == failed


def test_what_lies_in_the_folder_and_is_no_strategy_stops_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "fourth-try")
    folder = path.parent
    (folder / ".#fourth_try.py").symlink_to("me@host.812")  # what an editor leaves beside a file it has open
    (folder / "gone.py").symlink_to("nowhere.py")
    (folder / "folder.py").mkdir()
    os.mkfifo(folder / "pipe.py")
    report = told(tmp_path, "strategy", "list")
    assert "fourth-try" in {each["name"] for each in report["strategies"]}
    said = "\n".join(report["problems"])
    assert all(name in said for name in ("gone.py", "folder.py", "pipe.py"))
    assert ".#" not in said


def test_a_file_with_the_name_of_a_built_in_strategy_is_not_passed_over(tmp_path: Path) -> None:
    written(tmp_path, "sma")
    refused = agent(tmp_path, "strategy", "check", "sma", check=2).stderr
    assert refused.endswith("strategies/sma.py: strategy 'sma' is built in; choose another name\n")
    told_of = "strategies/sma.py is not run: sma is the built-in strategy; choose another name for yours"
    market = ("--provider", "simulated", "--speed", "max", "--cycles", "1")
    assert told_of in agent(tmp_path, "run", *market, "--strategy", "sma").stdout
    assert told_of in agent(tmp_path, "backtest", "--strategy", "sma", "--data", *saved(tmp_path, BTC)).stdout
    assert told_of not in agent(tmp_path, "run", *market, "--fresh", "--strategy", "rsi").stdout


def test_bad_parameters_are_told_together(tmp_path: Path) -> None:
    written(tmp_path, "fourth-try")
    (tmp_path / "config.toml").write_text(
        "[reasoning.custom.fourth-try]\nperiod = 1\nstop_ppm = 5\n[reasoning.custom.unheard-of]\nx = 1\n"
    )
    said = agent(tmp_path, "config", "show", check=2).stderr
    for word in (
        "reasoning.custom.fourth-try.period = 1",
        "reasoning.custom.fourth-try.stop_ppm = 5",
        "custom.unheard-of",
    ):
        assert word in said


@pytest.mark.parametrize("name", ["rsi", "My-Breakout", "a b", "-x"])
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    agent(tmp_path, "strategy", "new", "--", name, check=2)
    assert not list(tmp_path.rglob("*.py"))


ALWAYS = """from reasoning.declare import Declared, buy


class Always(Declared):
    def decide(self, now, last):
        return buy(confidence=90, reason="always")
"""


def test_a_start_without_its_strategy_s_file_names_what_is_held_and_what_sells_it(tmp_path: Path) -> None:
    file = tmp_path / "strategies" / "always.py"
    file.parent.mkdir(mode=0o700)
    file.write_text(ALWAYS)
    (tmp_path / "config.toml").write_text('[reasoning]\nstrategies = ["always"]\n')
    run = ("run", "--provider", "simulated", "--speed", "max", "--cycles", "3")
    agent(tmp_path, *run)
    (held,) = told(tmp_path, "positions")
    file.unlink()
    refused = agent(tmp_path, *run, check=2).stderr
    assert "unknown strategy 'always'" in refused
    assert f"still held: BTC-USDT, {held['quantity']} bought at {held['entry']}; its STOP at " in refused
    assert "These work without it: agent close BTC-USDT, agent flatten" in refused
    agent(tmp_path, "close", "BTC-USDT", "--reason", "its strategy is gone")
    assert told(tmp_path, "positions") == []
    assert "still held" not in agent(tmp_path, *run, check=2).stderr
