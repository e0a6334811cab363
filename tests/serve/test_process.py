"""`agent serve` as a process: it says where it is, is alone on its home, and ends when asked."""

import http.client
import json
import shutil
import signal
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
        assert process.wait(timeout=30) == 0
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
        ({"names": ("boyd.example:8501",)}, "a name alone is meant"),
        ({"names": ("https://boyd.example",)}, "a name alone is meant"),
        ({"names": ("",)}, "a name alone is meant"),
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


def certified(folder: Path) -> dict[str, Any]:
    """Make a certificate for localhost, or skip where the system cannot."""
    made = {"tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"}
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(made["tls_key"]), "-out", str(made["tls_cert"])]
    subprocess.run(["openssl", *words, *names, *files], check=True, capture_output=True)
    return made


def test_over_tls_it_answers_to_its_names_and_its_cookie_stays_there(tmp_path: Path) -> None:
    files = certified(tmp_path)
    with serving(tmp_path / "home", host="0.0.0.0", names=("boyd.example",), **files) as served:  # noqa: S104
        assert served.url.startswith("https://boyd.example:")
        trust = ssl.create_default_context(cafile=str(files["tls_cert"]))
        port = urlsplit(served.url).port

        def asked(method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
            connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=trust)
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer

        assert asked("GET", "/api/v1/health").status == 200
        for host, status in (("boyd.example", 200), ("192.0.2.7:1", 200), ("evil.example", 403)):
            assert asked("GET", "/api/v1/health", Host=host).status == status
        login = asked("POST", "/api/v1/login", {"token": served.tokens.read})
        assert "Secure" in (login.getheader("set-cookie") or "").split("; ")


def test_a_certificate_that_is_none_or_does_not_fit_is_said(tmp_path: Path) -> None:
    files = certified(tmp_path)
    files["tls_cert"].write_text("no certificate\n")
    with pytest.raises(BadInput, match=r"--tls-cert .*cert\.pem"), serving(tmp_path / "home", **files):
        pass


def test_it_listens_on_the_loopback_of_the_other_protocol(tmp_path: Path) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with serving(tmp_path, host="::1") as served:
        assert served.url.startswith("http://[::1]:")
        assert ask(served.url, "GET", "/api/v1/health").status == 200


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
