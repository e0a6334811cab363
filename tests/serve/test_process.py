"""`agent serve` as a process: it says where it is, is alone on its home, and ends when asked."""

import json
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.serve.access.tokens import tokens_of
from agent.serve.process import Serving, check
from domain.errors import BadInput
from tests.agent.command import agent, start
from tests.serve.asking import ask
from tests.serve.served import serving


@contextmanager
def served(home: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start the command and yield it with what it says of itself."""
    process = start(home, "serve", "--port", "0", "--json")
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_it_says_where_it_is_serves_and_ends_on_a_signal(tmp_path: Path) -> None:
    with served(tmp_path) as (process, where):
        assert where["pid"] == process.pid
        assert ask(where["url"], "GET", "/api/v1/health").json["ok"] is True
        for name in ("api.token", "api-read.token"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert ask(where["url"], "GET", "/api/v1/agents").status == 401
        token = Path(where["token_file"]).read_text().strip()
        assert ask(where["url"], "GET", "/api/v1/agents", token=token).json == []
        second = agent(tmp_path, "serve", "--port", "0", check=1)
        assert f"served already, by process {process.pid}" in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        log = (tmp_path / "serve.log").read_text()
        assert token not in log
        assert where["login"].partition("=")[2] not in log


def test_a_port_that_is_taken_is_said_in_a_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = agent(tmp_path, "serve", "--port", port, check=2)
    assert done.stderr == (
        f"error: --port {port} on 127.0.0.1 cannot be used: Address already in use; "
        "name another, or 0 for a free one\n"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "0.0.0.0"}, "the token would travel in the clear"),  # noqa: S104 -- refused
        ({"host": "192.0.2.7"}, "can be reached from other machines"),
        ({"host": "::"}, "can be reached from other machines"),
        ({"host": "boyd.example"}, "can be reached from other machines"),
        ({"tls_cert": Path("cert.pem")}, "go together"),
        ({"tls_key": Path("key.pem")}, "go together"),
        ({"tls_cert": Path("no.pem"), "tls_key": Path("no.pem")}, "there is no such file"),
    ],
)
def test_an_address_that_others_reach_needs_tls_or_a_word(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check(Serving(**options))
    for fine in (
        {"host": "127.0.0.1"},
        {"host": "::1"},
        {"host": "localhost"},
        {"host": "::", "without_tls": True},
    ):
        check(Serving(**fine))


def test_a_token_that_others_can_read_or_that_is_short_is_not_served_with(tmp_path: Path) -> None:
    tokens_of(tmp_path)
    (tmp_path / "api.token").chmod(0o644)
    with pytest.raises(BadInput, match="others can read it"), serving(tmp_path):
        pass
    (tmp_path / "api.token").chmod(0o600)
    (tmp_path / "api.token").write_text("short\n")
    with pytest.raises(BadInput, match="24 or more are needed"), serving(tmp_path):
        pass
    (tmp_path / "api.token").write_text((tmp_path / "api-read.token").read_text())
    with pytest.raises(BadInput, match="holds the token that may trade"), serving(tmp_path):
        pass
