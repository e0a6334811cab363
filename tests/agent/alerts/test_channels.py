"""The channels send what they are given, say what a failure means, and show no secret whatever fails."""

import base64
import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from agent.alerts.channel import AlertKind, Channel, Gone, Later, Never, Severity
from agent.alerts.channels.long_tail import LongTail
from agent.alerts.channels.mail import Mail, MailServer
from agent.alerts.channels.webhook import Target, Webhook, checked
from agent.host import log
from agent.host.clock import SystemClock
from domain.errors import BadInput
from tests.agent.alerts.receivers import MailSink, Receiver, listening
from tests.agent.alerts.rig import NOW, message
from tests.shared import free_port, in_time

STAMP = 1_700_000_000
KEY = base64.b64encode(b"the present secret").decode()
CANARY = "canary-4d1f"
PASSWORD = "a password"  # noqa: S105 -- of nobody


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as server:
        yield server


@pytest.fixture(scope="module")
def sink() -> Iterator[MailSink]:
    with listening(MailSink()) as server:
        yield server


@pytest.fixture(autouse=True)
def _anew(receiver: Receiver, sink: MailSink) -> None:
    receiver.posts.clear()
    receiver.answers.clear()
    sink.mails.clear()
    sink.words.clear()
    sink.refusals.clear()


def hook(url: str, *secrets: str, seconds: float = 5.0, private: bool = False) -> Webhook:
    target = Target(url, secrets or (f"whsec_{KEY}",), seconds=seconds, private=private)
    return Webhook("ops", target, lambda: STAMP)


def mail(sink: MailSink, **more: object) -> Mail:
    values = {
        "host": "127.0.0.1", "port": sink.port, "security": "none", "sender": "boyd@example.org",
        "to": ("anna@example.org",), "seconds": 5.0,
    } | more  # fmt: skip
    return Mail("me", MailServer(**values))  # type: ignore[arg-type]


KILL = message(
    7, AlertKind.KILL_SWITCH, severity=Severity.CRITICAL, title="kill switch thrown by anna: <b>enough</b>",
    lines=("a line",), acknowledgeable=True, runbook="docs/runbook.md#it-ended",
)  # fmt: skip


def test_a_post_is_signed_as_standard_webhooks_have_it_with_both_secrets(receiver: Receiver) -> None:
    hook(receiver.url, f"whsec_{KEY}", "the one before").send(KILL)
    (post,) = receiver.posts
    assert (post.path, post.headers["webhook-id"]) == ("/hook", "a1b2c3d4-7")
    assert post.headers["webhook-timestamp"] == str(STAMP)
    content = b"a1b2c3d4-7.%d." % STAMP + post.body
    signatures = [
        "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        for key in (b"the present secret", b"the one before")
    ]
    assert post.headers["webhook-signature"].split(" ") == signatures
    said = json.loads(post.body)
    assert (said["type"], said["timestamp"]) == ("alert.kill_switch", NOW.isoformat())
    assert said["data"]["title"] == KILL.title
    assert "agent alerts acknowledge a1b2c3d4-7" in said["data"]["text"]


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (429, {"Retry-After": "77"}, Later),
        (503, {}, Later),
        (500, {}, Later),
        (408, {}, Later),
        (302, {"Location": "http://127.0.0.1:1/"}, Gone),
        (401, {}, Gone),
        (403, {}, Gone),
        (404, {}, Gone),
        (410, {}, Gone),
        (400, {}, Never),
        (413, {}, Never),
    ],
)
def test_a_status_says_whether_to_try_again(
    status: int, headers: dict[str, str], kind: type[Exception], receiver: Receiver
) -> None:
    receiver.answers = [(status, headers)]
    with pytest.raises(kind, match=f"http {status}") as caught:
        hook(receiver.url).send(KILL)
    assert type(caught.value) is kind
    assert len(receiver.posts) == 1, "a redirect is not followed"
    if isinstance(caught.value, Later):
        assert caught.value.seconds == (77 if status == 429 else None)


