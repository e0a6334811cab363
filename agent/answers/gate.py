"""Answers of the gate and of what watches for decay: rules with what was measured, and verdicts."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from agent.answers.amounts import Values


class Verdict(StrEnum):
    """The gate's verdicts, best first. NOT ENOUGH DATA is no verdict on what is not known."""

    GO = "GO"
    WATCH = "WATCH"
    NOT_ENOUGH = "NOT ENOUGH DATA"
    NO_GO = "NO-GO"


class RuleStanding(StrEnum):
    """The standings of one rule. `weak`: it holds as measured, and that proves little."""

    PASS = "pass"  # noqa: S105 -- no password
    WEAK = "weak"
    UNKNOWN = "unknown"
    FAIL = "fail"


class Area(StrEnum):
    """The areas of the rules: how the agent behaved, what it earned, what its parameters rest on."""

    CONDUCT = "conduct"
    PERFORMANCE = "performance"
    EVIDENCE = "evidence"


class GateRow(Struct, frozen=True, kw_only=True):
    """A rule: what was measured, its limit, how it stands and why, and what such a measurement can show."""

    rule: str
    area: Area
    meaning: str
    measured: str | None
    limit: str
    standing: RuleStanding
    why: str
    power: str


class GateAnswer(Struct, frozen=True, kw_only=True):
    """`agent gate`: the verdict on a journal over a period, rule by rule, as of one of its rows.

    `allows_live` is false where `--mode live` refuses entries for it.
    """

    journal: str
    journal_id: str
    seq: int
    hash: str
    since: datetime
    until: datetime
    mode: str
    symbols: list[str]
    strategies: list[str]
    verdict: Verdict
    allows_live: bool
    reasons: list[str]
    rows: list[GateRow]
    next_step: str


class DecayTest(Struct, frozen=True, kw_only=True):
    """One sequential test: CUSUM of what it watches, standardised by all that came before.

    `value` reaches `limit` at an alarm, `alarms` counts them, `since` is when the present one was raised.
    `rolling` is of the latest window, `before` of everything before it. `false_alarm` is after how many
    one false alarm may be expected, `seen_after` after how many a loss of `shift` deviations each is seen on
    average.
    """

    name: str
    unit: str
    count: int
    silent: str | None
    rolling: float | None
    before: float | None
    value: float
    limit: float
    alarm: bool
    since: datetime | None
    false_alarm: int
    seen_after: int
    shift: float


class DecayAnswer(Struct, frozen=True, kw_only=True):
    """`agent decay`: whether a strategy earns less than it did, by tests that say how often they are wrong.

    `verdict` is "silent" (too little data), "steady" or "decayed". `paused` says that entries were paused.
    """

    journal: str
    seq: int
    since: datetime
    until: datetime
    verdict: str
    tests: list[DecayTest]
    reasons: list[str]
    paused: bool
    next_step: str


class PairsSide(Struct, frozen=True, kw_only=True):
    """One of two accounts: its journal, what it earned over the pairs and in one on average, as fractions."""

    journal: str
    earned: float
    mean: float | None


class PairsAnswer(Struct, frozen=True, kw_only=True):
    """`agent ab`: two paper accounts over the same candles, by a test that may be looked at after every pair.

    `mean` is that of the first's return less the second's, `low` and `high` the ends of its confidence
    sequence, None while they are not known. `verdict` is "silent" (fewer than `pairs_needed`), "open" or
    "shown", where `evidence` has reached `evidence_needed` once; then `better` names the journal. Without a
    difference it is wrong with the probability `false_alarm`, however often it is asked. Pairs count from
    `since` on, for `why_since` changed how one trades. `differ` has each setting that is not the same.
    """

    first: PairsSide
    second: PairsSide
    every: str
    since: datetime
    why_since: str
    pairs: int
    pairs_needed: int
    mean: float | None
    low: float | None
    high: float | None
    evidence: float
    evidence_needed: float
    false_alarm: float
    verdict: str
    better: str | None
    decided_at: datetime | None
    differ: dict[str, list[str]]


class ReoptimizedRow(Struct, frozen=True, kw_only=True):
    """One strategy: `did` is "kept", "offered", "applied", "waiting", "confirmed" or "rolled back"."""

    strategy: str
    did: str
    why: str
    present: Values
    proposed: Values = {}
    present_sharpe: float | None = None
    proposed_sharpe: float | None = None
    study: str | None = None
    version: int | None = None


class Reoptimized(Struct, frozen=True, kw_only=True):
    """`agent reoptimize`: what was found for each strategy, and what was done with it."""

    journal: str
    seq: int
    rows: list[ReoptimizedRow]
