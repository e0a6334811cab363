"""Questions, answers and advice for tests, as the events that hold them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.advice import Advice, AdviserQuestion, Role
from domain.events import AdviceAnswered, AdviceAsked

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CANDLE = 1_772_366_400_000


def question(
    adviser: str = "macro", symbol: str = "BTC-USDT", candle: int = CANDLE, **more: Any
) -> AdviserQuestion:
    body = more.pop("body", '{"messages":[]}')
    digest = hashlib.sha256(body.encode()).hexdigest()
    return AdviserQuestion(adviser, Role.ANALYST, "gpt-x", symbol, candle, 1, "abc", body, digest, **more)


def asked(number: int, micro_usd: int = 1_000, days: int = 0, **more: Any) -> AdviceAsked:
    tokens = more.pop("tokens", 500)
    return AdviceAsked(7, AT + timedelta(days=days), number, question(**more), micro_usd, tokens)


def answered(number: int, micro_usd: int = 400, days: int = 0, **more: Any) -> AdviceAnswered:
    tokens = more.pop("tokens", 200)
    return AdviceAnswered(7, AT + timedelta(days=days), number, 200, b"{}", micro_usd, tokens, 1.5, **more)


def advice(vote: int = 1, probability: float = 0.7, adviser: str = "macro", **more: Any) -> Advice:
    told: dict[str, Any] = {"role": Role.ANALYST, "symbol": "BTC-USDT", "candle_ms": CANDLE, "weight": 0.5}
    return Advice(adviser=adviser, vote=vote, probability=probability, **(told | more))
