"""What others may write is not executed: keys are in the environment of every command."""

import marshal
import os
import py_compile
import sys
from collections.abc import Callable
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from agent.settings.user_strategies import LOADED, load_file, load_folder
from domain.errors import BadInput
from reasoning.strategies.registry import STRATEGIES
from research.engine.code_cache import CACHE_VARIABLE, cache_folder
from research.engine.trusted import require_trusted_folder
from tests.agent.command import agent, told
from tests.own.faulty import written

FLAG = "import os, pathlib\npathlib.Path(os.environ['BOYD_TRAP']).touch()\n"


def folder(base: Path) -> Path:
    """Return a sound folder of strategies, two folders below `base`."""
    written(base / "home" / "strategies", "mine")
    return base / "home" / "strategies"


def link(base: Path) -> Path:
    """Put the folder elsewhere, with a link in its place."""
    place = folder(base)
    elsewhere = base / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    place.rename(elsewhere / "kept")
    place.symlink_to("../elsewhere/kept")
    return place


def add(base: Path, name: str, mode: int) -> Path:
    path = folder(base) / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(b"")
    path.chmod(mode)
    return path


def loosened(path: Path, mode: int) -> Path:
    path.chmod(mode)
    return path


LOOSE: dict[str, Callable[[Path], Path]] = {
    "a file of the world": lambda base: loosened(folder(base) / "mine.py", 0o646),
    "a file of the group": lambda base: loosened(folder(base) / "mine.py", 0o660),
    "the folder": lambda base: loosened(folder(base), 0o770),
    "the folder, sticky": lambda base: loosened(folder(base), 0o1777),
    "the home": lambda base: loosened(folder(base).parent, 0o777),
    "a folder above": lambda base: loosened(folder(base).parents[1], 0o775),
    "a link's target": lambda base: loosened(link(base) / "mine.py", 0o666),
    "a folder above a link's target": lambda base: loosened(link(base).resolve().parent, 0o777),
    "a module it could import": lambda base: add(base, "helper.py", 0o666),
    "a module in a package": lambda base: add(base, "package/deep.py", 0o620),
    "bytecode": lambda base: add(base, "__pycache__/mine.cpython-311.pyc", 0o606),
    "a package's folder": lambda base: loosened(add(base, "package/deep.py", 0o600).parent, 0o770),
    "a library": lambda base: add(base, "fast.so", 0o602),
}


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.setenv(name, "")
    for known in (LOADED, STRATEGIES, sys.modules):
        known.pop("mine", None)
    return tmp_path / "base"


@pytest.mark.parametrize("loose", LOOSE)
def test_what_others_may_write_is_refused_by_path_mode_and_remedy(base: Path, loose: str) -> None:
    place = LOOSE[loose](base)
    mode = place.stat().st_mode & 0o7777
    (problem,) = load_folder(base / "home" / "strategies")
    assert f"not executed: {place} has mode {mode:04o}, so others may write it" in problem
    assert "keys of the environment" in problem
    assert "mine" not in STRATEGIES
    with pytest.raises(BadInput, match="others may write it"):
        load_file(base / "home" / "strategies" / "mine.py")
    command = problem.rpartition(": ")[2].split()
    assert command[:2] == ["chmod", "go-w"]
    Path(command[2]).chmod(mode & ~0o022)
    assert not [each for each in load_folder(base / "home" / "strategies") if "not executed" in each]
    assert "mine" in STRATEGIES


def test_sound_folders_are_loaded_through_sticky_folders_and_links(base: Path) -> None:
    place = link(base)
    base.chmod(0o1777)
    assert load_folder(place) == []
    assert load_folder(base / "nowhere") == []
    assert not list(base.rglob("__pycache__")), "no bytecode that would be executed in a file's place"


@pytest.mark.parametrize("whose", ["folder", "mine.py", "above"])
def test_what_belongs_to_another_user_is_refused(
    base: Path, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"folder": folder(base), "mine.py": folder(base) / "mine.py", "above": base}[whose]
    if os.geteuid() == 0:
        os.chown(place, 4711, -1)
        owner = 4711
    else:
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
        place = next(each for each in (*reversed(place.parents), place) if each.stat().st_uid == owner)
    (problem,) = load_folder(base / "home" / "strategies")
    assert f"not executed: {place} belongs to user {owner}" in problem
    assert "chown" in problem


def test_a_link_of_another_user_and_links_in_circles_are_refused(base: Path) -> None:
    place = folder(base)
    (place / "loop.py").symlink_to("loop.py")
    with pytest.raises(BadInput, match="too many links on the way"):
        require_trusted_folder(place)
    (place / "loop.py").unlink()
    (place / "around").symlink_to("..")
    require_trusted_folder(place)  # walked once
    if os.geteuid() == 0:
        os.chown(place / "around", 4711, -1, follow_symlinks=False)
        with pytest.raises(BadInput, match="around belongs to user 4711"):
            require_trusted_folder(place)


def test_a_cache_of_machine_code_that_others_may_write_is_refused(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(base))
    made = cache_folder()
    assert {each.stat().st_mode & 0o777 for each in (base, made, made.parent)} == {0o700}
    made.parent.chmod(0o770)
    with pytest.raises(BadInput, match=f"chmod go-w {made.parent}"):
        cache_folder()


def test_bytecode_is_neither_left_nor_executed(base: Path) -> None:
    path = folder(base) / "mine.py"
    bytecode = Path(cache_from_source(str(path)))
    py_compile.compile(str(path), str(bytecode))
    spoilt = bytecode.read_bytes()[:16] + marshal.dumps(compile("raise SystemExit('bytecode')", "x", "exec"))
    bytecode.write_bytes(spoilt)
    assert load_folder(path.parent) == []
    assert "mine" in STRATEGIES
    assert bytecode.read_bytes() == spoilt


def test_every_command_refuses_and_those_that_sell_go_on(tmp_path: Path) -> None:
    path = written(tmp_path / "strategies", "mine")
    (tmp_path / "config.toml").write_text('[reasoning]\nstrategies = ["rsi", "mine"]\n')
    agent(tmp_path, "run", "--provider", "simulated", "--speed", "max", "--plain", "--cycles", "40")
    trap = tmp_path / "trap"
    path.write_text(FLAG + path.read_text())
    path.chmod(0o666)
    env = {"BOYD_TRAP": str(trap), "BINANCE_API_KEY": "k" * 64}
    data = tmp_path / "BTC-USDT_1m.csv"
    data.write_text("timestamp,open,high,low,close,volume\n2024-01-01T00:00:00Z,1,1,1,1,1\n")
    for words in (
        ("run", "--provider", "simulated", "--cycles", "1"),
        ("config", "show"),
        ("backtest", "--data", str(data)),
        ("walk-forward", "--strategy", "mine", "--data", str(data)),
        ("lookahead", "mine"),
        ("strategy", "new", "another"),
        ("why",),
    ):
        refused = agent(tmp_path, *words, check=2, env=env).stderr
        assert f"{path} has mode 0666, so others may write it" in refused, words
        assert f"chmod go-w {path}" in refused
    doctor = agent(tmp_path, "doctor", check=1, env=env).stdout
    assert f"{path} has mode 0666" in doctor
    agent(tmp_path, "status", env=env)
    agent(tmp_path, "kill", "--reason", "x", env=env)
    assert told(tmp_path, "flatten", "--reason", "x")["flat"]
    agent(tmp_path, "reconcile", env=env)
    assert not trap.exists(), "none of them executed it"
    path.chmod(0o600)
    agent(tmp_path, "config", "show", env=env)
    assert trap.exists(), "what is the user's alone is executed"
