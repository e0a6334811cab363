"""The adapter on an exchange that fails as exchanges do: the sandbox, on a real socket."""

import threading
import time
import traceback
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agent.host.clock import SystemClock
from agent.state.dust import step_units
from domain.errors import BadInput, OutcomeUnknown, RateLimited, VenueFault
from domain.order import Order, OrderStatus, OrderType, Receipt, Side
from platforms.binance.limits import RequestWeight
from platforms.binance.platform import BinancePlatform
from platforms.sandbox.exchange.exchange import Terms
from tests.perception.manual_clock import ManualClock
from tests.platforms.binance.world import SandboxWorld, served, settings
from tests.platforms.world import Desk
from tests.shared import in_time

CANARY = "CANARY0123456789canary"
BUY, SELL, MARKET, LIMIT = Side.BUY, Side.SELL, OrderType.MARKET, OrderType.LIMIT


@pytest.fixture
def world() -> Iterator[SandboxWorld]:
    with served() as server:
        made = SandboxWorld(server, timeout_seconds=2.0)
        yield made
        made.platform.close()


@pytest.fixture
def desk(world: SandboxWorld) -> Desk:
    return Desk(world)


def fault(world: SandboxWorld, **fields: Any) -> None:
    world.server.app.plan.load({"fault": [fields]}, world.server.exchange.time)


NEW = {"method": "POST", "path": "/api/v3/order"}


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "drop", "when": "after"},
        {"kind": "error", "when": "after"},
        {"kind": "unknown", "when": "after", "code": -1007},
        {"kind": "unknown", "when": "after", "code": -1006},
        {"kind": "truncate", "bytes": 20},
        {"kind": "html", "when": "after", "status": 200},
        {"kind": "html", "when": "after", "status": 502},
        {"kind": "drip", "seconds": 4.0},
        {"kind": "delay", "when": "after", "seconds": 6},
    ],
    ids=lambda fields: f"{fields['kind']}-{fields.get('code', fields.get('status', ''))}",
)
def test_fault_01_and_17_an_answer_that_is_lost_leaves_the_order_unknown_and_it_is_found(
    world: SandboxWorld, desk: Desk, fields: dict[str, Any]
) -> None:
    fault(world, count=1, **NEW, **fields)
    order = desk.order(BUY, MARKET, 1_000)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        world.platform.place(order)
    in_time(began, 5)
    found = world.platform.query(order.symbol, order.client_id)
    assert found is not None
    assert (found.status, found.filled) == (OrderStatus.FILLED, 1_000)
    assert len(world.exchange.orders) == 1


@pytest.mark.parametrize("kind", ["drop", "error", "unknown"])
def test_fault_05_an_order_that_never_arrived_is_unknown_too_and_not_found(
    world: SandboxWorld, desk: Desk, kind: str
) -> None:
    fault(world, kind=kind, count=1, **NEW)
    order = desk.order(BUY, MARKET, 1_000)
    with pytest.raises(OutcomeUnknown):
        world.platform.place(order)
    assert world.platform.query(order.symbol, order.client_id) is None


def test_fault_03_a_question_that_fails_is_no_not_found(world: SandboxWorld, desk: Desk) -> None:
    fault(world, kind="error", method="GET", path="/api/v3/order")
    with pytest.raises(VenueFault):
        world.platform.query("BTC-USDT", "never-sent")


def test_fault_06_a_partial_fill_then_silence_is_found_to_the_lot(world: SandboxWorld, desk: Desk) -> None:
    fault(world, kind="partial", share=0.4, count=1, **NEW)
    order = desk.order(BUY, MARKET, 1_000)
    with pytest.raises(OutcomeUnknown):
        world.platform.place(order)
    found = world.platform.query(order.symbol, order.client_id)
    assert found is not None
    assert found.filled == sum(each.lots for each in found.fills)
    assert found.filled < 1_000


def test_fault_08_a_cancel_that_is_not_answered_is_told_by_a_query(world: SandboxWorld, desk: Desk) -> None:
    order = desk.order(BUY, LIMIT, 1_000, 4_000_000)
    world.platform.place(order)
    fault(world, kind="drop", when="after", method="DELETE", count=1)
    assert world.platform.cancel(order.symbol, order.client_id).status is OrderStatus.CANCELLED


def test_fault_08_a_cancel_that_never_arrived_leaves_the_order_as_it_is(
    world: SandboxWorld, desk: Desk
) -> None:
    order = desk.order(BUY, LIMIT, 1_000, 4_000_000)
    world.platform.place(order)
    fault(world, kind="drop", when="before", method="DELETE", count=1)
    with pytest.raises(VenueFault):
        world.platform.cancel(order.symbol, order.client_id)
    assert standing(world, order).status is OrderStatus.NEW


def standing(world: SandboxWorld, order: Order) -> Receipt:
    found = world.platform.query(order.symbol, order.client_id)
    assert found is not None
    return found


def test_fault_16_beyond_the_clocks_limit_no_entry_goes_and_an_exit_does(
    world: SandboxWorld, desk: Desk
) -> None:
    bought = world.platform.place(desk.order(BUY, MARKET, 1_000))
    assert bought.status is OrderStatus.FILLED
    fault(world, kind="clock", offset_ms=2_000)
    time.sleep(0.05)
    world.server.exchange.offset_ms = 2_000
    world.binance.wire.time.measure()
    refused = world.platform.place(desk.order(BUY, MARKET, 1_000))
    assert refused.status is OrderStatus.REJECTED
    assert "ms off the exchange's, the limit is 500" in refused.reason
    assert world.platform.place(desk.order(SELL, MARKET, 1_000)).status is OrderStatus.FILLED


