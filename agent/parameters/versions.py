"""Parameter versions: what people ask for, whether the evidence is enough, and the event it becomes.

A journal counts its versions from 1; version 0 is what the settings say. Parameters come into force by
their event alone, so a running loop, a restart and a replay take them at the same place.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent.answers.journals import ParameterVersion
from agent.host.shown import words
from agent.parameters import evidence
from agent.parameters.evidence import EvidenceFile
from agent.settings.load import problem
from agent.settings.pairs import PAIRS
from agent.wiring.folded import Parts
from domain.commands import ApplyParameters, RollBackParameters
from domain.errors import BadInput, Unproven
from domain.events import ParametersSet
from domain.replies import ParametersInForce
from reasoning.kernels.strategy import Strategy, StrategyParams
from reasoning.minds import StrategyRunner
from reasoning.own import StandIn

GAIN = 0.1
"""Share by which the out-of-sample Sharpe ratio must be better than that of the parameters in force."""

Values = dict[str, Any]


def event_of(command: ApplyParameters | RollBackParameters, parts: Parts, at: datetime) -> ParametersSet:
    """Return the event a command becomes.

    Raises BadInput when it cannot be meant, Unproven when its evidence is not enough.
    """
    if isinstance(command, ApplyParameters):
        return _applied(command, parts, at)
    return _rolled_back(command, parts, at)


def _applied(command: ApplyParameters, parts: Parts, at: datetime) -> ParametersSet:
    strategy = strategy_of(parts.mind, command.strategy)
    present = in_force(parts, strategy)
    proof = None if command.evidence is None else evidence.checked(command.evidence)
    wanted = _wanted(command, strategy, present, proof)
    if proof is not None:
        _fits(proof, strategy, wanted)
    if wanted == present:
        raise BadInput(f"{strategy.name} has these parameters already: {words(plain(present))}")
    _fits_pairs(parts.mind, strategy, wanted)
    lacking = shortfalls(proof, strategy, present)
    if lacking and not command.force:
        raise Unproven("\n".join([*lacking, "to apply it all the same: --force --reason TEXT"]))
    if lacking and not command.reason.strip():
        raise BadInput("a forced version needs a reason: --reason TEXT")
    return ParametersSet(
        at=at,
        version=len(parts.state.versions) + 1,
        strategy=strategy.name,
        parameters=plain(wanted),
        reason=command.reason.strip() or f"out-of-sample sharpe at least {GAIN:.0%} better",
        by=command.by,
        evidence=None if proof is None else proof.event(),
        forced=bool(lacking),
    )


def _wanted(
    command: ApplyParameters, strategy: Strategy[Any], present: StrategyParams, proof: EvidenceFile | None
) -> StrategyParams:
    if command.given:
        return parameters_of(strategy, plain(present) | command.given)
    if proof is None:
        raise BadInput("no parameters: give --set NAME=VALUE, --evidence or --study")
    return parameters_of(strategy, dict(proof.parameters))


def _fits(proof: EvidenceFile, strategy: Strategy[Any], wanted: StrategyParams) -> None:
    """Raise BadInput when evidence is for another strategy or for other parameters."""
    if proof.strategy != strategy.name:
        raise BadInput(f"the evidence is for strategy {proof.strategy}, to be applied to {strategy.name}")
    result = _complete("parameters", proof.parameters, strategy)
    if result != wanted:
        raise BadInput(f"the evidence is for {words(plain(result))}, to be applied is {words(plain(wanted))}")
    _complete("present.parameters", proof.present.parameters, strategy)


def _fits_pairs(mind: StrategyRunner, strategy: Strategy[Any], wanted: StrategyParams) -> None:
    """Raise BadInput where parameters do not go with those that a pair has of its own."""
    for symbol, own in mind.pairs_with_own(strategy.name).items():
        try:
            parameters_of(strategy, {**plain(wanted), **own})
        except BadInput as refused:
            kept = f"{PAIRS}.{symbol} keeps {words(dict(own))} of its own"
            raise BadInput(f"{kept}, which does not go with these: {refused}") from None


def _complete(field: str, values: Mapping[str, Any], strategy: Strategy[Any]) -> StrategyParams:
    """Return evidence's parameters; what is left out could have been anything, so nothing may be."""
    missing = [name for name in strategy.params.model_fields if name not in values]
    if missing:
        raise BadInput(
            f"the evidence's {field} leave out {', '.join(missing)}; name all of {strategy.name}'s"
        )
    return parameters_of(strategy, dict(values))


def shortfalls(proof: EvidenceFile | None, strategy: Strategy[Any], present: StrategyParams) -> list[str]:
    """Say what evidence lacks to put its parameters in force, each with value and limit."""
    if proof is None:
        return [f"no evidence of an out-of-sample gain of at least {GAIN:.0%}: give --evidence or --study"]
    lacking = []
    compared = parameters_of(strategy, dict(proof.present.parameters))
    if compared != present:
        lacking.append(
            f"the evidence compares with {words(plain(compared))}, in force is {words(plain(present))}"
        )
    new, old = proof.out_of_sample_sharpe, proof.present.out_of_sample_sharpe
    limit = old + GAIN * abs(old)
    if new < limit:
        lacking.append(
            f"out-of-sample sharpe {new:g} is below the limit {limit:g}: "
            f"{GAIN:.0%} over {old:g} of the parameters in force"
        )
    if new <= 0:
        lacking.append(f"out-of-sample sharpe {new:g} is not above the limit 0")
    return lacking


