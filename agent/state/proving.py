"""Outcomes of promoted advisers since their promotion, and the demotion these come to. A part of the fold.

Only a promotion is watched, so while nobody is promoted there is nothing here. What is watched comes from
lessons, and the demotion is an event written between two cycles: a replay takes it as it is recorded.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.advice import VOICE
from domain.events import AdviserSet
from domain.lesson import Lesson
from learning.forecasts import says_something
from learning.promotion import WINDOW, ProvingOutcome, lapsed, proof_of
from reasoning.advised import Promoted

BY = "agent"
Watched = dict[str, tuple[ProvingOutcome, ...]]


def promoted(known: Sequence[AdviserSet]) -> dict[str, AdviserSet]:
    """Return the promotions in force, by the adviser's name."""
    latest = {each.adviser: each for each in known}
    return {name: each for name, each in latest.items() if each.promoted}


def promotion(event: AdviserSet) -> Promoted:
    """Return what an adviser's promotion allows; sizes are bounded by its proof where that can be read."""
    proof = proof_of(event.evidence)
    if proof is None or proof.calibrator is None or proof.payoff is None or not proof.calibrator.sound:
        return Promoted(event.raise_cap)
    return Promoted(event.raise_cap, proof.calibrator, proof.payoff)


def begun(watched: Watched, event: AdviserSet) -> Watched:
    """Return what is watched as an adviser is promoted or demoted: of it nothing yet."""
    rest = {name: each for name, each in watched.items() if name != event.adviser}
    return rest | {event.adviser: ()} if event.promoted else rest


def after(watched: Watched, known: Sequence[AdviserSet], lesson: Lesson) -> Watched:
    """Return what is watched with one more lesson."""
    if not watched or not says_something(lesson):
        return watched
    voices = {each.name: each for each in lesson.context.voices if each.vote}
    more: dict[str, tuple[ProvingOutcome, ...]] = {}
    for name, event in promoted(known).items():
        voice = voices.get(VOICE + name)
        proof = proof_of(event.evidence)
        if voice is None or proof is None or name not in watched:
            continue
        stated = voice.confidence / 100.0
        chance = stated if voice.vote > 0 else 1.0 - stated
        meant = proof.calibrator.chance(chance) if proof.calibrator else chance
        outcome = ProvingOutcome(meant, proof.base, lesson.result, voice.vote)
        more[name] = (*watched[name], outcome)[-WINDOW:]
    return watched | more


def demotions(
    watched: Mapping[str, Sequence[ProvingOutcome]], known: Sequence[AdviserSet], at: datetime
) -> list[AdviserSet]:
    """Return the demotions that are due: downwards only, by what came since the promotion."""
    events: list[AdviserSet] = []
    for name, event in promoted(known).items():
        why = lapsed(watched.get(name, ()))
        if why:
            number = len(known) + len(events) + 1
            events.append(demotion(event, number, at, "; ".join(why), BY))
    return events


def demotion(now: AdviserSet, version: int, at: datetime, reason: str, by: str) -> AdviserSet:
    """Return the event that takes a promotion back; its evidence is what the promotion rested on."""
    return AdviserSet(
        at=at,
        version=version,
        adviser=now.adviser,
        identity=now.identity,
        promoted=False,
        reason=reason,
        by=by,
        evidence=now.evidence,
    )
