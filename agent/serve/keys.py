"""The keys of commands that no journal holds: what begins and ends agents, jobs and work.

A key that was used is never carried out twice: asked again it is answered with what is true now, and given to
another command it is refused, as the journal does for commands on an account.
"""

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from domain.commands import shortened
from domain.errors import BadInput
from edge.files import write_whole
from edge.typed_json import typed

MOST = 500
T = TypeVar("T")
_encode = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode


class UsedKeys:
    """The latest keys with what each was given to; over a restart of the server too. Safe in any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}
        with suppress(OSError, msgspec.MsgspecError):
            self._known = typed(path.read_bytes(), dict[str, str])

    def once(
        self, of: str, key: str, asked: tuple[Any, ...], do: Callable[[], T], now: Callable[[], T | None]
    ) -> T:
        """Do what is asked of an agent or a job; where its key has done so before answer what is true `now`.

        What is refused uses up no key, and where nothing is true of it any more it is done again. Raises
        BadInput for a key of another command.
        """
        key = shortened(key)
        if key and self._again(of, key, asked) and (answer := now()) is not None:
            return answer
        result = do()
        if key:
            self._note(f"{of} {key}", asked)
        return result

    def _again(self, of: str, key: str, asked: tuple[Any, ...]) -> bool:
        with self._lock:
            known = self._known.get(f"{of} {key}")
        if known not in (None, _digest(asked)):
            raise BadInput(f"key {key!r} was given to another command; a new command needs a new key")
        return known is not None

    def _note(self, name: str, asked: tuple[Any, ...]) -> None:
        """Remember a key; where it cannot be written it is remembered as long as this server lives."""
        with self._lock:
            self._known[name] = _digest(asked)
            self._known = dict(list(self._known.items())[-MOST:])
            with suppress(OSError):
                write_whole(self.path, msgspec.json.encode(self._known), durable=False)


def _digest(asked: tuple[Any, ...]) -> str:
    return hashlib.sha256(_encode(asked)).hexdigest()[:16]
