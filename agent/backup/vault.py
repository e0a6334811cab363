"""The folder of a backup: its files are written whole and durable, and checked whenever they are read.

    backup.json, backup.copy.json               what this is: its id, and the salt and check of a key, twice
    journals/NAME/LINE/FIRST-LAST.seg           rows of a journal (`journal.segment`), never changed
    files/DIGEST                                a file of the home, by its content
    points/NUMBER-TIME.json                     a point in time: which rows and which files (`points`)

Each file but the first two begins with a line of its kind: `boyd-plain 1 DIGEST` over the backup's id, the
file's own name and its content, or `boyd-sealed 1`, encrypted under the same two. So a file that is damaged,
or stands under another's name or in another backup, is told from one that was written.
"""

import hashlib
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from agent.backup.seal import SALT_BYTES, Seal, Unsealable
from agent.settings.home import Busy
from domain.errors import BadInput, LocalFault
from domain.private import private_folder
from edge.files import sync_folder, write_whole
from edge.typed_json import typed

FORMAT = 1
ABOUT, COPY = "backup.json", "backup.copy.json"
PLAIN, SEALED = b"boyd-plain 1 ", b"boyd-sealed 1\n"


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The backup of a folder: its format and id; salt and check of its key, "" without one."""

    format: int
    id: str
    salt: str = ""
    check: str = ""


class DamagedFile(LocalFault):
    """A file of a backup is missing or not what was written; `file` is its path."""

    def __init__(self, file: Path, what: str) -> None:
        self.file = file
        self.what = what
        super().__init__(f"{file}: {what}")


class Vault:
    """One backup's folder, open to read; `held` lets it be written too."""

    def __init__(self, folder: Path, about: About, seal: Seal | None) -> None:
        self.folder = folder
        self.about = about
        self.seal = seal

    @property
    def encrypted(self) -> bool:
        """True where a key is needed."""
        return self.seal is not None

    def held(self) -> FileLock:
        """Take the folder for one backup at a time. Raises Busy."""
        lock = FileLock(self.folder / ".lock", timeout=0, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise Busy(f"backup {self.folder} is being written by another process; wait for it") from None
        except OSError as error:
            raise BadInput(f"backup {self.folder}: cannot be written: {error.strerror}") from None
        return lock

    def write(self, name: str, content: bytes) -> int:
        """Write a file whole and durable, its folder's entry too; return its size. Raises OSError."""
        path = self.folder / name
        _durable_folder(path.parent)
        if self.seal is not None:
            data = SEALED + self.seal.seal(self._named(name), content)
        else:
            data = PLAIN + self._digest(name, content).encode() + b"\n" + content
        write_whole(path, data, settled=True)
        return len(data)

    def read(self, name: str) -> bytes:
        """Return a file's content. Raises DamagedFile."""
        path = self.folder / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise DamagedFile(path, "it is missing") from None
        except OSError as error:
            raise DamagedFile(path, f"it cannot be read: {error.strerror}") from None
        if self.seal is not None:
            return self._unsealed(path, name, data)
        head, end, content = data.partition(b"\n")
        if not end or head != PLAIN + self._digest(name, content).encode():
            raise DamagedFile(path, "it was changed, cut, or is another file under this name")
        return content

    def _unsealed(self, path: Path, name: str, data: bytes) -> bytes:
        if self.seal is None or not data.startswith(SEALED):
            raise DamagedFile(path, "it is not a sealed file")
        try:
            return self.seal.unseal(self._named(name), data[len(SEALED) :])
        except Unsealable as error:
            raise DamagedFile(path, str(error)) from None

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder of the backup, drafts left out; none where it is not there."""
        try:
            return sorted(
                each.name for each in (self.folder / folder).iterdir() if not each.name.startswith(".")
            )
        except OSError:
            return []

    def remove(self, name: str) -> int:
        """Remove a file and return its size; one that is gone is no fault. Raises OSError."""
        path = self.folder / name
        with suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
            return size
        return 0

    def content_name(self, content: bytes) -> str:
        """Return the name of a file that is kept by its content; a sealed one's tells nothing of it."""
        digest = hashlib.sha256(content).hexdigest() if self.seal is None else self.seal.digest(content)
        return f"files/{digest}"

    def size(self) -> int:
        """Return the bytes of all files."""
        total = 0
        for path in self.folder.rglob("*"):
            with suppress(OSError):
                total += path.stat().st_size if path.is_file() else 0
        return total

    def _named(self, name: str) -> str:
        return f"{self.about.id}\n{name}"

    def _digest(self, name: str, content: bytes) -> str:
        return hashlib.sha256(self._named(name).encode() + b"\n" + content).hexdigest()


def begun(folder: Path, key: str | None) -> Vault:
    """Open a backup's folder to write it, made where there is none. Raises BadInput."""
    if (folder / ABOUT).exists() or (folder / COPY).exists():
        return opened(folder, key)
    name = secrets.token_hex(8)
    salt = secrets.token_bytes(SALT_BYTES) if key is not None else b""
    seal = None if key is None else Seal(key, salt)
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"backup {folder}: no folder; name another")
    try:
        _durable_folder(folder)
        if any(folder.iterdir()):
            raise BadInput(f"backup {folder}: not empty, and no backup; name a new folder")
        about = About(FORMAT, name, salt.hex(), seal.check(name) if seal else "")
        for file in (COPY, ABOUT):
            write_whole(folder / file, msgspec.json.encode(about) + b"\n", settled=True)
    except OSError as error:
        raise BadInput(f"backup {folder}: cannot be written: {error.strerror}; name another folder") from None
    return Vault(folder, about, seal)


def lies_in(path: Path, folder: Path) -> bool:
    """Say whether a path is a folder or lies in it, whatever links lead there."""
    try:
        return path.expanduser().resolve().is_relative_to(folder.expanduser().resolve())
    except (OSError, RuntimeError):
        return False


def opened(folder: Path, key: str | None) -> Vault:
    """Open a backup's folder. Raises BadInput where it is none, or the key is missing or another."""
    about = _about(folder)
    if about.format != FORMAT:
        raise BadInput(f"backup {folder} has format {about.format}, this program knows {FORMAT}")
    if about.check and key is None:
        raise BadInput(f"backup {folder} is encrypted: give its key (AGENT_BACKUP__KEY, or backup.key_file)")
    if not about.check:
        if key is not None:
            raise BadInput(f"backup {folder} was begun without a key: name a new folder, or give no key")
        return Vault(folder, about, None)
    seal = Seal(key or "", bytes.fromhex(about.salt))
    if seal.check(about.id) != about.check:
        raise BadInput(
            f"backup {folder}: this key is not the one it was begun with; nothing was read or changed"
        )
    return Vault(folder, about, seal)


def _about(folder: Path) -> About:
    """Return what a folder says of its backup, by either file. Raises BadInput."""
    why = ""
    for file in (ABOUT, COPY):
        try:
            return typed((folder / file).read_bytes(), About)
        except OSError as error:
            why = why or f"{file} cannot be read: {error.strerror}; is this a backup?"
        except (msgspec.MsgspecError, ValueError) as error:
            why = why or f"{file} is damaged: {error}"
    raise BadInput(f"backup {folder}: {why}")


def _durable_folder(folder: Path) -> None:
    """Make a folder whose own entry is on the disk. Raises OSError."""
    if not folder.is_dir():
        private_folder(folder)
        for each in (folder.parent, *folder.parent.parents[:2]):
            sync_folder(each)
