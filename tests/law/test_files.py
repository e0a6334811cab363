"""A spoilt file never blocks an exit: each kind in a way or two; `make law` spoils each in every way."""

from pathlib import Path

import pytest

from agent.settings.home import Busy, Home
from tests.law.case import Case
from tests.law.files import WAYS, Spoilt, kinds
from tests.law.scenario import Start, begin
from tests.law.walk import every_file, walked

PARTS = 2


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    return begin(tmp_path_factory.mktemp("law-files"))


@pytest.mark.parametrize("part", range(PARTS))
def test_a_spoilt_file_never_blocks_an_exit(start: Start, part: int, tmp_path: Path) -> None:
    cases = [
        Case(Spoilt(kind, way), ("before", "during", "stop")[(number + place) % 3])
        for number, kind in enumerate(kinds(start, tmp_path))
        for place, way in enumerate(WAYS)
        if (number + place) % PARTS == part and (way == "a folder" or number % 5 == place)
    ]
    assert {str(case): wrong for case in cases if (wrong := walked(start, case, afterwards=False))} == {}


def test_the_files_are_found_by_looking(start: Start, tmp_path: Path) -> None:
    found = kinds(start, tmp_path)
    for name in (
        "journals/.latest",
        "journals/law.lock",
        "checkpoints/law/N.N.N",
        "state/boyd/accounts/N.lock",
    ):
        assert name in found
    assert len(every_file(start, tmp_path)) == len(found) * len(WAYS) * 3


def test_a_walk_with_a_lock_that_stops_the_stop_fails(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Home, "lock", _busy)
    case = Case(Spoilt("journals/law.lock", "a folder"), "stop")
    assert any("flatten ended with Busy" in each for each in walked(start, case, afterwards=False))


def _busy(_self: Home, name: str, *, needed: bool = True) -> None:
    raise Busy(f"{name} {needed}")
