"""What a process leaves is read without benefit of the doubt: its journal, its log, traces of a key."""

import json
from pathlib import Path

import pytest

from scripts.soak.evidence.gathered import digest
from scripts.soak.evidence.traces import CHUNK, key_traces, log_problem, log_problems, stderr_problems

KEY = "SOAKCANARY000001"


def row(event: dict[str, object]) -> str:
    return json.dumps({"seq": 1, "hash": "00", "event": event})


def decided(cycle: int) -> str:
    attempts = [
        {"provider": "binance", "reason": "BadAnswer: http 500"},
        {"provider": "news", "reason": "Refused: no"},
        {"provider": "binance", "reason": "NoData: kept answer is 9 s old"},
    ]
    seen = {
        "symbol": "BTC-USDT",
        "source": "simulated",
        "provider": "simulated",
        "fetched_at": "2027-01-15T08:00:01Z",
        "attempts": attempts,
    }
    at = "2027-01-15T08:00:00.250000Z"
    return row({"type": "cycle_decided", "cycle_id": cycle, "at": at, "observations": [seen]})


def test_the_journal_is_digested_to_observations_cycles_and_counts() -> None:
    lines = [row({"type": "session_started"}), decided(1), row({"type": "cycle_ended", "cycle_id": 1})]
    found = digest(lines)
    (seen,) = found.seen
    assert (seen.symbol, seen.source, seen.fetched_ms - seen.at_ms) == ("BTC-USDT", "simulated", 750)
    assert seen.refusals == "BadAnswer: http 500; NoData: kept answer is 9 s old"
    assert found.cycles == (1,)
    assert found.rows == {"session_started": 1, "cycle_decided": 1, "cycle_ended": 1}


def test_a_row_that_is_none_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        digest(["{"])


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "cycle failed", "level": "error", "kind": "Unreachable", "why": "x"}',
        '{"event": "cycle failed", "level": "error", "kind": "RateLimited", "why": "x"}',
        '{"event": "data source", "level": "warning"}',
    ],
)
def test_a_venues_fault_is_no_problem_of_ours(line: str) -> None:
    assert log_problem(line) == ""


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "cycle failed", "level": "error", "kind": "KeyError", "why": "x"}',
        '{"event": "cycle failed", "level": "error", "kind": "LocalFault", "why": "x"}',
        '{"event": "session ended", "level": "error", "reason": "fault: x"}',
        '{"event": "odd", "level": "info", "exception": "Traceback ..."}',
        '{"event": "half a li',
        "Traceback (most recent call last):",
        "[]",
    ],
)
def test_anything_else_is(line: str) -> None:
    assert log_problem(line)


def test_rotated_logs_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "agent.log").write_text('{"event": "a", "level": "info"}\n')
    (tmp_path / "agent.log.1").write_text('{"event": "b", "level": "info"}\nTraceback\n')
    assert [problem.split(": ")[0] for problem in log_problems(tmp_path)] == ["agent.log.1:2"]


def test_a_crash_shows_in_error_output_and_remarks_do_not(tmp_path: Path) -> None:
    path = tmp_path / "stderr.txt"
    path.write_text("boyd paper: BTC-USDT\nSIGTERM: ending after this cycle; once more ends at once\n")
    assert stderr_problems(path) == []
    path.write_text(
        "fine\nTraceback (most recent call last):\n  File x\nKeyError: 1\nresource: ResourceWarning: y\n"
    )
    problems = stderr_problems(path)
    assert len(problems) == 2
    assert "KeyError" in problems[0]


def test_a_key_is_found_in_any_case_in_any_file_name_or_text(tmp_path: Path) -> None:
    inner = tmp_path / "journals"
    inner.mkdir()
    (inner / "paper.db").write_bytes(b"\0" * 10 + KEY.lower().encode() + b"\0")
    (tmp_path / f"{KEY}.json").write_text("{}")
    (tmp_path / "clean").write_text(KEY[:-1])
    found = key_traces(KEY, [tmp_path], [("the summary", f"x{KEY}x"), ("verify", "intact")])
    assert found == ["the summary", str(tmp_path / f"{KEY}.json"), str(inner / "paper.db")]


def test_a_key_across_two_pieces_of_a_large_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (CHUNK - 7) + KEY.encode() + b"y" * 10)
    assert key_traces(KEY, [tmp_path], []) == [str(tmp_path / "large")]
