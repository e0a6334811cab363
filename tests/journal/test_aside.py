"""A journal that is put aside loses no row, at whatever step it is cut off."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from journal.archive import folder_of
from journal.aside import put_aside
from journal.reader import open_reader
from journal.sql import open_journal
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.test_archive import archived

STEPS: tuple[tuple[object, str], ...] = (
    (os, "link"),
    (Path, "rename"),
    (Path, "unlink"),
    (shutil, "rmtree"),
    (shutil, "copytree"),
)


class Cut(BaseException):
    """The process died here."""


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a journal with two segments, and with rows that are in its write-ahead log alone."""
    folder, kept = tmp_path_factory.mktemp("live"), tmp_path_factory.mktemp("crashed")
    path = folder / "j.db"
    with open_journal(path, JOURNAL_ID) as opened:
        opened.append(session())
        for number in range(1, 11):
            opened.append(*cycle(number))
    archived(path, 16)
    with open_journal(path, JOURNAL_ID) as opened:
        for number in range(11, 14):
            opened.append(*cycle(number))
        shutil.copytree(folder, kept, dirs_exist_ok=True)  # as a kill -9 leaves it
    return kept


def rows(path: Path) -> list[str]:
    with open_reader(path) as journal:
        return [row.hash for row in journal.rows()]


def dies(step: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def worked(*words: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Cut
        return step(*words, **named)

    return worked


@pytest.mark.parametrize("trouble", ["", "log is not merged", "no links", "log is not merged, no links"])
def test_whoever_is_killed_at_any_step_finds_it_whole_under_one_name(
    crashed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    whole = rows(crashed / "j.db")
    assert len(whole) == 27
    if "not merged" in trouble:
        monkeypatch.setattr("journal.aside._merge", lambda _path: None)
    if "no links" in trouble:
        monkeypatch.setattr(os, "link", refuse)
    for number in count():
        folder = Path(shutil.copytree(crashed, tmp_path / f"{number}"))
        path, kept = folder / "j.db", folder / "j.20260101T000000.db"
        with monkeypatch.context() as patched:
            left = [number]
            for place, name in STEPS:
                patched.setattr(place, name, dies(getattr(place, name), left))
            with suppress(Cut):
                put_aside(path, kept)
            cut = left[0] < 0
        there = kept if kept.exists() else path
        assert rows(there) == whole
        if not kept.exists():
            put_aside(path, folder / "j.20260101T000001.db")
            assert rows(folder / "j.20260101T000001.db") == whole
        with open_journal(path, "0" * 12) as fresh:  # the next journal begins empty beside it
            assert fresh.head()[0] == 0
        if not cut:
            assert not folder_of(path).exists()
            break
    assert number > 5


def refuse(*_words: Any) -> None:
    raise OSError("no links here")
