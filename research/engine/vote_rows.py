"""Rows that are read again run by run: in memory up to a bound, beyond it in a file without a name."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from domain.errors import BadInput

MEGABYTE = 2**20
Read = Callable[[slice], Any]
"""Returns a run of the rows that were kept."""


class VoteRows:
    """Arrays whose first axis is rows; `held` is how many bytes of them are in memory."""

    def __init__(self, bound: int) -> None:
        """Begin with none; `bound` are the bytes that may be in memory."""
        self._bound = bound
        self._file: IO[bytes] | None = None
        self.held = 0

    def keep(self, rows: Any) -> Read:
        """Keep an array and return what reads a run of its rows. Raises BadInput where it finds no room."""
        if self.held + rows.nbytes <= self._bound:
            self.held += rows.nbytes
            own = rows.copy()  # part of an array would keep the whole of it, uncounted
            return lambda run: own[run]
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="boyd-votes-")  # noqa: SIM115  # `close` does
            file = self._file
            begin = file.seek(0, 2)
            rows.tofile(file)
        except OSError as error:
            raise BadInput(
                f"votes take more than memory leaves for them ({self._bound / MEGABYTE:,.0f} MB), and "
                f"{tempfile.gettempdir()} has no room for the others: {error.strerror or error}; give a "
                "larger memory, or name another folder in TMPDIR"
            ) from None
        kind, shape = rows.dtype, rows.shape[1:]
        width = rows.nbytes // len(rows)

        def read(run: slice) -> Any:
            file.seek(begin + width * run.start)
            count = (run.stop - run.start) * width // kind.itemsize
            return np.fromfile(file, dtype=kind, count=count).reshape(-1, *shape)

        return read

    def close(self) -> None:
        """Remove the file, if there is one."""
        if self._file is not None:
            self._file.close()


@contextmanager
def vote_rows(bound: int) -> Iterator[VoteRows]:
    """Yield where rows are kept while a block runs; `bound` are the bytes of them in memory."""
    kept = VoteRows(bound)
    try:
        yield kept
    finally:
        kept.close()
