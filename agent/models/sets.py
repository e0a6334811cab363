"""Sets of models: what people ask for, whether the gate lets it through, and the event it becomes.

A journal counts its sets from 1; 0 is no model. The event carries the model itself, so a running loop, a
restart and a replay hear the same one at the same place, whatever became of the registry's file.
"""

import zlib
from datetime import datetime
from typing import Any

import msgspec

from agent.models.gate import shortfalls
from agent.models.registry import Registry
from agent.settings.home import Home
from agent.state.proving import demoted_model
from agent.wiring import Parts
from domain.commands import DemoteModel, PromoteModel, RollBackModel
from domain.errors import BadInput, Unproven
from domain.events import ModelSet
from domain.model import Model, encoded, identity
from domain.replies import ModelInForce
from domain.times import length_name
from reasoning.models import heard_model

ModelCommand = PromoteModel | DemoteModel | RollBackModel

RAISE_CAP = 10.0
"""Points by which a promoted model may raise an entry's score."""


def event_of(command: ModelCommand, parts: Parts, at: datetime) -> ModelSet:
    """Return the event a command becomes.

    Raises BadInput when it cannot be meant, Unproven when the model does not pass the gate.
    """
    match command:
        case PromoteModel():
            return _promoted(command, parts, at)
        case DemoteModel():
            return _demoted(command, parts, at)
        case RollBackModel():
            return _rolled_back(command, parts, at)


def _promoted(command: PromoteModel, parts: Parts, at: datetime) -> ModelSet:
    model = Registry(Home(parts.options.home).models).read(command.model, command.version)
    _fits(model, parts)
    lacking = shortfalls(model)
    if lacking and not command.force:
        refused = [f"model {model.name} version {model.version} does not pass the gate:", *lacking]
        raise Unproven(
            "\n".join([*refused, "to let it listen and only lower entries: --force --reason TEXT"])
        )
    if lacking and not command.reason.strip():
        raise BadInput("a forced model needs a reason: --reason TEXT")
    now = in_force(parts.state.models).get(model.name)
    if now is not None and (now.identity, now.promoted) == (identity(model), not lacking):
        raise BadInput(f"model {model.name} version {model.version} is in force already")
    return set_of(model, len(parts.state.models) + 1, at, command.reason.strip(), command.by)


def set_of(model: Model, version: int, at: datetime, reason: str = "", by: str = "agent") -> ModelSet:
    """Return the event that has a model asked: promoted where its figures pass the gate, else forced."""
    lacking = shortfalls(model)
    return ModelSet(
        at=at,
        version=version,
        model=model.name,
        model_version=model.version,
        identity=identity(model),
        promoted=not lacking,
        reason=reason or "passed the gate",
        by=by,
        raise_cap=0.0 if lacking else RAISE_CAP,
        body=zlib.compress(encoded(model), 9),
        evidence=msgspec.to_builtins(model.figures) | {"trials": model.trained.trials, "lacking": lacking},
        forced=bool(lacking),
    )


def _fits(model: Model, parts: Parts) -> None:
    """Raise BadInput where a model has seen nothing like what this account trades."""
    voices = [name for name in parts.mind.names if name not in model.strategies]
    if len(voices) == len(parts.mind.names):
        raise BadInput(
            f"model {model.name} has seen entries of {', '.join(model.strategies)} alone; none votes"
        )
    if model.timeframe_ms != parts.options.timeframe_ms:
        raise BadInput(
            f"model {model.name} was trained on candles of {length_name(model.timeframe_ms)}, this account "
            f"looks at {length_name(parts.options.timeframe_ms)}; train one on those"
        )
    probe = ModelSet(
        at=parts.state.at or model.trained.at, version=0, model=model.name, model_version=model.version,
        identity=identity(model), promoted=False, reason="", by="", body=zlib.compress(encoded(model), 1),
    )  # fmt: skip
    silent = heard_model(probe).silent
    if silent:
        raise BadInput(f"model {model.name} version {model.version} cannot be used: {silent}")


def _demoted(command: DemoteModel, parts: Parts, at: datetime) -> ModelSet:
    now = in_force(parts.state.models).get(command.model)
    if now is None or not now.promoted:
        what = "is not promoted" if now else "is not in force"
        raise BadInput(f"model {command.model!r} {what}, so there is nothing to demote")
    reason = command.reason.strip() or "demoted"
    return demoted_model(now, len(parts.state.models) + 1, at, reason, command.by, command.evidence)


def _rolled_back(command: RollBackModel, parts: Parts, at: datetime) -> ModelSet:
    sets = parts.state.models
    if not sets:
        raise BadInput("no model was ever in force, so there is nothing to roll back")
    if not command.reason.strip():
        raise BadInput("a rollback needs a reason: --reason TEXT")
    if command.version is not None and not 0 <= command.version <= len(sets):
        raise BadInput(f"set {command.version} is not in the journal, it holds 1 to {len(sets)}")
    name = _whose(command, sets)
    now = standing(sets, name)
    if command.version is None and now == 0:
        raise BadInput(f"no model {name} is in force; name the set to go back to, 1 to {len(sets)}")
    target = now - 1 if command.version is None else command.version
    root = standing(sets[:target], name)
    if root == now:
        raise BadInput(f"set {now} of {name} is in force already" if now else f"no model {name} is in force")
    back: dict[str, Any] = {
        "at": at,
        "version": len(sets) + 1,
        "reason": command.reason.strip(),
        "by": command.by,
    }
    if root == 0:
        return ModelSet(model=name, model_version=0, identity="", promoted=False, rolled_back_to=0, **back)
    return _again(sets[root - 1], parts, back | {"rolled_back_to": root})


def _again(then: ModelSet, parts: Parts, back: dict[str, Any]) -> ModelSet:
    """Return a set in force again; its model is the journal's or, where that has none, the registry's."""
    body = then.body
    if not body:
        model = Registry(Home(parts.options.home).models).read(then.model, then.model_version)
        if identity(model) != then.identity:
            raise BadInput(
                f"model {then.model} version {then.model_version} of the registry is {identity(model)[:12]}, "
                f"in force was {then.identity[:12]}: not used"
            )
        body = zlib.compress(encoded(model), 9)
    # What was promoted then is judged anew: going back never raises anything.
    return msgspec.structs.replace(then, body=body, promoted=False, raise_cap=0.0, forced=False, **back)


def _whose(command: RollBackModel, sets: list[ModelSet]) -> str:
    named = sets[command.version - 1].model if command.version else None
    if named is not None and command.model not in (None, named):
        raise BadInput(f"set {command.version} is of {named}, not of {command.model}")
    return command.model or named or sets[-1].model


def standing(sets: list[ModelSet], name: str) -> int:
    """Return the set a model stands by: of a rollback the one it went back to, 0 for none."""
    latest = next((event for event in reversed(sets) if event.model == name), None)
    if latest is None:
        return 0
    return latest.version if latest.rolled_back_to is None else latest.rolled_back_to


def in_force(sets: list[ModelSet]) -> dict[str, ModelSet]:
    """Return the models that are asked, by name."""
    return {event.model: event for event in sets if event.body}


def in_force_reply(event: ModelSet, *, running: bool) -> ModelInForce:
    """Return the answer to whoever set a model; without its arrays."""
    given = {name: getattr(event, name) for name in event.__struct_fields__ if name != "body"}
    return ModelInForce(running=running, **given)
