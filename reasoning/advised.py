"""The law of advice: what the voices of advisers may do to an entry, and that they do nothing to an exit.

1. An exit is decided on the strategies' voices alone, and its score is theirs.
2. The side, too, is theirs: no adviser makes an entry out of a score below the threshold.
3. An adviser that was not promoted only lowers an entry: the score is the lower of that without it and that
   with it. The voice of the headlines obeys the same rule.
4. A promoted adviser may lower it too, and raise it by the points it was promoted with, at most.

So whatever advisers say, and whatever was put into their mouths, costs an entry at worst.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.advice import VOICE, Advice
from domain.calibrator import Calibrator
from domain.decision import Voice
from domain.kernel import kernel


class Promoted(NamedTuple):
    """A promotion: the points by which it may raise an entry, and what its probabilities stood for.

    `calibrator` and `payoff` (mean net gain over mean net loss) are those of an adviser's proof, None and 0
    where there are none; a model brings its own.
    """

    cap: float
    calibrator: Calibrator | None = None
    payoff: float = 0.0


NONE_PROMOTED: Mapping[str, Promoted] = {}


def is_adviser(name: str) -> bool:
    """Say whether a voice of this name is an adviser's."""
    return name.startswith(VOICE)


def voice_of(advice: Advice) -> Voice:
    """Return the voice of an adviser; its confidence is the chance, in percent, that its vote is right."""
    against = advice.vote < 0
    chance = 1.0 - advice.probability if against else advice.probability
    heard = f"{advice.samples} of {advice.asked}, " if advice.asked > 1 else ""
    reason = f"{advice.role} {advice.adviser} ({heard}p {advice.probability:.2f}): {advice.reason}"
    if not advice.samples:
        reason = f"{advice.role} {advice.adviser} said nothing: {advice.reason}"
    confidence = 100.0 * chance if advice.vote else 0.0
    return Voice(advice.voice, advice.vote, confidence, max(0.0, advice.weight), reason)


def cap_of(advice: Sequence[Advice], promoted: Mapping[str, Promoted]) -> float:
    """Return by how many points promoted advisers that vote for an entry may raise it; the most of any."""
    caps = [promoted[each.identity].cap for each in advice if each.vote > 0 and each.identity in promoted]
    return max(caps, default=0.0)


@kernel
def raised(own: float, with_promoted: float, cap: float) -> float:
    """Return an entry's score with promoted advisers: as low as they say, at most `cap` points above."""
    return max(0.0, min(with_promoted, own + max(0.0, cap)))


@kernel
def lowered(score: float, with_others: float) -> float:
    """Return an entry's score with voices that may only lower it."""
    return max(0.0, min(score, with_others))
