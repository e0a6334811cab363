"""Outcomes of promoted advisers and models since their promotion, and the demotion these come to.

A part of the fold. Only a promotion is watched, so while nobody is promoted there is nothing here. What is
watched comes from lessons, and the demotion is an event written between two cycles: a replay takes it as it
is recorded.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from domain.advice import VOICE
from domain.calibrator import Calibrator
from domain.events import AdviserSet, ModelSet
from domain.lesson import Lesson
from learning.forecasts import says_something
from learning.promotion import WINDOW, ProvingOutcome, lapsed, proof_of
from reasoning.advised import Promoted
from reasoning.models import VOICE as MODEL

BY = "agent"
Watched = dict[str, tuple[ProvingOutcome, ...]]


class WatchedPromotion(NamedTuple):
    """A promotion in force: its event, the base rate it was made at, and what a stated probability stood for.

    A model's voice states calibrated probabilities already, so it has no `calibrator`.
    """

    event: AdviserSet | ModelSet
    base: float
    calibrator: Calibrator | None = None


def promoted(advisers: Sequence[AdviserSet], models: Sequence[ModelSet] = ()) -> dict[str, WatchedPromotion]:
    """Return the promotions in force whose evidence can be read, by the name of the adviser or model."""
    latest: dict[str, AdviserSet | ModelSet] = {
        **{each.adviser: each for each in advisers},
        **{model_voice(each): each for each in models},
    }
    parts = ((name, _standing(each)) for name, each in latest.items() if each.promoted)
    return {name: each for name, each in parts if each is not None}


def model_voice(event: ModelSet) -> str:
    """Return a model's name among advisers."""
    return f"{MODEL}{event.model}"


def _standing(event: AdviserSet | ModelSet) -> WatchedPromotion | None:
    if isinstance(event, ModelSet):
        base = event.evidence.get("base")
        return WatchedPromotion(event, float(base)) if isinstance(base, float | int) else None
    proof = proof_of(event.evidence)
    return None if proof is None else WatchedPromotion(event, proof.base, proof.calibrator)


def promotion(event: AdviserSet) -> Promoted:
    """Return what an adviser's promotion allows; sizes are bounded by its proof where that can be read."""
    proof = proof_of(event.evidence)
    if proof is None or proof.calibrator is None or proof.payoff is None or not proof.calibrator.sound:
        return Promoted(event.raise_cap)
    return Promoted(event.raise_cap, proof.calibrator, proof.payoff)


def begun(watched: Watched, event: AdviserSet | ModelSet) -> Watched:
    """Return what is watched as somebody is promoted or demoted: of them nothing yet."""
    name = event.adviser if isinstance(event, AdviserSet) else model_voice(event)
    rest = {each: done for each, done in watched.items() if each != name}
    return rest | {name: ()} if event.promoted else rest


def after(
    watched: Watched, advisers: Sequence[AdviserSet], models: Sequence[ModelSet], lesson: Lesson
) -> Watched:
    """Return what is watched with one more lesson."""
    if not watched or not says_something(lesson):
        return watched
    voices = {each.name: each for each in lesson.context.voices if each.vote}
    more: dict[str, tuple[ProvingOutcome, ...]] = {}
    for name, standing in promoted(advisers, models).items():
        voice = voices.get(VOICE + name)
        if voice is None or name not in watched:
            continue
        stated = voice.confidence / 100.0
        chance = stated if voice.vote > 0 else 1.0 - stated
        meant = standing.calibrator.chance(chance) if standing.calibrator else chance
        outcome = ProvingOutcome(meant, standing.base, lesson.result, voice.vote)
        more[name] = (*watched[name], outcome)[-WINDOW:]
    return watched | more


def demotions(
    watched: Mapping[str, Sequence[ProvingOutcome]],
    advisers: Sequence[AdviserSet],
    models: Sequence[ModelSet],
    at: datetime,
) -> list[AdviserSet | ModelSet]:
    """Return the demotions that are due: downwards only, by what came since the promotion."""
    events: list[AdviserSet | ModelSet] = []
    for name, (event, *_) in promoted(advisers, models).items():
        why = "; ".join(lapsed(watched.get(name, ())))
        if not why:
            continue
        before = sum(type(each) is type(event) for each in (*advisers, *models, *events))
        if isinstance(event, AdviserSet):
            events.append(demotion(event, before + 1, at, why, BY))
        else:
            evidence = {"outcomes": len(watched[name])}
            events.append(demoted_model(event, before + 1, at, why, BY, evidence))
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


def demoted_model(
    now: ModelSet, version: int, at: datetime, reason: str, by: str, evidence: dict[str, Any]
) -> ModelSet:
    """Return the event that lets a promoted model only lower entries."""
    return msgspec.structs.replace(
        now,
        at=at,
        version=version,
        promoted=False,
        raise_cap=0.0,
        reason=reason,
        by=by,
        evidence=evidence,
        forced=False,
        rolled_back_to=None,
    )
