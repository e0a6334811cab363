"""The vote: every voice's opinion, weighted by what lessons say of it, becomes one decision.

    score = sum(weight * vote * confidence) / sum(weight)    over the voices that voted

Abstainers are listed and do not dilute. A score, like a confidence, goes up to 100. The law of the news and
of advisers (`reasoning.advised`):

1. The side is that of the strategies' own score, once it reaches the threshold.
2. An exit is theirs alone: no text from outside holds one back, causes one or changes its score.
3. An entry's score is the lowest of theirs and those with the news and with each adviser: text from outside
   may hold an entry back, and lifts none over a threshold or a rule. Only a promoted adviser raises one, by
   its points at most.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.advice import Advice
from domain.decision import Action, Decision, HeldBack, Signal, Voice
from domain.exits import ExitPlan
from domain.kernel import kernel
from domain.lesson import Beliefs
from domain.observation import Observation
from reasoning.advised import NONE_PROMOTED, Promoted, cap_of, is_adviser, lowered, raised, voice_of
from reasoning.edges import edge_of
from reasoning.kernels.strategy import QUIET
from reasoning.news.sentiment import Sentiment, SentimentSettings
from reasoning.orientation import ModelOpinion, Opinion, Orientation
from reasoning.settings import ReasoningSettings

NOBODY: Opinion = "", QUIET, ""
SENTIMENT = "sentiment"
"""Name of the voice of the headlines."""


def decide(
    cycle_id: int,
    observation: Observation,
    orientation: Orientation,
    beliefs: Beliefs,
    settings: ReasoningSettings,
    at: datetime,
    promoted: Mapping[str, Promoted] = NONE_PROMOTED,
) -> Decision:
    """Return the one decision for a symbol at the instant `at`, with every voice and the reason.

    `promoted` has the promotion of each promoted adviser and model, by its identity.
    """
    own_voices = [
        _strategy_voice(name, signal, reason, beliefs) for name, signal, reason in orientation.signals
    ]
    own = _score(own_voices)
    news = _sentiment_voice(orientation.sentiment, beliefs, settings.sentiment)
    heard = _Heard(own, own, "")
    advice = (*observation.advice, *(each.advice for each in orientation.models))
    if own > 0.0:
        heard = _entry(own, own_voices, news, advice, promoted, settings.vote_threshold)
    score = heard.score
    voices = own_voices if news is None else [*own_voices, news]
    voices += [voice_of(each) for each in observation.advice]
    voices += [_model_voice(each) for each in orientation.models]
    side = side_of(score, settings.vote_threshold)
    name, signal, _ = _strongest(orientation, beliefs, side) if side else NOBODY
    held = heard.own >= settings.vote_threshold and not side
    return Decision(
        cycle_id=cycle_id,
        symbol=observation.symbol,
        at=at,
        action=_ACTIONS[side],
        score=score,
        confidence=abs(score),
        reason=(
            _why_act(heard, side, voices, settings)
            if side
            else _why_hold(heard, orientation, voices, settings)
        ),
        voices=tuple(voices),
        price=None if observation.quote is None else observation.quote.price,
        stop_ppm=signal.stop_ppm,
        stop=signal.stop,
        target=signal.target,
        atr_ratio=orientation.atr_ratio,
        regime=orientation.regime,
        edge=edge_of(observation.advice, orientation.models, promoted) if side > 0 else None,
        held_back=(_held_back(heard, _strongest(orientation, beliefs, 1)[1]),) if held else (),
        exits=_exits(orientation, name) if side > 0 else msgspec.UNSET,
    )


def _held_back(heard: "_Heard", wanted: Signal) -> HeldBack:
    return HeldBack(heard.holding, heard.own, wanted.stop_ppm, wanted.stop, wanted.target)


_ACTIONS = {0: Action.HOLD, 1: Action.BUY, -1: Action.SELL}


class _Heard(NamedTuple):
    """A score, the strategies' own, who moved it from there ("" for nobody), and who alone holds it back."""

    score: float
    own: float
    by: str
    holding: tuple[str, ...] = ()


def _entry(
    own: float,
    voices: Sequence[Voice],
    news: Voice | None,
    advice: Sequence[Advice],
    promoted: Mapping[str, Promoted],
    threshold: float,
) -> _Heard:
    """Return an entry's score with the news and with advice.

    A proven adviser is one voice more, which would thin out those that lower: so what it comes to is held to
    its cap above the score without it, and to that score where no entry would be made.
    """
    proven = [each for each in advice if each.identity in promoted]
    rest = [each for each in advice if each not in proven]
    if not proven:
        return _with_care(own, own, voices, news, rest, threshold)
    alone = _with_care(own, own, voices, news, rest, threshold)
    cap = cap_of(proven, promoted) if alone.score >= threshold else 0.0
    base = [*voices, *map(voice_of, proven)]
    score = raised(own, _score(base), cap)
    heard = _with_care(own, score, base, news, rest, threshold)
    by = " and ".join(dict.fromkeys(filter(None, ["advice" if score != own else "", heard.by])))
    holding = [each.voice for each in proven if each.vote < 0] if heard.score < threshold else []
    if heard.score > alone.score + cap:
        return _Heard(alone.score + cap, own, by if cap else alone.by, alone.holding)
    return _Heard(heard.score, own, by, tuple(dict.fromkeys([*holding, *heard.holding])))


