"""Sealing: a backup's files encrypted and authenticated, each under its own name, by AES-256 in GCM.

A file that was changed, cut, or given another's name does not open. The key is made of what a person keeps,
by scrypt with the backup's own salt; `check` tells a wrong key from a damaged file.
"""

import hashlib
import hmac
import secrets
from typing import Any

from domain.errors import BadInput, LocalFault
from domain.extras import lacking

LEAST = 16
"""Characters of a key, at least."""

SALT_BYTES = NONCE_BYTES = 12
TAG_BYTES = 16


class Unsealable(LocalFault):
    """A file does not open with this key under this name."""


class Seal:
    """A key in use. Raises BadInput for one that is too short, or where the library is missing."""

    def __init__(self, key: str, salt: bytes) -> None:
        if len(key) < LEAST:
            raise BadInput(
                f"backup.key: {len(key)} characters, at least {LEAST} are needed; openssl rand -hex 32"
            )
        self._aes = _library()
        self._key = hashlib.scrypt(key.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)

    def check(self, name: str) -> str:
        """Return what tells a fitting key from another, and nothing about it."""
        return self.digest(f"check {name}".encode())

    def digest(self, content: bytes) -> str:
        """Return a digest (hex) of a content that nobody without the key can make."""
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()

    def seal(self, name: str, content: bytes) -> bytes:
        """Return a content sealed under a name: nonce, tag, and the content encrypted."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = self._aes.new(self._key, self._aes.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
        cipher.update(name.encode())
        body, tag = cipher.encrypt_and_digest(content)
        return nonce + bytes(tag) + bytes(body)

    def unseal(self, name: str, sealed: bytes) -> bytes:
        """Return the content that was sealed under a name. Raises Unsealable."""
        nonce, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES : NONCE_BYTES + TAG_BYTES]
        try:
            cipher = self._aes.new(self._key, self._aes.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
            cipher.update(name.encode())
            return bytes(cipher.decrypt_and_verify(sealed[NONCE_BYTES + TAG_BYTES :], tag))
        except ValueError:
            raise Unsealable("it was changed, cut, or is another file under this name") from None


def _library() -> Any:
    try:
        from Crypto.Cipher import AES  # noqa: PLC0415  # an extra
    except ImportError:
        raise BadInput(lacking("an encrypted backup", "backup")) from None
    return AES
