"""The command line, as a new user meets it: real processes, no key, no network."""

import json
import re
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from fixtures.generate import TARGET, rows
from tests.agent.command import agent, start, told
from tests.seeded import halted, saved, seeded
from tests.shared import ROOT

SIMULATED = ("run", "--provider", "simulated", "--speed", "max")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one finished run of 400 cycles, for commands that only read."""
    home = tmp_path_factory.mktemp("home")
    agent(home, *SIMULATED, "--cycles", "400")
    return home


def test_quicktest_prints_the_same_bytes_and_has_the_milestone(tmp_path: Path) -> None:
    one = start(tmp_path, "run", "--mode", "quicktest", env={"PYTHONHASHSEED": "7"}).communicate()[0]
    elsewhere = {"AGENT_RISK__MIN_CONFIDENCE": "99", "TZ": "Asia/Tokyo"}
    other = agent(tmp_path, "run", "--mode", "quicktest", env=elsewhere).stdout
    assert one == other
    assert "BUY 0.1 BTC at 50,000 -> SELL at 52,000 = +200.00 before costs" in one
    golden = (Path(__file__).parent / "quicktest.golden.txt").read_text()
    head = re.compile(r"head [0-9a-f]{16}")
    assert head.sub("head *", one) == golden
    assert list(tmp_path.iterdir()) == []


def test_quicktest_fails_when_the_milestone_does_not_come_out(tmp_path: Path) -> None:
    code = (
        "import sys, agent.verify.quicktest as q; from decimal import Decimal; "
        "q.MILESTONE['gross'] = Decimal(201); sys.exit(q.quicktest(print))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "milestone FAILED" in done.stdout


def test_the_fixture_is_what_its_generator_makes() -> None:
    assert TARGET.read_text() == "\n".join(rows()) + "\n"


@pytest.mark.parametrize(
    "words",
    [("--mode", "live"), ("--provider", "binance"), ("--data", "x.csv"), ("--mode", "paper")],
)
def test_quicktest_is_refused_beside_anything_live(tmp_path: Path, words: tuple[str, str]) -> None:
    done = agent(tmp_path, "run", "--mode", "quicktest", *words, check=2)
    assert "refused" in done.stderr


def test_paper_without_key_network_or_config_completes_a_cycle_and_says_which_data(tmp_path: Path) -> None:
    done = agent(tmp_path, "run", "--mode", "paper", "--cycles", "2", "--interval", "0")
    assert "SIMULATED DATA: BTC-USDT is on simulated data" in done.stdout
    assert "because binance:" in done.stdout
    assert "ended     cycles after 2 cycles" in done.stdout


def test_a_recording_runs_to_its_end_and_a_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    words = ("run", "--provider", "recorded", "--data", "fixtures/quicktest.csv", "--symbol", "BTC-USDT")
    first = agent(tmp_path, *words, "--speed", "max").stdout
    assert "data exhausted after 390 cycles" in first
    second = agent(tmp_path, *words, "--speed", "max").stdout
    assert "every candle is already in journal" in second
    assert re.findall("equity .*", first)[-1] == re.findall("equity .*", second)[-1]
    third = agent(tmp_path, *words, "--speed", "max", "--fresh").stdout
    assert "the old journal is kept as" in third
    assert "data exhausted after 390 cycles" in third


def test_candles_with_gaps_and_a_halt_run_and_replay(tmp_path: Path) -> None:
    (data,) = saved(tmp_path, halted(seeded("BTC-USDT", "1m", 2_000), 900))
    agent(tmp_path, "run", "--provider", "recorded", "--data", data, "--speed", "max", "--cycles", "1000")
    found = told(tmp_path, "replay")
    assert (found["cycles"], found["difference"]) == (1000, None)


def test_two_files_run_in_one_session(tmp_path: Path) -> None:
    files = saved(tmp_path, *(seeded(f"{base}-USDT", "1m", 800) for base in ("BTC", "ETH")))
    words = [word for file in files for word in ("--data", file)]
    done = agent(
        tmp_path, "run", "--provider", "recorded", *words, "--speed", "max", "--cycles", "300", "--json"
    )
    cycle = json.loads(done.stdout.splitlines()[-2])
    assert [row["symbol"] for row in cycle["decisions"]] == ["BTC-USDT", "ETH-USDT"]


def test_json_is_one_object_a_cycle_and_a_summary(tmp_path: Path) -> None:
    done = agent(tmp_path, *SIMULATED, "--cycles", "5", "--json")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["cycle"] for each in objects[:-1]] == [1, 2, 3, 4, 5]
    assert objects[-1]["summary"]["cycles"] == 5


def test_a_summary_is_of_its_session_and_tells_the_account_beside_it(tmp_path: Path) -> None:
    first = agent(tmp_path, *SIMULATED, "--cycles", "30", "--json")
    second = agent(tmp_path, *SIMULATED, "--cycles", "5", "--json")
    one, two = (json.loads(done.stdout.splitlines()[-1])["summary"] for done in (first, second))
    assert sum(one["outcomes"].values()) == 30
    assert sum(two["outcomes"].values()) == two["cycles"] == 5
    assert two["cycles_in_journal"] == 35
    profit = Decimal(one["session"]["profit"]) + Decimal(two["session"]["profit"])
    assert profit == Decimal(two["account"]["profit"])
    shown = agent(tmp_path, *SIMULATED, "--cycles", "2").stdout
    assert "after 2 cycles (2 " in shown
    assert "in all    37 cycles" in shown


def test_reading_commands_say_what_the_journal_holds(home: Path) -> None:
    status = told(home, "status")
    assert (status["running"], status["cycle"], status["ended"]) == (False, 400, "cycles")
    assert told(home, "positions") == status["positions"]
    assert set(told(home, "lessons")) >= {"voices", "rules", "totals", "lessons"}
    assert told(home, "journal", "verify")["intact"]
    assert len(told(home, "journal", "tail", "-n", "3")) == 3
    for words in (("status",), ("positions",), ("lessons",), ("why",), ("why", "300"), ("journal", "list")):
        assert agent(home, *words).stdout.strip()


def test_export_gives_every_row_as_a_json_line(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    agent(home, "journal", "export", "--out", str(out))
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert agent(home, "journal", "export").stdout == out.read_text()


def test_a_flipped_byte_and_a_cut_tail_are_found(tmp_path: Path) -> None:
    agent(tmp_path, *SIMULATED, "--cycles", "50")
    anchor = tmp_path / "anchor.json"
    agent(tmp_path, "journal", "anchor", str(anchor))
    agent(tmp_path, *SIMULATED, "--cycles", "1")
    assert "intact" in agent(tmp_path, "journal", "verify", "--anchor", str(anchor)).stdout
    (file,) = (tmp_path / "journals").glob("*.db")
    data = bytearray(file.read_bytes())
    place = data.index(b"no voice voted")
    data[place] ^= 1
    file.write_bytes(bytes(data))
    done = agent(tmp_path, "journal", "verify", check=1)
    assert re.search(r"broken: row \d+ of journal", done.stdout)
    assert agent(tmp_path, *SIMULATED, "--cycles", "1", check=1).stderr.startswith("error: ")


def test_kill_and_reset_kill_when_nothing_runs(tmp_path: Path) -> None:
    agent(tmp_path, *SIMULATED, "--cycles", "2")
    agent(tmp_path, "kill", "--reason", "drill")
    assert told(tmp_path, "status")["account"]["kill_switch"] == "drill"
    agent(tmp_path, "reset-kill", "--reason", "over")
    assert told(tmp_path, "status")["account"]["kill_switch"] is None
    assert told(tmp_path, "journal", "verify")["intact"]


def test_config_init_writes_a_file_that_is_valid_and_private(tmp_path: Path) -> None:
    agent(tmp_path, "config", "init")
    file = tmp_path / "config.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    file.write_text(re.sub(r"(?m)^# (\w+ = .+)$", r"\1", text))
    shown = agent(tmp_path, "config", "show").stdout
    assert f"file: {file}" in shown
    assert "risk.max_positions = 3" in shown
    assert "exists already" in agent(tmp_path, "config", "init", check=2).stderr


def test_doctor_says_what_to_do(tmp_path: Path) -> None:
    found = {each["subject"]: each for each in told(tmp_path, "doctor")}
    assert found["configuration"]["level"] == "ok"
    assert found["alpha_vantage"]["remedy"].startswith("set ALPHA_VANTAGE_API_KEY")
    (tmp_path / "config.toml").write_text("cycles = -1\n")
    done = agent(tmp_path, "doctor", check=1)
    assert "fail  configuration: cycles = -1" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--cycles", "-1"), "cycles = -1"),
        (("run", "--provider", "recorded"), "--data FILE"),
        (("run", "--provider", "recorded", "--data", "nowhere.csv"), "nowhere.csv: no such file"),
        (("run", "--provider", "recorded", "--data", "README.md", "--symbol", "BTC-USDT"), "README.md"),
        (("run", "--symbol", "btc"), "btc is not a symbol"),
        (("run", "--provider", "alpha_vantage"), "ALPHA_VANTAGE_API_KEY"),
        (("run", "--config", "nowhere.toml"), "nowhere.toml: no such file"),
        (("run", "--mode", "lively"), "mode = lively"),
        (("run", "--mode", "live"), "mode live needs"),
        (("status",), "no journal in"),
        (("why", "1"), "no journal in"),
        (("journal", "verify", "--journal", "nosuch"), "journal nosuch: not in"),
        (("run", "--home", "/proc/nowhere"), "cannot be made"),
    ],
)
def test_a_wrong_flag_file_or_name_is_one_clear_line(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = agent(tmp_path, *words, check=2)
    assert said in done.stderr
    assert all(line.startswith("error: ") for line in done.stderr.splitlines())


def test_every_command_has_help(tmp_path: Path) -> None:
    commands = ["run", "status", "positions", "lessons", "why", "replay", "kill", "reset-kill", "doctor"]
    top = agent(tmp_path, "--help").stdout
    for command in [*commands, "journal", "config"]:
        assert command in top
    assert "Examples:" in agent(tmp_path, "run", "--help").stdout