def _with_care(
    own: float,
    score: float,
    base: Sequence[Voice],
    news: Voice | None,
    unproven: Sequence[Advice],
    threshold: float,
) -> _Heard:
    """Return a score after the voices that may only lower it."""
    careful = [] if news is None else [("the news", news)]
    careful += [("advice", voice_of(each)) for each in unproven]
    by, holding = [], []
    for what, voice in careful:
        alone = _score([*base, voice])
        if alone < threshold:
            holding.append(voice.name)
        if (with_it := lowered(score, alone)) < score:
            score = with_it
            by.append(what)
    return _Heard(score, own, " and ".join(dict.fromkeys(by)), tuple(holding))


def _weight(name: str, beliefs: Beliefs) -> float:
    return heard_weight(beliefs.weight(name))


def _strategy_voice(name: str, signal: Signal, reason: str, beliefs: Beliefs) -> Voice:
    if signal.vote == 0:
        return Voice(name, 0, 0.0, _weight(name, beliefs), reason)
    parts = {
        "base": signal.base,
        "trend": signal.trend,
        "volume": signal.volume,
        "volatility": signal.volatility,
    }
    return Voice(name, signal.vote, signal.confidence, _weight(name, beliefs), reason, parts)


def _sentiment_voice(
    sentiment: Sentiment | None, beliefs: Beliefs, settings: SentimentSettings
) -> Voice | None:
    if sentiment is None:
        return None
    score = sentiment.score
    vote = 0 if abs(score) < settings.threshold else 1 if score > 0 else -1
    newest = _minute(sentiment.newest_at)
    reason = f"news {score:+.2f} from {sentiment.count} ({sentiment.method}), newest {newest}"
    confidence = min(100.0, abs(score) * 100.0) if vote else 0.0
    return Voice(SENTIMENT, vote, confidence, settings.weight * _weight(SENTIMENT, beliefs), reason)


def _model_voice(opinion: ModelOpinion) -> Voice:
    """Return a model's voice; its parts sum to the log-odds of its chance."""
    return msgspec.structs.replace(voice_of(opinion.advice), parts=opinion.parts)


def _score(voices: Sequence[Voice]) -> float:
    pull = total = 0.0
    for voice in voices:
        if voice.vote:
            pull += pull_of(voice.weight, voice.vote, voice.confidence)
            total += voice.weight
    return score_of(pull, total)


@kernel
def heard_weight(weight: float) -> float:
    """Return the weight a voice is heard with: one below 0 would turn its vote round."""
    return max(0.0, weight)


@kernel
def pull_of(weight: float, vote: int, confidence: float) -> float:
    """Return what one voice adds to the score, before it is divided by the sum of weights."""
    return weight * vote * confidence


@kernel
def score_of(pull: float, total: float) -> float:
    """Return the score: the sum of weight, vote and confidence over the sum of weights, -100 to 100."""
    return max(-100.0, min(100.0, pull / total)) if total > 0.0 else 0.0


@kernel
def side_of(score: float, threshold: float) -> int:
    """Return +1 or -1 when the size of a score reaches the threshold, else 0."""
    if abs(score) < threshold:
        return 0
    return 1 if score > 0.0 else -1


def _exits(orientation: Orientation, name: str) -> ExitPlan | msgspec.UnsetType:
    """Return the exits a voice declares for a position that is opened on the last candle."""
    plan = orientation.exits.get(name)
    if plan is None or orientation.candle is None:
        return msgspec.UNSET
    return msgspec.structs.replace(plan, voice=name, candle=orientation.candle.time)


def _strongest(orientation: Orientation, beliefs: Beliefs, side: int) -> Opinion:
    """Return the opinion with the most weight times confidence on a side; the first named wins a tie."""
    return max(
        (opinion for opinion in orientation.signals if opinion[1].vote == side),
        key=lambda opinion: pull_of(_weight(opinion[0], beliefs), 1, opinion[1].confidence),
    )


def _why_act(heard: _Heard, side: int, voices: list[Voice], settings: ReasoningSettings) -> str:
    counted = [voice for voice in voices if side > 0 or _is_own(voice)]
    spoken = "; ".join(f"{voice.reason} ({voice.confidence:.0f})" for voice in counted if voice.vote == side)
    against = "; ".join(
        f"{voice.reason} ({voice.confidence:.0f})" for voice in counted if voice.vote == -side
    )
    score, own = heard.score, heard.own
    verb = "raises" if score > own else f"lower{'' if ' and ' in heard.by else 's'}"
    moved = f" ({heard.by} {verb} it from {own:.4g})" if heard.by else ""
    reason = f"score {score:.4g}{moved} reaches threshold {settings.vote_threshold:g}: {spoken}"
    return f"{reason}; against: {against}" if against else reason


def _is_own(voice: Voice) -> bool:
    """Say whether a voice is a strategy's."""
    return voice.name != SENTIMENT and not is_adviser(voice.name)


def _why_hold(
    heard: _Heard, orientation: Orientation, voices: list[Voice], settings: ReasoningSettings
) -> str:
    if not orientation.fresh:
        if orientation.candle is None:
            return "no closed candle yet"
        return f"no new candle since {_minute(orientation.candle.opened_at)}"
    text = "; ".join([voice.reason for voice in voices])
    if not any(signal.vote for _, signal, _ in orientation.signals):
        if orientation.seen < orientation.warmup:
            return f"warming up: {orientation.seen} of {orientation.warmup} candles"
        silent = not any(voice.vote for voice in voices)
        return f"no voice voted: {text}" if silent else f"no strategy voted: {text}"
    score, own = heard.score, heard.own
    if own >= settings.vote_threshold:
        return f"held back by {heard.by}: score {own:.4g} without it, {score:.4g} with it: {text}"
    return f"score {score:.4g} below threshold {settings.vote_threshold:g}: {text}"


def _minute(instant: datetime) -> str:
    return str(instant)[:16]  # "2023-03-16 22:15", at a tenth of strftime's price
