"""The rehearsal: the real loop on the simulated market until each kind of thing it does was seen once.

Nothing is scripted and no result is chosen. The market is that of the settings (the same seed, the same
market), the account and the limits are the user's own; what is sought comes of itself, or is missing.
"""

from collections.abc import Iterator
from enum import StrEnum

from agent.settings.settings import Options
from domain.decision import Action
from domain.events import CycleDecided, CycleEnded, Event, OrderReported, OrdersIntended
from domain.lesson import Lesson
from domain.order import OPEN, Purpose, Side
from domain.verdict import Denied

JOURNAL = "rehearsal"
MOST_CYCLES = 2_000
MOST_SECONDS = 12.0


class Milestone(StrEnum):
    """The milestones a rehearsal waits for, in the order in which they are most often seen."""

    MARKET = "a market"
    VOTE = "a vote"
    VETO = "a veto"
    TRADE = "a trade"
    STOP = "its stop"
    CLOSED = "a closed trade"
    LESSON = "a lesson"


def rehearsal_of(options: Options) -> Options:
    """Return options for a rehearsal of these: as fast as it goes, in a journal of its own."""
    changed = {
        "provider": "simulated",
        "data": (),
        "speed": "max",
        "cycles": MOST_CYCLES,
        "journal": JOURNAL,
    }
    return options.model_copy(update=changed)


class Sought:
    """The milestones, and the cycle in which each was first seen."""

    def __init__(self) -> None:
        self.first: dict[Milestone, int] = {}
        self._stops: set[str] = set()

    @property
    def missing(self) -> list[Milestone]:
        """Milestones that have not been seen."""
        return [each for each in Milestone if each not in self.first]

    def take(self, event: Event) -> list[Milestone]:
        """Return the milestones that an event is the first to show."""
        if isinstance(event, OrdersIntended):
            self._stops |= {each.client_id for each in event.orders if each.purpose is Purpose.PROTECT}
        new = [each for each in self._shown(event) if each not in self.first]
        if isinstance(event, CycleDecided | CycleEnded | OrderReported):
            self.first |= dict.fromkeys(new, event.cycle_id)
        return new

    def _shown(self, event: Event) -> Iterator[Milestone]:
        match event:
            case CycleDecided():
                yield from _decided(event)
            case OrderReported():
                if any(fill.side is Side.BUY for fill in event.receipt.fills):
                    yield Milestone.TRADE
                elif event.receipt.status in OPEN and event.receipt.client_id in self._stops:
                    yield Milestone.STOP
            case CycleEnded() if trades(event):
                yield Milestone.CLOSED
                yield Milestone.LESSON


def _decided(event: CycleDecided) -> Iterator[Milestone]:
    if any(observation.quote is not None for observation in event.observations):
        yield Milestone.MARKET
    if any(decision.action is not Action.HOLD for decision in event.decisions):
        yield Milestone.VOTE
    if vetoes(event):
        yield Milestone.VETO


def vetoes(event: CycleDecided) -> list[Denied]:
    """Return the entries that the gate refused in a cycle."""
    wanted = {each.symbol for each in event.decisions if each.action is Action.BUY}
    return [each for each in event.verdicts if isinstance(each, Denied) and each.symbol in wanted]


def trades(event: CycleEnded) -> list[Lesson]:
    """Return the lessons of trades that were closed by a cycle's end."""
    return [each for each in event.lessons if each.kind == "trade"]
