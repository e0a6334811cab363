"""The state of the loop: the fold of the journal, live and after any restart.

Theory of operation. What the agent knows is one value, and `apply` is the one function that changes it: the
loop calls it through `agent.state.record` as events come to be, a start calls it as it reads them back. So
"restart", "replay" and "reading the journal" are the same code as trading. Rules, each with its reason:

1. Nothing but `apply` changes a field, of the state, of its ledger or of its mind. A fact set beside it is
   not in the journal, so it is gone after a restart and a replay decides otherwise.
2. `apply` reads the event and the state, never a clock, a setting that is not given, or chance: the same
   rows come to the same state on any machine, at any time.
3. What an event says that cannot be is noted (`Ledger.contradict`), not raised: a row that raised would
   raise at every start, and nobody could sell any more. The agent halts on what is noted.
4. A cycle's row may be folded in two parts, what it saw (`Observed`) ahead of what was concluded from it,
   for the conclusion needs the first part. Both parts together are exactly the row: `ahead` says of which
   cycle the first was folded, so that it is not folded twice. A row that is read back has no first part
   ahead of it.
5. Only who has the turn applies: the loop, or whoever carries out a command. Others hold `lock` while they
   read, and see an event folded whole or not at all; the mind, which may run a user's code, is folded
   outside the lock: whoever asks never waits for it.
6. A new fact is a field with its type, so that checkpoints carry it, and with a default, so that journals
   from before it fold. Change what an old row folds to, and every recorded session replays to something
   else.

Warning to whoever edits: a test compares this fold with the live state after every session it can think of
(`tests/agent/test_cycle.py`), and with checkpoints of every prefix (`tests/agent/test_checkpoint.py`).
"""

from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from advice import ledger as money
from agent.state import changes, proving
from agent.state.pair_list import begun
from agent.state.retune import retune
from agent.state.seeing import Observed, SeeingState
from agent.state.slicing import after_cycle
from domain.commands import Command, digest
from domain.errors import BadInput
from domain.events import (
    AccountAdopted,
    AdviceAnswered,
    AdviceAsked,
    AdviserSet,
    CommandAnswered,
    CommandReceived,
    CycleDecided,
    CycleEnded,
    Event,
    FlattenAsked,
    GridChanged,
    JournalRestored,
    KillSwitchSet,
    LessonsSet,
    ModelSet,
    OrderReported,
    OrdersIntended,
    PairsListed,
    ParametersSet,
    PositionWrittenOff,
    SessionEnded,
    SessionStarted,
    SettingsChanged,
)
from domain.replies import RememberedCommand
from domain.times import TIMEFRAMES
from learning.memory import after_lesson, put_in_force
from reasoning.minds import StrategyRunner

REMEMBERED = 256
"""Commands that are remembered by their key, the latest ones."""


