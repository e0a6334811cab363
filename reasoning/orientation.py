"""The orientation on an observation: each strategy's signal, the news and the state of the market."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from domain.advice import Advice
from domain.candle import Candle
from domain.decision import Decision, Edge, Signal
from domain.exits import ExitPlan
from reasoning.news.sentiment import Sentiment

Opinion = tuple[str, Signal, str]
"""A strategy's name, its signal on the last closed candle, and its reason in words."""


class ModelOpinion(NamedTuple):
    """A trained model's advice on an entry, and what each input added to its log-odds, by name.

    `edge` is what it would bound the entry's size by, were it promoted.
    """

    advice: Advice
    parts: dict[str, float]
    edge: Edge | None = None


MUTED = "muted: "
"""How the reason of a voice begins whose code has failed; what was wrong follows."""


def muted(decisions: Iterable[Decision]) -> dict[str, str]:
    """Return the voices that were muted when decisions were made, each with what was wrong."""
    reasons = {voice.name: voice.reason for built in decisions for voice in built.voices}
    return {name: text.removeprefix(MUTED) for name, text in reasons.items() if text.startswith(MUTED)}


class Orientation(msgspec.Struct, frozen=True):
    """One symbol as understood after an observation.

    `fresh` says that this observation brought a new closed candle; without one no signal counts and
    every vote in `signals` is 0. `candle` is the last closed candle. `atr` is in ticks, `atr_ratio`
    baseline ATR over current ATR (1 while either is unknown or 0). `seen` counts the candles of this
    series, `warmup` those after which every strategy can vote; `ready` that the features, too, are known.
    `models` are what trained models say where a strategy wants to buy; `exits` those each strategy declares
    for its positions, by its name.
    """

    symbol: str
    fresh: bool
    candle: Candle | None
    signals: tuple[Opinion, ...]
    sentiment: Sentiment | None
    atr_ratio: float
    atr: float
    regime: str
    ready: bool
    seen: int
    warmup: int
    models: tuple[ModelOpinion, ...] = ()
    exits: dict[str, ExitPlan] = {}
