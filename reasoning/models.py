"""The voice of a trained model: asked where a strategy wants to enter, heard by the law of advice.

A model answers one question: how likely is it that this entry earns something after costs. It reads the last
candles and the signal, by the kernels it was trained with, and becomes advice like any adviser's, so that an
exit never waits for it and one that was not promoted only lowers an entry (`reasoning.advised`). What it
does not know it says nothing about; a fault of it silences it for that candle, and nothing else.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from math import log
from typing import NamedTuple

from domain.advice import Advice, Role
from domain.candle import Candle
from domain.decision import Edge
from domain.errors import BadInput
from domain.events import ModelSet
from domain.model import LARGEST, Arrays, Model, decoded
from reasoning.kernels.entry_inputs import NAMES, entry_inputs
from reasoning.kernels.model import chance_of, linear_odds, linear_parts, trees_odds, trees_parts
from reasoning.kernels.model_inputs import LOOK_BACK, distance_of
from reasoning.orientation import ModelOpinion, Opinion

VOICE = "model."
"""How a model's name begins among advisers."""

TOLD = 5
"""Inputs named in the reason, those that moved it most."""

BIAS, CALIBRATION = "bias", "calibration"
"""Parts of the log-odds that are no input: where they begin, and what the calibrator made of them."""


class HeardModel(NamedTuple):
    """A model in force: itself, its digest, its weight in the vote; or why it is not asked."""

    name: str
    identity: str
    weight: float
    model: Model | None
    silent: str = ""


def heard_model(event: ModelSet) -> HeardModel:
    """Return the model of an event. What cannot be used is silent and says why: nothing else waits for it."""
    try:
        model = unpacked(event)
    except BadInput as refused:
        return HeardModel(event.model, event.identity, event.weight, None, str(refused))
    return HeardModel(event.model, event.identity, event.weight, model, unread(model))


def unread(model: Model) -> str:
    """Say why a model's inputs cannot be worked out here, "" where they can."""
    names, own = NAMES.get(model.inputs_version, ()), len(model.strategies)
    if not names:
        known = ", ".join(map(str, NAMES))
        return f"it was trained on inputs of version {model.inputs_version}, here they are {known}"
    if model.inputs[: len(names)] != names or len(model.inputs) != len(names) + own:
        return f"its inputs are not those of version {model.inputs_version}"
    return ""


def unpacked(event: ModelSet) -> Model:
    """Return the model an event holds. Raises BadInput where it is not the one the event names."""
    where = f"model {event.model} version {event.model_version}"
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(event.body, LARGEST)
    except zlib.error as error:
        raise BadInput(f"{where}: cannot be unpacked: {error}") from None
    digest = hashlib.sha256(text).hexdigest()
    if digest != event.identity:
        raise BadInput(
            f"{where}: its digest is {digest[:12]}, that of the model set is {event.identity[:12]}"
        )
    return decoded(text, where)


def opinions_of(
    models: Mapping[str, HeardModel], symbol: str, recent: Sequence[Candle], signals: Sequence[Opinion]
) -> tuple[ModelOpinion, ...]:
    """Return what models say of the newest candle, where a strategy wants to buy on it; else nothing."""
    if not models or not any(signal.vote > 0 for _, signal, _ in signals):
        return ()
    return tuple(_opinion(each, symbol, recent, signals) for each in models.values())


def _opinion(
    heard: HeardModel, symbol: str, recent: Sequence[Candle], signals: Sequence[Opinion]
) -> ModelOpinion:
    time = recent[-1].time if recent else 0
    model = heard.model
    try:
        why = heard.silent if model is None or heard.silent else unknown(model, recent, signals)
        if model is None or why:
            return _silent(heard, symbol, time, why)
        return _spoken(heard, model, symbol, recent, signals)
    except (ArithmeticError, LookupError, TypeError, ValueError) as fault:
        return _silent(heard, symbol, time, f"{type(fault).__name__}: {fault}")


def _silent(heard: HeardModel, symbol: str, time: int, why: str) -> ModelOpinion:
    name, identity = f"{VOICE}{heard.name}", heard.identity
    return ModelOpinion(
        Advice(name, Role.ANALYST, symbol, time, 0, 0.0, why, heard.weight, identity, samples=0), {}
    )


