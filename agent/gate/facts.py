"""The facts the gate's rules measure: a period's report, the chain, the evidence of the parameters."""

from math import erf, sqrt
from typing import NamedTuple

from agent.answers.gate import RuleStanding
from agent.answers.report import PeriodReport
from agent.settings.upkeep.gate import GateSettings
from domain.evidence import Evidence

SIDES = 1.959964
"""Deviations on each side of the mean that hold 95 % of a normal distribution."""
ONE_SIDED = 1.644854


class GateFacts(NamedTuple):
    """All that is judged. `broken` says how the chain is broken, "" where it is whole, None unverified.

    `evidence` has what each strategy with a version of its own rests on; `results` are the returns of the
    closed trades, after costs.
    """

    report: PeriodReport
    settings: GateSettings
    broken: str | None
    evidence: dict[str, Evidence | None]
    results: list[float]
    deflated: float | None = None


class Measured(NamedTuple):
    """A rule's measurement: value and limit in words, how it stands, why, and what that can show."""

    value: str | None
    limit: str
    standing: RuleStanding
    why: str
    power: str = ""


def passed(value: str, limit: str, *, holds: bool, why: str = "", power: str = "") -> Measured:
    """Return a measurement that holds or does not."""
    return Measured(value, limit, RuleStanding.PASS if holds else RuleStanding.FAIL, why, power)


def unknown(limit: str, why: str, value: str | None = None, power: str = "") -> Measured:
    """Return that a rule has not the data it needs."""
    return Measured(value, limit, RuleStanding.UNKNOWN, why, power)


def likelihood(deviations: float) -> float:
    """Return the probability that a normal value lies below so many deviations."""
    return 0.5 * (1 + erf(deviations / sqrt(2)))


def days_needed(sharpe: float, periods: int) -> int | None:
    """Return the days after which a true yearly Sharpe ratio shows, one-sided 95 %; None for none above 0.

    The ratio's t is Sharpe * sqrt(days / periods): Lo, "The statistics of Sharpe ratios", 2002.
    """
    return None if sharpe <= 0 else round((ONE_SIDED / sharpe) ** 2 * periods)
