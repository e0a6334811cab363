"""Signatures of the three kinds of API keys, checked as Binance checks them.

HMAC-SHA256 in hexadecimal digits of either case; RSA (PKCS#1 v1.5 with SHA-256) and Ed25519 in base64.
Source: `faqs/api_key_types.md` and "Request Security" in `rest-api.md` of binance/binance-spot-api-docs.
"""

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Callable
from typing import Any

Verify = Callable[[bytes, str], bool]
RSA_BITS = (2048, 4096)


def verifier(secret: str) -> tuple[str, Verify]:
    """Return the kind of a key and the check of its signatures. Raises ValueError."""
    if "-----BEGIN" not in secret:
        return "HMAC_SHA256", _hmac(secret.encode())
    if not secret.strip().startswith("-----BEGIN PUBLIC KEY-----"):
        raise ValueError("secret: the sandbox takes the public key of a pair (-----BEGIN PUBLIC KEY-----)")
    return _rsa(secret) or _ed25519(secret)


def _hmac(secret: bytes) -> Verify:
    def verify(payload: bytes, signature: str) -> bool:
        expected = hmac.new(secret, payload, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.lower().encode())

    return verify


def _rsa(pem: str) -> tuple[str, Verify] | None:
    from Crypto.Hash import SHA256  # noqa: PLC0415 -- only where such a key is used
    from Crypto.PublicKey import RSA  # noqa: PLC0415 -- same
    from Crypto.Signature import pkcs1_15  # noqa: PLC0415 -- same

    try:
        key = RSA.import_key(pem)
    except (ValueError, IndexError, TypeError):
        return None
    if key.size_in_bits() not in RSA_BITS:
        raise ValueError(f"secret: RSA keys have {RSA_BITS[0]} or {RSA_BITS[1]} bits")
    scheme = pkcs1_15.new(key)
    return "RSA", _checked(lambda payload, signature: scheme.verify(SHA256.new(payload), signature))


def _ed25519(pem: str) -> tuple[str, Verify]:
    from Crypto.PublicKey import ECC  # noqa: PLC0415 -- same
    from Crypto.Signature import eddsa  # noqa: PLC0415 -- same

    try:
        key = ECC.import_key(pem)
    except (ValueError, IndexError, TypeError):
        raise ValueError("secret: the PEM holds no public key that can be read") from None
    if key.curve != "Ed25519":
        raise ValueError(f"secret: a key of the curve {key.curve} is none of Binance's: Ed25519, RSA")
    return "Ed25519", _checked(eddsa.new(key, "rfc8032").verify)


def _checked(check: Callable[[bytes, bytes], Any]) -> Verify:
    def verify(payload: bytes, signature: str) -> bool:
        try:
            check(payload, b64decode(signature, validate=True))
        except ValueError:  # binascii's error is one
            return False
        return True

    return verify