def test_a_receiver_that_says_nothing_is_left_at_the_deadline(receiver: Receiver) -> None:
    receiver.answers = [(0, {})]
    with pytest.raises(Later, match=r"in time|failed"):
        hook(receiver.url, seconds=0.2).send(KILL)
    receiver.ended.set()


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate of this machine's address with its key, made for these tests."""
    curves = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415

    key = curves.generate_private_key(curves.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = SystemClock().now()
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    whole = made.add_extension(here, critical=False).sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "here.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + whole.public_bytes(serialization.Encoding.PEM))
    return path


STARTTLS = b"220 here\r\n|250-you\r\n250 STARTTLS\r\n|220 go\r\n"


@pytest.mark.parametrize(
    ("security", "words"),
    [
        ("http", b""),
        ("https", b""),
        ("none", b""),
        ("none", b"220 here\r\n"),
        ("tls", b""),
        ("starttls", STARTTLS),
    ],
)
def test_a_peer_that_dribbles_without_end_is_cut_at_the_deadline(
    security: str, words: bytes, certified: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dribble(listener: socket.socket) -> None:
        with suppress(OSError):
            connected, _ = listener.accept()
            if security in ("https", "tls"):
                connected = server.wrap_socket(connected, server_side=True)
            for piece in words.split(b"|"):
                connected.sendall(piece)
                if piece or security.startswith("http"):
                    connected.recv(65_536)
            if security == "starttls":
                connected = server.wrap_socket(connected, server_side=True)
            with connected:
                for byte in b"HTTP/1.1 200 OK\r\nX: ".ljust(60, b"x") if web else b"2" * 60:
                    connected.sendall(bytes([byte]))
                    if ended.wait(0.05):
                        return

    monkeypatch.setenv("SSL_CERT_FILE", str(certified))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certified)
    web, ended = security.startswith("http"), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=dribble, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        where = MailServer("127.0.0.1", port, security, "boyd@example.org", ["anna@example.org"], seconds=0.4)
        channel = hook(f"{security}://127.0.0.1:{port}/", seconds=0.4) if web else Mail("me", where)
        begun = time.monotonic()
        with pytest.raises(Later, match=r"no answer from 127\.0\.0\.1 in time"):
            channel.send(KILL)
        ended.set()
        in_time(begun, 2.5)  # it would go on for three
        thread.join()


def test_nobody_listening_is_told_with_the_host_alone() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(Later, match=r"^127\.0\.0\.1 refuses connections$"):
            hook(f"http://127.0.0.1:{held.getsockname()[1]}/{CANARY}").send(KILL)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "ftp://example.org/",
        "https://",
        "https://anna:pw@example.org/",
        "https://e:x/",
    ],
)
def test_an_address_that_is_none_or_in_the_clear_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadInput, match=r"^alerts\.webhooks\.ops\.url: ") as caught:
        checked("ops", url)
    assert url == "https://" or url not in str(caught.value)


