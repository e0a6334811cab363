"""The part of the fold that follows entries: why they were wanted, what became of them, their lessons."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from agent.state.adding import after_approved
from agent.state.facts import StateFacts
from domain.account import Trade
from domain.decision import Action, Decision
from domain.events import AccountAdopted, FlattenAsked, PositionWrittenOff
from domain.lesson import Context, Lesson
from domain.order import Purpose, Receipt
from domain.verdict import Approved, Verdict
from learning.reflect import reflect
from learning.vetoes import watch


@dataclass(eq=False)
class TradingState(StateFacts):
    """The fold of what is bought and sold, of what was vetoed, and of what is taken over or given up."""

    def _note(self, decisions: Iterable[Decision], verdicts: Iterable[Verdict]) -> None:
        """Remember why entries were wanted, and watch what becomes of the vetoed ones."""
        by_symbol = {decision.symbol: decision for decision in decisions}
        for verdict in verdicts:
            decision = by_symbol[verdict.symbol]
            if isinstance(verdict, Approved):
                if self.adding or verdict.exits:
                    self.adding = after_approved(self.adding, decision, verdict)
                if verdict.order.addition and verdict.symbol in self.entries:
                    # What is added moves the average entry, and no stop with it.
                    self.entries[verdict.symbol] = msgspec.structs.replace(
                        self.entries[verdict.symbol], stop=verdict.stop
                    )
                if verdict.order.slice_of:
                    continue  # the entry is protected and learned from as its first order was approved
                if verdict.order.purpose is Purpose.ENTRY:
                    self.contexts[verdict.symbol] = _context(decision)
                    self.entries[verdict.symbol] = verdict
                elif verdict.stop and verdict.symbol in self.entries:
                    # A recovery protects with the stop as it was last raised.
                    self.entries[verdict.symbol] = msgspec.structs.replace(
                        self.entries[verdict.symbol], stop=verdict.stop, stop_by=verdict.stop_by
                    )
                continue
            self.vetoes[verdict.reason] += 1
            if decision.action is Action.BUY and decision.price is not None and not verdict.slice_of:
                self._watch(decision, verdict.reason, decision.price)

    def _held_back(self, decision: Decision) -> None:
        """Watch what becomes of an entry that voices held back, as if a rule had denied it."""
        if decision.price is None:
            return
        for held in decision.held_back:
            entry = msgspec.structs.replace(
                decision, confidence=held.score, stop_ppm=held.stop_ppm, stop=held.stop, target=held.target
            )
            self._watch(entry, held.rule, decision.price)

    def _watch(self, decision: Decision, rule: str, price: int) -> None:
        stop = decision.stop or (price - price * decision.stop_ppm // 1_000_000 if decision.stop_ppm else 0)
        self.pending.append(watch(_context(decision), rule, price, stop, decision.target, self.learning))
        del self.pending[: -self.learning.max_pending]

    def _flatten(self, event: FlattenAsked) -> None:
        """Send no further slice of what is to be sold."""
        self.slicing = {name: plan for name, plan in self.slicing.items() if event.symbol not in ("", name)}
        self.adding = {name: plan for name, plan in self.adding.items() if event.symbol not in ("", name)}
        # Dust that can be sold is counted among what is held: it is to be sold with it.
        if not event.kept:
            self.ledger.sweep(event.at, event.symbol)

    def _write_off(self, event: PositionWrittenOff) -> None:
        """Count a position as lost."""
        trade = self.ledger.write_off(event.symbol, event.lots, event.at, event.given_up)
        if trade is not None:
            self.new_lessons.append(self._lesson(trade, "written off"))

    def _adopt_account(self, event: AccountAdopted) -> None:
        """Count with what the venue holds from now on."""
        self.prefix = event.prefix or self.prefix
        self.slicing, self.adding = {}, {}
        for trade in self.ledger.adopt_account(
            event.cash, event.untracked, event.missing, event.at, event.given_up
        ):
            self.new_lessons.append(self._lesson(trade, "adopted"))

    def _record_report(self, receipt: Receipt) -> None:
        """Take in what a venue said of an order; closed trades become lessons."""
        for trade, ending in self.ledger.record_report(receipt):
            self.new_lessons.append(self._lesson(trade, ending))

    def _lesson(self, trade: Trade, ending: str) -> Lesson:
        self.slicing.pop(trade.symbol, None)
        self.adding.pop(trade.symbol, None)
        context = self.contexts.pop(trade.symbol, None) or Context(
            cycle_id=0, symbol=trade.symbol, at=trade.opened_at, confidence=0.0, regime="unknown", voices=()
        )
        instrument = self.ledger.instruments[trade.symbol]
        return reflect(trade, context, ending, instrument, trade.closed_at)


def _context(decision: Decision) -> Context:
    return Context(
        cycle_id=decision.cycle_id,
        symbol=decision.symbol,
        at=decision.at,
        confidence=decision.confidence,
        regime=decision.regime,
        voices=decision.voices,
    )
