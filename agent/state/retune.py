"""Giving a strategy the parameters of an event."""

from pydantic import ValidationError

from domain.complaints import complaint
from domain.errors import BadInput
from domain.events import ParametersSet
from reasoning.minds import StrategyRunner


def retune(event: ParametersSet, mind: StrategyRunner) -> int:
    """Give a strategy the parameters of an event; return the candles it waits for before it can vote.

    One that has no voice in this session waits for none. Raises BadInput where this version of the
    program refuses the parameters.
    """
    strategy = mind.strategy(event.strategy)
    if strategy is None:
        return 0
    if event.rolled_back_to == 0:
        return mind.retune(event.strategy, mind.own(event.strategy))
    try:
        packed = strategy.pack(strategy.params.model_validate(event.parameters))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {complaint(each)}" for each in error.errors())
        raise BadInput(f"parameter version {event.version} is one of another program: {wrong}") from None
    except ValueError as error:
        raise BadInput(f"parameter version {event.version} is one of another program: {error}") from None
    return mind.retune(event.strategy, packed)
