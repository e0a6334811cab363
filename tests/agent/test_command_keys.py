"""What a key remembers and refuses, and that nothing odd about a command keeps anybody from getting out."""

import threading
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest

from agent.account.effects import EFFECTS
from agent.account.handler import Handler
from agent.account.requests import Request
from agent.outage.journal import reduces
from agent.state.state import REMEMBERED
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.commands import (
    LONGEST_KEY,
    AdoptAccount,
    ClosePosition,
    Command,
    Exit,
    Flatten,
    Kill,
    Pause,
    Reconcile,
    ResetKill,
    Unpause,
    WriteOffPosition,
    digest,
    named,
)
from domain.errors import BadInput, EndUnknown, JournalFault, VenueFault
from domain.events import CommandAnswered, CommandReceived, CycleEnded, Event, KillSwitchSet
from domain.order import OrderStatus, OrderType
from domain.replies import KillSwitch, Paused, PositionClosed
from domain.times import utc
from journal.codec import decode, encode
from journal.memory import MemoryJournal
from tests.agent.test_commands import LOTS, Desk
from tests.agent.test_orders import first_entry, reopened, venue, world
from tests.agent.test_recovery import CLOSES
from tests.agent.venue import EXECUTED, LATE, LOST
from tests.agent.world import ID, START, SYMBOL, World, ask, wave

HALF = ClosePosition(symbol=SYMBOL, share=Decimal("0.5"), reason="half", key="half")


def desk() -> Desk:
    """Return an account on paper that holds a position."""
    made = Desk(MemoryJournal(ID), 0)
    made.buy()
    return made


OF_NO_TEXT: dict[str, Any] = {"evidence": {}, "version": 1, "lessons": 1}


def test_every_command_has_an_effect_and_reads_back_from_socket_and_journal() -> None:
    kinds: tuple[Any, ...] = get_args(Command)
    assert set(EFFECTS) == set(kinds)
    for kind in kinds:
        required = [each.name for each in msgspec.structs.fields(kind) if each.required]
        needed = {name: OF_NO_TEXT.get(name, "BTC-USDT") for name in required}
        command = kind(reason="why", by="alice", key="k", **needed)
        assert msgspec.json.decode(msgspec.json.encode(command), type=Request) == command
        event = CommandReceived(utc(START), command)
        assert decode(encode(event)) == event
        assert reduces([event]) is isinstance(command, Exit), "a failed journal holds back what is no exit"


@pytest.mark.parametrize("odd", [{"by": "agent"}, {"by": " "}, {"reason": ""}, {"reason": "\udcff" * 9000}])
@pytest.mark.parametrize("key", ["", "k" * 5_000, "\udcff"])
@pytest.mark.parametrize(
    "make",
    [Kill, Flatten, lambda **more: ClosePosition(symbol=SYMBOL, **more)],
    ids=["kill", "flatten", "close"],
)
def test_nothing_odd_in_a_name_keeps_an_exit_from_being_made(
    make: Callable[..., Command], key: str, odd: dict[str, str]
) -> None:
    made = desk()
    command = make(**{"reason": "x", "by": "alice"} | odd, key=key)
    assert made.ask(command)[0] in ("switch", "flat", "closed")
    asked = [row.event.command for row in made.world.journal.rows() if isinstance(row.event, CommandReceived)]
    assert len(asked) == 1
    assert asked[0].by not in ("", "agent")
    assert asked[0].reason
    if not isinstance(command, ClosePosition):
        thrown = [row.event for row in made.world.journal.rows() if isinstance(row.event, KillSwitchSet)]
        assert [each.by for each in thrown] == [asked[0].by]
        assert made.world.state.tripped_day is None, "it was no trip of the agent's own"


def test_the_latest_keys_are_remembered_and_no_more() -> None:
    made = desk()
    for number in range(REMEMBERED + 5):
        made.ask(Pause(key=f"k{number}"))
    assert len(made.world.state.commands) == REMEMBERED
    head = made.world.journal.head()
    made.ask(Pause(key=f"k{REMEMBERED + 4}"))
    assert made.world.journal.head() == head
    made.ask(Pause(key="k0"))
    assert made.world.journal.head() != head


