"""Image, compose file, units, scripts and wheel: what can be is started here, the rest has a stated check."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.host.service import ServiceManager
from tests.agent.command import AGENT, agent, environment, told

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "ops" / "systemd").glob("*.service"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.sh"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "ops" / "compose.yml").read_text())
SAME = (
    "10001:10001",
    "AGENT_HOME=/data",
    "PYTHONPATH=/usr/local/lib/boyd",
    "SIGTERM",
    "8501",
    "from agent.cli import main; main()",
    "boyd-health.py",
    "requirements/image.lock",
)
HARDENED = ("ProtectSystem=strict", "NoNewPrivileges=true", "User=boyd", "UMask=0077", "Restart=on-failure")
HOLDING = ("run", "--provider", "simulated", "--speed", "max", "--cycles", "120", "--plain")


def locked(name: str) -> dict[str, frozenset[str]]:
    """Return the hashes of each pinned package of a lock file."""
    text = (ROOT / "requirements" / name).read_text()
    pinned = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    parts = re.split(r"^(?=[A-Za-z0-9])", pinned, flags=re.MULTILINE)
    pins = [(part.split(" ")[0].strip(), re.findall(r"sha256:[0-9a-f]+", part)) for part in parts if part]
    return {pin: frozenset(hashes) for pin, hashes in pins}


def test_the_image_is_of_the_packages_that_are_tested_and_of_no_research() -> None:
    image, tested = locked("image.lock"), locked("dev.lock")
    assert len(image) > 40
    odd = [pin for pin, hashes in image.items() if not hashes or not hashes <= tested.get(pin, frozenset())]
    assert odd == [], "run: make lock"
    names = {pin.split("==")[0] for pin in image}
    assert not names & {"numba", "numpy", "polars", "ray", "pyarrow", "optuna", "pytest"}


def test_both_ways_to_an_image_are_the_same_image() -> None:
    made, written = ((ROOT / path).read_text() for path in ("scripts/image.sh", "ops/image/Containerfile"))
    for part in SAME:
        assert part in made, part
        assert part in written, part


def test_ports_are_of_this_machine_alone_and_the_agent_writes_its_volume_only() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert service["cap_drop"] == ["ALL"], name
    for name in ("agent", "serve"):
        assert services[name]["read_only"]
        assert services[name]["volumes"] == ["home:/data"]
        assert services[name]["image"] == f"boyd:{version()}"
    for name, service in services.items():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / "ops" / source).is_dir(), (name, volume)
    if tool := shutil.which("docker-compose"):
        subprocess.run([tool, "-f", str(ROOT / "ops" / "compose.yml"), "config", "-q"], check=True)


def version() -> str:
    found = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_are_sound_and_hardened(unit: Path) -> None:
    text = unit.read_text()
    for line in HARDENED:
        assert line in text.splitlines()
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("no systemd-analyze here; the lines above were read")
    said = subprocess.run([tool, "verify", str(unit)], capture_output=True, text=True, check=False).stderr
    odd = [line for line in said.splitlines() if "/opt/boyd/bin/agent is not executable" not in line]
    assert odd == []
    hardened = [tool, "security", "--offline=true", "--threshold=25", str(unit)]
    assert subprocess.run(hardened, capture_output=True, check=False).returncode == 0


def heard(there: socket.socket) -> list[str]:
    lines: list[str] = []
    there.setblocking(False)
    while True:
        try:
            lines += there.recv(4096).decode().splitlines()
        except BlockingIOError:
            return lines


def test_the_manager_is_told_of_the_start_of_each_cycle_that_ended_and_of_the_end(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(str(address))
        env = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "60000000"}
        agent(tmp_path / "home", *HOLDING[:-3], "--cycles", "30", "--journal", "one", "--plain", env=env)
        lines = heard(there)
    assert lines[:2] == ["READY=1", "STATUS=agent one, session 1"]
    assert lines.count("WATCHDOG=1") == 1, "its first cycle; the next word is due later"
    assert "STOPPING=1" in lines


def test_a_manager_that_is_gone_deaf_or_never_was_holds_nothing_up(tmp_path: Path) -> None:
    now = [0.0]
    for given in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}, {"WATCHDOG_USEC": "soon"}):
        manager = ServiceManager(given, lambda: now[0])
        manager.ready("x")
        manager.lives()
        manager.ends("x")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(str(tmp_path / "full"))
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        manager = ServiceManager(
            {"NOTIFY_SOCKET": str(tmp_path / "full"), "WATCHDOG_USEC": "30000000"}, lambda: now[0]
        )
        for _ in range(2_000):
            now[0] += 1.0
            manager.lives()
        there.setblocking(False)
        assert 0 < heard(there).count("WATCHDOG=1") < 2_000


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_shell_that_any_sh_reads(script: Path) -> None:
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", str(script)], check=True)


def script(name: str, home: Path, *words: str, program: Path = AGENT) -> "subprocess.CompletedProcess[str]":
    """Run a script as in a stranger's shell: by a link, from elsewhere, without room for a file."""
    env = environment(home, {"AGENT": str(program), "TMPDIR": "/nonexistent"})
    link = home / f"a link to {name}"
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT / "scripts" / name)
    return subprocess.run(
        ["sh", "-u", str(link), *words], env=env, cwd=home, capture_output=True, text=True, check=False
    )


