"""Contents of a file as they are once unpacked: gzip and zip, read within limits.

A file says by its first bytes what it is, not by its name. What unpacks beyond MOST_BYTES is refused while it
is read.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from domain.errors import BadInput

MOST_BYTES = 512 * 1024 * 1024
"""Most that a file may hold once it is unpacked: 15 years of minutes are 8 million rows."""
CHUNK = 64 * 1024
GZIP, ZIP, PARQUET, FEATHER, LFS = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"ARROW1", b"version https://git-lfs"
_EMPTY_ZIP = b"PK\x05\x06"
DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError)


def first_bytes(path: Path, most: int = CHUNK) -> bytes:
    """Return the first bytes of what a file holds, unpacked. Raises BadInput."""
    with opened(path, min(most, CHUNK)) as stream:
        return read(path, stream, most)


def whole(path: Path) -> bytes:
    """Return what a file holds, unpacked. Raises BadInput beyond MOST_BYTES and for a damaged file."""
    if kind_of(path) == ZIP:
        # In one piece, which is faster; its size is known and checked.
        archive, name = _archive(path)
        with archive:
            try:
                return archive.read(name)
            except DAMAGE as error:
                raise BadInput(damaged(path, error)) from error
    with opened(path) as stream:
        return read(path, stream, -1)


def read(path: Path, stream: IO[bytes], most: int) -> bytes:
    """Read bytes. Raises BadInput for a file that is damaged or cut short."""
    try:
        return stream.read() if most < 0 else stream.read(most)
    except DAMAGE as error:
        raise BadInput(damaged(path, error)) from error


def opened(path: Path, buffer: int = CHUNK) -> io.BufferedReader:
    """Open what a file holds, unpacked. Raises BadInput."""
    kind = kind_of(path)
    if kind == ZIP:
        archive, name = _archive(path)
        with archive:
            return io.BufferedReader(_Bounded(path, archive.open(name)), buffer)
    try:
        source: Any = (gzip.open if kind == GZIP else open)(path, "rb")
        return io.BufferedReader(_Bounded(path, source), buffer)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error


def kind_of(path: Path) -> bytes:
    """Return which of the magic numbers a file begins with, or none. Raises BadInput for no file."""
    if path.is_dir():
        raise BadInput(f"{path}: is a directory; a candle file is needed, or several: {path}/*")
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    try:
        with path.open("rb") as stream:
            head = stream.read(len(LFS))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    if not head:
        raise BadInput(f"{path}: is empty")
    if head == LFS:
        raise BadInput(f"{path}: is a git-lfs pointer, not the data; fetch it with 'git lfs pull'")
    if head.startswith(_EMPTY_ZIP):
        return ZIP
    return next((magic for magic in (GZIP, ZIP, PARQUET, FEATHER) if head.startswith(magic)), b"")


def too_large(path: Path) -> str:
    """Return what to say of a file that holds more than is read."""
    limit = f"{MOST_BYTES // 1024**2} MiB"
    return f"{path}: holds more than {limit} once unpacked, which is the limit; split it by time"


def damaged(path: Path, error: Exception) -> str:
    """Return what to say of a file that cannot be read to its end."""
    return f"{path}: is damaged or cut short: {error}"


def unpacked(path: Path, head: Callable[[bytes], bool], size: int) -> io.BytesIO | None:
    """Return what a file holds, unpacked, or None where `head` does not like its first `size` bytes.

    Raises BadInput beyond MOST_BYTES, OSError, EOFError and zlib.error for a file that is damaged.
    """
    result = io.BytesIO()
    with opened(path) as stream:
        while part := stream.read(CHUNK):
            if not result.tell() and not head(part[:size]):
                return None
            result.write(part)
    result.seek(0)
    return result


def _archive(path: Path) -> tuple[zipfile.ZipFile, str]:
    """Open an archive of one file. Raises BadInput where there are more, or none."""
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise BadInput(damaged(path, error)) from error
    members = [each for each in archive.infolist() if not each.is_dir() and "__MACOSX" not in each.filename]
    fault = _fault(members)
    if fault:
        archive.close()
        raise BadInput(f"{path}: {fault}")
    if members[0].file_size > MOST_BYTES:
        archive.close()
        raise BadInput(too_large(path))
    return archive, members[0].filename


def _fault(members: list[zipfile.ZipInfo]) -> str:
    if any(each.filename == "[Content_Types].xml" for each in members):
        return "is a workbook or a document; save its table as CSV"
    if len(members) != 1:
        return f"holds {len(members)} files; unpack it and name those you want"
    return "is encrypted; unpack it" if members[0].flag_bits & 1 else ""


class _Bounded(io.RawIOBase):
    """Reads on until more than MOST_BYTES came. Raises BadInput then."""

    def __init__(self, path: Path, source: IO[bytes]) -> None:
        self._path = path
        self._source = source
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        part = self._source.read(len(buffer))
        self._read += len(part)
        if self._read > MOST_BYTES:
            raise BadInput(too_large(self._path))
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._source.close()
        super().close()
