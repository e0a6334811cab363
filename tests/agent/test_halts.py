"""Every halt has its way out: the agent is brought into each of them, and the documented way is taken.

In each the emergency stop works too, and afterwards the agent runs on, on a journal that folds to the same.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest

from agent import wiring
from agent.account.handler import BriefHandler
from agent.loop.session import EXHAUSTED
from agent.orders import differences
from agent.wiring.sessions import new_prefix
from domain.commands import AdoptAccount, Command, Flatten, ResetKill
from domain.errors import LocalFault
from domain.events import CycleDecided, Event, OrderReported, OrdersIntended, ParametersSet
from domain.order import Fill, OrderState, OrderStatus, OrderType, Placed, Receipt, Side
from domain.times import utc
from journal.memory import MemoryJournal
from tests.agent.test_orders import buy, first_entry, reopened, stranger, venue, world
from tests.agent.test_recovery import CLOSES, Resumed
from tests.agent.venue import LATE, Venue
from tests.agent.world import ID, START, SYMBOL, World, facts, folded

AT = utc(START + 500 * 60_000)


class Scene(NamedTuple):
    """A venue, the journal of an agent that held a position there, and how many candles it has seen."""

    at: Venue
    journal: MemoryJournal
    seen: int


def held() -> Scene:
    """An agent has entered, protected its position and ended."""
    at, seen = venue(), first_entry()
    made = opened(Scene(at, MemoryJournal(ID), 0), CLOSES[:seen])
    assert made.run() == EXHAUSTED
    assert made.state.ledger.positions
    return Scene(at, reopened(made), seen)


def opened(scene: Scene, closes: Any = None) -> World:
    """Open the account anew, as a process would on a remote venue: with client ids of its own."""
    scene.journal.reopen()
    observer = None if closes is not None else Resumed(scene.seen)
    made = world(scene.at, CLOSES if closes is None else closes, journal=scene.journal, observer=observer)
    made.session.started = msgspec.structs.replace(made.session.started, prefix=new_prefix())
    made.session.reconciler.prefix = new_prefix
    made.session.reconciler.clock.sleep = scene.at.pass_seconds  # type: ignore[method-assign]
    return made


def stop_of(scene: Scene) -> str:
    return scene.at.paper.open_orders()[0].client_id


def written(scene: Scene, *told: Event) -> Scene:
    scene.journal.reopen()
    scene.journal.append(*told)
    return scene


# the halts


def manual_trade() -> Scene:
    scene = held()
    scene.at.holdings["BTC"] = 7
    return scene


def position_sold_by_hand() -> Scene:
    scene = held()
    lots = folded_positions(scene)
    scene.at.paper.cancel(SYMBOL, stop_of(scene))
    scene.at.holdings["BTC"] = -lots
    return scene


def folded_positions(scene: Scene) -> int:
    return opened(scene).state.ledger.positions[SYMBOL].lots


def strange_order() -> Scene:
    scene = held()
    scene.at.extra = [stranger("0badc0de-7-0")]
    cancel = scene.at.cancel

    def cancelled(symbol: str, client_id: str) -> Receipt:
        scene.at.extra = [each for each in scene.at.extra if each.client_id != client_id]
        return cancel(symbol, client_id)

    scene.at.cancel = cancelled  # type: ignore[method-assign]
    return scene


def account_wiped() -> Scene:
    """A testnet was reset: no order of ours is known, and the balances are others."""
    return held()._replace(at=venue())


def journal_lost() -> Scene:
    return held()._replace(journal=MemoryJournal("ffffffffffff"))


def journal_of_yesterday() -> Scene:
    """A backup from before the entry was put back, as the runbook has it."""
    old = venue()
    first = opened(Scene(old, MemoryJournal(ID), 0), CLOSES[: first_entry() - 2])
    first.run()
    return held()._replace(journal=reopened(first), seen=first_entry() - 2)


def told_of_nothing_ours() -> Scene:
    return written(held(), OrderReported(1, Receipt("deadbeef-1-0", SYMBOL, OrderStatus.NEW, AT)))


def told_otherwise_than_before() -> Scene:
    scene = held()
    entry = scene.at.sent[0].client_id
    return written(scene, OrderReported(1, Receipt(entry, SYMBOL, OrderStatus.CANCELLED, AT)))


def sold_more_than_held() -> Scene:
    scene = held()
    stop = stop_of(scene)
    fill = Fill("999999", stop, SYMBOL, Side.SELL, 10**9, 10_000, 10_000, 0, maker=False, at=AT)
    told = Receipt(stop, SYMBOL, OrderStatus.PARTIALLY_FILLED, AT, filled=10**9, fills=(fill,))
    return written(scene, OrderReported(1, told))


def a_cycle_twice() -> Scene:
    scene = held()
    return written(scene, CycleDecided(1, AT))


def absent_and_then_traded() -> Scene:
    """The horizon was too short: an entry proven absent is executed all the same."""
    scene = held()
    entry = next(o for o in scene.at.sent if o.type is OrderType.MARKET)
    order = msgspec.structs.replace(entry, client_id="0badc0de-1-9", lots=200_000)
    absent = Receipt(order.client_id, SYMBOL, OrderStatus.ABSENT, AT)
    filled = scene.at.paper.place(order)
    return written(scene, OrdersIntended(1, AT, (order,)), OrderReported(1, absent), OrderReported(1, filled))


HALTS: dict[str, tuple[Callable[[], Scene], str]] = {
    "a manual trade": (manual_trade, "the account differs: BTC"),
    "a position sold by hand": (position_sold_by_hand, "the account differs: BTC"),
    "an order like ours": (strange_order, "look like ours and are not in the journal: 0badc0de-7-0"),
    "the account wiped": (account_wiped, "the account differs"),
    "the journal lost": (journal_lost, "a new journal, but the account is in use"),
    "an old backup": (journal_of_yesterday, "look like ours|the account differs"),
    "an order nobody intended": (told_of_nothing_ours, "is no order of this journal"),
    "a finished order that ends otherwise": (told_otherwise_than_before, "is FILLED and was then told"),
    "more sold than held": (sold_more_than_held, "sells 1000000000 lots|the account differs"),
    "a cycle twice": (a_cycle_twice, "cycle 1 does not follow"),
    "an absent order that traded": (absent_and_then_traded, "is ABSENT and was then told to be FILLED"),
}
"""How each halt comes about, and how it names itself."""


def briefly(world: World, command: Command) -> Any:
    """Carry out a command in a session of its own, as where no agent runs."""
    return BriefHandler(world.session, world.parts, lambda: AT).handle(command)


@pytest.mark.parametrize("halt", HALTS)
def test_a_halt_names_itself_and_adopting_the_account_ends_it(halt: str) -> None:
    made, words = HALTS[halt]
    scene = made()
    for _ in range(2):  # starting again is no way out
        with pytest.raises(LocalFault, match=words):
            opened(scene).run()
    taken = opened(scene)
    briefly(taken, AdoptAccount(reason="looked at"))
    goes_on(scene)


@pytest.mark.parametrize("halt", HALTS)
def test_in_every_halt_the_emergency_stop_sells_what_the_journal_holds(halt: str) -> None:
    scene = HALTS[halt][0]()
    stopped = opened(scene)
    there = scene.at.paper.balances()["BTC"]
    before = there.free + there.locked
    done = briefly(stopped, Flatten(reason="enough"))
    after = scene.at.paper.balances()["BTC"]
    state, _ = folded(stopped.options, scene.journal)
    assert facts(state) == facts(stopped.state)
    ours = sum(held.lots for held in opened(scene).state.ledger.positions.values())
    assert after.free + after.locked <= before
    if scene.at.holdings.get("BTC", 0) >= 0 and halt not in ("the account wiped", "the journal lost"):
        assert (ours, done.positions) == (0, {})
    assert not [each for each in scene.at.open_orders() if differences.OURS.fullmatch(each.client_id)]
    taken = opened(scene)
    briefly(taken, AdoptAccount(reason="stopped"))
    reset = opened(scene)
    briefly(reset, ResetKill(reason="on we go"))
    goes_on(scene)


def goes_on(scene: Scene) -> None:
    """Run on to the end of the candles: in line, on a journal that folds to what the agent knows."""
    again = opened(scene)
    assert again.run() == EXHAUSTED
    assert again.session.done == len(CLOSES) - scene.seen
    ledger = again.state.ledger
    assert (ledger.unresolved(), ledger.contradictions) == ([], {})
    assert differences.differences(ledger, scene.at.balances(), again.parts.grid.values()) == []
    state, _ = folded(again.options, scene.journal)
    assert facts(state) == facts(again.state)


# orders in doubt that nobody can ever resolve


def test_an_order_whose_fills_never_come_waits_for_an_operator_and_adopting_gives_it_up() -> None:
    scene = held()
    stop = stop_of(scene)
    scene.at.paper.cancel(SYMBOL, stop)
    lots = folded_positions(scene)
    half = Receipt(stop, SYMBOL, OrderStatus.CANCELLED, AT, filled=lots // 2)
    query = scene.at.query

    def untold(symbol: str, client_id: str) -> Receipt | None:
        return half if client_id == stop else query(symbol, client_id)

    scene.at.query = untold  # type: ignore[method-assign]
    scene.at.holdings = {"BTC": -(lots // 2)}
    waits = opened(scene, CLOSES[:0])
    waits.run()
    assert waits.state.ledger.unresolved()
    taken = opened(scene)
    event = briefly(taken, AdoptAccount(reason="sold half"))
    assert event.given_up == (stop,)
    goes_on(scene)


def test_an_entry_filled_before_its_fills_are_told_is_protected_when_they_are() -> None:
    at = venue()
    place = at.place
    at.place = lambda order: msgspec.structs.replace(place(order), fills=())  # type: ignore[method-assign]
    scene = Scene(at, MemoryJournal(ID), first_entry() + 1)
    made = opened(scene, CLOSES[: scene.seen])
    assert made.run() == EXHAUSTED
    lots = made.state.ledger.positions[SYMBOL].lots
    assert sum(each.order.lots for each in made.state.ledger.resting(SYMBOL)) == lots


def test_another_order_under_our_id_is_no_answer_and_adopting_gives_ours_up() -> None:
    """An id that was used before, as older programs did after a restored backup: what it did is not ours."""
    at = venue()
    at.fates.append(LATE)
    query, other = at.query, Placed(Side.BUY, OrderType.MARKET, 0, utc(START - 86_400_000))

    def older(symbol: str, client_id: str) -> Receipt | None:
        order = next(each for each in at.sent if each.client_id == client_id)
        fill = Fill("1", client_id, symbol, Side.BUY, order.lots, 1, 1, 0, maker=False, at=utc(START))
        placed = msgspec.structs.replace(other, lots=order.lots)
        if client_id != at.sent[0].client_id:
            return query(symbol, client_id)
        return Receipt(
            client_id, symbol, OrderStatus.FILLED, AT, filled=order.lots, fills=(fill,), placed=placed
        )

    at.query = older  # type: ignore[method-assign]
    scene = Scene(at, MemoryJournal(ID), first_entry())
    made = opened(scene, CLOSES[: scene.seen])
    made.run()
    assert made.state.ledger.positions == {}
    reasons = [e.receipt.reason for e in made.events if isinstance(e, OrderReported)]
    assert any("it was placed at" in reason for reason in reasons) or made.state.ledger.unresolved()
    taken = opened(scene)
    briefly(taken, AdoptAccount(reason="not ours"))
    goes_on(scene)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"side": Side.SELL}, "its side is SELL"),
        ({"type": OrderType.LIMIT}, "its type is LIMIT"),
        ({"lots": 11}, "it is of 11 lots"),
        ({"lots": 9}, "it is of 9 lots"),
        ({"at": utc(START - 3_600_000)}, "it was placed at"),
        ({}, ""),
    ],
)
def test_the_venues_order_must_be_the_one_that_was_meant(changed: dict[str, Any], words: str) -> None:
    order = msgspec.structs.replace(buy(10), type=OrderType.MARKET)
    standing = OrderState(order, OrderStatus.UNKNOWN, utc(START), sent_at=utc(START))
    placed = msgspec.structs.replace(Placed(Side.BUY, OrderType.MARKET, 10, utc(START + 40)), **changed)
    told = Receipt(order.client_id, SYMBOL, OrderStatus.FILLED, AT, placed=placed)
    assert words in str(differences.mismatch(standing, told) or "")
    assert bool(words) == (differences.mismatch(standing, told) is not None)


# the fold


def test_parameters_of_another_program_silence_their_voice_and_end_no_command() -> None:
    scene = held()
    strange = ParametersSet(AT, 1, "rsi", {"no such": 1}, "another program", "operator")
    written(scene, strange)
    made = opened(scene)
    assert "parameter version 1 is one of another program" in made.parts.mind.muted["rsi"]
    assert made.run() == EXHAUSTED
    own = wiring.parts(made.options, MemoryJournal(ID)).mind
    written(scene, msgspec.structs.replace(strange, version=2, rolled_back_to=0, parameters={}))
    assert opened(scene).parts.mind.muted == own.muted == {}
