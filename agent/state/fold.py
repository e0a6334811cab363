"""Folding the journal into state and mind; bringing them in line with the venue is the reconciler's."""

from collections.abc import Callable

from pydantic import ValidationError

from agent.state.state import State
from domain.complaints import complaint
from domain.errors import BadInput
from domain.events import CycleDecided, Event, GridChanged, ParametersSet, SessionStarted
from domain.ports import Records, Row
from domain.regrid import Regrid
from reasoning.minds import StrategyRunner


def never(event: Event) -> bool:
    """Say of no event that the fold should stop there."""
    del event
    return False


def ignore(row: Row) -> None:
    """Do nothing with a row that was folded."""
    del row


def refold(
    journal: Records,
    state: State,
    mind: StrategyRunner,
    until: Callable[[Event], bool] = never,
    *,
    after: int = 0,
    taken: Callable[[Row], None] = ignore,
) -> None:
    """Fold the rows of the journal above row `after` into state and mind, checking the chain on the way.

    Stops before the first event of which `until` is true; `taken` is told of each row that was folded.
    Raises JournalFault where the chain is broken.
    """
    for row in journal.rows(after):
        if until(row.event):
            return
        absorb(row.event, state, mind)
        taken(row)


def absorb(event: Event, state: State, mind: StrategyRunner) -> None:
    """Fold one event into state and mind, as the live cycle did."""
    before = dict(state.ledger.instruments)
    state.apply(event)
    if isinstance(event, GridChanged | SessionStarted) and state.ledger.books > 1:
        for symbol, known in before.items():
            mind.regrid(symbol, Regrid(known, state.ledger.instruments[symbol]))
    if isinstance(event, CycleDecided):
        for observation in event.observations:
            mind.orient(observation)
    elif isinstance(event, ParametersSet):
        try:
            retune(event, mind)
        except BadInput as refused:
            # Parameters of another program end no command: their voice is silent until it is given others.
            mind.muted[event.strategy] = str(refused)


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
