"""Settings of advice: the models, the advisers that are made of them, and what they may cost.

Amounts are in USD, prices in USD per million tokens, as vendors state them; inside they are whole micro-USD.
Nothing is guessed: a model has a price and a cutoff, or the settings are refused.
"""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from domain.advice import Caps, Role
from edge.urls import checked_base_url

MICRO = 1_000_000
MOST_QUESTIONS = 24
"""Questions about one symbol at most: advisers times samples."""

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
PLACES: dict[str, str] = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com/v1"}


class _Settings(BaseModel):
    # Input is hidden: a validation error must not show a key or a URL that holds a password.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Url = Annotated[str, AfterValidator(checked_base_url)]
Price = Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=6)]
Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=6)]


class ModelSettings(_Settings):
    """A model: the server that has it, its prices, and the day up to which it was trained."""

    kind: Literal["openai", "anthropic"] = Field(
        "openai", description="the API it speaks; most others, and local servers, speak openai's"
    )
    model: str = Field(min_length=1, max_length=200, description="its name, as the server knows it")
    base_url: Url | None = Field(default=None, description="where the API answers, up to and with /v1")
    api_key: SecretStr | None = Field(default=None, description="the API key, where the server wants one")
    api_key_file: Path | None = Field(default=None, description="file that holds the key, in its place")
    price_in: Price = Field(description="USD per million tokens of a question; 0 for a model of your own")
    price_out: Price = Field(description="USD per million tokens of an answer")
    cutoff: date = Field(description="last day it was trained on, as its maker states it")
    max_tokens: int = Field(default=400, ge=16, le=32_768, description="tokens of an answer at most")
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = Field(
        default="max_completion_tokens", description="how an openai server calls that limit"
    )
    output: Literal["schema", "object", "text"] = Field(
        default="schema",
        description="how an openai server is held to JSON: by a schema, an object, words",
    )
    temperature: float | None = Field(default=None, ge=0, le=2, description="sent where it is set")

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.api_key is not None and self.api_key_file is not None:
            raise ValueError("api_key and api_key_file are both set: keep one of them")
        return self

    @property
    def place(self) -> str:
        """Where the API answers."""
        return self.base_url or PLACES[self.kind]

    @property
    def micro_in(self) -> int:
        """Micro-USD of a million tokens of a question."""
        return int(self.price_in * MICRO)

    @property
    def micro_out(self) -> int:
        """Micro-USD of a million tokens of an answer."""
        return int(self.price_out * MICRO)


class AdviserSettings(_Settings):
    """An adviser: a model in a role."""

    model: str = Field(description="name of its model, of advice.models")
    role: Role = Field(default=Role.ANALYST, description="analyst, bull, bear or critic")
    samples: int = Field(default=3, ge=1, le=9, description="independent answers asked for and combined")
    weight: float = Field(default=0.25, ge=0, le=1, description="share of a strategy's weight its voice has")
    masked: bool = Field(default=True, description="hide names, dates and amounts from it")
    instructions: str = Field(
        default="", max_length=2_000, description="your own words to it, beside those of its role"
    )


class AdviceSettings(_Settings):
    """Advisers, and what they may cost. Without advisers nobody is asked."""

    models: dict[str, ModelSettings] = Field(default={}, description="models by a name of yours")
    advisers: dict[str, AdviserSettings] = Field(default={}, description="advisers by a name of yours")
    deadline_seconds: float | None = Field(
        default=None,
        ge=0,
        le=120,
        description="time for all of them; 0 asks nobody. Unset: a twelfth of a candle, 5 to 20",
    )
    candles: int = Field(default=24, ge=2, le=200, description="candles a question tells of")
    lessons: int = Field(
        default=5,
        ge=0,
        le=20,
        description="lessons a question tells of, of those known when its candle closed",
    )
    question_usd: Amount = Field(default=Decimal("0.05"), description="most a question may cost")
    day_usd: Amount = Field(default=Decimal(1), description="most the questions of a day (UTC) may cost")
    session_usd: Amount = Field(default=Decimal(10), description="most the questions of a session may cost")
    question_tokens: int = Field(default=20_000, ge=0, description="most tokens a question may take")
    day_tokens: int = Field(default=1_000_000, ge=0, description="most tokens a day (UTC)")
    session_tokens: int = Field(default=10_000_000, ge=0, description="most tokens a session")

    @field_validator("models", "advisers")
    @classmethod
    def _named(cls, value: dict[str, object]) -> dict[str, object]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f"{name[:40]!r} is no name: small letters, digits, - and _, at most 32")
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        for name, adviser in self.advisers.items():
            if adviser.model not in self.models:
                known = ", ".join(self.models) or "none"
                raise ValueError(
                    f"advisers.{name}.model {adviser.model!r} is no model of yours; known: {known}"
                )
        asked = sum(each.samples for each in self.advisers.values())
        if asked > MOST_QUESTIONS:
            raise ValueError(f"advisers ask {asked} questions about a symbol, at most {MOST_QUESTIONS} go")
        return self

    def deadline(self, timeframe_ms: int) -> float:
        """Return how many seconds the advisers have, 0 for nobody is asked."""
        if self.deadline_seconds is not None:
            return self.deadline_seconds
        return min(20.0, max(5.0, timeframe_ms / 12_000))

    @property
    def asks(self) -> bool:
        """Say whether there is anybody to ask."""
        return bool(self.advisers) and self.deadline_seconds != 0

    @property
    def caps(self) -> Caps:
        """The caps in whole micro-USD and tokens."""
        micro = [int(each * MICRO) for each in (self.question_usd, self.day_usd, self.session_usd)]
        question, day, session = micro
        return Caps(question, day, session, self.question_tokens, self.day_tokens, self.session_tokens)
