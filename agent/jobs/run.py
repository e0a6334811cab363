"""A run under way: a process of its own, nice and bounded, whose outputs are kept in files."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from agent.answers.jobs import RunOutcome
from agent.host.child import PROGRAM
from agent.jobs.catalogue import JobEntry, Words
from agent.jobs.child import HELD, WORK
from agent.jobs.kept import Claimed
from agent.settings.home import AS_OF, Home
from domain.private import private_folder

MOST_MEMORY = 6 * 1024**3
MOST_OUTPUT = 8 * 1024**2
"""Bytes a run may print; a run that prints more is ended."""

KEPT_OUTPUT = 256 * 1024
KEPT_FILES = 20
"""Runs of a job whose outputs are kept, the latest, each up to `KEPT_OUTPUT`."""

END_SECONDS = 5.0
KEYS = ("ALPHA_VANTAGE_API_KEY", "BINANCE_API_KEY", "BINANCE_API_SECRET", "BINANCE_API_SECRET_FILE")
"""Variables that no job needs: none of them trades."""


class Ended(NamedTuple):
    """The end of a run; no outcome where it could not begin because the one before is still at work."""

    outcome: RunOutcome | None
    said: str


class RunFiles:
    """The files of one run of a job: what it printed, what it said, the code it ended with."""

    def __init__(self, home: Home, name: str, slot: datetime) -> None:
        self.folder = home.root / "jobs" / name
        self.stem = f"{slot:%Y%m%dT%H%M%S}{slot.microsecond // 1000:03d}Z"
        self.lock = self.folder / "lock"

    def at(self, kind: str) -> Path:
        """Return the file of a kind: `out`, `err` or `code`."""
        return self.folder / f"{self.stem}.{kind}"

    def code(self) -> int | None:
        """Return the code it ended with, None where it did not end by itself."""
        with suppress(OSError, ValueError):
            return int(self.at("code").read_text())
        return None

    def text(self, kind: str) -> str:
        """Return what is kept of an output, "" where nothing is."""
        with suppress(OSError):
            return self.at(kind).read_bytes().decode(errors="replace")
        return ""

    def size(self) -> int:
        """Return the bytes of both outputs."""
        return sum(path.stat().st_size for path in (self.at("out"), self.at("err")) if path.is_file())

    def bound(self) -> None:
        """Keep the end of long outputs, and the files of the latest runs."""
        for kind in ("out", "err"):
            path = self.at(kind)
            with suppress(OSError):
                if path.stat().st_size > KEPT_OUTPUT:
                    path.write_bytes(_tail(path))
        stems = sorted({path.stem for path in self.folder.glob("*Z.*")}, reverse=True)
        for stem in stems[KEPT_FILES:]:
            for kind in ("out", "err", "code"):
                (self.folder / f"{stem}.{kind}").unlink(missing_ok=True)


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-KEPT_OUTPUT, os.SEEK_END)
        return file.read()


class ProcessRun:
    """A run in its process. `begin` in a thread that lasts: the process ends with the thread."""

    def __init__(
        self,
        home: Home,
        job: JobEntry,
        claimed: Claimed,
        commands: list[Words],
        began: float,
        program: str = PROGRAM,
        most_minutes: float = 360,
    ) -> None:
        self.job = job
        self.program = program
        self.files = RunFiles(home, claimed.name, claimed.slot)
        self.most_minutes = most_minutes
        self.deadline = began + 60 * most_minutes
        self.trouble = ""
        private_folder(self.files.folder.parent)
        private_folder(self.files.folder)
        self._process = None if self._known() or not commands else self._begin(home, claimed, commands)

    def _known(self) -> bool:
        return self.files.code() is not None

    def _begin(self, home: Home, claimed: Claimed, commands: list[Words]) -> "subprocess.Popen[bytes]":
        names = (str(self.files.at("code")), str(self.files.lock), self.program, json.dumps(commands))
        command = [sys.executable, "-c", WORK, str(os.getpid()), str(MOST_MEMORY), *names]
        with self.files.at("out").open("wb") as out, self.files.at("err").open("wb") as errors:
            return subprocess.Popen(  # noqa: S603 -- words of a closed table
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=_environment(home, claimed.slot),
                start_new_session=True,
            )

    def poll(self, now: float) -> Ended | None:
        """Return how it ended, None while it is at work; one that is too long or too loud is ended."""
        if self._process is not None and self._process.poll() is None:
            self._watch(now)
            return None
        self.files.bound()
        if self._process is None and not self._known():
            return Ended(RunOutcome.DONE, "nothing to do")
        return self._judged(self._process.returncode if self._process is not None else 0)

    def _watch(self, now: float) -> None:
        if now >= self.deadline:
            limit = f"{self.most_minutes:g} minutes, the limit of jobs.{self.job.name}.most_minutes"
            self.trouble = f"it took more than {limit}"
        elif self.files.size() > MOST_OUTPUT:
            self.trouble = f"it printed more than {MOST_OUTPUT // 1024**2} MiB"
        if self.trouble:
            self.end(signal.SIGKILL)

    def _judged(self, code: int) -> Ended:
        if code == HELD and not self._known():
            return Ended(None, "the run before is still at work")
        known = self.files.code()
        code = code if known is None else known
        text = self.trouble or _last_line(self.files)
        if code in self.job.fine and not self.trouble:
            return Ended(RunOutcome.DONE, text)
        return Ended(RunOutcome.FAILED, text or f"it ended with code {code}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, with all it began; after SIGTERM and a while it is killed."""
        if self._process is None:
            return
        with suppress(OSError):
            os.killpg(self._process.pid, number)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(END_SECONDS)


def _environment(home: Home, slot: datetime) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in KEYS}
    return kept | {"AGENT_HOME": str(home.root), AS_OF: f"{slot.replace(tzinfo=None).isoformat()}Z"}


def _last_line(files: RunFiles) -> str:
    """Return what a run said last: its complaints first, else the last line of its error output."""
    lines = [line.strip() for line in files.text("err").splitlines() if line.strip()]
    complaints = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return "; ".join(complaints[:5]) or (lines[-1] if lines else "")
