"""The words of an explanation for what one cycle saw of a symbol."""

from datetime import datetime

from agent.answers.cycle import AdviceAnswer, Seen
from agent.views.session import decimal
from domain.advice import Advice, usd
from domain.instrument import Instrument
from domain.observation import Observation


def seen(observation: Observation, instrument: Instrument, at: datetime) -> Seen:
    """Say what was seen, from where, and how old it was at the cycle's instant."""
    candle = observation.candles[-1] if observation.candles else None
    return Seen(
        source=observation.source,
        provider=observation.provider,
        fetched_at=observation.fetched_at,
        fetched_age_seconds=(at - observation.fetched_at).total_seconds(),
        new_candles=len(observation.candles),
        candle_opened_at=candle.opened_at if candle else None,
        candle_age_seconds=(at - candle.opened_at).total_seconds() if candle else None,
        candle_close=decimal(instrument.price(candle.close)) if candle else None,
        price=decimal(instrument.price(observation.quote.price)) if observation.quote else None,
        price_age_seconds=(at - observation.quote.at).total_seconds() if observation.quote else None,
        breaker=observation.breaker,
        not_served_by={attempt.provider: attempt.reason for attempt in observation.attempts},
        findings=[f"{finding.kind}: {finding.detail}" for finding in observation.findings],
        headlines=[headline.title for headline in observation.headlines],
        advice=[_advice(each) for each in observation.advice],
    )


def _advice(advice: Advice) -> AdviceAnswer:
    return AdviceAnswer(
        adviser=advice.adviser,
        role=advice.role,
        vote=advice.vote,
        probability=advice.probability,
        reason=advice.reason,
        samples=advice.samples,
        asked=advice.asked,
        usd=usd(advice.cost),
        retrospective=advice.retrospective,
    )
