"""Ed25519, RSA and HMAC keys sign as the exchange checks, and what is no key is refused with the reason."""

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from Crypto.PublicKey import ECC
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import PrivateFormat
from pydantic import SecretStr, ValidationError
from websockets.sync.client import connect

from agent.host.clock import SystemClock
from domain.errors import BadInput
from domain.times import millis
from platforms.binance.client import ApiError, Wire
from platforms.binance.settings import BinanceTradingSettings
from platforms.binance.signing import signer_of
from platforms.binance.user_data import UserData
from platforms.sandbox.server.options import KEY, SandboxOptions
from platforms.sandbox.server.server import SandboxServer


def rsa(bits: int) -> RSAPrivateKey:
    """Return a new key, made by the library in C: every worker makes them."""
    return generate_private_key(65537, bits)


def pem(
    key: RSAPrivateKey, form: PrivateFormat = PrivateFormat.TraditionalOpenSSL, passphrase: bytes = b""
) -> str:
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    written = key.private_bytes(serialization.Encoding.PEM, form, lock)
    return written.decode().strip()


ED25519 = ECC.generate(curve="Ed25519")
RSA_2048 = rsa(2048)
PRIVATE = {"Ed25519": ED25519.export_key(format="PEM"), "RSA": pem(RSA_2048)}
PUBLIC = {
    "Ed25519": ED25519.public_key().export_key(format="PEM"),
    "RSA": RSA_2048.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
    .strip(),
}
PRIVATE["RSA (PKCS 8)"] = pem(RSA_2048, PrivateFormat.PKCS8)
PUBLIC["RSA (PKCS 8)"] = PUBLIC["RSA"]
KINDS = list(PRIVATE)
HMAC = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"


def settings(secret: str, url: str | None = None) -> BinanceTradingSettings:
    return BinanceTradingSettings(api_key=SecretStr(KEY), api_secret=SecretStr(secret), base_url=url)


def test_hmac_is_the_documented_example() -> None:
    text = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
        "&timestamp=1499827319559"
    )
    expected = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert (signer_of(HMAC).kind, signer_of(HMAC).sign(text)) == ("HMAC", expected)


def test_a_secret_that_begins_like_a_pem_is_a_secret_still() -> None:
    assert settings("MII" + HMAC[3:]).signer()


