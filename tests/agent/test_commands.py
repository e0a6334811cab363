"""Commands in any order, repeated, from several threads and across restarts, against a model of an account.

The model is the law in 40 lines: what a command does, what its key remembers, and when an exit is carried out
all the same. It is judged by the paper exchange's own books, by the journal, and by the fold of the journal.
"""

import itertools
import threading
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.account.handler import Handler
from domain.candle import LastPrice
from domain.commands import (
    ALL,
    ClosePosition,
    Command,
    Exit,
    Flatten,
    Kill,
    Pause,
    ResetKill,
    Unpause,
    digest,
)
from domain.decision import Action, Decision
from domain.errors import BadInput
from domain.events import CommandAnswered, CommandReceived, CycleDecided, CycleEnded, OrdersIntended
from domain.observation import Observation, Source
from domain.order import Order, OrderType, Purpose, Side
from domain.replies import Flattened, KillSwitch, Paused, PositionClosed, Reply
from domain.times import MINUTE_MS, millis, utc
from domain.verdict import Approved
from journal.memory import MemoryJournal
from tests.agent.world import ID, START, SYMBOL, World, facts, folded

PRICE, LOTS, STOP_PPM = 10_000, 20_000, 50_000
"""100 USDT in ticks, 0.2 BTC in lots, and a stop 5 % below."""
STOP, SMALLEST = 9_500, 50_000_000
"""The stop in ticks, and the 5 USDT below which the exchange takes no order, in ticks times lots."""
Told = tuple[Any, ...]
REFUSED: Told = ("refused",)


@dataclass
class Model:
    """What an account is, and what its keys remember."""

    lots: int = 0
    killed: str | None = None
    paused: bool = False
    memory: dict[str, tuple[Command, Told]] = field(default_factory=dict)

    def handle(self, asked: Command) -> Told:
        """Return what a command is answered, and become what it makes of the account."""
        known = self.memory.get(asked.key)
        same = known is not None and digest(known[0]) == digest(asked)
        if isinstance(asked, Flatten) and self.killed is None:
            self.killed = asked.reason
        if known is not None and same and not self._to_be_done_again(asked):
            return self._now(asked, known[1])
        if known is not None and not same and not isinstance(asked, Exit):
            return REFUSED
        told = self._done(asked)
        if told != REFUSED:
            self.memory[asked.key] = (asked, told)
        return told

    def _now(self, asked: Command, told: Told) -> Told:
        match asked:
            case ResetKill():
                return ("switch", self.killed)
            case Pause() | Unpause():
                return ("paused", self.paused)
        return told

    def _to_be_done_again(self, asked: Command) -> bool:
        match asked:
            case Kill():
                return self.killed is None
            case Flatten() | ClosePosition():
                return self.lots > 0 and getattr(asked, "share", ALL) == ALL
        return False

    def _done(self, asked: Command) -> Told:
        match asked:
            case Kill():
                self.killed = self.killed or asked.reason
                return ("switch", asked.reason)
            case ResetKill():
                self.killed = None
                return ("switch", None)
            case Pause() | Unpause():
                self.paused = isinstance(asked, Pause)
                return ("paused", self.paused)
            case Flatten():
                self.lots = 0
                return ("flat", True)
            case ClosePosition():
                return self._closed(asked)
        raise AssertionError(asked)

    def _closed(self, asked: ClosePosition) -> Told:
        sold = int(self.lots * asked.share)
        parts = (sold,) if asked.share == ALL else (sold, self.lots - sold)
        if not self.lots or (len(parts) > 1 and min(parts) * STOP < SMALLEST):
            return REFUSED
        self.lots -= sold
        return ("closed", self.lots)


def told(reply: Reply) -> Told:
    match reply:
        case KillSwitch():
            return ("switch", reply.kill_switch)
        case Paused():
            return ("paused", reply.paused)
        case Flattened():
            return ("flat", reply.flat)
        case PositionClosed():
            assert reply.flat
            return ("closed", int(Decimal(reply.kept or 0) * 100_000))
    raise AssertionError(reply)


