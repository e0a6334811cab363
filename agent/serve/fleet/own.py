"""The agents of our own as a file keeps them, so that a later server knows what this one began."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.host import log
from edge.files import write_whole
from edge.typed_json import typed


class OwnAgent(msgspec.Struct, kw_only=True):
    """An agent of our own, as the file keeps it."""

    name: str
    settings: dict[str, str]
    by: str
    key: str = ""
    reason: str = ""
    wanted: bool = True
    pid: int = 0
    born: str = ""
    began_at: datetime | None = None
    before: int = 0
    restarts: int = 0
    tries: int = 0
    pauses: int = 0
    next_start: datetime | None = None
    halted: str | None = None
    failed: str | None = None
    stop_asked: datetime | None = None


class OwnFile(NamedTuple):
    """The file in a folder, where what processes complained of lies too."""

    folder: Path

    def read(self) -> list[OwnAgent]:
        """Return what is kept; a file that cannot be read is put aside, and said."""
        try:
            return typed((self.folder / "agents.json").read_bytes(), list[OwnAgent])
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            log.say("error", "agents.json cannot be read: none of before is watched", why=str(error))
            with suppress(OSError):
                (self.folder / "agents.json").rename(self.folder / "agents.json.odd")
            return []

    def write(self, agents: list[OwnAgent]) -> None:
        """Keep agents; where that fails it is said, and nobody is held up."""
        try:
            write_whole(self.folder / "agents.json", msgspec.json.encode(agents))
        except OSError as error:
            log.say("error", "agents.json cannot be written", why=error.strerror or str(error))

    def errors(self, name: str) -> Path:
        """Return the file of what an agent's process complained of."""
        return self.folder / f"{name}.err"
