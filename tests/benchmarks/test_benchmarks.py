"""The benchmarks run, and their figures are consistent; how fast they are is never asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.seeded import file_of
from tests.shared import ROOT

Section = dict[str, Any]


def measured(name: str, data: Path, *arguments: str) -> tuple[Section, str]:
    """Run one section and return it with what was said on the way."""
    command = [sys.executable, "-m", "benchmarks", "--only", name, "--json", *arguments]
    environment = os.environ | {"BOYD_SHARED_DATA": str(data), "AGENT_TIMEFRAME": "nonsense"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["machine"]["cores"] >= 1
    (section,) = report["sections"]
    assert section["name"] == name
    for figure in section["figures"]:
        assert figure["min"] <= figure["median"] <= figure["max"]
        assert set(figure["values"]) >= {figure["min"], figure["max"]}
    return section, done.stderr


def values(section: Section, name: str) -> list[float]:
    (figure,) = [each for each in section["figures"] if each["name"] == name]
    return list(figure["values"])


def test_the_loop_is_measured_beside_its_floors_on_the_recording(tmp_path: Path) -> None:
    folder = tmp_path / "crypto" / "1m"
    folder.mkdir(parents=True)
    recording = file_of(folder, "seeded/1m/BTC-USDT", 1_500)
    recording = recording.rename(folder / "BTC-USDT_1m_20230316-20230501.csv.gz")
    out = tmp_path / "report.json"
    arguments = ("--cycles", "60", "--passes", "2", "--out", str(out))
    loop, said = measured("loop", recording.parents[2], *arguments)
    assert "pass 2 of 2" in said
    assert f"2 passes of 60 on recorded candles {recording.name}" in loop["title"]
    outcomes = loop["notes"][0].removeprefix("every pass: ").split(", ")
    assert sum(int(each.split()[0]) for each in outcomes) == 60
    for kind in ("in memory", "durable"):
        cycles = values(loop, f"{kind}: full cycles")
        assert cycles == [1e6 / each for each in values(loop, f"{kind}: one cycle")]
        assert len(cycles) == 2
    triggers = values(loop, "floor: bare transitions trigger")
    processor = [1e6 / each for each in values(loop, "in memory: by processor time")]
    expected = [cost / floor for cost, floor in zip(processor, triggers[:2], strict=True)]
    assert values(loop, "in memory: cycle / trigger") == pytest.approx(expected)
    commits = values(loop, "floor: durable commit")[2:]
    expected = [cost / floor for cost, floor in zip(values(loop, "durable: one cycle"), commits, strict=True)]
    assert values(loop, "durable: cycle / commit") == pytest.approx(expected)
    assert json.loads(out.read_text())["sections"] == [loop]


def test_the_shares_of_the_stages_add_up_on_a_made_series(tmp_path: Path) -> None:
    section, _ = measured("stages", tmp_path, "--cycles", "60", "--passes", "1")
    for kind in ("in memory", "durable"):
        shares = [
            each for each in section["figures"] if each["name"].startswith(kind) and each["unit"] == "%"
        ]
        assert len(shares) == 9
        assert sum(each["median"] for each in shares) == pytest.approx(100)
        assert all(
            each["median"] > 0 for each in shares if each["name"].split(": ")[1] not in {"judge", "place"}
        )


def test_without_the_recording_a_seeded_series_takes_its_place_and_is_named(tmp_path: Path) -> None:
    loop, _ = measured("loop", tmp_path, "--cycles", "30", "--passes", "1")
    assert "of 30 on simulated candles (seed 7); no recording at" in loop["title"]


def test_memory_is_sampled_at_each_tenth_of_the_long_run(tmp_path: Path) -> None:
    section, _ = measured("memory", tmp_path, "--long-cycles", "50")
    for note in section["notes"]:
        cycles = [int(point.rpartition(" at ")[2]) for point in note.partition(": ")[2].split(", ")]
        assert cycles == list(range(0, 51, 5))
    first, last = values(section, "durable: RSS after a tenth"), values(section, "durable: RSS at the end")
    assert values(section, "durable: growth between") == pytest.approx([last[0] - first[0]], abs=1e-9)
    assert values(section, "durable: journal on disk")[0] > 500


def test_the_real_command_is_watched_and_started(tmp_path: Path) -> None:
    paper, _ = measured("paper", tmp_path, "--cycles", "3", "--passes", "1")
    assert 20 < values(paper, "candles: largest RSS")[0] < 1000
    assert values(paper, "live, unreachable: largest RSS")[0] > 20
    startup, _ = measured("startup", tmp_path, "--cycles", "3", "--passes", "1")
    bare, told = values(startup, "floor: python -c pass"), values(startup, "agent --help")
    assert values(startup, "agent --help / python") == [told[0] / bare[0]]
    assert values(startup, "first cycle, candles")[0] > bare[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--cycles", "0"), "0 is below 1"),
        (("--cycles", "70000"), "70000 exceeds 60000"),
        (("--only", "nothing"), "invalid choice: 'nothing'"),
        (("--out", "/nowhere/at/all.json"), "/nowhere/at is no folder"),
    ],
)
def test_a_wrong_option_is_refused_with_its_limit(arguments: tuple[str, ...], said: str) -> None:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_backup_is_measured_beside_a_copy_of_the_file(tmp_path: Path) -> None:
    section, said = measured("backup", tmp_path, "--long-cycles", "200", "--cycles", "3", "--passes", "2")
    assert "pass 2 of 2" in said
    assert all(len(values(section, name)) == 2 for name in ("first backup", "restore", "every file checked"))
    assert values(section, "backup on disk")[0] < values(section, "journal on disk")[0]
