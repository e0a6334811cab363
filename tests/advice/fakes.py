"""A model behind the port of advisers, as a test says it answers; and councils of such."""

import json
from collections.abc import Callable
from typing import Any

from advice.clients import openai
from advice.council import Council
from advice.seat import Seat
from advice.settings import AdviceSettings
from domain.advice import AdviserAnswer
from domain.ports import Clock

MODEL: dict[str, Any] = {"model": "gpt-x", "price_in": "1", "price_out": "4", "cutoff": "2022-01-01"}


def settings(*advisers: str, model: dict[str, Any] | None = None, **more: Any) -> AdviceSettings:
    """Return settings with advisers such as "macro" or "doubt=critic"."""
    seated = {}
    for each in advisers or ("macro",):
        name, _, role = each.partition("=")
        seated[name] = {"model": "m", "role": role or "analyst", "samples": 1}
    told = {"models": {"m": MODEL | (model or {})}, "advisers": seated}
    return AdviceSettings.model_validate(told | more)


def written(vote: Any = 1, probability: Any = 0.7, reasons: Any = ("calm",), **more: Any) -> str:
    return json.dumps({"vote": vote, "probability": probability, "reasons": list(reasons), **more})


def chat(text: str, tokens: tuple[int, int] | None = (100, 20), **more: Any) -> AdviserAnswer:
    """Return an answer as an openai server gives it."""
    told: dict[str, Any] = {
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": text}} | more]
    }
    if tokens is not None:
        told["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return AdviserAnswer(200, json.dumps(told).encode())


class Model:
    """Answers each question with `says`, and remembers what it was asked."""

    def __init__(self, says: Callable[[bytes], AdviserAnswer] | AdviserAnswer) -> None:
        self.says = says
        self.asked: list[bytes] = []

    def ask(self, question: bytes, seconds: float) -> AdviserAnswer:
        del seconds
        self.asked.append(question)
        return self.says if isinstance(self.says, AdviserAnswer) else self.says(question)


def council(
    model: Model, clock: Clock, chosen: AdviceSettings | None = None, deadline: float = 5.0
) -> Council:
    chosen = chosen or settings()
    seats = [
        Seat(name, each, chosen.models[each.model], model, openai) for name, each in chosen.advisers.items()
    ]
    return Council(seats, chosen, deadline, clock)
