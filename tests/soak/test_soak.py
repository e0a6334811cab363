"""The soak itself, short: a real agent, a real fault, a verdict; and a command line that explains itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.host.clock import SystemClock
from scripts.soak import command as soak
from scripts.soak.judge.judge import judge
from scripts.soak.judge.limits import Limits
from scripts.soak.rig.sample import Sampler
from tests.shared import ROOT
from tests.soak.world import healthy

SCRIPT = ["-m", "scripts.soak"]
FINDS = {**os.environ, "PYTHONPATH": str(ROOT)}
# What depends on how busy the machine is gets room here; a real soak keeps the defaults.
SHORT = {
    "minutes": 0.15,
    "faults": "500",
    "timeout-seconds": 0.4,
    "sample-seconds": 0.25,
    "first-cycle-seconds": 60,
    "cycle-share": 0.05,
    "pause-seconds": 60,
    "status-seconds": 30,
    "command-seconds": 60,
    "recover-seconds": 30,
    "stop-seconds": 30,
}


def run(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *SCRIPT, *arguments]
    return subprocess.run(
        command, cwd=cwd, env=FINDS, capture_output=True, text=True, timeout=900, check=False
    )


def test_a_short_soak_of_a_real_agent_passes_and_leaves_its_report(tmp_path: Path) -> None:
    done = run(*(f"--{name}={value}" for name, value in SHORT.items()), "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    failed = {each["name"] for each in told["judgements"] if each["verdict"] == "fail"}
    # Three seconds a phase are little for a machine that has too much to do, or is hardly there (remark).
    assert failed <= {"recovery", *(("faults seen", "breaker") if told["remark"] else ())}
    assert (done.returncode, told["passed"]) == ((1, False) if failed else (0, True)), done.stderr
    assert told["figures"]["cycles"] > 5
    verdicts = {each["name"]: each for each in told["judgements"]}
    assert {verdicts[name]["verdict"] for name in ("labels", "records", "log", "key")} == {"pass"}
    assert "identical" in verdicts["replay"]["measured"]
    data = json.loads((tmp_path / "soak-report" / "report.json").read_text())
    assert [phase["fault"] for phase in data["phases"]] == ["healthy", "500", "healthy"]
    assert len(data["samples"]) > 10
    assert len(data["probes"]) == 3
    assert "<title>Soak" in (tmp_path / "soak-report" / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("--minutes 0.1", "too short for a fault"),
        ("--minutes many", "invalid"),
        ("--minutes -1", "not between"),
        ("--minutes nan", "not between"),
        ("--faults 500,flood", "each once, of slow"),
        ("--faults 500,500", "each once"),
        ("--seed 0", "not between 1"),
        ("--rss-mib -5", "not between"),
        ("--provider yahoo", "invalid choice"),
        ("--flood", "unrecognized"),
    ],
)
def test_a_wrong_command_line_is_code_2_and_says_why(
    arguments: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        soak.parse(arguments.split())
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_the_help_has_every_limit_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        soak.parse(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "examples:" in told
    assert all(f"--{name.replace('_', '-')}" in told for name in Limits._fields)


@pytest.mark.parametrize(("limit", "code", "kept"), [("120", 0, False), ("10", 1, True)])
def test_a_failed_judgement_is_code_1_and_keeps_the_agents_home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str, code: int, *, kept: bool
) -> None:
    folder = tmp_path / "work"
    (folder / "home").mkdir(parents=True)
    options = soak.parse(["--out", str(tmp_path / "out"), "--rss-mib", limit, "--slope-mib-per-hour", "99"])
    limits = Limits(**{name: getattr(options, name) for name in Limits._fields})
    evidence = healthy(180.0)
    found = soak.finish(options, soak.plan_of(options, folder), limits, evidence, judge(evidence, limits))
    assert found == code
    assert folder.exists() is kept
    told = capsys.readouterr().out
    assert ("FAILED" in told, "kept" in told) == (kept, kept)


def test_a_sampler_sees_a_process_and_says_when_it_is_gone(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    database.write_bytes(b"x" * 1024 * 1024)
    own = Sampler(os.getpid(), database).sample(1.0, "healthy", 3)
    assert own.rss > 5
    assert own.descriptors > 2
    assert own.threads >= 1
    assert (own.database, own.wal, own.cycles) == (1.0, 0.0, 3)
    with subprocess.Popen([sys.executable, "-c", "pass"]) as short:
        sampler = Sampler(short.pid, database)
        began = SystemClock().monotonic()
        short.wait()
        with pytest.raises(ProcessLookupError):
            sampler.sample(SystemClock().monotonic() - began, "healthy", 0)