def test_a_share_cut_off_before_its_answer_is_not_sold_twice_and_all_of_it_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = desk()
    write = made.world.session.record.write

    def dies(*events: Event) -> None:
        if isinstance(events[-1], CommandAnswered):
            raise KeyboardInterrupt
        write(*events)

    monkeypatch.setattr(made.world.session.record, "write", dies)
    with suppress(KeyboardInterrupt):
        made.handler.handle(HALF)
    made.world.journal.reopen()
    again = Desk(made.world.journal, made.minute + 1)
    assert (again.held(), again.protected()) == (LOTS // 2, LOTS // 2)
    with pytest.raises(EndUnknown, match=r"key 'half': how selling a share .* is not on record"):
        again.handler.handle(HALF)
    assert again.held() == LOTS // 2
    rest = msgspec.structs.replace(HALF, share=Decimal(1))
    reply = again.handler.handle(rest)
    assert isinstance(reply, PositionClosed)
    assert (reply.flat, again.held()) == (True, 0)


@pytest.mark.parametrize("share", ["0", "-1", "1.01", "NaN", "Infinity", "0.0001", "0.999"])
def test_a_share_that_is_none_or_leaves_what_cannot_be_sold_is_refused_before_anything_is_done(
    share: str,
) -> None:
    made = desk()
    head = made.world.journal.head()
    with pytest.raises(BadInput, match=r"share .*(must be above 0 and at most 1|close all of it)"):
        made.handler.handle(ClosePosition(symbol=SYMBOL, share=Decimal(share)))
    assert (made.world.journal.head(), made.held(), made.protected()) == (head, LOTS, LOTS)


def test_what_remains_of_a_share_keeps_its_stop_at_its_level() -> None:
    made = desk()
    (before,) = made.world.state.ledger.resting(SYMBOL)
    made.handler.handle(HALF)
    (after,) = made.world.state.ledger.resting(SYMBOL)
    assert (after.order.type, after.order.trigger) == (OrderType.STOP, before.order.trigger)
    assert after.order.lots == LOTS // 2


@pytest.mark.parametrize("fate", [EXECUTED, LOST, LATE])
def test_a_share_whose_sale_is_in_doubt_is_sold_once_and_what_remains_is_protected(fate: str) -> None:
    at = venue()
    first = world(at, CLOSES[: first_entry()])
    first.run()
    lots = first.state.ledger.positions[SYMBOL].lots
    again = world(at, [], journal=reopened(first))
    again.session.begin()
    again.session.reconciler.settings = again.options.orders.model_copy(update={"flatten_seconds": 0.2})
    at.fates.append(fate)
    ask(again, HALF, utc(START))
    for _ in range(8):
        at.execute_late()
        at.pass_seconds(5)
        with suppress(VenueFault):
            again.session.reconciler.tick(at.time())
    ledger = again.state.ledger
    held = at.balances()["BTC"].free + at.balances()["BTC"].locked
    assert held in (lots, lots - lots // 2)
    assert ledger.positions[SYMBOL].lots == held
    assert sum(s.order.lots for s in ledger.resting(SYMBOL)) in (held, 2 * held), (
        "its stop, and target if any"
    )
    assert ledger.settled.ended[OrderStatus.FILLED]


def test_the_stop_of_what_remains_is_refused_and_all_of_it_is_sold() -> None:
    at = venue()
    first = world(at, CLOSES[: first_entry()])
    first.run()
    again = world(at, [], journal=reopened(first))
    again.session.begin()
    refuse = at.paper.place

    def place(order: object) -> object:
        receipt = refuse(order)  # type: ignore[arg-type]
        if getattr(order, "type", None) in (OrderType.STOP, OrderType.TAKE_PROFIT):
            at.paper.cancel(SYMBOL, receipt.client_id)
            return msgspec.structs.replace(receipt, status=OrderStatus.REJECTED, reason="no")
        return receipt

    at.paper.place = place  # type: ignore[method-assign,assignment]
    at.place_oco = lambda stop, target: tuple(map(place, (stop, target)))  # type: ignore[method-assign,return-value,assignment]
    reply = ask(again, HALF, utc(START))
    assert at.balances()["BTC"].free + at.balances()["BTC"].locked == 0
    assert (reply.kept, reply.positions) == ("", {})


def test_commands_between_cycles_replay_and_fold_to_what_was() -> None:
    journal = MemoryJournal(ID)
    made = World(wave(400), journal=journal)
    script: list[Command] = [
        Unpause(), Kill(reason="odd"), ResetKill(reason="fine"), Reconcile(),
        ClosePosition(symbol=SYMBOL, share=Decimal("0.5")), ClosePosition(symbol=SYMBOL),
        Flatten(reason="out"), ResetKill(reason="on"), HALF, HALF,
    ]  # fmt: skip
    answers = []

    def between(event: Event) -> None:
        lively = made.state.ledger.positions or made.state.kill_switch
        if isinstance(event, CycleEnded) and event.cycle_id % 4 == 0 and lively and script:
            with suppress(BadInput):
                answers.append(ask(made, script.pop(0)))

    made.session.listeners.append(between)
    made.run()
    assert script == []
    assert sum(isinstance(each, PositionClosed) for each in answers) >= 3
    assert replay(journal, None, FrozenClock()).difference is None


def test_a_kill_in_a_pause_is_in_the_journal_when_it_is_answered() -> None:
    made = desk()
    made.ask(Pause())
    made.ask(Kill(reason="now"))
    assert [
        row.event.reason for row in made.world.journal.rows() if isinstance(row.event, KillSwitchSet)
    ] == ["now"]


def test_a_kill_waits_for_nobody_who_has_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.account.handler.URGENT_SECONDS", 0.05)
    made = desk()
    held_by = made.world.inbox.trading_lock
    have, go = threading.Event(), threading.Event()

    def hold() -> None:
        with held_by:
            have.set()
            go.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    have.wait(30)
    assert made.handler.handle(Kill(reason="now", key="k")) == KillSwitch(kill_switch="now")
    assert made.world.inbox.pending_kill is not None
    go.set()
    holder.join(30)
    made.cycle()
    assert made.world.state.kill_switch == "now"
    assert made.world.state.commands["k"].reply == KillSwitch(kill_switch="now")


class Broken(MemoryJournal):
    """A journal that takes no command that is no exit, as a guarded one that has failed does not."""

    def append(self, *events: Event) -> None:
        if not reduces(events) and any(isinstance(each, CommandReceived) for each in events):
            raise JournalFault("the disk is full")
        super().append(*events)


@pytest.mark.parametrize(
    "refused",
    [ResetKill(reason="x"), Pause(), Reconcile(), AdoptAccount(reason="x")],
    ids=lambda each: type(each).__name__,
)
def test_a_journal_that_fails_lets_exits_pass_and_nothing_else(refused: Command) -> None:
    made = Desk(Broken(ID), 0)
    made.buy()
    made.ask(Kill(reason="stop"))
    with pytest.raises(JournalFault):
        made.handler.handle(refused)
    assert made.world.state.kill_switch == "stop"
    assert not made.world.inbox.paused
    assert made.ask(Flatten(reason="out")) == ("flat", True)


@pytest.mark.parametrize("command", [ResetKill(), AdoptAccount(), WriteOffPosition(symbol=SYMBOL)])
def test_what_needs_a_reason_is_refused_without_one(command: Command) -> None:
    with pytest.raises(BadInput, match="needs a reason"):
        desk().handler.handle(command)


def test_a_command_of_another_key_and_content_is_refused_unless_it_is_an_exit() -> None:
    made = desk()
    handler: Handler = made.handler
    handler.handle(Pause(key="k"))
    with pytest.raises(BadInput, match="key 'k' was given to another command; a new command needs a new key"):
        handler.handle(ResetKill(reason="x", key="k"))
    assert made.ask(ClosePosition(symbol=SYMBOL, key="k")) == ("closed", 0)
    assert made.held() == 0
    with pytest.raises(BadInput):
        handler.handle(Pause(key="k"))


def test_a_name_given_to_a_command_stays() -> None:
    command = Kill(reason=" spaces ", key="k", by="alice")
    assert named(command, lambda: "new").key == "k"
    assert named(command, lambda: "new").reason == "spaces"
    assert named(Kill(reason="x"), lambda: "new").key == "new"


def test_a_key_too_long_to_be_kept_is_the_same_key_again() -> None:
    def key_of(key: str) -> str:
        return named(Kill(reason="x", key=key), lambda: "new").key

    assert key_of("x" * 200) == key_of("x" * 200) != key_of("x" * 201)
    assert len(key_of("x" * 200)) <= LONGEST_KEY
    assert key_of(key_of("x" * 200)) == key_of("x" * 200)


@pytest.mark.parametrize("key", [" ", "\t", ""])
def test_a_key_that_is_none_is_given_one_once(key: str) -> None:
    keys = iter(("one", "two"))
    first = named(Kill(reason="why", key=key), lambda: next(keys))
    assert first.key == "one"
    assert named(first, lambda: next(keys)) is first, "whoever hands it on gives it no other"


def test_the_same_key_is_the_same_command_whoever_repeats_it_and_why() -> None:
    half = ClosePosition(symbol=SYMBOL, share=Decimal("0.5"), reason="a", by="alice", key="k")
    again = ClosePosition(symbol=SYMBOL, share=Decimal("0.5"), reason="b", by="bob", key="k")
    other = ClosePosition(symbol=SYMBOL, share=Decimal("0.4"), reason="a", by="alice", key="k")
    assert digest(half) == digest(again) != digest(other)
    assert digest(Kill(key="k")) != digest(Flatten(key="k"))


def test_a_remembered_answer_says_what_is_true_now() -> None:
    handle = Desk(MemoryJournal(ID), 0).handler.handle
    reset, pause = ResetKill(reason="ok", key="r"), Pause(reason="wait", key="p")
    assert handle(reset) == KillSwitch(kill_switch=None)
    handle(Kill(reason="odd", key="k"))
    assert handle(reset) == KillSwitch(kill_switch="odd"), "and nothing is reset a second time"
    assert handle(pause) == Paused(paused=True)
    handle(Unpause(reason="on", key="u"))
    assert handle(pause) == Paused(paused=False), "and nothing is paused a second time"
