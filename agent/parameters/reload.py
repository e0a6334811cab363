"""Reload: which studies a running agent is yet to take, among those that the settings name for it.

A study is taken once in a journal, whatever became of it: what a person or a later window took back is not
brought in again by a clock. Nothing here forces: evidence that is not enough, or that the gate would fail,
keeps a version out, and says why.
"""

from collections.abc import Sequence
from typing import NamedTuple

from agent.answers.journals import ParameterVersion
from agent.parameters.evidence import EvidenceFile

BY = "parameters"
"""Who asks, as the journal has it: the job's name."""

IN_FORCE, TAKEN_BEFORE, NO_VOICE, REFUSED, APPLIED, NEW = (
    "in force",
    "taken before",
    "no voice",
    "refused",
    "applied",
    "new",
)


class StudyReload(NamedTuple):
    """The place of a study in one journal: taken, refused or new, and the reason."""

    did: str
    why: str
    version: int | None = None


def reload_of(proof: EvidenceFile, versions: Sequence[ParameterVersion], pbo: float) -> StudyReload:
    """Return the place of a study beside the versions of a journal; `pbo` is the gate's limit."""
    own = [each for each in versions if each.strategy == proof.strategy]
    if not own:
        return StudyReload(NO_VOICE, f"{proof.strategy} has no voice in this journal")
    event = proof.event()
    now = next(each for each in own if each.active)
    taken = [each.version for each in own if each.evidence == event and each.rolled_back_to is None]
    if taken:
        active = (now.version if now.rolled_back_to is None else now.rolled_back_to) in taken
        did = IN_FORCE if active else TAKEN_BEFORE
        return StudyReload(did, "" if active else "another version came after it", taken[-1])
    if now.parameters == proof.parameters:
        return StudyReload(IN_FORCE, "another version has the same parameters", now.version)
    if proof.pbo is not None and proof.pbo > pbo:
        return StudyReload(
            REFUSED, f"probability of backtest overfitting {proof.pbo:g}, limit gate.pbo {pbo:g}"
        )
    return StudyReload(NEW, "")
