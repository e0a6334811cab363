"""Promotions of advisers: what people ask for, whether the evidence is enough, and the event it becomes.

A journal counts them from 1. Whoever is promoted is so by its event alone: a running loop, a restart and a
replay take it at the same place. Nothing here looks at an exit.
"""

from collections.abc import Sequence
from datetime import datetime

from agent.state.proving import demotion
from domain.commands import DemoteAdviser, PromoteAdviser, RollBackAdviser
from domain.errors import BadInput, Unproven
from domain.events import AdviserSet
from domain.replies import AdviserInForce
from learning.promotion import SkillProof, checked, shortfalls

AdviserCommand = PromoteAdviser | DemoteAdviser | RollBackAdviser


def event_of(command: AdviserCommand, known: Sequence[AdviserSet], at: datetime) -> AdviserSet:
    """Return the event a command becomes; `known` are the journal's so far.

    Raises BadInput when it cannot be meant, Unproven when its evidence is not enough.
    """
    if isinstance(command, PromoteAdviser):
        return _promoted(command, known, at)
    if isinstance(command, DemoteAdviser):
        return _demoted(command, known, at)
    return _rolled_back(command, known, at)


def _promoted(command: PromoteAdviser, known: Sequence[AdviserSet], at: datetime) -> AdviserSet:
    proof = checked(command.evidence)
    _fits(command, proof)
    if not 0.0 <= command.raise_cap <= 100.0:
        raise BadInput(f"raise_cap {command.raise_cap:g}: must be from 0 to 100 points")
    _passes(command.adviser, proof)
    return AdviserSet(
        at=at,
        version=len(known) + 1,
        adviser=command.adviser,
        identity=command.identity,
        promoted=True,
        reason=command.reason.strip() or "it passed the gate",
        by=command.by,
        raise_cap=command.raise_cap,
        evidence=command.evidence,
    )


def _passes(adviser: str, proof: SkillProof) -> None:
    """Raise Unproven where the gate refuses: there is no other way up, whoever asks."""
    lacking = shortfalls(proof)
    if lacking:
        raise Unproven("\n".join([f"adviser {adviser} does not pass the gate:", *lacking]))


def _fits(command: PromoteAdviser, proof: SkillProof) -> None:
    """Raise BadInput for evidence on somebody else; without an identity nobody can be told apart."""
    if not command.identity:
        raise BadInput(f"adviser {command.adviser}: no identity, so it cannot be told from another")
    if (proof.voice, proof.identity) != (f"adviser:{command.adviser}", command.identity):
        raise BadInput(f"the evidence is on {proof.voice} {proof.identity[:12]}, not on {command.adviser}")


def latest(known: Sequence[AdviserSet], adviser: str) -> AdviserSet | None:
    """Return an adviser's latest event, None where there is none."""
    return next((each for each in reversed(known) if each.adviser == adviser), None)


def _demoted(command: DemoteAdviser, known: Sequence[AdviserSet], at: datetime) -> AdviserSet:
    if not command.reason.strip():
        raise BadInput("a demotion needs a reason: --reason TEXT")
    now = latest(known, command.adviser)
    if now is None or not now.promoted:
        raise BadInput(f"adviser {command.adviser!r} is not promoted")
    return demotion(now, len(known) + 1, at, command.reason.strip(), command.by)


def _rolled_back(command: RollBackAdviser, known: Sequence[AdviserSet], at: datetime) -> AdviserSet:
    """Put what an earlier version said in force again, as a version of its own."""
    if not known:
        raise BadInput("no adviser was ever promoted, so there is nothing to roll back")
    if not command.reason.strip():
        raise BadInput("a rollback needs a reason: --reason TEXT")
    if not 1 <= command.version <= len(known):
        raise BadInput(f"version {command.version} is not in the journal, it holds 1 to {len(known)}")
    back = known[command.version - 1]
    now = latest(known, back.adviser)
    if now is not None and (now.identity, now.promoted) == (back.identity, back.promoted):
        raise BadInput(f"what version {back.version} says of {back.adviser} is in force already")
    if back.promoted:
        _stands(back, known)
    return AdviserSet(
        at=at,
        version=len(known) + 1,
        adviser=back.adviser,
        identity=back.identity,
        promoted=back.promoted,
        reason=command.reason.strip(),
        by=command.by,
        raise_cap=back.raise_cap,
        evidence=back.evidence,
        rolled_back_to=back.version,
    )


def _stands(back: AdviserSet, known: Sequence[AdviserSet]) -> None:
    """Raise Unproven where a promotion was taken back since, or would not pass any more."""
    fallen = [each for each in known if each.identity == back.identity and not each.promoted]
    if fallen and fallen[-1].version > back.version:
        raise Unproven(
            f"adviser {back.adviser} was demoted in version {fallen[-1].version}: going back raises nobody, "
            "the gate does: agent adviser promote"
        )
    _passes(back.adviser, checked(back.evidence))


def reply_of(event: AdviserSet, *, running: bool) -> AdviserInForce:
    """Return the answer to whoever set it."""
    return AdviserInForce(
        at=event.at,
        version=event.version,
        adviser=event.adviser,
        identity=event.identity,
        promoted=event.promoted,
        raise_cap=event.raise_cap,
        reason=event.reason,
        by=event.by,
        rolled_back_to=event.rolled_back_to,
        running=running,
    )
