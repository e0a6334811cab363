"""Everything Boyd writes of its own accord is its owner's alone, whatever the umask.

One test runs the commands under umask 000 with folders of their own and walks what they left.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numba
import pytest

from agent.host import log
from agent.host.turnover import Turnover
from research.engine.code_cache import CACHE_VARIABLE, cache_folder
from research.engine.compiler import compiled
from research.engine.machine_code import MachineCode
from tests.agent.command import agent
from tests.own.faulty import written

FOLDERS = {
    "XDG_DATA_HOME": "data", "XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "state",
    "TMPDIR": "tmp", "HOME": "user",
}  # fmt: skip
MINE = "named by the user"


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def loose(base: Path) -> dict[str, str]:
    """Return what others may read or write below a folder, with its mode."""
    found = {path: path.lstat().st_mode for path in base.rglob("*") if not path.is_symlink()}
    return {
        str(path.relative_to(base)): f"{stat.S_IMODE(mode):o}" for path, mode in found.items() if mode & 0o077
    }


def test_nothing_is_left_that_others_may_read(tmp_path: Path, open_umask: None) -> None:
    del open_umask
    tmp_path.chmod(0o700)
    env = {name: str(tmp_path / folder) for name, folder in FOLDERS.items()}
    # Machine code that other tests made as well: compiling it anew takes half a minute.
    env[CACHE_VARIABLE] = str(cache_folder().parents[1])
    (tmp_path / "tmp").mkdir(mode=0o700)
    home = tmp_path / "deep" / "home"  # its folder is not there yet either
    outside = tmp_path / MINE
    outside.mkdir(mode=0o700)
    data = outside / "BTC-USDT_1m.csv"
    rows = (
        f"2024-01-01T{hour:02d}:{minute:02d}:00Z,{100 + minute % 7},110,90,{100 + minute % 5},5"
        for hour in range(8) for minute in range(60)
    )  # fmt: skip
    data.write_text("\n".join(("timestamp,open,high,low,close,volume", *rows)) + "\n")

    def run(*words: str) -> None:
        agent(home, *words, env=env)

    run("config", "init")
    run("strategy", "new", "breakout")
    run("run", "--provider", "simulated", "--speed", "max", "--plain", "--cycles", "60")
    run("run", "--provider", "simulated", "--speed", "max", "--plain", "--cycles", "5", "--fresh")
    run("status")
    run("why")
    run("data", "import", str(data))
    report = str(outside / "report.html")
    run("backtest", "--strategy", "breakout", "--data", str(data), "--report", report, "--uncompiled")
    run("optimize", "--strategy", "rsi", "--data", str(data), "--trials", "2", "--study", "night")
    run("params", "list")
    run("kill", "--reason", "x")
    run("flatten", "--reason", "x")
    run("journal", "anchor", str(home / "journals" / "paper.anchor.json"))
    run("journal", "export", "--out", str(outside / "export.jsonl"))
    agent(home, "doctor", check=None, env=env)
    left = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")}
    assert left <= {"deep", "tmp", "user", MINE, *FOLDERS.values()}
    assert {"config.toml", "agent.log", "studies", "checkpoints"} <= {path.name for path in home.iterdir()}
    found = loose(tmp_path)
    assert {name for name in found if not name.startswith(MINE)} == set()
    named = {name.removeprefix(f"{MINE}/"): mode for name, mode in found.items()}
    assert named == {"BTC-USDT_1m.csv": "666", "report.html": "666", "export.jsonl": "666"}


def test_machine_code_is_its_owners_alone(
    tmp_path: Path, open_umask: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del open_umask
    tmp_path.chmod(0o700)
    compiled()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(cache_folder()))
    assert MachineCode(utc_second)(61_000) == 61
    assert len(list(tmp_path.rglob("*.nbc"))) == 1
    assert loose(tmp_path) == {}


def utc_second(time: int) -> int:
    """Be compiled: a second of a time in ms."""
    return time // 1000


def test_a_rotated_log_is_its_owners_alone(tmp_path: Path, open_umask: None) -> None:
    del open_umask
    tmp_path.chmod(0o700)
    assert log.start(tmp_path, (), turnover=Turnover(300, 3)) is None
    for number in range(20):
        log.say("warning", "a line that is long enough", number=number)
    assert len(list(tmp_path.glob("agent.log*"))) == 4
    assert loose(tmp_path) == {}
    log.start(tmp_path, ())
    written(tmp_path / "strategies")
    assert loose(tmp_path) == {}