def test_fault_18_silence_is_kept_until_it_is_over_and_nothing_is_sent() -> None:
    clock = ManualClock()
    weights = RequestWeight(clock, 1_000, 0.2)
    weights.heard(429, {"retry-after": "7"})
    with pytest.raises(RateLimited, match=r"silence, 7\.0 s"):
        weights.admit(vital=True)
    clock.advance(6.9)
    with pytest.raises(RateLimited):
        weights.admit(vital=True)
    clock.advance(0.2)
    weights.admit(vital=False)


def test_fault_18_a_share_of_the_weight_is_kept_for_cancel_and_query() -> None:
    weights = RequestWeight(ManualClock(), 1_000, 0.2)
    weights.heard(200, {"x-mbx-used-weight-1m": "800"})
    with pytest.raises(RateLimited, match="800 of 800"):
        weights.admit(vital=False)
    weights.admit(vital=True)


def test_fault_18_after_a_ban_no_request_leaves(world: SandboxWorld, desk: Desk) -> None:
    fault(world, kind="ban", seconds=60, count=1, **NEW)
    first = world.platform.place(desk.order(BUY, MARKET, 1_000))
    assert first.status is OrderStatus.REJECTED
    before = sum(each.received for each in world.exchange.requests.values())
    with pytest.raises(RateLimited):
        world.platform.place(desk.order(BUY, MARKET, 1_000))
    assert sum(each.received for each in world.exchange.requests.values()) == before


def test_fault_18_after_a_ban_no_request_of_the_next_start_leaves(
    world: SandboxWorld, tmp_path: Path
) -> None:
    first = BinancePlatform(["BTC-USDT"], settings(world.server), SystemClock(), tmp_path)
    fault(world, kind="ban", seconds=60, count=1, method="GET", path="/api/v3/account")
    with pytest.raises(VenueFault):
        first.balances()
    before = sum(each.received for each in world.exchange.requests.values())
    with pytest.raises(RateLimited, match="asked for silence"):
        BinancePlatform(["BTC-USDT"], settings(world.server), SystemClock(), tmp_path)
    assert sum(each.received for each in world.exchange.requests.values()) == before


def test_fault_19_a_filter_that_changes_is_learned_from_the_refusal(world: SandboxWorld, desk: Desk) -> None:
    world.exchange.change_rules("BTCUSDT", {"min_notional": "100"})
    refused = world.platform.place(desk.order(BUY, MARKET, 100))
    assert refused.status is OrderStatus.REJECTED
    assert "-1013" in refused.reason
    world.platform.poll()
    again = world.platform.place(desk.order(BUY, MARKET, 100))
    assert "NOTIONAL: value 50 below minimum 100" in again.reason


def test_fault_19_a_lot_that_grows_is_never_rounded_up(world: SandboxWorld, desk: Desk) -> None:
    world.exchange.change_rules("BTCUSDT", {"step_size": "0.001"})
    world.binance.listing.read()
    refused = world.platform.place(desk.order(BUY, MARKET, 1_050))
    assert refused.status is OrderStatus.REJECTED
    assert "changed to 0.001" in refused.reason


def test_the_fee_of_a_purchase_comes_out_of_what_was_bought() -> None:
    with served(terms=Terms(commission=Decimal("0.001"))) as server:
        world = SandboxWorld(server)
        receipt = world.platform.place(Desk(world).order(BUY, MARKET, 1_050))
        balance = world.platform.balances()["BTC"]
        step = step_units(world.instrument)
        left = sum(each.lots * step - each.commission for each in receipt.fills)
        assert balance.free * step + balance.dust == left
        world.platform.close()


def test_the_events_of_the_account_say_which_order_to_ask_for() -> None:
    with served() as server:
        world = SandboxWorld(server, user_data=True, poll_seconds=300)
        events = world.binance.events
        assert events is not None
        until(lambda: events.connected)
        world.platform.poll()
        order = Desk(world).order(BUY, LIMIT, 1_000, 4_900_000)
        world.platform.place(order)
        world.exchange.set_price("BTCUSDT", "48000", None)
        found: list[Receipt] = []

        def filled() -> bool:
            found.extend(world.platform.poll())
            return any(each.status is OrderStatus.FILLED for each in found)

        until(filled)
        world.platform.close()
        assert not any(thread.name == "boyd-user-data" for thread in threading.enumerate())


def until(done: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


def test_the_key_and_its_secret_are_in_no_error_and_no_repr() -> None:
    with served(key=CANARY, secret=CANARY) as server:
        keys = {"api_key": SecretStr(CANARY), "api_secret": SecretStr("CANARYwrong0")}
        world = SandboxWorld(server, timeout_seconds=2.0, **keys)
        desk = Desk(world)
        said = [repr(world.binance.settings), repr(world.binance), repr(world.binance.wire)]
        for kind in (None, "drop", "error", "html", "truncate", "unknown"):
            if kind:
                fault(world, kind=kind, count=1, **NEW)
            try:
                said.append(str(world.platform.place(desk.order(BUY, MARKET, 1_000))))
            except VenueFault:
                said.append(traceback.format_exc())
        for ask in (world.platform.balances, world.platform.open_orders, world.binance.account_id):
            with pytest.raises(VenueFault) as caught:
                ask()
            said.append("".join(traceback.format_exception(caught.value)))
        world.platform.close()
    assert not [text for text in said if "CANARY" in text]


def test_an_exchange_that_does_not_trade_the_symbol_says_so() -> None:
    with served() as server, pytest.raises(BadInput, match="DOGE-USDT"):
        BinancePlatform(["DOGE-USDT"], settings(server), SystemClock())