@pytest.mark.parametrize("kind", KINDS)
def test_another_library_accepts_the_signatures(kind: str) -> None:
    text = "symbol=BTCUSDT&side=SELL&timestamp=1668481559918"
    found = b64decode(signer_of(PRIVATE[kind]).sign(text), validate=True)
    public = serialization.load_pem_public_key(PUBLIC[kind].encode())
    if isinstance(public, Ed25519PublicKey):
        public.verify(found, text.encode())
    else:
        assert isinstance(public, RSAPublicKey)
        public.verify(found, text.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture(params=KINDS)
def exchange(request: pytest.FixtureRequest) -> Iterator[tuple[str, SandboxServer]]:
    options = SandboxOptions(prices={"BTC-USDT": "100"}, secret=PUBLIC[request.param])
    with SandboxServer(SystemClock(), options) as server:
        yield request.param, server


@pytest.mark.parametrize("line_end", ["\n", "\\n", "\r\n"])
def test_every_verb_and_the_account_s_events_are_signed(
    exchange: tuple[str, SandboxServer], line_end: str
) -> None:
    kind, server = exchange
    known = settings(PRIVATE[kind].replace("\n", line_end), server.base_url)
    wire = Wire(known, SystemClock())
    try:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1"}
        placed = wire.call("post", "order", order | {"price": "90"}, signed=True)
        one = {"symbol": "BTCUSDT", "orderId": str(placed["orderId"])}
        assert wire.call("get", "order", one, signed=True)["status"] == "NEW"
        assert wire.call("delete", "order", one, signed=True)["status"] == "CANCELED"
        assert wire.account_call("account/apiRestrictions")["enableReading"] is True
    finally:
        wire.close()
    heard = UserData(known, SystemClock(), lambda: millis(wire.time.now()))
    heard.start()
    try:
        for _ in range(500):
            if heard.connected:
                break
            heard._end.wait(0.01)
        assert heard.connected
    finally:
        heard.close()


def test_a_session_logs_on_with_ed25519_and_with_no_other_key(exchange: tuple[str, SandboxServer]) -> None:
    kind, server = exchange
    sign = signer_of(PRIVATE[kind]).sign
    with connect(server.ws_api_url) as socket:

        def ask(method: str, **params: object) -> dict[str, object]:
            socket.send(json.dumps({"id": 1, "method": method, "params": params}))
            told: dict[str, object] = json.loads(socket.recv(5))
            return told

        now = server.exchange.time
        text = f"apiKey={KEY}&timestamp={now}"
        logon = ask("session.logon", apiKey=KEY, timestamp=now, signature=sign(text))
        if kind != "Ed25519":
            assert logon["status"] == 400
            return
        assert logon["status"] == 200
        assert ask("account.status", timestamp=server.exchange.time)["status"] == 200
        assert ask("userDataStream.subscribe")["result"] == {"subscriptionId": 0}
        assert ask("session.logout")["status"] == 200
        assert ask("account.status", timestamp=server.exchange.time)["status"] == 400


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (PUBLIC["Ed25519"], "is a public key"),
        (PUBLIC["RSA"], "is a public key"),
        (ECC.generate(curve="P-256").export_key(format="PEM"), "curve NIST P-256: Binance takes Ed25519"),
        (pem(rsa(1024)), "RSA key of 1024 bits: Binance takes 2048 or 4096"),
        (pem(RSA_2048, PrivateFormat.PKCS8, b"x"), "protected by a passphrase"),
        (pem(RSA_2048, passphrase=b"x"), "protected by a passphrase"),
        (PRIVATE["Ed25519"][:70], "a PEM that cannot be read"),
        (PRIVATE["RSA"].replace("M", "N"), "a PEM that cannot be read"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "a PEM of CERTIFICATE"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", "a PEM of OPENSSH PRIVATE KEY"),
        (PRIVATE["Ed25519"].splitlines()[1], "without its -----BEGIN"),
        ("".join(PRIVATE["RSA"].splitlines()[1:-1]), "without its -----BEGIN"),
    ],
    ids=[
        "public", "public RSA", "curve", "short RSA", "passphrase", "passphrase, old", "cut", "garbled",
        "certificate", "OpenSSH", "bare", "bare RSA",
    ],  # the keys are made anew by every worker: no names for tests
)  # fmt: skip
def test_what_is_no_key_is_refused_by_the_field_and_never_shown(secret: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(secret)
    told = str(refused.value)
    assert (words in told, "api_secret" in told) == (True, True)
    assert not [
        line for line in secret.splitlines() if len(line) > 20 and "-----" not in line and line in told
    ]


def test_a_signature_that_is_refused_is_told_from_trouble_with_the_network() -> None:
    with SandboxServer(SystemClock(), SandboxOptions(secret=PUBLIC["RSA"])) as server:
        wire = Wire(settings(PRIVATE["Ed25519"], server.base_url), SystemClock())
        with pytest.raises(ApiError) as refused:
            wire.call("get", "account", {}, signed=True)
        wire.close()
    assert (refused.value.code, refused.value.of_key) == (-1022, True)


@pytest.mark.parametrize(
    "secret",
    [PRIVATE["RSA"], ECC.generate(curve="P-256").public_key().export_key(format="PEM")],
    ids=["private", "curve"],
)
def test_the_sandbox_takes_public_keys_of_binance_s_kinds_alone(secret: str) -> None:
    with pytest.raises(BadInput, match="secret: "):
        SandboxServer(SystemClock(), SandboxOptions(secret=secret))


def test_the_doctor_says_that_the_key_is_refused(tmp_path: Path) -> None:
    with SandboxServer(SystemClock(), SandboxOptions(secret=PUBLIC["Ed25519"])) as server:
        told = _doctor(tmp_path, server.base_url, "BINANCE_API_SECRET", HMAC)
    assert "Signature for this request is not valid" in told
    assert "of another kind" in told
    assert "network" not in told.split("exchange ")[-1]


def test_a_key_in_a_file_is_read_when_only_its_owner_can(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(PRIVATE["Ed25519"])
    with SandboxServer(SystemClock(), SandboxOptions(secret=PUBLIC["Ed25519"])) as server:
        file.chmod(0o640)
        told = _doctor(tmp_path, server.base_url, "BINANCE_API_SECRET_FILE", str(file))
        assert f"BINANCE_API_SECRET_FILE: {file} has mode 640: others can read it" in told
        file.chmod(0o600)
        told = _doctor(tmp_path, server.base_url, "BINANCE_API_SECRET_FILE", str(file))
        assert ("exchange clock" in told, "ignature" in told) == (True, False)
        told = _doctor(tmp_path, server.base_url, "BINANCE_API_SECRET_FILE", str(tmp_path / "none.pem"))
        assert "none.pem cannot be read: No such file or directory" in told


def _doctor(home: Path, url: str, variable: str, value: str) -> str:
    command = [
        str(Path(sys.executable).with_name("agent")),
        "doctor",
        "--live",
        "--base-url",
        url,
        "--home",
        str(home / "home"),
    ]
    environment = {"BINANCE_API_KEY": KEY, variable: value, "HOME": str(home), "XDG_STATE_HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr
