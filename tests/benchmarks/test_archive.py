"""The benchmark of an import: what it makes is Binance's layout, what it measures is the import."""

import zipfile
from pathlib import Path

import pytest

from benchmarks import archive
from research.data.load import read


def test_the_year_is_binances_layout_and_the_same_each_time() -> None:
    text = archive.year(50)
    assert text == archive.year(50)
    lines = text.splitlines()
    assert [len(line.split(",")) for line in lines] == [12] * 50
    assert lines[0].startswith("1704067200000,42283.58000000,")
    assert lines[1].split(",")[1] == lines[0].split(",")[4]


def test_an_import_is_done_anew_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MINUTES", 30)
    path = tmp_path / f"{archive.NAME}.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.csv", archive.year(30))
    assert [archive.imported(path, tmp_path / "home") for _ in range(2)] == [30, 30]
    assert read(path).format == "binance"
    assert archive.milliseconds(lambda: 30) >= 0
    with pytest.raises(RuntimeError, match="29 candles instead of 30"):
        archive.milliseconds(lambda: 29)
