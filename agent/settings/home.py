"""The home directory: where each journal, its lock, its anchor and its control socket lie."""

import hashlib
import os
import re
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from agent.host.lock import JournalLock
from agent.settings import db_url
from domain.errors import BadInput, LocalFault
from domain.private import private_folder
from edge.files import write_whole

LATEST = ".latest"
READER_SECONDS = 1.0
"""How long a lock is waited for that a command may hold which reads the journal."""


OTHER = "name another with --home or AGENT_HOME"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""What a journal may be called: those put aside have a longer name than the setting allows."""


PUT_ASIDE = re.compile(r"\.\d{8}T\d{6}$")
"""The end of a name that was put aside: whatever became of it, another one took its place."""

STAMP = "%Y%m%dT%H%M%S"
"""The form of such an end."""

DRAFT = ".restoring"
"""The end of a journal's file that a restore is still making."""


def aside(path: Path, now: datetime) -> Path:
    """Return the name under which a path is put aside: of that second, or of the next one that is free."""
    while (kept := path.with_name(f"{path.name}.{now:{STAMP}}")).exists():
        now += timedelta(seconds=1)
    return kept


def checked_name(name: str) -> str:
    """Return a journal's name, or raise BadInput where it is none: it becomes part of a path."""
    if not NAME.fullmatch(name):
        begin = name if len(name) <= 80 else f"{name[:80]}..."
        raise BadInput(f"--journal {begin}: not a name of letters, digits, '.', '_' and '-', 200 at most")
    return name


class Busy(LocalFault):
    """Another agent has this account open."""


