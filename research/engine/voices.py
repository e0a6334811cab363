"""The voices of a replay's event, as reasoning.vote hears them: score, the strongest of a side, models."""

from collections.abc import Sequence

from domain.kelly import kelly
from domain.kernel import kernel
from reasoning.advised import lowered, raised
from reasoning.vote import heard_weight, pull_of, score_of
from research.engine.layout import (
    EVENT_VOICES,
    EVIDENCE_AT,
    PER_VOICE,
    VOICES,
    VOTE,
    WEIGHTS,
    Floats,
    Ints,
    Opinions,
)


@kernel
def weight_of(ints: Ints, floats: Floats, voice: int, min_evidence: int) -> float:
    """Return a voice's weight: 1 until enough trades stand behind it."""
    if ints[ints[EVIDENCE_AT] + voice] < min_evidence:
        return 1.0
    return heard_weight(floats[WEIGHTS + voice])


@kernel
def score_at(
    ints: Ints,
    floats: Floats,
    min_evidence: int,
    event: Sequence[int],
    confidence: Sequence[float],
    e: int,
    f: int,
) -> float:
    """Return the score of the event whose numbers begin at `e` and `f`, as reasoning.vote does."""
    pull = 0.0
    total = 0.0
    for voice in range(ints[VOICES]):
        vote = event[e + EVENT_VOICES + voice * PER_VOICE + VOTE]
        if vote != 0:
            weight = weight_of(ints, floats, voice, min_evidence)
            pull += pull_of(weight, vote, confidence[f + 1 + voice])
            total += weight
    return score_of(pull, total)


@kernel
def score_with_models(
    ints: Ints,
    floats: Floats,
    min_evidence: int,
    event: Sequence[int],
    confidence: Sequence[float],
    e: int,
    f: int,
    index: int,
    own: float,
    threshold: float,
    opinions: Opinions,
) -> float:
    """Return an entry's score with the models' voices at the event `index`, as reasoning.vote does."""
    pull = 0.0
    total = 0.0
    for voice in range(ints[VOICES]):
        vote = event[e + EVENT_VOICES + voice * PER_VOICE + VOTE]
        if vote != 0:
            weight = weight_of(ints, floats, voice, min_evidence)
            pull += pull_of(weight, vote, confidence[f + 1 + voice])
            total += weight
    models = len(opinions.weight)
    proven = 0
    most = 0.0
    for model in range(models):
        at = index * models + model
        if opinions.cap[model] >= 0.0:
            proven += 1
            vote = opinions.vote[at]
            if vote != 0:
                pull += pull_of(opinions.weight[model], vote, opinions.confidence[at])
                total += opinions.weight[model]
            if vote > 0:
                most = max(most, opinions.cap[model])
    score = own
    if proven > 0:
        score = raised(own, score_of(pull, total), most if own >= threshold else 0.0)
    for model in range(models):
        at = index * models + model
        vote = opinions.vote[at]
        if opinions.cap[model] < 0.0 and vote != 0:
            more = pull_of(opinions.weight[model], vote, opinions.confidence[at])
            score = lowered(score, score_of(pull + more, total + opinions.weight[model]))
    return score


@kernel
def least_edge(index: int, opinions: Opinions) -> int:
    """Return the promoted model that sees the least edge at an event, -1 where none does."""
    models = len(opinions.weight)
    result = -1
    least = 0.0
    for model in range(models):
        chance = opinions.chance[index * models + model]
        if opinions.cap[model] >= 0.0 and chance >= 0.0:
            edge = kelly(chance, opinions.payoff[model])
            if result < 0 or edge < least:
                result = model
                least = edge
    return result


@kernel
def strongest_at(
    ints: Ints,
    floats: Floats,
    min_evidence: int,
    event: Sequence[int],
    confidence: Sequence[float],
    e: int,
    f: int,
    side: int,
) -> int:
    """Return the voice on a side with the most weight times confidence, -1 when none stands behind it."""
    strongest = -1
    most = -1.0
    for voice in range(ints[VOICES]):
        if event[e + EVENT_VOICES + voice * PER_VOICE + VOTE] == side:
            weight = weight_of(ints, floats, voice, min_evidence)
            strength = pull_of(weight, 1, confidence[f + 1 + voice])
            if weight > 0.0 and strength > most:
                strongest = voice
                most = strength
    return strongest
