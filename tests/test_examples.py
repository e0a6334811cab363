"""The examples run as their page says, from anywhere, and what they show is what comes out."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.serve.work.candles import walk
from tests.agent.command import agent
from tests.shared import ROOT

EXAMPLES = ROOT / "examples"
SHOWN = {
    "front_end.py": ["FILLED", "executed | kill switch: one trade is enough for an example"],
    "provider.py": ["100 candles from sine, live"],
}


def python(code: list[str], home: Path) -> str:
    env = {**os.environ, "AGENT_HOME": str(home), "BOYD": str(ROOT)}
    command = [sys.executable, *code]
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_made_up_candles_are_those_a_server_makes() -> None:
    lines = gzip.decompress((EXAMPLES / "MADEUP-USDT_1h.csv.gz").read_bytes()).decode().splitlines()
    assert lines[1:] == "".join(walk(24 * 90)).splitlines()[1:]


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_an_example_runs_and_shows_what_it_says(name: str, tmp_path: Path) -> None:
    out = python([str(EXAMPLES / name)], tmp_path)
    for line in SHOWN[name]:
        assert line in out


def test_the_strategy_cannot_look_ahead_and_trades_as_in_the_loop(tmp_path: Path) -> None:
    folder = tmp_path / "strategies"
    folder.mkdir(mode=0o700)
    shutil.copy(EXAMPLES / "three_falls.py", folder)
    (folder / "three_falls.py").chmod(0o600)
    agent(tmp_path, "lookahead", "three-falls")
    words = ("--strategy", "three-falls", "--symbol", "BTC-USDT", "--uncompiled", "--verify", "--json")
    done = agent(tmp_path, "backtest", "--data", str(ROOT / "fixtures" / "quicktest.csv"), *words)
    assert json.loads(done.stdout)["metrics"]["trades"] > 0


def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    cells = json.loads((EXAMPLES / "research.ipynb").read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 3
    out = python(["-c", "\n".join([*code, "print(len(run.equity), len(run.result.equity))"])], tmp_path)
    rows, cycles = map(int, out.split())
    assert rows == cycles > 100


def test_a_front_end_is_short() -> None:
    lines = (EXAMPLES / "front_end.py").read_text().splitlines()
    assert len(lines) <= 30


def test_every_example_is_on_the_page_and_tested() -> None:
    page = (EXAMPLES / "README.md").read_text()
    names = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")}
    assert all(f"]({name})" in page for name in names)
    elsewhere = {"api_client.py"}  # tests/serve/test_clients.py
    assert names == {*SHOWN, *elsewhere, "three_falls.py", "research.ipynb"}
