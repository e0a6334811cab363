"""Signatures of requests, by the kind of the API key: HMAC-SHA256, Ed25519 or RSA.

A secret that is a PEM is the private half of a key pair; anything else is the shared secret of an HMAC key.
What cannot be a key of Binance's is refused with the reason, and never shown. Sources: `api_key_types.md` and
"Request Security" of `rest-api.md` in binance/binance-spot-api-docs (2026-07): the payload is signed as it is
sent; HMAC in hexadecimal digits, RSA (PKCS#1 v1.5 with SHA-256; 2048 or 4096 bits) and Ed25519 in base64.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RSA_BITS = (2048, 4096)
WITHOUT = "make a copy without one (openssl pkey -in KEY -out COPY) that only you can read"
_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
_BODY = re.compile(r"^(MC4CAQAwBQYDK2Vw|MI[A-Za-z0-9+/]{126})")
"""The beginning of a private key's base64 that has lost its first line; an HMAC secret has 64 characters."""


@dataclass(frozen=True)
class Signer:
    """Signs texts. `kind` is HMAC, Ed25519 or RSA."""

    kind: str
    sign: Callable[[str], str]


def signer_of(secret: str) -> Signer:
    """Return what signs with a secret. Raises ValueError that says what it is instead of a key."""
    if "-----BEGIN" in secret:
        return _of_pem(secret.replace("\\n", "\n"))
    if _BODY.match(secret.strip()):
        raise ValueError("looks like a private key without its -----BEGIN and -----END lines: give them too")
    return Signer("HMAC", _hmac(secret.encode()))


def _of_pem(pem: str) -> Signer:
    result = _LABEL.search(pem)
    label = result[1] if result else "nothing"
    if "PUBLIC" in label:
        raise ValueError("is a public key, which the exchange has: give the private key of the pair")
    if label == "ENCRYPTED PRIVATE KEY" or "Proc-Type: 4,ENCRYPTED" in pem:
        raise ValueError(
            f"is protected by a passphrase, which an agent that runs by itself cannot type: {WITHOUT}"
        )
    if label not in ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"):
        raise ValueError(f"is a PEM of {label}, not a private key")
    return _rsa(pem) or _ed25519(pem)


def _hmac(secret: bytes) -> Callable[[str], str]:
    return lambda text: hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def _rsa(pem: str) -> Signer | None:
    from Crypto.Hash import SHA256  # noqa: PLC0415 -- only where such a key is used
    from Crypto.PublicKey import RSA  # noqa: PLC0415 -- same
    from Crypto.Signature import pkcs1_15  # noqa: PLC0415 -- same

    key = _read(RSA.import_key, pem)
    if key is None:
        return None
    if key.size_in_bits() not in RSA_BITS:
        raise ValueError(
            f"is an RSA key of {key.size_in_bits()} bits: Binance takes {RSA_BITS[0]} or {RSA_BITS[1]}"
        )
    scheme = pkcs1_15.new(key)
    return Signer("RSA", lambda text: b64encode(scheme.sign(SHA256.new(text.encode()))).decode())


def _ed25519(pem: str) -> Signer:
    from Crypto.PublicKey import ECC  # noqa: PLC0415 -- same
    from Crypto.Signature import eddsa  # noqa: PLC0415 -- same

    key = _read(ECC.import_key, pem)
    if key is None:
        raise ValueError("is a PEM that cannot be read: cut short, changed, or of a kind unknown here")
    if key.curve != "Ed25519":
        raise ValueError(f"is a key of the curve {key.curve}: Binance takes Ed25519, RSA or HMAC keys")
    scheme = eddsa.new(key, "rfc8032")
    return Signer("Ed25519", lambda text: b64encode(scheme.sign(text.encode())).decode())


def _read(load: Callable[[str], Any], pem: str) -> Any:
    try:
        return load(pem)
    except (ValueError, IndexError, TypeError):  # the library raises each of them for a text that is no key
        return None