def test_a_name_that_leads_into_a_private_network_is_not_posted_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(_host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    address = ""
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    for each in ("10.0.0.7", "169.254.169.254", "127.0.0.1"):
        address = each
        with pytest.raises(Gone, match="private network"):
            hook("https://example.org/").send(KILL)


def test_a_mail_has_a_subject_the_text_and_an_id_of_its_own(sink: MailSink) -> None:
    mail(sink, user="anna", password=PASSWORD).send(KILL)
    (text,) = sink.mails
    assert "Subject: [!!] paper: kill switch thrown by anna: <b>enough</b>" in text
    assert "Message-ID: <a1b2c3d4-7@example.org>" in text
    assert "Importance: high" in text
    assert "help: docs/runbook.md#it-ended" in text


def test_a_title_cannot_add_a_header_to_a_mail(sink: MailSink) -> None:
    mail(sink).send(message(1, title="a\r\nBcc: all@example.org"))
    assert not [line for line in sink.mails[0].splitlines() if line.startswith("Bcc")]


@pytest.mark.parametrize(
    ("word", "said", "kind"),
    [
        ("AUTH", "535 no", Gone),
        ("MAIL", "550 not you", Gone),
        ("RCPT", "550 nobody", Gone),
        ("RCPT", "450 later", Later),
        ("DATA", "554 spam", Never),
        ("DATA", "451 later", Later),
    ],
)
def test_a_mail_server_says_whether_to_try_again(
    word: str, said: str, kind: type[Exception], sink: MailSink
) -> None:
    sink.refusals = {word: said}
    with pytest.raises(kind) as caught:
        mail(sink, user="anna", password=PASSWORD).send(KILL)
    assert type(caught.value) is kind
    assert sink.mails == []


def test_a_mail_server_that_offers_no_encryption_is_not_given_the_password(sink: MailSink) -> None:
    with pytest.raises(Gone, match="STARTTLS"):
        mail(sink, security="starttls", user="anna", password=CANARY).send(KILL)
    assert not [each for each in sink.words if each.startswith("AUTH")]


def test_apprise_sends_plain_text_and_its_failures_are_read_from_what_it_logs(receiver: Receiver) -> None:
    url = f"ntfy://127.0.0.1:{receiver.port}/boyd"
    tail = LongTail("ntfy", url, 1.0)
    tail.send(KILL)
    said = json.loads(receiver.posts[0].body)
    assert said["title"] == "[!!] paper: kill switch thrown by anna: <b>enough</b>"
    assert said["message"].startswith("a line")
    for status, kind in ((429, Later), (500, Later), (401, Gone), (404, Gone), (400, Never)):
        receiver.answers = [(status, {})]
        tail = LongTail("ntfy", url, 1.0)  # one that has sent waits five seconds: the library is polite
        with pytest.raises(kind, match=f"ntfy: http {status}") as caught:
            tail.send(KILL)
        assert type(caught.value) is kind
    receiver.answers = [(0, {})]
    receiver.ended.clear()
    with pytest.raises(Later, match="no connection, or no answer in time"):
        LongTail("ntfy", url, 0.2).send(KILL)
    receiver.ended.set()


def test_a_url_that_apprise_does_not_know_makes_the_channel_dead() -> None:
    with pytest.raises(Gone, match="none that apprise knows"):
        LongTail("x", "nonsense://canary").send(KILL)


def failures(receiver: Receiver, sink: MailSink) -> Iterator[tuple[Channel, Callable[[], None]]]:
    """Yield channels with the canary in every secret place, each with what makes its next send fail."""
    url, port = f"http://127.0.0.1:{receiver.port}/{CANARY}?key={CANARY}", receiver.port
    for status in (302, 400, 401, 429, 500):
        answer = [(status, {"Location": f"/{CANARY}"})]
        yield hook(url, f"{CANARY}-secret"), lambda a=answer: setattr(receiver, "answers", [*a])  # type: ignore[misc]
        tail = LongTail("t", f"json://user:{CANARY}@127.0.0.1:{port}/{CANARY}", 1.0)
        yield tail, lambda a=answer: setattr(receiver, "answers", [*a])  # type: ignore[misc]
    yield hook(f"http://127.0.0.1:{free_port()}/{CANARY}", CANARY), lambda: None
    yield hook(f"https://127.0.0.1:{port}/{CANARY}", CANARY, seconds=0.5), lambda: None
    yield LongTail("t", f"json://127.0.0.1:{free_port()}/{CANARY}", 0.5), lambda: None
    yield LongTail("t", f"nonsense://{CANARY}"), lambda: None
    for word in ("AUTH", "MAIL", "RCPT", "DATA"):
        refusal = {word: f"535 {CANARY}"}
        yield (
            mail(sink, user="anna", password=CANARY),
            lambda r=refusal: setattr(sink, "refusals", r),  # type: ignore[misc]
        )
    yield mail(sink, port=free_port(), password=CANARY, user="a"), lambda: None


def test_no_error_log_or_output_shows_a_secret(
    receiver: Receiver, sink: MailSink, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log.start(tmp_path, ())
    failed = 0
    for channel, fail in failures(receiver, sink):
        fail()
        with pytest.raises((Later, Never)) as caught:
            channel.send(KILL)
        chain: BaseException | None = caught.value
        while chain is not None:
            assert CANARY not in f"{chain!r} {chain}"
            chain = chain.__context__ or chain.__cause__
        log.say("error", "a channel failed", why=str(caught.value), exc_info=caught.value)
        failed += 1
    assert failed > 15
    assert CANARY not in (tmp_path / "agent.log").read_text()
    out, err = capfd.readouterr()
    assert CANARY not in out + err