def unknown(model: Model, recent: Sequence[Candle], signals: Sequence[Opinion]) -> str:
    """Say why a model knows nothing of an entry, "" where it does."""
    if len(recent) < LOOK_BACK:
        return f"it reads {LOOK_BACK} candles, {len(recent)} are known"
    apart = min(recent[back].time - recent[back - 1].time for back in range(-1, -LOOK_BACK, -1))
    if apart != model.timeframe_ms:
        return f"candles lie {apart / 1000:g} s apart, it was trained on {model.timeframe_ms / 1000:g} s"
    strange = [name for name, signal, _ in signals if signal.vote > 0 and name not in model.strategies]
    return f"it has seen no entry of {', '.join(strange)}" if strange else ""


def _spoken(
    heard: HeardModel, model: Model, symbol: str, recent: Sequence[Candle], signals: Sequence[Opinion]
) -> ModelOpinion:
    row = inputs_of(model, recent, signals)
    odds, parts = odds_of(model.arrays, row), parts_of(model, row)
    raw = chance = chance_of(odds)
    if model.calibrator is not None:
        chance = model.calibrator.chance(raw)
        parts[CALIBRATION] = log(chance / (1.0 - chance)) - odds
    advice = Advice(
        adviser=f"{VOICE}{heard.name}",
        role=Role.ANALYST,
        symbol=symbol,
        candle_ms=recent[-1].time,
        vote=1 if chance >= model.base else -1,
        probability=chance,
        reason=_told(model, parts),
        weight=heard.weight,
        identity=heard.identity,
    )
    edge = None
    if model.calibrator is not None and model.payoff > 0.0:
        edge = Edge(advice.voice, model.calibrator.ends(raw)[0], model.payoff)
    return ModelOpinion(advice, parts, edge)


def inputs_of(model: Model, recent: Sequence[Candle], signals: Sequence[Opinion]) -> list[float]:
    """Return what a model reads of an entry on the newest of the candles."""
    last = [recent[back] for back in range(-LOOK_BACK, 0)]
    high, low, close, volume = ([float(candle[column]) for candle in last] for column in (2, 3, 4, 5))
    buying = {name: signal for name, signal, _ in signals if signal.vote > 0}
    strongest = max(buying.values(), key=lambda signal: signal.confidence)
    distance = distance_of(close[-1], strongest.stop_ppm, strongest.stop)
    row = [0.0] * len(model.inputs)
    entry_inputs(
        model.inputs_version,
        high,
        low,
        close,
        volume,
        LOOK_BACK - 1,
        last[-1].time,
        strongest.confidence,
        distance,
        len(buying),
        row,
    )
    first = len(row) - len(model.strategies)
    for index, name in enumerate(model.strategies):
        row[first + index] = 1.0 if name in buying else 0.0
    return row


def odds_of(arrays: Arrays, row: Sequence[float]) -> float:
    """Return the log-odds of one row, whatever kind the model is."""
    odds = 0.0
    if arrays.weights or not arrays.roots:
        odds = linear_odds(arrays.bias, arrays.center, arrays.scale, arrays.weights, row, 0)
    if arrays.roots:
        odds += trees_odds(
            arrays.roots, arrays.feature, arrays.threshold, arrays.left, arrays.right, arrays.value, row, 0
        )
    return odds


def added(arrays: Arrays, row: Sequence[float]) -> tuple[float, list[float]]:
    """Return the bias and what each input adds to it; all of it sums to the log-odds."""
    bias, parts = arrays.bias, [0.0] * len(row)
    if arrays.roots:
        bias += trees_parts(
            arrays.roots,
            arrays.feature,
            arrays.threshold,
            arrays.left,
            arrays.right,
            arrays.value,
            row,
            parts,
        )
    if arrays.weights:
        straight = [0.0] * len(row)
        linear_parts(arrays.center, arrays.scale, arrays.weights, row, straight)
        parts = [one + other for one, other in zip(parts, straight, strict=True)]
    return bias, parts


def parts_of(model: Model, row: Sequence[float]) -> dict[str, float]:
    """Return the bias and what each input adds to the log-odds, by name; what adds nothing is left out."""
    bias, parts = added(model.arrays, row)
    return {BIAS: bias} | {name: part for name, part in zip(model.inputs, parts, strict=True) if part}


def _told(model: Model, parts: Mapping[str, float]) -> str:
    moved = sorted(
        (name for name in parts if name not in (BIAS, CALIBRATION)), key=lambda name: -abs(parts[name])
    )[:TOLD]
    most = ", ".join(f"{name} {parts[name]:+.3f}" for name in moved)
    return f"{model.kind} version {model.version}, base {model.base:.2f}, most by {most or 'nothing'}"
