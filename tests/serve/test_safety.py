"""Every route of the document, asked by whoever may not: without a token, from elsewhere, in another form."""

import http.client
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from agent.host import log
from agent.serve.access.attempts import Attempts
from agent.serve.access.door import COOKIE, Door
from agent.serve.access.scope import Scope
from agent.serve.access.tokens import Tokens, tokens_of
from agent.serve.app import table
from agent.serve.guard.bodies import MOST_BYTES
from agent.serve.openapi.document import document
from agent.serve.pages import PAGES
from tests.perception.manual_clock import ManualClock
from tests.serve.asking import Answer, ask, connect
from tests.serve.served import Served, serving
from tests.shared import free_port


class Asked(NamedTuple):
    """One route of the document, as the walk asks it."""

    method: str
    path: str
    scope: str

    @property
    def plain(self) -> bool:
        """Tell whether it only reads."""
        return self.method == "GET"


def walked() -> list[Asked]:
    """Return every route of the document, its names filled in; those beside the table as well."""
    found = [Asked("GET", "/openapi.json", "read"), Asked("GET", "/docs", "read")]
    for path, methods in document(table())["paths"].items():
        for method, told in methods.items():
            scope = next((each["token"][0] for each in told["security"] if "token" in each), "open")
            filled = re.sub(r"{\w+}", "any", path.replace("{cycle}", "last"))
            found.append(Asked(method.upper(), filled, scope))
    return found