def _rolled_back(command: RollBackParameters, parts: Parts, at: datetime) -> ParametersSet:
    versions = parts.state.versions
    if not versions:
        raise BadInput("no version was applied yet, so there is nothing to roll back")
    if not command.reason.strip():
        raise BadInput("a rollback needs a reason: --reason TEXT")
    if command.version is not None and not 0 <= command.version <= len(versions):
        raise BadInput(f"version {command.version} is not in the journal, it holds 1 to {len(versions)}")
    strategy = strategy_of(parts.mind, _whose(command, versions))
    now = standing(versions, strategy.name)
    if command.version is None and now == 0:
        raise BadInput(f"{strategy.name} has the settings' own parameters; name the version to go back to")
    target = now - 1 if command.version is None else command.version
    # What was in force then: a rollback to a rollback means what that one had brought back.
    root = standing(versions[:target], strategy.name)
    if root == now:
        raise BadInput(f"version {now} of {strategy.name} is in force already")
    own = plain(parts.options.reasoning.params(strategy.name))
    values = own if root == 0 else versions[root - 1].parameters
    return ParametersSet(
        at=at,
        version=len(versions) + 1,
        strategy=strategy.name,
        parameters=plain(parameters_of(strategy, values)),
        reason=command.reason.strip(),
        by=command.by,
        evidence=None if root == 0 else versions[root - 1].evidence,
        rolled_back_to=root,
    )


def _whose(command: RollBackParameters, versions: list[ParametersSet]) -> str:
    named = versions[command.version - 1].strategy if command.version else None
    if named is not None and command.strategy not in (None, named):
        raise BadInput(f"version {command.version} is of {named}, not of {command.strategy}")
    return command.strategy or named or versions[-1].strategy


def standing(versions: list[ParametersSet], strategy: str) -> int:
    """Return the version whose parameters a strategy has: of a rollback, the one it went back to."""
    latest = next((event for event in reversed(versions) if event.strategy == strategy), None)
    if latest is None:
        return 0
    return latest.version if latest.rolled_back_to is None else latest.rolled_back_to


def strategy_of(mind: StrategyRunner, name: str) -> Strategy[Any]:
    """Return a strategy that has a voice. Raises BadInput when none of this name has."""
    strategy = mind.strategy(name)
    if strategy is None:
        raise BadInput(f"strategy {name!r} has no voice here; those that have: {', '.join(mind.names)}")
    if isinstance(strategy, StandIn):
        raise BadInput(f"strategy {name!r} cannot be loaded; `agent strategy list` says why")
    return strategy


def parameters_of(strategy: Strategy[Any], values: Mapping[str, Any]) -> StrategyParams:
    """Return checked parameters. Raises BadInput with every problem: field, value, limit."""
    try:
        return strategy.params.model_validate(values)
    except ValidationError as error:
        raise BadInput("\n".join(_problem(strategy, each) for each in error.errors())) from None


def _problem(strategy: Strategy[Any], error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        known = ", ".join(strategy.params.model_fields)
        return f"{strategy.name}.{error['loc'][0]}: no such parameter; known: {known}"
    return f"{strategy.name}{'.' if error['loc'] else ': '}{problem(error, secretive=False)}"


def in_force(parts: Parts, strategy: Strategy[Any]) -> StrategyParams:
    """Return the parameters a strategy speaks with."""
    event = parts.state.in_force().get(strategy.name)
    if event is None:
        return parts.options.reasoning.params(strategy.name)
    return parameters_of(strategy, event.parameters)


def plain(params: StrategyParams) -> Values:
    """Return every parameter as plain JSON values, in the order of the model."""
    return params.model_dump(mode="json")


def told(event: ParametersSet, *, active: bool) -> Values:
    """Return a version as plain values."""
    row: Values = msgspec.to_builtins(event)
    del row["type"]
    return row | {"at": event.at.isoformat(), "active": active}


def in_force_reply(event: ParametersSet, waits_candles: int, *, running: bool) -> ParametersInForce:
    """Return the answer to whoever put a version in force."""
    given = {name: getattr(event, name) for name in event.__struct_fields__}
    return ParametersInForce(active=True, waits_candles=waits_candles, running=running, **given)


def rows(parts: Parts) -> list[ParameterVersion]:
    """Return the settings' own parameters of each voice, then every version, the oldest first."""
    active = parts.state.in_force()
    own = [
        ParameterVersion(
            version=0,
            strategy=name,
            parameters=plain(parts.options.reasoning.params(name)),
            by="settings",
            active=name not in active,
        )
        for name in parts.mind.names
    ]
    return own + [row(event, active=active.get(event.strategy) is event) for event in parts.state.versions]


def row(event: ParametersSet, *, active: bool) -> ParameterVersion:
    """Return a version as it is told."""
    return ParameterVersion(**msgspec.structs.asdict(event), active=active)
