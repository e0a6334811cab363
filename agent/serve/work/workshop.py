"""The workshop: pieces of work one after the other, each a command in a process of its own.

A process is nice, has bounded memory and time, and ends with this server. What it printed and said lies in
files, so nothing waits for whoever reads, and what is finished outlives the server.
"""

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from agent.answers.work import WorkKind, WorkRow, WorkState
from agent.host import log
from agent.host.child import PROGRAM
from agent.serve.fleet.fleet import Unknown
from agent.serve.work.following import Following
from agent.serve.work.options import command_words
from agent.serve.work.shelf import OVER, KeptWork, Place, Shelf
from agent.settings.home import PROGRESS, Busy, Home
from domain.ports import Clock

AT_ONCE = 1
MOST_WAITING = 20
MOST_MEMORY = 6 * 1024**3
MOST_SECONDS = 6 * 3600.0
LOOK_SECONDS = 0.2
END_SECONDS = 5.0
"""How long a process may take to end after SIGTERM."""

ANSWERING = frozenset({0, 1, 130})
"""Exit codes with an answer: done; done, and the answer is no (a difference, no proof); stopped in time."""

KEYS = ("ALPHA_VANTAGE_API_KEY", "BINANCE_API_KEY", "BINANCE_API_SECRET", "BINANCE_API_SECRET_FILE")
"""Variables that no research needs."""

Listener = Callable[[WorkRow], None]


