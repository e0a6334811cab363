"""Things of a home that have a name and versions: a file a version, never changed once it is written.

`FOLDER/NAME/VERSION.json` holds the SHA-256 of a thing's bytes and the thing. Whoever reads it checks the
digest, the name and the number, so what was damaged, edited or moved is used by nobody.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

from domain.errors import BadInput
from domain.private import private_folder
from edge.files import write_whole
from edge.typed_json import typed

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class Versioned(Protocol):
    """A thing with a name and the number of its version."""

    @property
    def name(self) -> str:
        """Name of the thing."""

    @property
    def version(self) -> int:
        """Number of this version of it."""


T = TypeVar("T", bound=Versioned)


class VersionedKind(NamedTuple, Generic[T]):
    """A kind of thing: its word, how one comes to be, the most bytes, and its bytes there and back.

    `decoded` is given the bytes and where they are from, and raises BadInput where they are none.
    """

    word: str
    made_by: str
    largest: int
    encoded: Callable[[T], bytes]
    decoded: Callable[[bytes, str], T]


class KeptVersion(msgspec.Struct, frozen=True):
    """A version as a file holds it."""

    sha256: str
    model: msgspec.Raw


class VersionedFiles(Generic[T]):
    """The things of one kind below a folder."""

    def __init__(self, folder: Path, kind: VersionedKind[T]) -> None:
        self.folder = folder
        self.kind = kind

    def checked(self, name: str) -> str:
        """Return a name. Raises BadInput where it is none: it becomes part of a path."""
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"{self.kind.word} {name[:80]!r}: a name is of a-z, 0-9 and '-', 32 at most, a letter first"
            )
        return name

    def names(self) -> list[str]:
        """Return the names there are: those with a version."""
        names = (each.name for each in self.folder.glob("*") if _NAME.fullmatch(each.name))
        return sorted(name for name in names if self.versions(name))

    def versions(self, name: str) -> list[int]:
        """Return the versions of a name, oldest first."""
        stems = (each.stem for each in (self.folder / self.checked(name)).glob("*.json"))
        return sorted(int(stem) for stem in stems if _NUMBER.fullmatch(stem))

    def next_version(self, name: str) -> int:
        """Return the number of a name's next version."""
        return max(self.versions(name), default=0) + 1

    def keep(self, thing: T) -> Path:
        """Write a version, whole or not at all. Raises BadInput where it is there or cannot be."""
        path = self._path(self.checked(thing.name), thing.version)
        text = self.kind.encoded(thing)
        kept = KeptVersion(hashlib.sha256(text).hexdigest(), msgspec.Raw(text))
        try:
            private_folder(path.parent)
        except (FileExistsError, NotADirectoryError) as error:
            raise BadInput(f"{error.filename or path.parent}: is no folder; move it away") from None
        except OSError as error:
            raise BadInput(f"{path.parent}: cannot be made: {error.strerror}") from None
        try:
            if path.exists():
                raise BadInput(f"{path}: is there already; a version is never written again")
            write_whole(path, msgspec.json.encode(kept) + b"\n", mode=0o600)
        except OSError as error:
            raise BadInput(f"{path}: cannot be written: {error.strerror}") from None
        return path

    def read(self, name: str, version: int | None = None) -> T:
        """Return a version, the newest of a name unless told otherwise.

        Raises BadInput where there is none, or where it is not the one that was written.
        """
        word, known = self.kind.word, self.versions(name)
        if not known:
            there = ", ".join(self.names()) or f"none; {self.kind.made_by}"
            raise BadInput(f"no {word} {name!r} in {self.folder}; there are: {there}")
        chosen = known[-1] if version is None else version
        if chosen not in known:
            raise BadInput(f"{word} {name} has no version {chosen}; it has {', '.join(map(str, known))}")
        path = self._path(name, chosen)
        thing = self.read_file(path)
        if (thing.name, thing.version) != (name, chosen):
            raise BadInput(f"{path}: is version {thing.version} of {thing.name}: not used")
        return thing

    def read_file(self, path: Path) -> T:
        """Return the version a file holds, whatever its name. Raises BadInput as `read` does."""
        try:
            size = path.stat().st_size
            if size > self.kind.largest:
                raise BadInput(
                    f"{path}: {size} bytes, the limit of a {self.kind.word} is {self.kind.largest}"
                )
            kept = typed(path.read_bytes(), KeptVersion)
        except OSError as error:
            raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
        except msgspec.MsgspecError as error:
            raise BadInput(f"{path}: is no {self.kind.word}: {error}; {self._instead}") from None
        text = bytes(kept.model)
        digest = hashlib.sha256(text).hexdigest()
        if digest != kept.sha256:
            wrong = f"its digest is {digest[:12]}, written was {kept.sha256[:12]}: not used"
            raise BadInput(f"{path}: {wrong}; {self._instead}")
        return self.kind.decoded(text, str(path))

    @property
    def _instead(self) -> str:
        return f"name another version, or {self.kind.made_by}"

    def _path(self, name: str, version: int) -> Path:
        return self.folder / name / f"{version}.json"


def split_version(option: str, text: str) -> tuple[str, int | None]:
    """Return name and version of NAME or NAME:VERSION. Raises BadInput for a version that is no number."""
    name, colon, version = text.partition(":")
    if not colon:
        return name, None
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise BadInput(f"{option} {text[:120]!r}: a version is a number, as in {name[:32] or 'meta'}:2")
    return name, int(version)
