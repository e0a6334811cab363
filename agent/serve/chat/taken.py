"""The numbers of the commands that were taken up, kept before anything is done: each is carried out once.

Telegram tells an update again until the next poll confirms it, so a process that dies in the midst of a
command meets it once more. Numbers of a bot are not in order for ever (after a week of silence they begin
anew at random), so each is kept by itself.
"""

import sqlite3
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from agent.answers.chat import ChatCommand
from agent.host import log
from domain.private import private_folder
from domain.times import millis, utc

KEPT = timedelta(days=8)
"""Telegram keeps an update for a day; what is older than this cannot come again."""

DDL = """
CREATE TABLE IF NOT EXISTS taken (
    bot INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, chat INTEGER NOT NULL,
    what TEXT NOT NULL, ended INTEGER, PRIMARY KEY (bot, number)
) WITHOUT ROWID
"""

_OPEN = "SELECT number, at, chat, what FROM taken WHERE bot = ? AND ended IS NULL ORDER BY at"
_LATEST = "SELECT number, at, chat, what, ended FROM taken WHERE bot = ? ORDER BY at DESC LIMIT ?"
_END = "UPDATE taken SET ended = ? WHERE bot = ? AND ended IS NULL"


class Command(NamedTuple):
    """A command that was taken up: its number, when, in which chat, and what it was."""

    number: int
    at: datetime
    chat: int
    what: str


class Unkept(Exception):
    """A number could not be put on the disk; it says why. It was not seen before in this process."""


class TakenNumbers:
    """The commands of one bot in a file of their own, in memory while that cannot be; from any thread."""

    def __init__(self, path: Path, bot: int) -> None:
        self.path = path
        self.bot = bot
        self._guard = threading.Lock()
        self._unkept: set[int] = set()
        self._connection: sqlite3.Connection | None = None
        with suppress(sqlite3.Error, OSError):
            self._connection = _opened(path)

    def take(self, command: Command) -> bool:
        """Keep a command's number on the disk; False where it was there before. Raises Unkept."""
        values = (self.bot, command.number, millis(command.at), command.chat, command.what)
        with self._guard:
            if command.number in self._unkept:
                return False
            try:
                added = self._file().execute(
                    "INSERT OR IGNORE INTO taken VALUES (?, ?, ?, ?, ?, NULL)", values
                )
            except (sqlite3.Error, OSError) as error:
                self._unkept.add(command.number)
                raise Unkept(f"{self.path} cannot be written: {error}") from None
            return added.rowcount > 0

    def _file(self) -> sqlite3.Connection:
        """Return the file, opened again where it could not be before."""
        if self._connection is None:
            self._connection = _opened(self.path)
        return self._connection

    def ended(self, number: int, at: datetime) -> None:
        """Note that a command came to its end, whatever it came to."""
        with self._guard, suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.execute(
                    "UPDATE taken SET ended = ? WHERE bot = ? AND number = ?", (millis(at), self.bot, number)
                )

    def cut_off(self, now: datetime) -> list[Command]:
        """Return commands whose end an earlier process did not see, once; forget old ones."""
        rows: list[tuple[int, int, int, str]] = []
        with self._guard, suppress(sqlite3.Error):
            if self._connection is not None:
                rows = self._connection.execute(_OPEN, (self.bot,)).fetchall()
                self._connection.execute(_END, (millis(now), self.bot))
                self._connection.execute("DELETE FROM taken WHERE at < ?", (millis(now - KEPT),))
        return [Command(number, utc(at), chat, what) for number, at, chat, what in rows]

    def latest(self, limit: int) -> list[ChatCommand]:
        """Return the commands that were taken up last, newest first."""
        with self._guard, suppress(sqlite3.Error):
            if self._connection is not None:
                rows = self._connection.execute(_LATEST, (self.bot, limit)).fetchall()
                return [
                    ChatCommand(number=number, chat=chat, did=what, at=utc(at), ended=end and utc(end))
                    for number, at, chat, what, end in rows
                ]
        return []

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file; one that is damaged is put aside: what is older than two minutes is not run anyway."""
    private_folder(path.parent)
    try:
        return _connected(path)
    except sqlite3.DatabaseError as error:
        log.say("error", "the chat's file cannot be read and is put aside", file=str(path), why=str(error))
        for suffix in ("", "-wal", "-shm"):
            odd = path.with_name(path.name + suffix)
            if odd.exists():
                odd.replace(odd.with_name(f"{path.name}.odd{suffix}"))
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    path.touch(0o600)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(DDL)
    except BaseException:
        connection.close()
        raise
    return connection
