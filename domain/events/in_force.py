"""The events that put something in force: parameters, models, settings, advisers, lessons."""

from datetime import datetime
from typing import Any

import msgspec

from domain.evidence import Evidence


class ParametersSet(msgspec.Struct, frozen=True, tag="parameters_set"):
    """A strategy was given new parameters: by whom, why and on what evidence.

    `version` counts a journal's parameter sets from 1. `rolled_back_to` names the earlier version that
    is in force again, 0 for the settings' own. `forced` tells that the evidence was not enough.
    """

    at: datetime
    version: int
    strategy: str
    parameters: dict[str, Any]
    reason: str
    by: str
    evidence: Evidence | None = None
    forced: bool = False
    rolled_back_to: int | None = None


class ModelSet(msgspec.Struct, frozen=True, tag="model_set"):
    """A trained model came into force, was promoted or demoted, or was taken back: by whom and why.

    `version` counts a journal's sets from 1; `model_version` is that of the registry, `identity` the SHA-256
    of the model, and `body` the model itself, packed, so that a restart and a replay need no file; "" where
    none of this name is in force any more. It is heard with `weight`. Not `promoted` it only lowers entries;
    promoted it may raise one by `raise_cap` points at most. `evidence` are the figures it was judged by,
    `forced` tells that they were not enough. `rolled_back_to` names the earlier version that is in force
    again, 0 for none.
    """

    at: datetime
    version: int
    model: str
    model_version: int
    identity: str
    promoted: bool
    reason: str
    by: str
    weight: float = 1.0
    raise_cap: float = 0.0
    body: bytes = b""
    evidence: dict[str, Any] = {}
    forced: bool = False
    rolled_back_to: int | None = None


class SettingsChanged(msgspec.Struct, frozen=True, tag="settings_changed"):
    """Settings were changed while a session ran, or for the next one: by whom and why.

    `given` has the new value of each dotted name, `before` what was in force, `own` what the session's
    settings say: a setting that is its own again is no longer changed. `looser` allow more than before.
    """

    at: datetime
    given: dict[str, Any]
    before: dict[str, Any]
    own: dict[str, Any]
    reason: str
    by: str
    looser: tuple[str, ...] = ()


class AdviserSet(msgspec.Struct, frozen=True, tag="adviser_set"):
    """An adviser was promoted, demoted or rolled back: by whom, why and on what evidence.

    `version` counts a journal's sets from 1. Promoted it may raise an entry's score by `raise_cap` points at
    most, and only while its `identity` is the one that was promoted. `rolled_back_to` names the earlier
    version that is in force again, 0 for none. `forced` tells that the evidence was not enough.
    """

    at: datetime
    version: int
    adviser: str
    identity: str
    promoted: bool
    reason: str
    by: str
    raise_cap: float = 0.0
    evidence: dict[str, Any] = {}
    forced: bool = False
    rolled_back_to: int | None = None


class LessonsSet(msgspec.Struct, frozen=True, tag="lessons_set"):
    """Another set of lessons came into force: by whom, why and on what evidence.

    `version` counts a journal's sets from 1. A set is named by a number: that of the last lesson in it, as
    the journal's lessons are counted from 1, and `sha256` is the chained digest of all of them. Weights and
    questions rest on that set alone, until another comes into force; with `follows` every later lesson
    joins it as it is learned, as where none was ever set. `evidence` is what a promotion rests on.
    """

    at: datetime
    version: int
    lessons: int
    sha256: str
    follows: bool
    reason: str
    by: str
    evidence: dict[str, Any] = {}
