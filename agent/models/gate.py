"""The gate of a trained model: that of every voice (`learning.promotion`), on its out-of-sample figures.

One condition more: the gain over the strategies alone holds with the lower end of its interval, for a model
that takes few entries loses little whatever it knows.
"""

from domain.advice import VOICE
from domain.model import Model, ModelFigures, identity
from domain.times import millis
from learning import promotion
from learning.promotion import SkillProof
from reasoning.models import VOICE as NAME


def shortfalls(model: Model) -> list[str]:
    """Say what a model's figures lack, each with value and limit; nothing where they pass."""
    lacking = promotion.shortfalls(proof_of(model))
    low = model.figures.gain_low
    if low <= 0.0:
        lacking.append(f"gain over the strategies alone, lower end {low:.6g}: must be above 0")
    return lacking


def proof_of(model: Model) -> SkillProof:
    """Return a model's figures as the evidence the gate reads."""
    figures: ModelFigures = model.figures
    return SkillProof(
        voice=f"{VOICE}{NAME}{model.name}",
        identity=identity(model),
        forecasts=figures.forecasts,
        won=round(figures.base * figures.forecasts),
        months=figures.months,
        since=millis(model.trained.first),
        until=millis(model.trained.last),
        skill=figures.skill,
        skill_low=figures.skill_low,
        skill_high=figures.skill_high,
        taken=figures.taken_count,
        taken_mean=figures.taken,
        taken_low=figures.taken_low,
        taken_high=figures.taken_high,
        plain_mean=figures.plain,
        trials=model.trained.trials,
        deflated_sharpe=figures.deflated,
        retrospective=0,
    )


def bp(fraction: float) -> str:
    """Return a fraction of what was paid as basis points."""
    return f"{10_000 * fraction:+.1f} bp"
