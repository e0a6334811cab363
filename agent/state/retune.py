"""Giving a strategy the parameters of an event; a pair keeps what it has of its own on top of them."""

from typing import Any

from pydantic import ValidationError

from domain.complaints import complaint
from domain.errors import BadInput
from domain.events import ParametersSet
from reasoning.minds import StrategyRunner
from reasoning.settings import Values


def retune(event: ParametersSet, mind: StrategyRunner) -> None:
    """Give a strategy the parameters of an event; nothing where it has no voice in this session.

    Raises BadInput where this version of the program refuses the parameters.
    """
    if mind.strategy(event.strategy) is not None:
        own = {
            symbol: _packed(event, mind, values)
            for symbol, values in mind.pairs_with_own(event.strategy).items()
        }
        mind.retune(event.strategy, _packed(event, mind), own)


def waits(event: ParametersSet, mind: StrategyRunner) -> int:
    """Return the candles a strategy would wait for with the parameters of an event before it can vote.

    One that has no voice in this session waits for none. Raises BadInput as `retune` does.
    """
    return 0 if mind.strategy(event.strategy) is None else mind.waits(event.strategy, _packed(event, mind))


def _packed(event: ParametersSet, mind: StrategyRunner, own: Values | None = None) -> tuple[Any, ...]:
    strategy = mind.strategy(event.strategy)
    if strategy is None or event.rolled_back_to == 0:
        return mind.own(event.strategy, own)
    try:
        return strategy.pack(strategy.params.model_validate({**event.parameters, **(own or {})}))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {complaint(each)}" for each in error.errors())
        raise BadInput(f"parameter version {event.version} is one of another program: {wrong}") from None
    except ValueError as error:
        raise BadInput(f"parameter version {event.version} is one of another program: {error}") from None
