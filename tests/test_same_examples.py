"""What Hypothesis tries depends on the test alone, and not on what else its process has loaded."""

import importlib
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

CONSTANTS = "VALUES = (7_411_733_107, 'a constant of this module', 2.718281828459, b'bytes of it')\n"


def drawn() -> list[tuple[int, str, float]]:
    """Return what is tried."""
    every: list[tuple[int, str, float]] = []

    @settings(max_examples=150, phases=[Phase.generate])
    @given(st.integers(), st.text(), st.floats(allow_nan=False))
    def each(number: int, text: str, share: float) -> None:
        every.append((number, text, share))

    each()
    return every


def test_the_same_examples_are_tried_whatever_modules_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if settings.get_current_profile_name() != "boyd":
        pytest.skip("a search tries others each time")
    before = drawn()
    (tmp_path / "just_loaded.py").write_text(CONSTANTS)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("just_loaded")
    assert drawn() == before