class Home:
    """Paths below the home directory, made on first use with mode 0700.

    `server` is the URL of the PostgreSQL database that holds the journals instead of files; by default
    what AGENT_DB_URL or AGENT_DB_URL_FILE say. Raises BadInput where that is no URL.
    """

    def __init__(self, root: Path, server: str | None = None) -> None:
        self.root = root
        self.server = server or db_url.of_environment()

    @property
    def journals(self) -> Path:
        """Folder of the journals."""
        return self.root / "journals"

    @property
    def budgets(self) -> Path:
        """Folder of what venues were asked for and how long they want silence."""
        return self.root / "budgets"

    @property
    def models(self) -> Path:
        """Folder of trained models, a folder of versions each."""
        return self.root / "models"

    @property
    def slippage(self) -> Path:
        """Folder of slippage models, a folder of versions each."""
        return self.root / "slippage"

    @property
    def notices(self) -> Path:
        """File of what no journal says, and of how far each channel has told."""
        return self.root / "notices.db"

    def make(self) -> None:
        """Make the folders. Raises BadInput when the path is no folder or cannot be written."""
        try:
            for folder in (self.root, self.journals):
                private_folder(folder)
        except OSError as error:
            raise BadInput(f"home {self.root}: cannot be made: {error.strerror}; {OTHER}") from None
        if not os.access(self.journals, os.W_OK):
            raise BadInput(f"home {self.root}: not writable; {OTHER}")

    def journal(self, name: str) -> Path:
        """Return the file of a journal."""
        return self.journals / f"{name}.db"

    def segments(self, name: str) -> Path:
        """Return the folder of a journal's archived rows."""
        return self.journals / f"{name}.segments"

    def journal_location(self, name: str) -> Path | str:
        """Return what a journal is opened by: its file, or the URL of the server that holds it."""
        return self.server or self.journal(name)

    def checkpoints(self, name: str) -> Path:
        """Return the folder of a journal's checkpoints, which are a cache."""
        return self.root / "checkpoints" / name

    def afterwards(self, name: str) -> Path:
        """Return the file of what was done while a journal could not be written."""
        return self.journals / f"{name}.afterwards.jsonl"

    @property
    def reserve(self) -> Path:
        """File that keeps a little room on the disk for an emergency stop."""
        return self.journals / ".reserve"

    def keep_reserve(self, size: int) -> None:
        """Make the reserve where there is none; a disk too full for it is found out soon enough."""
        with suppress(OSError):
            descriptor = os.open(self.reserve, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, size)
            except (OSError, AttributeError):
                self.reserve.unlink()
            finally:
                os.close(descriptor)

    def control(self, name: str) -> Path:
        """Return the socket at which a running agent listens."""
        return self.journals / (f"{name}.sock" if len(name) <= 64 else f"{digest(name)}.sock")

    def names(self) -> list[str]:
        """Return the journals there are, the latest used first.

        A file whose name is none, or that cannot be looked at, is no journal and no fault of the others.
        """
        used: dict[str, float] = {}
        for path in self.journals.glob("*.db"):
            with suppress(OSError):
                if NAME.fullmatch(path.stem):
                    used[path.stem] = path.stat().st_mtime
        return sorted(used, key=used.__getitem__, reverse=True)

    def all_names(self) -> list[str]:
        """Return the journals of the home's files, the latest used first, or of its server, by name."""
        if not self.server:
            return self.names()
        from journal.accounts import accounts  # noqa: PLC0415  # psycopg is an extra

        return accounts(self.server)

    def latest(self, name: str | None = None) -> str:
        """Return the journal that was asked for, else the one last run, as far as anybody knows.

        Raises BadInput when there is none.
        """
        chosen = checked_name(name) if name else self._last_run() or next(iter(self.names()), "")
        if chosen and (self.server or self.journal(chosen).is_file()):
            return chosen
        known = ", ".join(self.names()) or "none"
        if name:
            raise BadInput(f"journal {name}: not in {self.journals}; there are: {known}")
        raise BadInput(f"no journal in {self.journals} yet; start one with: agent run --mode paper")

    def _last_run(self) -> str:
        """Return the name of the journal run last, "" where nobody could note it."""
        with suppress(OSError, ValueError):
            name = (self.journals / LATEST).read_text(encoding="utf-8").strip()
            known = self.server or self.journal(name).is_file()
            return name if NAME.fullmatch(name) and known else ""
        return ""

    def remember(self, name: str) -> None:
        """Note which journal was run last."""
        with suppress(OSError):  # a full disk is told of by the journal, not by this
            write_whole(self.journals / LATEST, f"{name}\n".encode())

    def lock(self, name: str, *, needed: bool = True) -> JournalLock:
        """Take the account's lock; held until released or the process dies.

        Raises Busy at once when another process has it, BadInput where what lies there is no file; who stops
        does without such a one: it is not `needed`.
        """
        path = self._lock_file(name)
        held = f"journal {name} is in use by another agent"
        try:
            # A command that reads lets go in a moment; a running agent does not.
            return JournalLock(path, READER_SECONDS, needed=needed)
        except Timeout:
            process = self.owner(name)
            owner = f" (process {process})" if process else ""
            raise Busy(f"{held}{owner}; stop it first") from None

    def owner(self, name: str) -> int | None:
        """Return the process that took the account's lock last, None where it could not say."""
        with suppress(OSError, ValueError):
            return int(self._lock_file(name).read_text())
        return None

    def held(self, name: str, seconds: float = 0.0) -> bool:
        """Say whether a process still has the account's lock after `seconds`: only then an agent runs."""
        return _held(self._lock_file(name), seconds)

    def served(self) -> bool:
        """Say whether a server keeps this home."""
        return _held(self.root / "serve" / "lock")

    def _lock_file(self, name: str) -> Path:
        return self.journals / f"{name}.lock"

    def archive(self, name: str, stamp: str) -> Path | str | None:
        """Move a journal aside, keeping it; return its new path or name, or None when there was none.

        Where one was put aside in that very second already, the next one names it.
        """
        if self.server:
            return self._archived(name, f"{name}.{stamp}")
        from journal.aside import put_aside  # noqa: PLC0415  # of the few who put one aside

        path = self.journal(name)
        if not path.is_file():
            return None
        while self.journal(f"{name}.{stamp}").exists() or self.segments(f"{name}.{stamp}").exists():
            stamp = f"{datetime.strptime(stamp, STAMP) + timedelta(seconds=1):{STAMP}}"  # noqa: DTZ007 -- of a name
        kept = self.journals / f"{name}.{stamp}.db"
        put_aside(path, kept)
        return kept

    def _archived(self, name: str, kept: str) -> str | None:
        from journal.accounts import accounts, archive  # noqa: PLC0415  # psycopg is an extra

        url = self.server or ""
        if name not in accounts(url):
            return None
        archive(url, name, kept, holder=f"process {os.getpid()}")
        return kept


def _held(lock: Path, seconds: float = 0.0) -> bool:
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=seconds, mode=0o600):
            return False
    except Timeout:
        return True
    except OSError:  # a home that is only for reading
        return False


def digest(text: str) -> str:
    """Return a short name that says nothing of the text it stands for."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


PREFIX = "AGENT_"
PROGRESS = f"{PREFIX}PROGRESS"
"""Variable that asks long work to say how far it is for a program: JSON lines on the error output."""

AS_OF = f"{PREFIX}AS_OF"
"""Variable with the instant a job was due, in ISO form: a late run reports on the time it was meant for."""


def default_home() -> Path:
    """Return where journals, caches and the configuration live unless told otherwise.

    Raises BadInput where the system knows no home folder of this user.
    """
    import platformdirs  # noqa: PLC0415  # whoever names a home needs none

    try:
        return Path(platformdirs.user_data_dir("boyd", appauthor=False))
    except RuntimeError:
        raise BadInput("this user has no home folder (HOME is not set): use --home or AGENT_HOME") from None
