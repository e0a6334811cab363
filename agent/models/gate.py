"""The gate of a trained model: what its out-of-sample figures lack to be promoted, each with its limit.

Skill alone is worth no money and money alone may be luck, so all of it must hold: enough forecasts, skill
above the base rate known then, a gain of what was taken, more than the plain strategies' own, and a Sharpe
ratio that the number of models tried does not explain.
"""

from domain.model import ModelFigures

MIN_FORECASTS = 1_000
"""Two standard errors of a small skill (0.016) need about as many."""

DEFLATED = 0.95


def shortfalls(figures: ModelFigures, trials: int) -> list[str]:
    """Say what figures lack, each with value and limit; nothing where they pass."""
    lacking = []
    if figures.forecasts < MIN_FORECASTS:
        lacking.append(f"{figures.forecasts} out-of-sample forecasts are below the limit {MIN_FORECASTS}")
    if figures.skill_low <= 0.0:
        lacking.append(
            f"skill {figures.skill:+.4f}: the lower end {figures.skill_low:+.4f} is not above the limit 0"
        )
    if figures.taken is None or figures.taken_low is None:
        lacking.append("it took no entry")
    elif figures.taken_low <= 0.0:
        lacking.append(
            f"net result of the {figures.taken_count} entries taken {bp(figures.taken)}: the lower end "
            f"{bp(figures.taken_low)} is not above the limit 0"
        )
    if figures.gain_low <= 0.0:
        lacking.append(
            f"gain over the plain strategies {bp(figures.gain)} an entry: the lower end "
            f"{bp(figures.gain_low)} is not above the limit 0"
        )
    if figures.deflated is None or figures.deflated < DEFLATED:
        value = "not known" if figures.deflated is None else f"{figures.deflated:.3f}"
        lacking.append(f"deflated Sharpe ratio {value} after {trials} trials is below the limit {DEFLATED}")
    return lacking


def bp(fraction: float) -> str:
    """Return a fraction of what was paid as basis points."""
    return f"{10_000 * fraction:+.1f} bp"