class Workshop:
    """Takes work, does it, and tells of it; from any thread."""

    def __init__(self, home: Home, clock: Clock, listener: Listener = lambda _row: None) -> None:
        self.home = home
        self.clock = clock
        self.listener = listener
        self.shelf = Shelf(home.root / "work")
        self._kept: dict[str, KeptWork] = {}
        self._cancelled: set[str] = set()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.RLock()
        self._more = threading.Condition(self._lock)
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"boyd-work {number}", daemon=True)
            for number in range(AT_ONCE)
        ]

    def start(self) -> None:
        """Take up what is kept, and begin to work."""
        self._kept = {each.row.id: each for each in self.shelf.load()}
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End what runs; what waited is told as failed by the next server."""
        with self._lock:
            self._closing = True
            running = list(self._running.values())
            self._more.notify_all()
        for process in running:
            _end(process, signal.SIGKILL)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(END_SECONDS)

    def rows(self) -> list[WorkRow]:
        """Return every piece of work, the latest first."""
        with self._lock:
            return [each.row for each in reversed(self._kept.values())]

    def row(self, id_: str) -> WorkRow:
        """Return a piece of work. Raises Unknown."""
        return self._find(id_).row

    def _find(self, id_: str) -> KeptWork:
        with self._lock:
            kept = self._kept.get(id_)
        if kept is None:
            raise Unknown(f"work {id_[:80]}: there is none of that id")
        return kept

    def place(self, id_: str) -> Place:
        """Return where a piece of work lies. Raises Unknown."""
        return self.shelf.place(self._find(id_).row.id)

    def evidence(self, id_: str) -> Path:
        """Return the file of the evidence a piece of work left, if it did. Raises Unknown."""
        return self.place(id_).evidence

    def ask(self, kind: WorkKind, options: Mapping[str, Any], by: str, key: str = "") -> WorkRow:
        """Take a piece of work, or the one that was asked for under this key.

        Raises BadInput with every option that cannot be meant, Busy where too much waits.
        """
        words = command_words(kind, options, self.home)
        with self._lock:
            known = next((each for each in self._kept.values() if key and each.key == key), None)
            if known is not None:
                return known.row
            waiting = sum(each.row.state is WorkState.WAITING for each in self._kept.values())
            if waiting >= MOST_WAITING:
                raise Busy(f"{waiting} pieces of work wait, the limit is {MOST_WAITING}; cancel one, or wait")
            now = self.clock.now()
            row = WorkRow(
                id=f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}",
                kind=kind,
                options=dict(options),
                state=WorkState.WAITING,
                by=by,
                asked_at=now,
            )
            self._put(KeptWork(row, words, key))
            self._more.notify()
        return row

    def cancel(self, id_: str) -> WorkRow:
        """Cancel a piece of work, with all its processes; nothing where it is over. Raises Unknown."""
        with self._lock:
            kept = self._find(id_)
            if kept.row.state in OVER:
                return kept.row
            self._cancelled.add(id_)
            process = self._running.get(id_)
            if process is None:
                return self._over(kept, WorkState.CANCELLED, None)
        _end(process, signal.SIGTERM)
        process.wait()
        self._settled(id_)
        return self.row(id_)

    def _settled(self, id_: str) -> None:
        """Wait until its thread has told of its end."""
        with self._more:
            self._more.wait_for(lambda: self._kept[id_].row.state in OVER, END_SECONDS)

    def _put(self, kept: KeptWork) -> WorkRow:
        with self._lock:
            self._kept[kept.row.id] = kept
            self._more.notify_all()
        self.shelf.save(kept)
        with suppress(Exception):
            self.listener(kept.row)
        return kept.row

    def _work(self) -> None:
        while True:
            with self._more:
                self._more.wait_for(lambda: self._closing or self._next() is not None)
                kept = self._next()
                if self._closing or kept is None:
                    return
                kept = self._changed(kept, state=WorkState.RUNNING, started_at=self.clock.now())
            try:
                self._do(kept)
            except Exception as fault:  # noqa: BLE001 -- one piece's fault is no end of the others
                log.say("error", "work", work=kept.row.id, why=repr(fault))
                self._over(kept, WorkState.FAILED, f"{type(fault).__name__}: {fault}")
            self._tidy()

    def _next(self) -> KeptWork | None:
        return next((each for each in self._kept.values() if each.row.state is WorkState.WAITING), None)

    def _changed(self, kept: KeptWork, **changes: Any) -> KeptWork:
        result = msgspec.structs.replace(kept, row=msgspec.structs.replace(kept.row, **changes))
        self._put(result)
        return result

    def _over(self, kept: KeptWork, state: WorkState, error: str | None, **more: Any) -> WorkRow:
        return self._changed(kept, state=state, error=error, ended_at=self.clock.now(), **more).row

    def _do(self, kept: KeptWork) -> None:
        files = self.shelf.place(kept.row.id)
        process = self._begin(kept, files)
        following = Following(files.errors)
        due = self.clock.monotonic() + MOST_SECONDS
        late = False
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_SECONDS)
            if following.look():
                kept = self._changed(kept, progress=following.progress, text=following.text)
            if self.clock.monotonic() >= due and not late:
                late = True
                _end(process, signal.SIGKILL)
        _end(process, signal.SIGKILL)  # what it may have left behind
        following.look()
        with self._lock:
            self._running.pop(kept.row.id, None)
        self._judge(kept, files, process.returncode, following, late=late)

    def _begin(self, kept: KeptWork, files: Place) -> "subprocess.Popen[bytes]":
        words = [*kept.words, *_files(kept.row.kind, files)]
        command = [sys.executable, "-c", PROGRAM, str(os.getpid()), str(MOST_MEMORY), *words]
        with files.answer.open("wb") as out, files.errors.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 -- words of a closed table, each with its option
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=environment(self.home),
                start_new_session=True,
            )
        with self._lock:
            self._running[kept.row.id] = process
            if self._closing or kept.row.id in self._cancelled:  # meanwhile
                _end(process, signal.SIGKILL)
        return process

    def _judge(self, kept: KeptWork, files: Place, code: int, following: Following, *, late: bool) -> None:
        answered = code in ANSWERING and self.shelf.answered(kept.row.id)
        text = "; ".join(following.complaints) or following.text
        more: dict[str, Any] = {"answer": answered, "report": files.report.is_file(), "text": following.text}
        if kept.row.id in self._cancelled:
            self._cancelled.discard(kept.row.id)
            self._over(kept, WorkState.CANCELLED, None, **more)
        elif late:
            self._over(kept, WorkState.FAILED, f"it took more than {MOST_SECONDS / 3600:g} hours", **more)
        elif answered:
            self._over(kept, WorkState.DONE, None, **more | {"progress": 1.0})
        elif self._closing:
            self._over(kept, WorkState.FAILED, "the server ended before it was done; start it again")
        else:
            self._over(kept, WorkState.FAILED, text or f"it ended with code {code}", **more)

    def _tidy(self) -> None:
        with self._lock:
            for id_ in self.shelf.superfluous([each.row for each in self._kept.values()]):
                self.shelf.drop(id_)
                self._kept.pop(id_, None)


def _files(kind: WorkKind, files: Place) -> list[str]:
    """Return the words that name where a command leaves what it makes."""
    words = ["--json"]
    if kind is WorkKind.BACKTEST:
        words.append(f"--report={files.report}")
    if kind in (WorkKind.WALK_FORWARD, WorkKind.OPTIMIZE):
        words.append(f"--evidence-out={files.evidence}")
    return words


def environment(home: Home) -> dict[str, str]:
    """Return the variables of a process of work: without keys, and it tells how far it is."""
    kept = {name: value for name, value in os.environ.items() if name not in KEYS}
    return kept | {"AGENT_HOME": str(home.root), PROGRESS: "json"}


def _end(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Send a signal to a process with all it began; after SIGTERM and a while it is killed."""
    with suppress(OSError):
        os.killpg(process.pid, number)
    if number is signal.SIGTERM:
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            _end(process, signal.SIGKILL)
