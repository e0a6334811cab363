"""The limits a soak is held to, with their defaults, and the shape of a verdict."""

from typing import NamedTuple

PASS, FAIL, UNJUDGED = "pass", "fail", "not judged"

Answer = tuple[str, str, str]
"""Verdict, what was measured, and the limit, in words."""


class Judgement(NamedTuple):
    """One verdict: what was asked, `verdict` PASS, FAIL or UNJUDGED, what was measured and the limit."""

    name: str
    question: str
    verdict: str
    measured: str
    limit: str


class Limits(NamedTuple):
    """The limits of a soak; each field is an option of the same name, MEANINGS says what it bounds."""

    first_cycle_seconds: float = 15.0
    cycle_share: float = 0.5
    trades: float = 1
    trades_after_seconds: float = 120.0
    pause_seconds: float = 15.0
    rss_mib: float = 120.0
    slope_mib_per_hour: float = 10.0
    noise_mib: float = 3.0
    descriptor_growth: float = 2.0
    thread_growth: float = 1.0
    wal_mib: float = 16.0
    status_seconds: float = 2.0
    command_seconds: float = 30.0
    recover_seconds: float = 10.0
    stop_seconds: float = 8.0


MEANINGS: dict[str, str] = {
    "first_cycle_seconds": "longest way from the start to the first complete cycle",
    "cycle_share": "least share of the cycles due in healthy phases",
    "trades": "least number of closed trades",
    "trades_after_seconds": "runs shorter than this are not judged by their trades",
    "pause_seconds": "longest time between two cycles, faults or not",
    "rss_mib": "largest resident memory, MiB",
    "slope_mib_per_hour": "steepest rise of memory after warm-up, MiB per hour (Theil-Sen)",
    "noise_mib": "rise over the judged stretch that is noise however short the run, MiB",
    "descriptor_growth": "most growth of open descriptors, first to last quarter, in healthy phases",
    "thread_growth": "the same of threads",
    "wal_mib": "largest write-ahead log, MiB",
    "status_seconds": "slowest answer of the control socket to another process",
    "command_seconds": "slowest `agent status --json` start of its process included",
    "recover_seconds": "longest way back to live data after a fault",
    "stop_seconds": "longest way from SIGTERM to the end",
}


def verdict_of(passed: bool) -> str:  # noqa: FBT001 -- a verdict has two sides
    """Return PASS or FAIL."""
    return PASS if passed else FAIL
