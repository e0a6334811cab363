"""The gate in a turn: decisions, slices and additions judged in order, each seeing what is reserved.

Each is judged guarded: a fault over one symbol leaves that one alone, but what was voted to be sold is sold.
"""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from agent.loop.additions import DueAddition
from agent.loop.additions import case_of as addition_case
from agent.loop.one_by_one import guarded
from agent.loop.slices import Due, bought_anew, case_of
from agent.loop.turn import Turn
from agent.orders.factory import OrderFactory
from agent.state.pair_list import off_list
from agent.state.state import State
from domain.account import Account
from domain.commands import Flatten, Kill
from domain.decision import Action, Decision
from domain.events import KillSwitchSet
from domain.observation import Observation
from domain.verdict import Approved, Verdict
from risk.case import Case, Policy
from risk.judge import judge, judge_addition, judge_slice, leave, reserve


class TurnJudge:
    """Puts what a turn would send to the gate, and its verdicts into the turn."""

    def __init__(
        self,
        state: State,
        factory: OrderFactory,
        policy: Callable[[], Policy],
        pending_kill: Callable[[], Kill | Flatten | None],
    ) -> None:
        self.state = state
        self.factory = factory
        self.policy = policy
        self.pending_kill = pending_kill

    def decided(self, turn: Turn, slices: Sequence[Due]) -> None:
        """Put what was decided and the slices that are due to the gate, one behind the other."""
        asked = self.pending_kill()
        if asked and not turn.kill and not self.state.kill_switch:
            turn.kill = KillSwitchSet(at=turn.at, active=True, reason=asked.reason, by=asked.by)
        account = self._account(turn)
        for observation, decision in zip(turn.observations, turn.decisions, strict=True):
            if decision.action is not Action.HOLD:
                vote = partial(self._judge_vote, turn, observation, decision, account)
                after = guarded(turn, decision.symbol, vote)
                if after is None and decision.action is Action.SELL:
                    guarded(turn, decision.symbol, partial(self._leave_anyway, turn, observation))
                account = after or account
        for number, each in enumerate(slices):
            symbol = each[0].symbol
            if not bought_anew(turn, symbol):
                part = partial(self._judge_slice, turn, each, number, account)
                account = guarded(turn, symbol, part) or account

    def _judge_vote(
        self, turn: Turn, observation: Observation, decision: Decision, account: Account
    ) -> Account:
        """Put a vote to the gate; return the account as the one after it sees it."""
        return self._judged(turn, judge(self._case(turn, observation, decision, account)), account)

    def _leave_anyway(self, turn: Turn, observation: Observation) -> None:
        """Sell all of a position whose vote to sell could not be judged: no fault holds up an exit."""
        symbol, ledger = observation.symbol, self.state.ledger
        position = ledger.positions.get(symbol)
        if position is not None:
            quote = observation.quote.price if observation.quote else 0
            client_id = self.factory.client_id(turn.cycle_id, len(turn.verdicts))
            verdict = leave(
                position,
                ledger.instruments[symbol],
                quote,
                ledger.marks.get(symbol),
                cycle_id=turn.cycle_id,
                client_id=client_id,
                at=turn.at,
            )
            turn.verdicts.append(verdict)

    def _judged(self, turn: Turn, verdict: Verdict, account: Account) -> Account:
        """Take up a verdict, with what it reserves."""
        if isinstance(verdict, Approved):
            account = reserve(account, verdict, self.state.ledger.instruments)
        turn.verdicts.append(verdict)
        return account

    def _account(self, turn: Turn) -> Account:
        """Return the account as the gate sees it in this turn, before anything is reserved."""
        kill_switch = turn.kill.reason if turn.kill else self.state.kill_switch
        account = self.state.ledger.account(kill_switch, turn.blocked)
        if turn.pairs is not None:
            account = replace(account, off_list=off_list(turn.pairs, self.state.pairs.candidates))
        return account

    def _judge_slice(self, turn: Turn, each: Due, number: int, account: Account) -> Account:
        """Put an entry's next slice to the gate; return the account as the one after it sees it."""

        def make(observation: Observation, decision: Decision) -> Case:
            return self._case(turn, observation, decision, account)

        verdict = judge_slice(*case_of(make, each, turn, number, self.factory))
        return self._judged(turn, verdict, account)

    def additions(self, turn: Turn, additions: Sequence[DueAddition]) -> None:
        """Put additions to the gate until one is approved, where nothing else was."""
        if not additions or any(isinstance(each, Approved) for each in turn.verdicts):
            return
        account = self._account(turn)
        for number, each in enumerate(additions):
            add = partial(self._judge_addition, turn, each, number, account)
            if isinstance(guarded(turn, each.observation.symbol, add), Approved):
                return

    def _judge_addition(self, turn: Turn, each: DueAddition, number: int, account: Account) -> Verdict:
        """Put an addition to the gate."""

        def make(observation: Observation, decision: Decision) -> Case:
            return self._case(turn, observation, decision, account)

        verdict = judge_addition(*addition_case(make, each, turn, number, self.state, self.factory))
        turn.verdicts.append(verdict)
        return verdict

    def _case(self, turn: Turn, observation: Observation, decision: Decision, account: Account) -> Case:
        return Case(
            decision=decision,
            observation=observation,
            account=account,
            instruments=self.state.ledger.instruments,
            policy=self.policy().of(decision.symbol),
            at=turn.at,
            client_id=self.factory.client_id(turn.cycle_id, len(turn.verdicts)),
            activity=self.state.activity(decision.symbol),
        )