def test_an_emergency_leaves_nothing_held_and_the_account_looks_sound_after(tmp_path: Path) -> None:
    agent(tmp_path, *HOLDING, "--journal", "one")
    assert told(tmp_path, "positions")
    health = [sys.executable, str(ROOT / "ops" / "image" / "health.py")]
    assert subprocess.run(health, env=environment(tmp_path), check=False).returncode == 1, "none runs"
    aside = tmp_path / "journals" / "one.20261129T090000.db"
    shutil.copy(tmp_path / "journals" / "one.db", aside)
    before = aside.read_bytes()
    done = script("emergency_shutdown.sh", tmp_path, "a drill")
    assert done.returncode == 1, "who reads it knows that another may hold something"
    assert "one.20261129T090000 was put aside and is left alone" in done.stderr
    assert aside.read_bytes() == before, "its account is that of another: nothing is sold twice"
    aside.unlink()
    done = script("emergency_shutdown.sh", tmp_path, "a drill")
    assert done.returncode == 0, done.stdout + done.stderr
    status = told(tmp_path, "status")
    assert (status["positions"], status["account"]["kill_switch"]) == ([], "a drill")
    looked = script("recover_state.sh", tmp_path, "one")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    assert "journal and venue agree" in looked.stdout


def test_a_script_that_lacks_a_word_says_which(tmp_path: Path) -> None:
    for name in ("emergency_shutdown.sh", "recover_state.sh"):
        assert script(name, tmp_path).returncode == 2


def test_an_emergency_that_did_nothing_does_not_say_that_nothing_is_held(tmp_path: Path) -> None:
    """A program that is not there, a home that cannot be read, a home of another name, a sale that fails."""
    nothing, cannot, empty, unsold = (tmp_path / name for name in ("none", "cannot", "empty", "unsold"))
    cannot.write_text("#!/bin/sh\nexit 1\n")
    empty.write_text("#!/bin/sh\necho '[]'\n")
    unsold.write_text('#!/bin/sh\necho \'{"journal": "one"}\'\n[ "$1" != flatten ]\n')
    for program in (cannot, empty, unsold):
        program.chmod(0o700)
    seen = {
        each: script("emergency_shutdown.sh", tmp_path, "why", program=each) for each in tmp_path.iterdir()
    }
    seen[nothing] = script("emergency_shutdown.sh", tmp_path, "why", program=nothing)
    assert {each.name: done.returncode for each, done in seen.items()} == {
        "none": 2, "cannot": 1, "empty": 1, "unsold": 1
    }  # fmt: skip
    assert "name it as AGENT=PATH" in seen[nothing].stderr
    assert "is AGENT_HOME right?" in seen[empty].stderr
    assert "something is left" in seen[unsold].stderr
    assert script("recover_state.sh", tmp_path, "one", program=nothing).returncode == 2


def test_a_wheel_installs_and_runs_outside_the_repository(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=_unneeded)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)],
        check=True, capture_output=True,
    )  # fmt: skip
    wheel = next(tmp_path.glob("boyd-*.whl"))
    there = tmp_path / "there"
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-compile", "--target", str(there), str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    code = (
        f"import agent; assert agent.__file__.startswith({str(there)!r}); from agent.cli import main; main()"
    )
    words = [sys.executable, "-c", code, *HOLDING[:-3], "--cycles", "20", "--plain"]
    env = environment(tmp_path / "home", {"PYTHONPATH": str(there)})
    done = subprocess.run(words, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for file in ("dashboard/templates/shell.html.j2", "dashboard/static/shell.js"):
        assert (there / file).is_file(), file


def _unneeded(folder: str, names: list[str]) -> set[str]:
    """Leave out what no wheel is made of."""
    top = {"tests", "docs", "benchmarks", "build", "findings", "examples"} if folder == str(ROOT) else set()
    return {name for name in names if name in top or name.startswith(".") or name == "__pycache__"}
