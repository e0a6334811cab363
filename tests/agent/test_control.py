"""The control socket: who is heard, who is believed, and that a kill is heard at once."""

import json
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.account.address import address, peer_of
from agent.account.asking import ask
from agent.account.client import AccountClient
from agent.account.control import ControlServer
from agent.account.dispatch import dispatch
from agent.account.requests import NotListening, Request, Silent, WhyRequest
from agent.account.running import Unanswering
from agent.serve.guard.answers import refusal_of
from agent.settings.home import Home
from domain.commands import ClosePosition, Command, Flatten, Kill
from domain.errors import BadInput, EndUnknown, LocalFault
from domain.replies import KillSwitch
from tests.agent.command import AGENT, agent, environment, told
from tests.shared import ROOT, in_time


def echo(request: Request) -> str:
    """Answer with the reason, and fail where it is none of a command."""
    return getattr(request, "reason", "") or str(1 // 0)


def cut_off(_request: Request) -> str:
    raise EndUnknown("how it ended is not on record")


def thrown(request: Request) -> KillSwitch:
    return KillSwitch(kill_switch=echo(request))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ControlServer]:
    made = ControlServer(tmp_path / "x.sock", echo)
    made.start()
    yield made
    made.close()
    assert not made.path.exists()


def test_who_asks_learns_that_the_end_of_a_command_is_not_on_record(tmp_path: Path) -> None:
    made = ControlServer(tmp_path / "x.sock", cut_off)
    made.start()
    try:
        with pytest.raises(EndUnknown, match="not on record") as told_so:
            ask(made.path, Kill(reason="now"))
    finally:
        made.close()
    refusal = refusal_of(told_so.value)
    assert (refusal.status, refusal.kind) == (409, "unknown_end")


def test_it_is_its_user_s_alone_and_answers_one_line_for_one(server: ControlServer) -> None:
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
    assert ask(server.path, Kill(reason="now"), owner=os.getpid()) == "now"
    with pytest.raises(BadInput, match="ZeroDivisionError"):
        ask(server.path, WhyRequest())
    for line in (b"{}\n", b"nonsense\n", b"[1]\n", b'{"do": "none"}\n', b"\xff\n", b"[" * 60_000 + b"\n"):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(server.path))
            caller.sendall(line)
            answers = caller.makefile("rb")
            assert json.loads(answers.readline()) == {"pid": os.getpid()}
            assert set(json.loads(answers.readline())) == {"error"}
            answers.close()


def test_a_kill_is_heard_at_once_beside_1100_callers_who_say_nothing(server: ControlServer) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        with ExitStack() as idle:
            for _ in range(1100):
                idle.enter_context(socket.socket(socket.AF_UNIX)).connect(str(server.path))
            began = time.monotonic()
            assert ask(server.path, Kill(reason="through the crowd")) == "through the crowd"
            in_time(began, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_path_longer_than_the_system_allows_is_reached_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path.joinpath(*["a" * 60] * 4)
    deep.mkdir(parents=True)
    short = Path(tempfile.mkdtemp(dir="/tmp"))  # a runner's folder may be too long by itself
    for proc in (True, False):  # as on Linux, and where there is no /proc
        if not proc:
            monkeypatch.setenv("TMPDIR", str(short))
            monkeypatch.setattr("tempfile.tempdir", None)
            monkeypatch.setattr("agent.account.address.OPEN_FILES", Path("/nowhere"))
        long = ControlServer(deep / "x.sock", echo)
        long.start()
        assert (deep / "x.sock").is_socket() is proc
        assert ask(deep / "x.sock", Kill(reason="deep")) == "deep"
        long.close()
        with pytest.raises(NotListening):
            ask(deep / "x.sock", Kill(reason="deep"))
    own = short / f"boyd-{os.geteuid()}"
    own.chmod(0o777)
    with pytest.raises(PermissionError), address(deep / "x.sock"):
        pass
    shutil.rmtree(short)


def test_where_no_socket_can_be_made_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.sock").mkdir()
    with pytest.raises(LocalFault, match=r"control socket .*x\.sock"):
        ControlServer(tmp_path / "x.sock", echo).start()


def test_whoever_does_not_hold_the_account_is_not_believed(server: ControlServer, tmp_path: Path) -> None:
    with pytest.raises(NotListening, match="does not hold this account"):
        ask(server.path, Kill(reason="x"), owner=os.getpid() + 1)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(server.path))
        assert peer_of(caller) == (os.getpid(), os.geteuid())
        assert peer_of(caller).trusted
        assert not peer_of(caller)._replace(uid=os.geteuid() + 1).trusted
    home = Home(tmp_path)
    home.make()
    home.journal("paper").touch()
    impostor = ControlServer(home.control("paper"), thrown)
    impostor.start()  # in a dead agent's place: nobody holds the account
    try:
        assert AccountClient(home, "paper").running.ask(Kill(reason="x")) is None
        with home.lock("paper"):
            assert home.owner("paper") == os.getpid()
            assert AccountClient(home, "paper").running.ask(Kill(reason="x")) == {
                "type": "kill_switch",
                "kill_switch": "x",
            }
        assert AccountClient(home, "paper").running.ask(Kill(reason="x")) is None
    finally:
        impostor.close()


