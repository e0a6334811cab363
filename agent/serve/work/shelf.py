"""The pieces of work of a home, each in a folder of its own: what was asked, what came of it, its report."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.answers.work import WorkRow, WorkState
from agent.host import log
from domain.private import private_folder
from edge.files import write_whole
from edge.strict_json import shallow
from edge.typed_json import typed

KEPT = 60
"""Finished pieces that are kept, the latest ones."""

MOST_BYTES = 1024 * 1024 * 1024
"""What they take together at most, but for the latest."""

OVER = frozenset({WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED})
ENDED = "the server ended before it was done; start it again"


class KeptWork(msgspec.Struct, frozen=True):
    """A piece of work as its folder keeps it: its row, the words of its command, and its key."""

    row: WorkRow
    words: list[str]
    key: str = ""


class Place(NamedTuple):
    """The files of one piece of work."""

    folder: Path

    @property
    def answer(self) -> Path:
        """What the command printed."""
        return self.folder / "answer.json"

    @property
    def errors(self) -> Path:
        """What it said on its error output: progress, and what was wrong."""
        return self.folder / "errors.log"

    @property
    def report(self) -> Path:
        """Its page."""
        return self.folder / "report.html"

    @property
    def evidence(self) -> Path:
        """Its evidence for `agent params apply`."""
        return self.folder / "evidence.json"


class Shelf:
    """Keeps pieces of work in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, id_: str) -> Place:
        """Return where a piece of work lies."""
        return Place(self.folder / id_)

    def load(self) -> list[KeptWork]:
        """Return what is kept, oldest first; what was not over when the last server ended has failed."""
        private_folder(self.folder)
        result = []
        for folder in sorted(self.folder.iterdir()):
            with suppress(OSError, ValueError):
                result.append(typed((folder / "work.json").read_bytes(), KeptWork))
        return [each if each.row.state in OVER else self._failed(each) for each in result]

    def _failed(self, kept: KeptWork) -> KeptWork:
        row = msgspec.structs.replace(
            kept.row, state=WorkState.FAILED, error=ENDED, ended_at=kept.row.started_at or kept.row.asked_at
        )
        result = msgspec.structs.replace(kept, row=row)
        self.save(result)
        return result

    def save(self, kept: KeptWork) -> None:
        """Keep a piece of work. Never raises: what cannot be kept is lost with this server."""
        files = self.place(kept.row.id)
        try:
            private_folder(files.folder)
            write_whole(files.folder / "work.json", msgspec.json.encode(kept), durable=False)
        except OSError as error:
            log.say("error", "work cannot be kept", work=kept.row.id, why=error.strerror or str(error))

    def drop(self, id_: str) -> None:
        """Forget a piece of work."""
        shutil.rmtree(self.folder / id_, ignore_errors=True)

    def size(self, id_: str) -> int:
        """Return the bytes a piece of work takes."""
        with suppress(OSError):
            return sum(each.stat().st_size for each in (self.folder / id_).iterdir())
        return 0

    def superfluous(self, rows: list[WorkRow]) -> list[str]:
        """Return the ids of finished pieces there are too many of, or too much; `rows` are oldest first."""
        over = [row.id for row in rows if row.state in OVER]
        dropped, sizes = over[:-KEPT], {id_: self.size(id_) for id_ in over[-KEPT:]}
        for id_ in over[-KEPT:-1]:
            if sum(sizes.values()) <= MOST_BYTES:
                break
            del sizes[id_]
            dropped.append(id_)
        return dropped

    def answered(self, id_: str) -> bool:
        """Say whether a command left an answer that is JSON."""
        with suppress(OSError, ValueError):
            json.loads(shallow(self.place(id_).answer.read_bytes()))
            return True
        return False
