"""Settings of the room: which strategies speak, how they are tuned, and how many must agree."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from reasoning.kernels.strategy import StrategyParams
from reasoning.news.sentiment import SentimentSettings
from reasoning.strategies.registry import BUILT_IN, STRATEGIES

CUSTOM = "custom"
"""The field that holds the parameters of a user's own strategies."""

Values = Mapping[str, Any]
"""Parameters of a strategy by name."""


def field_of(name: str) -> str:
    """Return the field of a built-in strategy's parameters."""
    return name.replace("-", "_")


def _parameters(name: str) -> Any:
    params = STRATEGIES[name].params
    return params, Field(default_factory=params, description=f"the {name} strategy")


NO_SUCH_STRATEGY = "no strategy of your own has this name"


def _unknown(name: str, given: object) -> InitErrorDetails:
    reason = PydanticCustomError("value_error", NO_SUCH_STRATEGY)
    return {"type": reason, "loc": (CUSTOM, name), "input": given}


def below(path: tuple[str, ...], error: ErrorDetails) -> InitErrorDetails:
    """Return an error of some parameters as one of the settings that hold them at a path."""
    result: InitErrorDetails = {
        "type": error["type"],
        "loc": (*path, *error["loc"]),
        "input": error["input"],
    }
    return result | {"ctx": error["ctx"]} if "ctx" in error else result


class _Voices(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    strategies: tuple[str, ...] = Field(("rsi", "sma"), description="strategies that have a voice")
    vote_threshold: float = Field(30.0, gt=0, le=100, description="smallest size of the score that acts")


_BuiltIn: Any = create_model(
    "_BuiltIn",
    __base__=_Voices,
    **{field_of(name): _parameters(name) for name in STRATEGIES if name in BUILT_IN},
)


class ReasoningSettings(_BuiltIn):
    """The settings of reasoning. Each built-in strategy has its parameters in the field of its name."""

    sentiment: SentimentSettings = Field(
        default_factory=SentimentSettings, description="the voice of the headlines"
    )

    custom: dict[str, dict[str, Any]] = Field(
        default={}, description="parameters of strategies of your own, by name"
    )

    @model_validator(mode="after")
    def _own_parameters(self) -> Self:
        problems: list[InitErrorDetails] = []
        for name, given in self.custom.items():
            if name not in STRATEGIES or name in BUILT_IN:
                problems.append(_unknown(name, given))
                continue
            try:
                STRATEGIES[name].params(**given)
            except ValidationError as error:
                problems += [below((CUSTOM, name), each) for each in error.errors()]
        if problems:
            raise ValidationError.from_exception_data(CUSTOM, problems)
        return self

    @field_validator("strategies")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = ", ".join(STRATEGIES)
        if not names:
            raise ValueError(f"no strategy named; known: {known}")
        for name in names:
            if name not in STRATEGIES:
                raise ValueError(f"unknown strategy {name!r}; known: {known}")
        if len(set(names)) < len(names):
            raise ValueError(f"strategy named twice in {', '.join(names)}")
        return names

    @property
    def informative(self) -> dict[str, str]:
        """The symbols that strategies look at beside their own, each with the line of the first that does."""
        looked_at = (
            (each.symbol, f"strategy {name}, {each.where}")
            for name in self.strategies
            if name not in BUILT_IN
            for each in STRATEGIES[name].informative
        )
        result: dict[str, str] = {}
        for symbol, where in looked_at:
            result.setdefault(symbol, where)
        return result

    def packed(self, name: str, timeframe_ms: int = 0, own: Values | None = None) -> tuple[Any, ...]:
        """Return a strategy's parameters as the numbers its kernels take; `own` are a pair's, as in `params`.

        Raises BadInput for a strategy of several timeframes that do not go with candles of this length.
        """
        return STRATEGIES[name].at(timeframe_ms).pack(self.params(name, own))

    def params(self, name: str, own: Values | None = None) -> StrategyParams:
        """Return a strategy's parameters as they are set, those in `own` in place of the same.

        Raises ValidationError where `own` does not go with them.
        """
        if name not in BUILT_IN:
            return STRATEGIES[name].params(**{**self.custom.get(name, {}), **(own or {})})
        result: StrategyParams = getattr(self, field_of(name))
        return type(result).model_validate(result.model_dump() | dict(own)) if own else result

    @staticmethod
    def holds(path: tuple[str, ...]) -> bool:
        """Say whether a strategy's parameters lie at a path: its field, or its name below `custom`."""
        *above, last = path
        if above:
            return last in STRATEGIES and last not in BUILT_IN
        return any(field_of(name) == last for name in BUILT_IN)
