"""Suite and commands do the same wherever they are started: a script's background, nohup, cron, a CI."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.settings.home import Home
from tests.agent.command import AGENT, agent, told
from tests.shared import ROOT

SAMPLE = (
    "tests/journal/test_sql.py::test_a_new_journal_is_for_its_owner_alone",
    "tests/perception/test_net_fetch.py::test_proxies_of_the_environment_do_not_see_loopback_requests",
)
SIGNALLED = ("tests/research/test_data_cli.py::test_ctrl_c_keeps_what_came_and_exits_130",)
"""Tests that need a umask, descriptors, nobody's settings or proxies, and one that needs signals."""

DEAF = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGALRM})
os.umask(0o777)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Start(NamedTuple):
    """How a program is started: the words before its own, what it finds set, whether all else is unset."""

    before: tuple[str, ...]
    variables: Mapping[str, str] = {}
    bare: bool = False

    def environment(self, **more: str) -> dict[str, str]:
        return ({} if self.bare else dict(os.environ)) | dict(self.variables) | more


STARTS = {
    "background": Start(("/bin/sh", "-c", '"$@" & wait $!', "sh")),
    "nohup": Start(
        ("/bin/sh", "-c", 'exec nohup "$@" <&-', "sh"), {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    ),
    "cron": Start(
        ("/bin/sh", "-c", 'umask 077; cd /; exec "$@"', "sh"),
        {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "someone"},
        bare=True,
    ),
    "ci": Start(
        (sys.executable, "-c", DEAF),
        {
            "CI": "true",
            "TZ": "Asia/Kathmandu",
            "LC_ALL": "tr_TR.UTF-8",
            "TMPDIR": f"/nonexistent/{'long' * 30}",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "http_proxy": "http://127.0.0.1:9",
            "ALL_PROXY": "socks5://127.0.0.1:9",
            "FORCE_COLOR": "1",
        },
    ),
}
start = pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)


@start
def test_a_sample_of_the_suite_passes(start: Start) -> None:
    settings = {"AGENT_MODE": "live", "AGENT_HOME": "/nonexistent", "BINANCE_API_KEY": "somebody's"}
    sample = SAMPLE + (SIGNALLED if start in (STARTS["background"], STARTS["ci"]) else ())
    words = (sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", f"--rootdir={ROOT}")
    done = subprocess.run(
        [*start.before, *words, *(str(ROOT / each) for each in sample)],
        env=start.environment(**settings, PYTHONPATH=str(ROOT)),
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


@start
def test_a_run_trades_and_ends_in_order_when_it_is_asked(start: Start, tmp_path: Path) -> None:
    words = ("run", "--provider", "simulated", "--plain", "--speed", "6000", "--journal", "started")
    process = subprocess.Popen(
        [*start.before, str(AGENT), *words, "--home", str(tmp_path)],
        env=start.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        _until_it_trades(process)
        owner = Home(tmp_path).owner("started")
        assert owner is not None
        if start is STARTS["background"]:
            os.kill(owner, signal.SIGINT)  # the Ctrl-C of whoever works in the foreground
            time.sleep(0.3)
            assert told(tmp_path, "status")["running"]
        os.kill(owner, signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    status = told(tmp_path, "status")
    assert status["ended"] == "stopped"
    assert all(each["orders"] for each in status["positions"])


def _until_it_trades(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    while "BUY" not in process.stdout.readline():
        assert process.poll() is None


def test_who_has_no_home_folder_is_told_what_to_set(tmp_path: Path) -> None:
    code = (
        "import pwd, sys\n"
        "def nobody(_number): raise KeyError\n"
        "pwd.getpwuid = nobody\n"
        "from agent.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "status"], env={}, cwd=ROOT, capture_output=True, text=True, check=False
    )
    told = "error: this user has no home folder (HOME is not set): use --home or AGENT_HOME\n"
    assert (done.returncode, done.stderr) == (2, told)
    assert agent(tmp_path, "run", "--provider", "simulated", "--cycles", "1").stdout
