"""What is killed leaves nothing behind for ever: no process that works on, no copy of a journal."""

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from journal import scratch
from journal.scratch import Scratch
from research.search.executor_processes import _serve

AGENT = Path(sys.executable).with_name("agent")
SECONDS = 90.0


def until(question: Callable[[], bool], seconds: float = SECONDS) -> bool:
    ends = time.monotonic() + seconds
    while not question() and time.monotonic() < ends:
        time.sleep(0.02)
    return question()


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def test_a_killed_drill_leaves_no_process_working(tmp_path: Path) -> None:
    command = [str(AGENT), "drill", "--workers", "2"]
    env = {**os.environ, "TMPDIR": str(tmp_path), "AGENT_HOME": str(tmp_path / "home")}
    drill = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        me = psutil.Process(drill.pid)
        # Two workers, an exchange for each, and an agent at least.
        assert until(lambda: len(me.children(recursive=True)) >= 5)
        children = me.children(recursive=True)
    finally:
        drill.kill()
        drill.wait()
    assert until(lambda: not alive(children)), alive(children)


def test_a_worker_of_a_sweep_ends_with_its_parent_within_a_piece(tmp_path: Path) -> None:
    code = f"""
import multiprocessing, time
from pathlib import Path
from tests.drill.test_left_over import lone_worker
lone_worker(Path({str(tmp_path)!r}))
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    try:
        assert until((tmp_path / "pid").exists)
        worker = psutil.Process(int((tmp_path / "pid").read_text()))
    finally:
        parent.kill()
        parent.wait()
    assert until(lambda: not alive([worker]))


def lone_worker(folder: Path) -> None:
    """Start a worker that is busy for ever, and wait."""
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_busy, args=(folder,), daemon=True)
    process.start()
    signal.pause()


def _busy(folder: Path) -> None:
    import research.search.executor_processes as engine  # noqa: PLC0415 -- what is replaced is the child's own

    def endless(_folder: Path) -> None:
        (folder / "part").write_text(str(os.getpid()))
        (folder / "part").rename(folder / "pid")
        while True:
            time.sleep(0.01)

    engine.load_job = endless  # type: ignore[assignment]
    _serve(None, str(folder))  # type: ignore[arg-type]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_owner_left_goes_when_the_next_comes(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = temporary / "boyd-x-left"
    left.mkdir()
    (left / "journal.db").write_text("an account")
    other = temporary / "boyd-y-other"
    other.mkdir()
    link = temporary / "boyd-x-link"
    link.symlink_to(other)
    with Scratch("boyd-x-") as held:
        assert left.exists()  # it is young: its owner may not have locked it yet
        monkeypatch.setattr(scratch, "LEAST_AGE", 0)
        with Scratch("boyd-x-") as second:
            assert not left.exists()
            assert held.path.is_dir()  # somebody holds it
            assert (link.is_symlink(), other.is_dir()) == (True, True)
            assert stat.S_IMODE(second.path.stat().st_mode) == 0o700
    assert sorted(path.name for path in temporary.iterdir()) == ["boyd-x-link", "boyd-y-other"]


READER = """
import os, signal, sys
from journal.reader import open_reader
reader = open_reader(sys.argv[1])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_reader_s_copy_is_private_and_goes_with_the_next_reader(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = temporary / "home"
    words = ["run", "--mode", "paper", "--provider", "simulated", "--cycles", "1", "--home"]
    subprocess.run([str(AGENT), *words, str(home)], check=True, stdout=subprocess.DEVNULL, timeout=60)
    (journal,) = home.glob("journals/*.db")
    env = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run([sys.executable, "-c", READER, str(journal)], env=env, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = temporary.glob("boyd-journal-*")
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (left, *left.iterdir())} == {0}
    monkeypatch.setattr(scratch, "LEAST_AGE", 0)
    Scratch("boyd-journal-").cleanup()
    assert not list(temporary.glob("boyd-journal-*"))


SESSION = """
import subprocess
from tests import left_behind
left_behind.begin()
left = subprocess.Popen(["sleep", "300"], start_new_session=True)
print(left.pid, *left_behind.end_with_session(0.1), sep="\\n")
"""


def test_what_a_session_of_tests_leaves_ends_with_it() -> None:
    words = [sys.executable, "-c", SESSION]
    done = subprocess.run(
        words, cwd=Path(__file__).parents[2], timeout=60, check=True, capture_output=True, text=True
    )
    number, *told = done.stdout.splitlines()
    assert told == [f"{number} sleep 300"]
    assert not psutil.pid_exists(int(number))
