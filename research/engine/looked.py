"""A note of what machine code of a user's strategy was compared with Python on, so that it is done once."""

import hashlib
import weakref
from pathlib import Path
from typing import Any

MOST_CANDLES = 60_000
"""Candles looked at by one process, of all series and spans together."""


class Looked:
    """Notes of one strategy in a folder: empty files, named by sources, parameters and candles.

    In one process a series is looked at with the first parameters only: a search tries hundreds.
    """

    def __init__(self, folder: Path, sources: str, most: int) -> None:
        self.folder = folder
        self.sources = sources
        self.most = most
        self.left = MOST_CANDLES
        self._series: dict[tuple[int, int], weakref.ref[Any]] = {}

    def wanted(self, size: int, columns: tuple[Any, ...]) -> bool:
        """Tell whether a series may be due to be looked at: this process has not looked at it yet."""
        known = self._series.get((id(columns[0]), size))
        return self.left > 0 and (known is None or known() is not columns[0])

    def due(self, size: int, packed: tuple[Any, ...], columns: tuple[Any, ...]) -> bool:
        """Tell whether a series is to be looked at now, which counts as begun."""
        series, key = columns[0], (id(columns[0]), size)
        if not self.wanted(size, columns):
            return False
        self._series[key] = weakref.ref(series)
        if self._note(size, packed, columns).exists():
            return False
        self.left -= min(len(series), self.most)
        return True

    def done(self, size: int, packed: tuple[Any, ...], columns: tuple[Any, ...]) -> None:
        """Note that nothing was found."""
        self._note(size, packed, columns).touch(mode=0o600)

    def _note(self, size: int, packed: tuple[Any, ...], columns: tuple[Any, ...]) -> Path:
        result = hashlib.sha256(f"{self.sources}|{self.most}|{size}|{packed!r}".encode())
        for column in columns:
            result.update(column.data)
        return self.folder / f"looked_{result.hexdigest()[:24]}"