@dataclass(eq=False)
class State(SeeingState):
    """The agent's whole state, folded from events.

    Without a `mind` only the account is folded, and no strategy runs. Its fields are those of `StateFacts`.
    """

    def apply(self, event: Event | Observed) -> None:
        """Fold one event, or what a cycle saw ahead of its row, into state and mind."""
        oriented = isinstance(event, CycleDecided) and event.cycle_id == self.ahead
        with self.lock:
            self._fold(event)
        if self.mind is not None and not oriented:
            self._orient(event, self.mind)

    def _orient(self, event: Event | Observed, mind: StrategyRunner) -> None:
        if isinstance(event, Observed | CycleDecided):
            mind.inform((*event.beside, *event.observations))
            self.orientations = {
                observation.symbol: mind.orient(observation) for observation in event.observations
            }
        elif isinstance(event, ModelSet):
            mind.set_model(event)
        elif isinstance(event, ParametersSet):
            try:
                retune(event, mind)
            except BadInput as refused:
                # Parameters of another program end no command: the voice is silent until it is given others.
                mind.muted[event.strategy] = str(refused)

    def _fold(self, event: Event | Observed) -> None:  # noqa: C901, PLR0912, PLR0915 -- one case an event
        match event:
            case Observed():
                self.ahead = event.cycle_id
                self._see(event)
            case CycleDecided():
                self._decided(event)
            case CycleEnded():
                self._end(event)
            case OrdersIntended():
                self.ledger.intend(event.orders, event.at, event.sending_at)
            case OrderReported():
                self._record_report(event.receipt)
            case KillSwitchSet():
                self._switch(event)
            case ParametersSet():
                self.versions.append(event)
            case SettingsChanged():
                self.changed = changes.after(self.changed, event)
            case PositionWrittenOff():
                self._write_off(event)
            case AccountAdopted():
                self._adopt_account(event)
            case FlattenAsked():
                self._flatten(event)
            case GridChanged():
                self._regrid(event)
            case JournalRestored():
                self.ledger.restored(event.seq)
            case AdviceAsked():
                self.spend = money.after_asked(self.spend, event)
            case AdviceAnswered():
                self.spend = money.after_answered(self.spend, event)
            case ModelSet():
                self._set_model(event)
            case AdviserSet():
                self.advisers.append(event)
                self.proving = proving.begun(self.proving, event)
            case LessonsSet():
                self.lesson_sets.append(event)
                self.memory = put_in_force(self.memory, event.lessons, self.learning, follows=event.follows)
            case PairsListed():
                self._list(replace(self.pairs, current=event))
            case CommandReceived():
                self._receive(event.command)
            case CommandAnswered():
                self._answer(event)
            case SessionStarted():
                self._start(event)
            case SessionEnded():
                # What an operator sold after the last cycle counts.
                self.ended_reason = event.reason
                self.ledger.value()

    def _start(self, event: SessionStarted) -> None:
        self.session = event.session
        self.prefix = event.prefix
        self.ended_reason = None
        self.faults = {}
        self.timeframe_ms = TIMEFRAMES.get(str(event.settings.get("timeframe")), 0)
        self.slicing = {}
        self.measuring = dict(event.settings.get("entries") or {}).get("order") == "auto"
        if not self.measuring:
            self.recent = {}
        self._list(begun(self.pairs, event.settings))
        self.spend = money.after_start(self.spend)
        self.changed = changes.standing(self.changed, event.settings)
        for change in self.ledger.open(event.cash, event.instruments, event.books):
            self._carry(change)

    def _decided(self, event: CycleDecided) -> None:
        """Take in a cycle's row, or what is left of it when what it saw was folded ahead."""
        if event.cycle_id != self.ahead:
            self._see(event)
        self.ledger.venue_blocks = dict(event.blocked)
        if event.faults or self.faults:
            stay = {each: why for each, why in self.faults.items() if each in self.last}
            self.faults = stay | (event.faults or {})
        if event.verdicts:
            self._note(event.decisions, event.verdicts)
        if event.verdicts or self.slicing:
            self.slicing = after_cycle(self.slicing, event)
        for decision in event.decisions:
            if decision.held_back:
                self._held_back(decision)
        self.ahead = None

    def _end(self, event: CycleEnded) -> None:
        """Close a cycle: its lessons become beliefs."""
        for lesson in event.lessons:
            self.memory = after_lesson(self.memory, lesson, self.learning)
            self.proving = proving.after(self.proving, self.advisers, self.models, lesson)
        self.new_lessons = self.new_lessons[len(event.lessons) :]
        self.open_cycle = None
        self.cycles += 1
        self.outcomes[event.outcome] += 1
        self.ledger.value()

    def _set_model(self, event: ModelSet) -> None:
        """Take a model up; of those of its name that came before only the fact is kept."""
        self.models = [
            msgspec.structs.replace(each, body=b"") if each.model == event.model and each.body else each
            for each in self.models
        ]
        self.models.append(event)
        self.proving = proving.begun(self.proving, event)

    def _switch(self, event: KillSwitchSet) -> None:
        """Throw or reset the kill switch."""
        self.slicing = {}
        self.kill_switch = event.reason if event.active else None
        if event.active and event.by == "agent":
            self.tripped_day = event.at.toordinal()

    def _receive(self, command: Command) -> None:
        """Remember that a command was received, and forget the oldest."""
        if not command.key:
            return
        self.commands.pop(command.key, None)
        self.commands[command.key] = RememberedCommand(digest(command))
        for key in list(self.commands)[:-REMEMBERED]:
            del self.commands[key]

    def _answer(self, event: CommandAnswered) -> None:
        """Remember what came of a command."""
        known = self.commands.get(event.key)
        if known is not None:
            self.commands[event.key] = msgspec.structs.replace(known, reply=event.reply)
