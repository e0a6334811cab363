"""The events of the journal: what entered from outside and what was decided, in past tense."""

from domain.events.account import AccountAdopted, FlattenAsked, GridChanged, KillSwitchSet, PositionWrittenOff
from domain.events.advice import AdviceAnswered, AdviceAsked
from domain.events.cycle import OUTCOMES, CycleDecided, CycleEnded, Failure, OrderReported, OrdersIntended
from domain.events.in_force import AdviserSet, LessonsSet, ModelSet, ParametersSet, SettingsChanged
from domain.events.rows import JournaledAfterwards, JournalRestored
from domain.events.session import (
    CommandAnswered,
    CommandReceived,
    PairsListed,
    ProcessNoted,
    SessionEnded,
    SessionStarted,
)

__all__ = [
    "OUTCOMES",
    "AccountAdopted",
    "AdviceAnswered",
    "AdviceAsked",
    "AdviserSet",
    "CommandAnswered",
    "CommandReceived",
    "CycleDecided",
    "CycleEnded",
    "Event",
    "Failure",
    "FlattenAsked",
    "GridChanged",
    "JournalRestored",
    "JournaledAfterwards",
    "KillSwitchSet",
    "LessonsSet",
    "ModelSet",
    "OrderReported",
    "OrdersIntended",
    "PairsListed",
    "ParametersSet",
    "PositionWrittenOff",
    "ProcessNoted",
    "SessionEnded",
    "SessionStarted",
    "SettingsChanged",
]

Event = (
    SessionStarted
    | CycleDecided
    | OrdersIntended
    | OrderReported
    | CycleEnded
    | KillSwitchSet
    | ParametersSet
    | ModelSet
    | SettingsChanged
    | AccountAdopted
    | PositionWrittenOff
    | FlattenAsked
    | GridChanged
    | JournaledAfterwards
    | JournalRestored
    | AdviceAsked
    | AdviceAnswered
    | AdviserSet
    | LessonsSet
    | PairsListed
    | CommandReceived
    | CommandAnswered
    | ProcessNoted
    | SessionEnded
)