class Desk:
    """One account on paper, in memory, that goes on in a new session after a restart."""

    def __init__(self, journal: MemoryJournal, minute: int) -> None:
        self.minute = minute
        self.world = World([100.0] * 500, journal=journal, start=START + minute * MINUTE_MS)
        self.world.session.begin()
        self.handler = Handler(self.world.session, self.world.parts, self.now)
        self.mark()

    def now(self) -> Any:
        return utc(START + self.minute * MINUTE_MS)

    def mark(self) -> None:
        self.world.platform.mark(SYMBOL, (), LastPrice(PRICE, millis(self.now())))

    def ask(self, command: Command) -> Told:
        try:
            return told(self.handler.handle(command))
        except BadInput:
            return REFUSED

    def cycle(self) -> None:
        """Run one cycle of the loop in which nothing is wanted."""
        self.minute += 1
        self.world.market.next_time()
        self.world.session.cycle.run(self.now())
        with self.world.inbox.turn():
            self.world.session.journal_urgent(self.now())

    def buy(self) -> None:
        """Enter, as an approved decision would, and protect what was bought."""
        self.minute += 1
        self.mark()
        at, session = self.now(), self.world.session
        cycle, executor = self.world.state.cycle_id + 1, session.cycle.executor
        order = Order(
            executor.factory.client_id(cycle, 0), cycle, at, SYMBOL, Side.BUY, OrderType.MARKET,
            Purpose.ENTRY, LOTS, PRICE,
        )  # fmt: skip
        approved = Approved(cycle, SYMBOL, order, stop_ppm=STOP_PPM)
        decision = Decision(cycle, SYMBOL, at, Action.BUY, 80.0, 80.0, "test", price=PRICE, stop_ppm=STOP_PPM)
        seen = Observation(SYMBOL, Source.LIVE, "test", "test", at, quote=LastPrice(PRICE, millis(at)))
        session.record.write(CycleDecided(cycle, at, (seen,), (), (decision,), (approved,)))
        session.record.write(OrdersIntended(cycle, at, (order,)))
        executor.carry_out(approved, at)
        session.record.write(CycleEnded(cycle, at, (), "executed", tuple(self.world.state.new_lessons)))

    def held(self) -> int:
        """Return the lots the exchange itself has of ours."""
        there = self.world.platform.balances().get("BTC")
        return there.free + there.locked if there else 0

    def protected(self) -> int:
        """Return the lots that stops at the exchange itself would sell."""
        ledger = self.world.state.ledger
        return sum(
            ledger.open_orders[each.client_id].order.lots for each in self.world.platform.open_orders()
        )


KEYS = st.sampled_from(["one", "two", "three"])
SHARES = st.sampled_from([ALL, Decimal("0.5"), Decimal("0.3"), Decimal("0.01")])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Kill, key=KEYS, reason=st.sampled_from(["a", "b"])),
    st.builds(ResetKill, key=KEYS, reason=st.just("over")),
    st.builds(Pause, key=KEYS),
    st.builds(Unpause, key=KEYS),
    st.builds(Flatten, key=KEYS, reason=st.just("enough")),
    st.builds(ClosePosition, key=KEYS, symbol=st.just(SYMBOL), share=SHARES, reason=st.just("close")),
)


class Commands(RuleBasedStateMachine):
    """An account that is commanded, and the model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = MemoryJournal(ID)
        self.desk = Desk(self.journal, 0)
        self.model = Model()

    @rule(command=COMMANDS)
    def one(self, command: Command) -> None:
        known, before = deepcopy(self.model), self.journal.head()
        expected = self.model.handle(command)
        assert self.desk.ask(command) == expected
        if expected == REFUSED or known == self.model:
            assert self.journal.head() == before, "nothing was done, so nothing is written"

    @rule(commands=st.lists(COMMANDS, min_size=2, max_size=3))
    def several_at_once(self, commands: Sequence[Command]) -> None:
        answers: dict[int, Told] = {}

        def work(number: int) -> None:
            answers[number] = self.desk.ask(commands[number])

        threads = [threading.Thread(target=work, args=(number,)) for number in range(len(commands))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.model = self._one_after_another(commands, answers)

    def _one_after_another(self, commands: Sequence[Command], answers: dict[int, Told]) -> Model:
        """Return the model after an order of the commands that explains every answer and the account."""
        for order in itertools.permutations(range(len(commands))):
            model = deepcopy(self.model)
            fits = all(model.handle(commands[number]) == answers[number] for number in order)
            if (
                fits
                and (model.killed, model.lots, model.paused) == self._account()
                and self._remembers(model)
            ):
                return model
        raise AssertionError(
            f"no order explains {answers} of {commands}, {self._account()} from {self.model}"
        )

    def _remembers(self, model: Model) -> bool:
        known = {key: digest(command) for key, (command, _) in model.memory.items()}
        return known == {key: each.digest for key, each in self.desk.world.state.commands.items()}

    def _account(self) -> tuple[str | None, int, bool]:
        return self.desk.world.state.kill_switch, self.desk.held(), self.desk.world.inbox.paused

    @precondition(lambda self: not self.model.lots)
    @rule()
    def buy(self) -> None:
        self.desk.buy()
        self.model.lots = LOTS

    @rule()
    def cycle(self) -> None:
        self.desk.cycle()

    @rule(in_order=st.booleans())
    def restart(self, *, in_order: bool) -> None:
        if in_order:
            self.desk.world.session._finish("stopped")
        self.journal.reopen()
        self.desk = Desk(self.journal, self.desk.minute + 1)
        self.model.paused = False  # a pause ends with its session

    @invariant()
    def books_agree(self) -> None:
        state = self.desk.world.state
        assert self._account() == (self.model.killed, self.model.lots, self.model.paused)
        assert sum(each.lots for each in state.ledger.positions.values()) == self.model.lots
        assert self.desk.protected() == self.model.lots, "what is held has its stop, of its size"
        assert self._remembers(self.model)

    @invariant()
    def journal_tells_it(self) -> None:
        state, _ = folded(self.desk.world.options, self.journal)
        assert facts(state) == facts(self.desk.world.state)
        events = [row.event for row in self.journal.rows()]
        asked = sum(isinstance(event, CommandReceived) for event in events)
        assert asked == sum(isinstance(event, CommandAnswered) for event in events)


TestCommands = Commands.TestCase
TestCommands.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
