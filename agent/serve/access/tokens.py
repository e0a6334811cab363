"""The tokens of a home: one that may trade, one that may only read, each in a file for its owner alone."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from agent.host.secret_file import read_secret
from agent.serve.access.scope import Scope
from domain.errors import BadInput

TRADE_FILE, READ_FILE = "api.token", "api-read.token"
BYTES, SHORTEST = 32, 24


class Tokens(NamedTuple):
    """Both tokens. What is given is compared in a time that does not tell how much of it was right."""

    trade: str
    read: str

    def scope_of(self, given: str) -> Scope | None:
        """Return what a token allows, None for one that is none; both are compared, whichever it is."""
        trade, read = same(given, self.trade), same(given, self.read)
        return Scope.TRADE if trade else Scope.READ if read else None


def same(given: str, kept: str) -> bool:
    """Compare two secrets in constant time, of whatever characters and length."""
    return hmac.compare_digest(digest(given), digest(kept))


def digest(secret: str) -> str:
    """Return what stands for a secret where it is kept or compared."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def tokens_of(home: Path) -> Tokens:
    """Return the tokens of a home, made where there are none. Raises BadInput for a file that is unfit."""
    trade, read = token_at(home / TRADE_FILE), token_at(home / READ_FILE)
    if trade == read:
        raise BadInput(f"{home / READ_FILE} holds the token that may trade: delete it, and start again")
    return Tokens(trade, read)


def token_at(path: Path) -> str:
    """Return the token of a file, made where there is none. Raises BadInput for a file that is unfit."""
    if not path.exists():
        _make(path)
    text = read_secret("token", path)
    if len(text) < SHORTEST or not text.isascii() or not text.isprintable() or " " in text:
        raise BadInput(
            f"token: {path} holds {len(text)} characters; {SHORTEST} or more are needed, without a space: "
            "delete the file, and start again"
        )
    return text


def _make(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(BYTES) + "\n")
    except FileExistsError:  # another was faster
        return
    except OSError as error:
        raise BadInput(f"token: {path} cannot be written: {error.strerror}") from None
