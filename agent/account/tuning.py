"""Parameters, models, advisers, lessons and settings put in force in a journal that no agent runs."""

from collections.abc import Callable
from datetime import datetime

from agent import wiring
from agent.account import changing
from agent.models import sets
from agent.outage.journal import GuardedJournal
from agent.parameters import advisers, versions
from agent.parameters import memory as lesson_sets
from agent.state.retune import waits
from domain.commands import ApplyParameters, ChangeSettings, Command, RollBackParameters, needs_reason
from domain.errors import BadInput
from domain.events import (
    AdviserSet,
    CommandAnswered,
    CommandReceived,
    LessonsSet,
    ModelSet,
    ParametersSet,
    SettingsChanged,
)
from domain.ports import Clock, Records
from domain.replies import Reply, recalled


class Tuning:
    """The journal of an account that no agent runs, for what the next session takes up."""

    def __init__(
        self, journal: GuardedJournal, clock: Clock, fold: Callable[[Records], wiring.Parts]
    ) -> None:
        self.journal = journal
        self.clock = clock
        self.fold = fold

    def handle(self, command: Command) -> Reply:
        """Put parameters or settings in force.

        Raises BadInput when they cannot be meant, Unproven for parameters without evidence.
        """
        needs_reason(command)
        parts, at = self.fold(self.journal), self.clock.now()
        known = recalled(parts.state.commands.get(command.key), command)
        if known is not None:
            return known
        event, reply = _taken_up(command, parts, at)
        self.journal.append(CommandReceived(at, command), event, CommandAnswered(at, command.key, reply))
        return reply


def _taken_up(
    command: Command, parts: wiring.Parts, at: datetime
) -> tuple[AdviserSet | LessonsSet | ModelSet | ParametersSet | SettingsChanged, Reply]:
    if isinstance(command, ChangeSettings):
        change = changing.event_of(command, parts, at)
        return change, changing.reply_of(change, parts, running=False)
    if isinstance(command, advisers.AdviserCommand):
        promoted = advisers.event_of(command, parts.state.advisers, at)
        return promoted, advisers.reply_of(promoted, running=False)
    if isinstance(command, lesson_sets.MemoryCommand):
        chosen = lesson_sets.event_of(command, parts.state, at)
        return chosen, lesson_sets.reply_of(chosen, parts.state, running=False)
    if isinstance(command, sets.ModelCommand):
        taken = sets.event_of(command, parts, at)
        return taken, sets.in_force_reply(taken, running=False)
    if not isinstance(command, ApplyParameters | RollBackParameters):
        raise BadInput(f"{type(command).__name__} is not for a journal alone")
    event = versions.event_of(command, parts, at)
    return event, versions.in_force_reply(event, waits(event, parts.mind), running=False)