ROUTES = walked()
CLOSED = [each for each in ROUTES if each.scope != "open"]
CHANGING = [each for each in ROUTES if not each.plain]
EXITS = ("/kill", "/flatten", "/close")
READING = [each for each in CHANGING if not each.path.endswith(EXITS)]
"""All but the exits: no odd body of whoever holds the token keeps one from being carried out."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("safety")) as made:
        yield made


def asked(served: Served, each: Asked, **given: Any) -> Answer:
    body = given.pop("body", None if each.plain else {})
    return ask(served.url, each.method, each.path, body=body, **given)


def name(each: Asked) -> str:
    return f"{each.method} {each.path}"


def test_the_walk_has_a_route_of_each_scope() -> None:
    assert {each.scope for each in ROUTES} >= {"open", "read"}
    assert {each.method for each in ROUTES} >= {"GET", "POST"}


def test_no_route_but_health_and_login_answers_without_a_token(served: Served) -> None:
    for each in CLOSED:
        for headers in (
            {},
            {"Authorization": "Bearer "},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Basic {served.tokens.trade}"},
            {"Authorization": served.tokens.trade},
            {"Cookie": f"{served.server.asking.door.cookie}={served.tokens.trade}"},
            {"X-Api-Key": served.tokens.trade},
        ):
            answer = asked(served, each, headers=headers)
            assert answer.status == 401, (name(each), headers)
            assert answer.kind == "token"
            assert answer.headers["www-authenticate"] == "Bearer"
        assert asked(served, each._replace(path=f"{each.path}?token={served.tokens.trade}")).status == 401


def test_a_token_that_may_read_changes_nothing(served: Served) -> None:
    for each in CHANGING:
        if each.scope == "trade":
            answer = asked(served, each, token=served.tokens.read)
            assert (answer.status, answer.kind) == (403, "scope"), name(each)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8501",
        "evil.example#127.0.0.1",
        "127.0.0.1@evil.example",
        "192.168.0.9",
        "10.1.2.3",
        "[::2]",
        "",
        "127.0.0.1:8501:evil",
    ],
)
def test_no_route_answers_to_another_name(served: Served, host: str) -> None:
    pages = [Asked("GET", path.replace("{agent}", "any"), "read") for path in (*PAGES, "/login")]
    for each in (*ROUTES, *pages, Asked("GET", "/static/tokens.css", "open")):
        answer = asked(served, each, token=served.tokens.trade, headers={"Host": host})
        assert (answer.status, answer.kind) == (403, "host"), (name(each), host)


def test_our_own_names_are_answered_to(served: Served) -> None:
    port = served.url.rpartition(":")[2]
    for host in ("127.0.0.1", f"127.0.0.1:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert ask(served.url, "GET", "/api/v1/health", headers={"Host": host}).status == 200, host


def test_a_page_of_another_site_changes_nothing_and_reads_nothing(served: Served) -> None:
    port = served.url.rpartition(":")[2]
    foreign = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{int(port) + 1}"},
        {"Origin": f"http://localhost:{port}"},  # another site than the 127.0.0.1 that is asked
        {"Origin": f"ftp://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ]
    for each in ROUTES:
        for headers in foreign:
            answer = asked(served, each, token=served.tokens.trade, headers=headers)
            assert (answer.status, answer.kind) == (403, "origin"), (name(each), headers)
    for each in CHANGING:
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}  # a form that is sent
        assert asked(served, each, token=served.tokens.trade, headers=headers).status == 403
    own = {"Origin": served.url, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert ask(served.url, "GET", "/api/v1/agents", token=served.tokens.read, headers=own).status == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert ask(served.url, "GET", "/login", headers=link).status == 200


@pytest.mark.parametrize(
    "media",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/jsonp",
    ],
)
def test_a_body_in_a_form_that_a_page_sends_unasked_is_no_body(served: Served, media: str) -> None:
    for each in READING:
        headers = {"Content-Type": media} if media else {}
        answer = asked(served, each, token=served.tokens.trade, body=b"{}", headers=headers)
        assert (answer.status, answer.kind) == (415, "media"), name(each)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"a": 1, "a": 2}', 400),
        (b"NaN", 400),
        (b"[" * 20_000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b'{"nobody_knows_this": 1}', 422),
        (b"{" + b" " * MOST_BYTES + b"}", 413),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_in_the_one_form(
    served: Served, body: bytes, status: int
) -> None:
    for each in READING:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        answer = asked(served, each, token=served.tokens.trade, body=body, headers=headers)
        assert answer.status == status, (name(each), answer.content)
        assert set(answer.json) == {"error"}
        assert answer.json["error"]["message"]


def test_a_body_without_end_is_not_read(served: Served) -> None:
    connection = connect(served.url)
    connection.putrequest("POST", "/api/v1/login")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    piece = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
    with pytest.raises(OSError, match=r"[Bb]roken|reset"):
        connection.send(piece * 10_000)
    connection.close()


def test_every_answer_has_the_headers_that_keep_a_page_in_its_bounds(served: Served) -> None:
    for path in (
        "/api/v1/health",
        "/api/v1/agents",
        "/login",
        "/",
        "/static/tokens.css",
        "/no/such",
        "/docs",
    ):
        for token in (served.tokens.read, None):
            headers = ask(served.url, "GET", path, token=token).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "*" not in policy
            assert "http" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] in ("no-store", "no-cache")
            assert "server" not in headers
            assert not [each for each in headers if each.startswith("access-control")]


def test_pages_ask_for_a_login_first_and_come_back(served: Served) -> None:
    for path in PAGES:
        answer = ask(served.url, "GET", path.replace("{agent}", "any"))
        assert answer.status == 303
        assert answer.headers["location"].startswith("/login?next=/")
    assert ask(served.url, "GET", "/docs").status == 401  # a program
    browser = ask(served.url, "GET", "/docs", headers={"Accept": "text/html,*/*;q=0.8"})
    assert browser.headers["location"] == "/login?next=/docs"


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def test_a_login_is_a_cookie_that_no_script_reads_and_no_other_site_sends(served: Served) -> None:
    answer = ask(served.url, "POST", "/api/v1/login", body={"token": served.tokens.read})
    assert answer.json["scope"] == "read"
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))
    cookie = {"Cookie": cookie_of(answer)}
    assert ask(served.url, "GET", "/api/v1/agents", headers=cookie).status == 200
    assert ask(served.url, "GET", "/", headers=cookie).status == 200
    assert ask(served.url, "GET", "/api/v1/version", headers=cookie).json["scope"] == "read"
    wrong = {**cookie, "Authorization": "Bearer wrong"}
    assert ask(served.url, "GET", "/api/v1/agents", headers=wrong).status == 401
    done = ask(served.url, "POST", "/api/v1/logout", body={}, headers=cookie)
    assert "Max-Age=0" in done.headers["set-cookie"]
    assert ask(served.url, "GET", "/api/v1/agents", headers=cookie).status == 401


def test_a_code_lets_one_browser_in_once(served: Served) -> None:
    code = served.login.partition("#code=")[2]
    first = ask(served.url, "POST", "/api/v1/login", body={"code": code})
    assert first.json["scope"] == "trade"
    assert ask(served.url, "POST", "/api/v1/login", body={"code": code}).status == 401


def test_wrong_logins_are_limited_and_the_right_one_waits_too(tmp_path: Path) -> None:
    clock = ManualClock()
    with serving(tmp_path, clock) as served:
        for _ in range(10):
            assert ask(served.url, "POST", "/api/v1/login", body={"token": "wrong"}).status == 401
        late = ask(served.url, "POST", "/api/v1/login", body={"token": served.tokens.trade})
        assert (late.status, late.kind) == (429, "too_many")
        assert 0 < int(late.headers["retry-after"]) <= 61
        assert served.read("/api/v1/agents").status == 200  # programs are not held up by it
        clock.advance(61)
        assert ask(served.url, "POST", "/api/v1/login", body={"token": served.tokens.trade}).status == 200


def test_a_login_ends_by_itself_outlives_the_server_and_not_its_token(tmp_path: Path) -> None:
    clock = ManualClock()
    with serving(tmp_path, clock, port=free_port()) as served:
        answer = ask(served.url, "POST", "/api/v1/login", body={"token": served.tokens.trade})
        cookie = {"Cookie": cookie_of(answer)}
        port = urlsplit(served.url).port
        assert cookie["Cookie"].startswith(f"{COOKIE}_{port}=")  # a home on another port has its own
    kept = tmp_path / "serve" / "logins.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert cookie["Cookie"].partition("=")[2] not in kept.read_text()
    with serving(tmp_path, clock, port=port) as served:
        assert ask(served.url, "GET", "/api/v1/agents", headers=cookie).status == 200
        clock.advance(12 * 3600)
        assert ask(served.url, "GET", "/api/v1/agents", headers=cookie).status == 401
        clock.advance(-1)
        assert ask(served.url, "GET", "/api/v1/agents", headers=cookie).status == 200
    (tmp_path / "api.token").unlink()
    with serving(tmp_path, clock, port=port) as served:
        assert ask(served.url, "GET", "/api/v1/agents", headers=cookie).status == 401


def test_a_code_is_void_after_ten_minutes(tmp_path: Path) -> None:
    clock = ManualClock()
    door = Door(Tokens("t" * 30, "r" * 30), tmp_path / "logins.json", clock)
    early, late = door.code(), door.code()
    assert door.scope_of(None, early) is Scope.TRADE
    clock.advance(600)
    assert door.scope_of(None, late) is None
    assert door.scope_of(None, None) is None
    assert door.scope_of("", "") is None


def test_attempts_are_bounded_in_number_and_in_memory() -> None:
    attempts = Attempts(2, 60.0)
    for address in range(5_000):
        attempts.note(str(address), 0.0)
    assert len(attempts._made) == 1_000
    attempts.note("4999", 30.0)
    assert attempts.wait("4999", 30.0) == 30.0
    assert attempts.wait("4999", 60.0) == 0.0


def test_tokens_are_made_once_are_for_their_owner_and_differ(tmp_path: Path) -> None:
    first = tokens_of(tmp_path)
    assert first == tokens_of(tmp_path)
    assert first.trade != first.read
    assert len(first.trade) >= 40
    for file in ("api.token", "api-read.token"):
        assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o600
    assert first.scope_of(first.read) is Scope.READ
    assert first.scope_of(first.trade + "x") is None
    assert first.scope_of("\ud800") is None


def test_a_fault_of_the_server_s_own_is_told_in_the_one_form_and_no_more(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(log, "say", lambda *words, **fields: said.append((words, fields)))

    def broken(*_given: Any) -> Any:
        raise RuntimeError("what nobody should read")

    monkeypatch.setattr(served.server.asking.fleet, "health", broken)
    answer = ask(served.url, "GET", "/api/v1/health")
    assert (answer.status, answer.kind) == (500, "fault")
    assert b"nobody should read" not in answer.content
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    monkeypatch.undo()
    assert ask(served.url, "GET", "/api/v1/health").status == 200
    faults = [fields for words, fields in said if words == ("error", "fault of the server")]
    assert [str(each["exc_info"]) for each in faults] == ["what nobody should read"]


def test_refused_calls_are_counted_by_kind(served: Served) -> None:
    before = served.refusals["host"]
    ask(served.url, "GET", "/api/v1/health", headers={"Host": "evil.example"})
    assert served.refusals["host"] == before + 1
    assert set(served.refusals) <= KINDS


KINDS = {"token", "scope", "host", "origin", "login", "too_many", "media", "too_large", "slow"} | {
    "fault", "json", "bad_input", "unknown", "method", "busy", "not_running", "unproven", "conflict", "gone"
}  # fmt: skip


def test_a_websocket_is_none_of_ours(served: Served) -> None:
    connection = connect(served.url)
    connection.putrequest("GET", "/api/v1/events", skip_host=False)
    for header, value in (
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ):
        connection.putheader(header, value)
    connection.endheaders()
    answer: http.client.HTTPResponse = connection.getresponse()
    assert answer.status in (401, 403, 404)
    connection.close()
