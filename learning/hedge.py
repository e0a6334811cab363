"""Hedge: each voice's weight, multiplied after every trade by what its vote was worth.

Freund & Schapire, "A decision-theoretic generalization of on-line learning", 1997: an expert with
loss l in [0, 1] has its weight multiplied by exp(-rate * l). Two choices of ours:

- The factor is exp(rate * (1/2 - l)). Only ratios of weights matter in Hedge, so a common factor
  changes nothing; with this one a trade that says nothing (l = 1/2) leaves every weight as it is,
  voices that abstain need no correction ("sleeping experts"), and 1 stays the neutral weight.
- Weights stay within [floor, ceiling] after every trade, so that a voice that was wrong for a year
  is heard again after a few good trades (the projection of Herbster & Warmuth, 1998).

A voice's weight is held back under `name + UNPROVEN` until enough trades stand behind it; nothing is
lost meanwhile, and `Beliefs.weight(name)` is 1.
"""

from math import exp

from domain.advice import VOICE
from domain.kernel import kernel
from domain.lesson import Beliefs, Lesson
from learning.settings import Hedge, LearningSettings

UNPROVEN = "?"
"""Added to a voice's name while its weight is only being gathered; no voice's own name ends so."""


def fold(beliefs: Beliefs, lesson: Lesson, settings: LearningSettings) -> Beliefs:
    """Return beliefs after one more lesson; the order of lessons is the journal's.

    Only trades move weights: a veto's outcome tells whether the rule was right, not the voices, and
    its fill is imagined. Voices that abstained stay as they are; those of advisers have no weight of this
    kind: one that only lowers entries is never seen when it prevented a bad one.
    """
    spoke = [voice for voice in lesson.context.voices if voice.vote != 0 and not voice.name.startswith(VOICE)]
    if not settings.enabled or lesson.kind != "trade" or not spoke:
        return beliefs
    weights, evidence = dict(beliefs.weights), dict(beliefs.evidence)
    hedge = settings.packed()
    for voice in spoke:
        name = voice.name
        held_back = weights.pop(name + UNPROVEN, 1.0)
        before = weights.pop(name, held_back)
        evidence[name] = evidence.get(name, 0) + 1
        proven = evidence[name] >= hedge.min_evidence
        weights[name if proven else name + UNPROVEN] = nudged(before, voice.vote, lesson.result, hedge)
    return Beliefs(weights, evidence)


@kernel
def nudged(weight: float, vote: int, result: float, hedge: Hedge) -> float:
    """Return a voice's weight after a trade that returned `result`, within floor and ceiling."""
    weight *= exp(hedge.rate * (0.5 - loss(vote, result, hedge.full_result)))
    return min(hedge.ceiling, max(hedge.floor, weight))


@kernel
def loss(vote: int, result: float, full_result: float) -> float:
    """Return a voice's loss in [0, 1]: 0 wholly right, 1 wholly wrong, 1/2 when nothing came of it.

    `result` is the entry's return after costs; it counts in full from `full_result` on. A voice
    against the entry is right when the entry lost.
    """
    gain = min(1.0, max(-1.0, result / full_result))
    return (1.0 - gain) / 2.0 if vote > 0 else (1.0 + gain) / 2.0
