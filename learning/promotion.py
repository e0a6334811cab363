"""The gate before a promotion, and what takes one back; for advisers and models alike. Pure.

All must hold, on forecasts that were given before their outcome could be known: enough of them, over enough
months; skill above 0 with the lower end of its interval; a net result of what was taken above 0 with the
lower end of its interval, and better than taking every entry; and a deflated Sharpe ratio that the number
of variants tried does not explain. The intervals come from whole months drawn again
(`research.statistics.months`). Skill without profit does not pass, nor profit without skill.

Demotion looks at the latest outcomes since the promotion and asks no interval: it is cautious, automatic, and
there is no way up but through the gate.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from domain.calibrator import Calibrator
from domain.errors import BadInput

WANTED = 1_000
"""Outcomes a promotion asks for: a skill of .016 is then two standard errors from nothing (measured)."""

FEW = 400
"""Outcomes below which there is no promotion; up to those wanted it says so."""

MONTHS = 6
"""Months below which drawing months again says nothing."""

SURE = 0.95
"""Least deflated Sharpe ratio: the probability that the edge is more than the best of so many tries."""

WINDOW, LEAST = 200, 100
"""Outcomes since a promotion that are looked at, and those below which nothing is said."""


class SkillProof(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence on a voice: what the gate measures. Results are net, as fractions; instants in ms.

    `won` of `forecasts` earned something. `skill` and `taken_mean` come with the ends of their 95 %
    intervals; `taken` entries had its vote, `plain_mean` is the mean result of all it was asked about and
    `payoff` their mean gain over their mean loss.
    `trials` counts the variants tried. None stands for what has no basis.
    """

    voice: str
    identity: str
    forecasts: int
    won: int
    months: int
    since: int
    until: int
    skill: float | None
    skill_low: float | None
    skill_high: float | None
    taken: int
    taken_mean: float | None
    taken_low: float | None
    taken_high: float | None
    plain_mean: float | None
    trials: int
    deflated_sharpe: float | None
    retrospective: int
    calibrator: Calibrator | None = None
    payoff: float | None = None

    @property
    def base(self) -> float:
        """The base rate at the time of the proof."""
        return (self.won + 1) / (self.forecasts + 2)


class ConditionMeasured(NamedTuple):
    """One condition: its name, what was measured, the limit, and that it held."""

    name: str
    value: float | None
    limit: str
    passed: bool


def measured(proof: SkillProof) -> list[ConditionMeasured]:
    """Return every condition of the gate with its value and limit."""
    better = _above(proof.taken_mean, proof.plain_mean) if proof.plain_mean is not None else False
    plain = "none" if proof.plain_mean is None else f"{proof.plain_mean:+.3%}"
    return [
        ConditionMeasured("forecasts", proof.forecasts, f"at least {FEW}", proof.forecasts >= FEW),
        ConditionMeasured("months", proof.months, f"at least {MONTHS}", proof.months >= MONTHS),
        ConditionMeasured("skill", proof.skill, "above 0", _above(proof.skill, 0.0)),
        ConditionMeasured("skill, lower end", proof.skill_low, "above 0", _above(proof.skill_low, 0.0)),
        ConditionMeasured("result of taken", proof.taken_mean, "above 0", _above(proof.taken_mean, 0.0)),
        ConditionMeasured(
            "result of taken, lower end", proof.taken_low, "above 0", _above(proof.taken_low, 0.0)
        ),
        ConditionMeasured("result against all entries", proof.taken_mean, f"above {plain}", better),
        ConditionMeasured(
            f"deflated Sharpe ratio, {proof.trials} tried",
            proof.deflated_sharpe,
            f"at least {SURE}",
            proof.deflated_sharpe is not None and proof.deflated_sharpe >= SURE,
        ),
    ]


def shortfalls(proof: SkillProof) -> list[str]:
    """Say what a proof lacks, each with value and limit; nothing where it is enough."""
    return [
        f"{each.name} {'unknown' if each.value is None else f'{each.value:.6g}'}: must be {each.limit}"
        for each in measured(proof)
        if not each.passed
    ]


def warnings(proof: SkillProof) -> list[str]:
    """Say what is thin about a proof that may be enough."""
    if FEW <= proof.forecasts < WANTED:
        return [f"{proof.forecasts} forecasts are few: {WANTED} are wanted"]
    return []


def _above(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit


class ProvingOutcome(msgspec.Struct, frozen=True):
    """An outcome since a promotion: calibrated probability, base rate, net result, and its vote."""

    chance: float
    base: float
    result: float
    vote: int


def lapsed(latest: Sequence[ProvingOutcome]) -> list[str]:
    """Say why a promotion is over by the latest outcomes since it; nothing where it is not, or too early."""
    if len(latest) < LEAST:
        return []
    gain = sum(
        (each.base - (each.result > 0)) ** 2 - (each.chance - (each.result > 0)) ** 2 for each in latest
    )
    taken = [each.result for each in latest if each.vote > 0]
    why = []
    if gain <= 0.0:
        why.append(
            f"no skill left in {len(latest)} outcomes: squared error {gain / len(latest):+.4g} a forecast"
        )
    if taken and sum(taken) <= 0.0:
        why.append(f"what it voted for earns {sum(taken) / len(taken):+.3%} on average, must be above 0")
    return why


def proof_of(evidence: dict[str, Any]) -> SkillProof | None:
    """Return the proof in an event's evidence, None where there is none to be read."""
    try:
        return msgspec.convert(evidence, SkillProof)
    except msgspec.ValidationError:
        return None


def checked(evidence: dict[str, Any]) -> SkillProof:
    """Return the proof a command brings. Raises BadInput with the field that is wrong."""
    try:
        return msgspec.convert(evidence, SkillProof)
    except msgspec.ValidationError as error:
        raise BadInput(f"evidence: {error}") from None
