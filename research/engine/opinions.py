"""Second look at the first pass: what trained models say of each event on which a voice wants to buy.

A model reads candles and the signal, and no account, so its word is worked out before the replay, by the very
functions of the loop (`reasoning.models`): the same bits. It is one more voice at an event, which the replay
hears by the law of advice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.candle import Candle
from domain.decision import Signal
from reasoning.advised import voice_of
from reasoning.kernels.model_inputs import LOOK_BACK
from reasoning.models import HeardModel, opinions_of
from reasoning.orientation import ModelOpinion, Opinion
from research.data.candles import FloatArray, IntArray
from research.engine.layout import (
    EVENT_TURN,
    EVENT_VOICES,
    NO_CHANCE,
    NOT_PROMOTED,
    PER_VOICE,
    STOP_OF,
    STOP_PPM_OF,
    TARGET_OF,
    VOTE,
    Opinions,
)
from research.engine.recording import Recording
from research.engine.tape import Tape


@dataclass(frozen=True)
class BacktestModel:
    """A model that is heard in a backtest; `cap` are the points of its promotion, None if it only lowers."""

    heard: HeardModel
    cap: float | None


def opinions_at(
    prepared: Recording,
    names: Sequence[str],
    models: Sequence[BacktestModel],
    event: IntArray,
    confidence: FloatArray,
    counts: Sequence[int],
) -> Opinions:
    """Return what each model says at each event; `names` are the voices', the rest is of `events_of`."""
    if not models:
        return prepared.unheard
    width = EVENT_VOICES + PER_VOICE * len(names)
    shape = len(event) // width, len(models)
    vote, sure, chance = np.zeros(shape, dtype=np.int64), np.zeros(shape), np.full(shape, NO_CHANCE)
    payoff, first = np.zeros(len(models)), 0
    for tape, count in zip(prepared.tapes, counts, strict=True):
        rows = slice(first, first + count)
        part = (
            event.reshape(-1, width)[rows].tolist(),
            confidence.reshape(-1, 1 + len(names))[rows].tolist(),
        )
        for row, spoken in enumerate(_of_tape(tape, names, models, *part), first):
            for column, opinion in enumerate(spoken):
                voice = voice_of(opinion.advice)
                vote[row, column], sure[row, column] = voice.vote, voice.confidence
                if opinion.edge is not None:
                    chance[row, column], payoff[column] = opinion.edge.chance, opinion.edge.payoff
        first += count
    caps = np.array([NOT_PROMOTED if each.cap is None else each.cap for each in models])
    weights = np.array([max(0.0, each.heard.weight) for each in models])
    flat: tuple[Any, ...] = (vote.reshape(-1), sure.reshape(-1), chance.reshape(-1), weights, caps, payoff)
    return Opinions(*(prepared.give(each) for each in flat))


def _of_tape(
    tape: Tape,
    names: Sequence[str],
    models: Sequence[BacktestModel],
    events: Sequence[Sequence[int]],
    confidences: Sequence[Sequence[float]],
) -> Iterator[tuple[ModelOpinion, ...]]:
    """Yield the models' opinions of each event of one tape, none where no voice wants to buy."""
    columns = (tape.time, tape.open, tape.high, tape.low, tape.close, tape.volume)
    candles = [Candle(*row) for row in zip(*(each.tolist() for each in columns), strict=True)]
    asked = {str(number): each.heard for number, each in enumerate(models)}
    for event, (_, *confidence) in zip(events, confidences, strict=True):
        known = int(tape.turn_end[event[EVENT_TURN]])
        recent = candles[max(0, known - LOOK_BACK) : known]
        yield opinions_of(asked, tape.symbol, recent, _signals(names, event, confidence))


def _signals(names: Sequence[str], event: Sequence[int], confidence: Sequence[float]) -> list[Opinion]:
    signals: list[Opinion] = []
    for voice, name in enumerate(names):
        at = EVENT_VOICES + PER_VOICE * voice
        levels = event[at + STOP_PPM_OF], event[at + STOP_OF], event[at + TARGET_OF]
        signals.append((name, Signal(event[at + VOTE], confidence[voice], 0.0, 0.0, 0.0, 0.0, *levels), ""))
    return signals