def test_a_caller_who_waits_for_an_answer_hears_that_the_agent_has_closed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "x.sock"))
        with pytest.raises(NotListening):
            ask(tmp_path / "x.sock", Kill())
        listener.listen(0)
        with ExitStack() as crowd:
            for _ in range(2):
                caller = crowd.enter_context(socket.socket(socket.AF_UNIX))
                caller.setblocking(False)
                try:
                    caller.connect(str(tmp_path / "x.sock"))
                except BlockingIOError:
                    break
            with pytest.raises(Silent, match="does not answer"):
                ask(tmp_path / "x.sock", Kill())


STOPPED = (
    ("status",),
    ("kill", "--reason", "x"),
    ("flatten", "--reason", "x"),
    ("reconcile",),
)


def test_a_stopped_agent_is_alive_and_no_command_opens_its_account(tmp_path: Path) -> None:
    words = [str(AGENT), "run", "--provider", "simulated", "--interval", "0.05", "--plain"]
    process = subprocess.Popen(words, env=environment(tmp_path), cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not list((tmp_path / "journals").glob("*.sock")):
            assert process.poll() is None
            time.sleep(0.1)
        while not told(tmp_path, "status")["cycle"]:
            time.sleep(0.1)
        process.send_signal(signal.SIGSTOP)
        while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.01)
        for command in STOPPED:
            said = agent(tmp_path, *command, check=1)
            assert f"alive but is stopped and does not answer (process {process.pid})" in said.stderr
            assert f"kill -CONT {process.pid}" in said.stderr
            assert "not running" not in said.stdout
        process.send_signal(signal.SIGCONT)
        assert told(tmp_path, "status")["account"]["kill_switch"] is None
        process.kill()
        process.wait(60)
        assert list((tmp_path / "journals").glob("*.sock")), "a crash leaves it behind"
        assert told(tmp_path, "kill", "--reason", "after the crash")["kill_switch"] == "after the crash"
        assert told(tmp_path, "status")["ended"] == "cut off"
    finally:
        process.kill()
        process.wait(60)


def test_an_account_somebody_else_has_open_is_told_from_one_that_is_free(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    assert not home.held("paper")
    code = (
        "import sys; from pathlib import Path; from agent.settings.home import Home; "
        "held = Home(Path(sys.argv[1])).lock('paper'); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    assert home.held("paper")
    assert home.owner("paper") == holder.pid
    home.journal("paper").touch()
    with pytest.raises(Unanswering, match=f"process {holder.pid}"):
        AccountClient(home, "paper").running.have(Kill(reason="x"))
    holder.communicate()
    assert not home.held("paper")


def test_a_running_agent_whose_lock_and_socket_are_deleted_is_found_all_the_same(tmp_path: Path) -> None:
    words = [str(AGENT), "run", "--provider", "simulated", "--interval", "0.05", "--plain"]
    process = subprocess.Popen(words, env=environment(tmp_path), cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not list((tmp_path / "journals").glob("*.sock")) or not told(tmp_path, "status")["cycle"]:
            assert process.poll() is None
            time.sleep(0.1)
        (lock,) = (tmp_path / "journals").glob("*.lock")
        (socket_,) = (tmp_path / "journals").glob("*.sock")
        for gone in ([lock], [socket_], [lock, socket_]):
            for path in gone:
                path.unlink()
            due = time.monotonic() + 60
            while not all(path.exists() for path in gone):  # a tenth of a second
                assert time.monotonic() < due
                time.sleep(0.05)
            assert told(tmp_path, "status")["running"]
        assert told(tmp_path, "kill", "--reason", "heard")["kill_switch"] == "heard"
        assert told(tmp_path, "status")["account"]["kill_switch"] == "heard"
        assert lock.read_text() == f"{process.pid}\n"
        process.terminate()
        assert process.wait(60) == 0
        assert not Home(tmp_path).held(lock.stem)
        assert not socket_.exists()
    finally:
        process.kill()
        process.wait(60)


@pytest.mark.parametrize(
    "stop", [Kill(reason="now"), Flatten(reason="now"), ClosePosition(symbol="BTC-USDT", reason="now")]
)
def test_a_stop_waits_for_an_agent_that_is_starting(tmp_path: Path, stop: Command) -> None:
    home = Home(tmp_path)
    home.make()
    home.journal("paper").touch()
    starting = ControlServer(home.control("paper"), thrown)
    with home.lock("paper"), ThreadPoolExecutor(1) as pool:  # it holds the account, and does not listen yet
        told = pool.submit(dispatch, home, "paper", stop)
        time.sleep(0.3)
        assert not told.done()
        starting.start()
        assert told.result(60) == KillSwitch(kill_switch="now")
        starting.close()


def test_a_stop_that_finds_the_account_just_opened_asks_who_opened_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    home.journal("paper").touch()
    reader = AccountClient(home, "paper")
    starting = ControlServer(home.control("paper"), thrown)
    with ExitStack() as opened:

        def alone() -> Any:
            opened.enter_context(home.lock("paper"))
            opened.callback(starting.close)
            starting.start()
            return home.lock("paper")

        assert reader.running.have_or(alone, Flatten(reason="now")) == KillSwitch(kill_switch="now")
