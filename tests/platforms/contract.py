"""What every platform promises, whatever stands behind it: one suite for paper, sandbox and exchange.

An adapter's test module subclasses `PlatformContract` and gives it a `world`.
"""

import re
from collections.abc import Sequence

import msgspec
import pytest

from domain.errors import BadInput
from domain.money import notional
from domain.order import Balance, Fill, Order, OrderStatus, OrderType, Receipt, Side
from tests.platforms.world import Desk, World

MARKET, LIMIT, STOP, TARGET = OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT
IOC = OrderType.IOC
BUY, SELL = Side.BUY, Side.SELL
TOO_MUCH = re.compile(r"below needed .* (USDT|BTC)$|insufficient balance")
LOTS = 10_000
PRICE = 5_000_000
ABOVE, FAR_ABOVE = PRICE * 11 // 10, PRICE * 12 // 10
BELOW, FAR_BELOW = PRICE * 9 // 10, PRICE * 8 // 10


def fills_of(receipts: Sequence[Receipt], client_id: str) -> list[Fill]:
    return [fill for receipt in receipts for fill in receipt.fills if fill.client_id == client_id]


def last_of(receipts: Sequence[Receipt], client_id: str) -> Receipt:
    return [receipt for receipt in receipts if receipt.client_id == client_id][-1]


class PlatformContract:
    @pytest.fixture
    def world(self) -> World:
        raise NotImplementedError("the adapter's own test class gives the world")

    @pytest.fixture
    def desk(self, world: World) -> Desk:
        return Desk(world)

    @staticmethod
    def held(world: World) -> tuple[Balance, Balance]:
        balances = world.platform.balances()
        none = Balance(0, 0)
        return balances[world.instrument.quote], balances.get(world.instrument.base, none)

    @staticmethod
    def standing(world: World, order: Order) -> Receipt:
        receipt = world.platform.query(order.symbol, order.client_id)
        assert receipt is not None
        return receipt

    def buy(self, world: World, desk: Desk, lots: int = LOTS) -> Receipt:
        receipt = world.platform.place(desk.order(BUY, MARKET, lots))
        assert receipt.status is OrderStatus.FILLED
        return receipt

    def pair(self, desk: Desk) -> tuple[Order, Order]:
        return (
            desk.order(SELL, STOP, LOTS, BELOW, oco="pair-1"),
            desk.order(SELL, TARGET, LOTS, ABOVE, oco="pair-1"),
        )

    # orders that fill at once

    def test_a_market_buy_fills_whole_and_pays_exactly_notional_and_fee(
        self, world: World, desk: Desk
    ) -> None:
        before, _ = self.held(world)
        receipt = self.buy(world, desk)
        after, base = self.held(world)
        paid = sum(notional(f.price, f.lots, world.instrument.cash_factor) + f.fee for f in receipt.fills)
        assert receipt.filled == sum(f.lots for f in receipt.fills) == LOTS
        assert before.free - after.free == paid
        assert base == Balance(LOTS, 0)

    def test_a_market_sell_fills_whole_and_brings_exactly_notional_less_fee(
        self, world: World, desk: Desk
    ) -> None:
        self.buy(world, desk)
        before, _ = self.held(world)
        receipt = world.platform.place(desk.order(SELL, MARKET, LOTS))
        after, base = self.held(world)
        got = sum(notional(f.price, f.lots, world.instrument.cash_factor) - f.fee for f in receipt.fills)
        assert receipt.status is OrderStatus.FILLED
        assert after.free - before.free == got
        assert base == Balance(0, 0)

    def test_a_market_fill_carries_the_reference_of_its_order(self, world: World, desk: Desk) -> None:
        receipt = world.platform.place(desk.order(BUY, MARKET, LOTS, reference=4_999_900))
        assert {f.reference for f in receipt.fills} == {4_999_900}

    def test_a_limit_the_market_already_satisfies_takes_at_once_within_its_price(
        self, world: World, desk: Desk
    ) -> None:
        receipt = world.platform.place(desk.order(BUY, LIMIT, LOTS, ABOVE))
        assert receipt.status is OrderStatus.FILLED
        assert all(f.price <= ABOVE and not f.maker for f in receipt.fills)

    # orders that take at once or end

    def test_an_ioc_takes_what_is_within_its_price_and_is_measured_from_the_quote(
        self, world: World, desk: Desk
    ) -> None:
        order = desk.order(BUY, IOC, LOTS, ABOVE, reference=4_999_900)
        receipt = world.platform.place(order)
        assert (receipt.status, receipt.filled) == (OrderStatus.FILLED, LOTS)
        assert all(f.price <= ABOVE and not f.maker for f in receipt.fills)
        assert {f.reference for f in receipt.fills} == {4_999_900}

    def test_an_ioc_with_nothing_within_its_price_ends_at_once_and_holds_nothing_back(
        self, world: World, desk: Desk
    ) -> None:
        before = self.held(world)
        order = desk.order(BUY, IOC, LOTS, BELOW)
        receipt = world.platform.place(order)
        assert (receipt.status, receipt.filled, receipt.fills) == (OrderStatus.EXPIRED, 0, ())
        assert self.held(world) == before
        assert not world.platform.open_orders()
        world.move(FAR_BELOW)
        assert fills_of(world.platform.poll(), order.client_id) == []
        assert self.standing(world, order).status is OrderStatus.EXPIRED

    # resting limit orders

    def test_a_resting_limit_can_be_queried_and_holds_back_its_cash(self, world: World, desk: Desk) -> None:
        before, _ = self.held(world)
        order = desk.order(BUY, LIMIT, LOTS, BELOW)
        receipt = world.platform.place(order)
        assert (receipt.status, receipt.filled, receipt.fills) == (OrderStatus.NEW, 0, ())
        assert self.standing(world, order).status is OrderStatus.NEW
        assert [r.client_id for r in world.platform.open_orders()] == [order.client_id]
        held, _ = self.held(world)
        assert held.locked >= notional(BELOW, LOTS, world.instrument.cash_factor)
        assert held.free + held.locked == before.free

    def test_cancelling_frees_what_was_held_back(self, world: World, desk: Desk) -> None:
        before = self.held(world)
        order = desk.order(BUY, LIMIT, LOTS, BELOW)
        world.platform.place(order)
        receipt = world.platform.cancel(order.symbol, order.client_id)
        assert receipt.status is OrderStatus.CANCELLED
        assert self.held(world) == before
        assert not world.platform.open_orders()
        assert self.standing(world, order).status is OrderStatus.CANCELLED

    def test_a_limit_does_not_fill_while_the_market_stays_away(self, world: World, desk: Desk) -> None:
        order = desk.order(BUY, LIMIT, LOTS, BELOW)
        world.platform.place(order)
        world.move(PRICE + 1_000)
        assert world.platform.poll() == []
        assert self.standing(world, order).status is OrderStatus.NEW

    def test_a_limit_fills_at_its_price_or_better_once_the_market_trades_through(
        self, world: World, desk: Desk
    ) -> None:
        order = desk.order(BUY, LIMIT, LOTS, BELOW)
        world.platform.place(order)
        world.move(FAR_BELOW)
        news = world.platform.poll()
        assert last_of(news, order.client_id).status is OrderStatus.FILLED
        assert all(f.price <= BELOW and f.reference == BELOW for f in fills_of(news, order.client_id))
        held, base = self.held(world)
        assert (held.locked, base) == (0, Balance(LOTS, 0))

    def test_a_limit_sale_holds_back_its_lots_and_fills_at_its_price_or_better(
        self, world: World, desk: Desk
    ) -> None:
        self.buy(world, desk)
        order = desk.order(SELL, LIMIT, LOTS, ABOVE)
        world.platform.place(order)
        assert self.held(world)[1] == Balance(0, LOTS)
        world.move(FAR_ABOVE)
        fills = fills_of(world.platform.poll(), order.client_id)
        assert sum(f.lots for f in fills) == LOTS
        assert all(f.price >= ABOVE for f in fills)
        assert self.held(world)[1] == Balance(0, 0)

    def test_partial_fills_are_unique_and_add_up(self, world: World, desk: Desk) -> None:
        order = desk.order(BUY, LIMIT, LOTS, BELOW)
        world.platform.place(order)
        world.trade(FAR_BELOW, 4_000)
        first = last_of(world.platform.poll(), order.client_id)
        assert (first.status, first.filled) == (OrderStatus.PARTIALLY_FILLED, 4_000)
        assert [r.filled for r in world.platform.open_orders()] == [4_000]
        world.trade(FAR_BELOW, LOTS)
        second = last_of(world.platform.poll(), order.client_id)
        assert (second.status, second.filled) == (OrderStatus.FILLED, LOTS)
        every = self.standing(world, order).fills
        assert sum(f.lots for f in every) == LOTS
        assert len({(f.symbol, f.trade_id) for f in every}) == len(every) >= 2

    def test_cancelling_a_part_filled_order_keeps_its_fill_and_frees_the_rest(
        self, world: World, desk: Desk
    ) -> None:
        order = desk.order(BUY, LIMIT, LOTS, BELOW)
        world.platform.place(order)
        world.trade(FAR_BELOW, 4_000)
        receipt = world.platform.cancel(order.symbol, order.client_id)
        assert (receipt.status, receipt.filled) == (OrderStatus.CANCELLED, 4_000)
        held, base = self.held(world)
        assert (held.locked, base) == (0, Balance(4_000, 0))
        told = fills_of([receipt, *world.platform.poll()], order.client_id)  # by either or both
        assert sum({fill.trade_id: fill.lots for fill in told}.values()) == 4_000

    # stops, targets, pairs

    def test_a_stop_rests_until_the_market_reaches_it_and_then_sells(self, world: World, desk: Desk) -> None:
        self.buy(world, desk)
        order = desk.order(SELL, STOP, LOTS, BELOW)
        assert world.platform.place(order).status is OrderStatus.NEW
        world.move(PRICE - 1_000)
        assert world.platform.poll() == []
        world.move(BELOW)
        news = world.platform.poll()
        assert last_of(news, order.client_id).status is OrderStatus.FILLED
        assert all(f.price <= BELOW and f.reference == BELOW for f in fills_of(news, order.client_id))
        assert self.held(world)[1] == Balance(0, 0)

    def test_a_target_rests_until_the_market_reaches_it_and_then_sells(
        self, world: World, desk: Desk
    ) -> None:
        self.buy(world, desk)
        order = desk.order(SELL, TARGET, LOTS, ABOVE)
        assert world.platform.place(order).status is OrderStatus.NEW
        world.move(PRICE + 1_000)
        assert world.platform.poll() == []
        world.move(FAR_ABOVE)
        news = world.platform.poll()
        assert last_of(news, order.client_id).status is OrderStatus.FILLED
        assert {f.reference for f in fills_of(news, order.client_id)} == {ABOVE}
        assert self.held(world)[1] == Balance(0, 0)

    def test_a_pair_holds_back_the_lots_once(self, world: World, desk: Desk) -> None:
        self.buy(world, desk)
        receipts = world.platform.place_oco(*self.pair(desk))
        assert [r.status for r in receipts] == [OrderStatus.NEW, OrderStatus.NEW]
        assert self.held(world)[1] == Balance(0, LOTS)

    @pytest.mark.parametrize(("price", "filled"), [(FAR_BELOW, 0), (FAR_ABOVE, 1)])
    def test_the_first_leg_of_a_pair_to_trigger_cancels_the_other(
        self, world: World, desk: Desk, price: int, filled: int
    ) -> None:
        self.buy(world, desk)
        legs = self.pair(desk)
        world.platform.place_oco(*legs)
        world.move(price)
        news = world.platform.poll()
        winner, loser = legs[filled], legs[1 - filled]
        assert last_of(news, winner.client_id).status is OrderStatus.FILLED
        assert last_of(news, loser.client_id).status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED)
        world.move(PRICE)
        world.move(FAR_BELOW)
        world.move(FAR_ABOVE)
        assert world.platform.poll() == []
        assert self.held(world)[1] == Balance(0, 0)

    def test_cancelling_one_leg_cancels_the_pair(self, world: World, desk: Desk) -> None:
        self.buy(world, desk)
        stop, target = self.pair(desk)
        world.platform.place_oco(stop, target)
        assert world.platform.cancel(stop.symbol, stop.client_id).status is OrderStatus.CANCELLED
        assert self.standing(world, target).status is OrderStatus.CANCELLED
        assert world.platform.cancel(target.symbol, target.client_id).status is OrderStatus.CANCELLED
        assert self.held(world)[1] == Balance(LOTS, 0)
        assert not world.platform.open_orders()

    def test_a_pair_with_one_bad_leg_is_refused_as_a_whole(self, world: World, desk: Desk) -> None:
        self.buy(world, desk)
        stop, target = self.pair(desk)
        receipts = world.platform.place_oco(stop, msgspec.structs.replace(target, trigger=None))
        assert [r.status for r in receipts] == [OrderStatus.REJECTED, OrderStatus.REJECTED]
        assert all(r.reason for r in receipts)
        assert self.held(world)[1] == Balance(LOTS, 0)
        assert not world.platform.open_orders()

    # refusals are receipts with a reason, and change nothing

    @pytest.mark.parametrize(
        ("lots", "client_id", "reason"),
        [
            (0, None, "quantity"),
            (9, None, "notional"),
            (LOTS, "no spaces", "client id"),
            (LOTS, "x" * 37, "client id"),
        ],
    )
    def test_filters_refuse_with_a_reason(
        self, world: World, desk: Desk, lots: int, client_id: str | None, reason: str
    ) -> None:
        before = self.held(world)
        receipt = world.platform.place(desk.order(BUY, MARKET, lots, client_id=client_id))
        assert receipt.status is OrderStatus.REJECTED
        assert reason in receipt.reason.lower()
        assert (receipt.filled, receipt.fills) == (0, ())
        assert self.held(world) == before

    @pytest.mark.parametrize("kind", [MARKET, LIMIT])
    def test_a_buy_beyond_the_cash_is_refused(self, world: World, desk: Desk, kind: OrderType) -> None:
        before = self.held(world)
        receipt = world.platform.place(desk.order(BUY, kind, 100 * LOTS, BELOW))
        assert receipt.status is OrderStatus.REJECTED
        assert TOO_MUCH.search(receipt.reason)
        assert self.held(world) == before

    @pytest.mark.parametrize(("kind", "level"), [(MARKET, 0), (LIMIT, ABOVE), (STOP, BELOW), (TARGET, ABOVE)])
    def test_a_sale_beyond_the_holding_is_refused(
        self, world: World, desk: Desk, kind: OrderType, level: int
    ) -> None:
        self.buy(world, desk)
        before = self.held(world)
        receipt = world.platform.place(desk.order(SELL, kind, LOTS + 1, level))
        assert receipt.status is OrderStatus.REJECTED
        assert TOO_MUCH.search(receipt.reason)
        assert self.held(world) == before

    def test_what_one_order_holds_back_another_cannot_use(self, world: World, desk: Desk) -> None:
        self.buy(world, desk)
        assert world.platform.place(desk.order(SELL, STOP, LOTS, BELOW)).status is OrderStatus.NEW
        receipt = world.platform.place(desk.order(SELL, MARKET, LOTS))
        assert receipt.status is OrderStatus.REJECTED
        assert self.held(world)[1] == Balance(0, LOTS)

    def test_a_client_id_is_executed_once_while_resting_and_after(self, world: World, desk: Desk) -> None:
        resting = desk.order(BUY, LIMIT, LOTS, BELOW)
        world.platform.place(resting)
        filled = desk.order(BUY, MARKET, LOTS)
        world.platform.place(filled)
        before = self.held(world)
        for order in (resting, filled):
            again = world.platform.place(order)
            assert (again.status, again.fills) == (OrderStatus.REJECTED, ())
            assert "duplicate" in again.reason
        assert self.held(world) == before
        assert self.standing(world, resting).status is OrderStatus.NEW
        assert self.standing(world, filled).status is OrderStatus.FILLED

    def test_an_unknown_order_is_a_refusal_to_cancel_and_none_to_query(self, world: World) -> None:
        receipt = world.platform.cancel(world.instrument.symbol, "never-sent")
        assert (receipt.status, receipt.reason) == (OrderStatus.REJECTED, "unknown order")
        assert world.platform.query(world.instrument.symbol, "never-sent") is None

    def test_a_symbol_not_traded_is_a_refusal_to_place_and_bad_input_to_ask_for(
        self, world: World, desk: Desk
    ) -> None:
        order = msgspec.structs.replace(desk.order(BUY, MARKET, LOTS), symbol="NO-SUCH")
        assert world.platform.place(order).status is OrderStatus.REJECTED
        with pytest.raises(BadInput, match="NO-SUCH"):
            world.platform.instrument("NO-SUCH")

    # what is told, and when

    def test_a_done_order_stays_as_it_is_when_cancelled(self, world: World, desk: Desk) -> None:
        order = desk.order(BUY, MARKET, LOTS)
        world.platform.place(order)
        before = self.held(world)
        receipt = world.platform.cancel(order.symbol, order.client_id)
        assert (receipt.status, receipt.filled) == (OrderStatus.FILLED, LOTS)
        assert self.held(world) == before

    def test_every_fill_is_told_once_by_the_answer_or_by_poll(self, world: World, desk: Desk) -> None:
        bought = self.buy(world, desk)
        order = desk.order(SELL, STOP, LOTS, BELOW)
        placed = world.platform.place(order)
        world.move(FAR_BELOW)
        told = [*bought.fills, *placed.fills]
        for _ in range(3):
            told += [fill for receipt in world.platform.poll() for fill in receipt.fills]
        assert len({f.trade_id for f in told}) == len(told)
        assert (
            sum(f.lots for f in told if f.side is BUY) == sum(f.lots for f in told if f.side is SELL) == LOTS
        )

    def test_query_repeats_all_fills_with_the_same_ids(self, world: World, desk: Desk) -> None:
        order = desk.order(BUY, MARKET, LOTS)
        receipt = world.platform.place(order)
        assert self.standing(world, order).fills == self.standing(world, order).fills == receipt.fills

    def test_times_are_aware_and_never_before_the_order(self, world: World, desk: Desk) -> None:
        order = desk.order(BUY, LIMIT, LOTS, BELOW)
        placed = world.platform.place(order)
        world.move(FAR_BELOW)
        done = last_of(world.platform.poll(), order.client_id)
        assert placed.at.tzinfo is not None
        assert order.at <= placed.at <= done.at
        assert all(order.at <= f.at for f in done.fills)

    def test_what_is_held_is_what_the_fills_say(self, world: World, desk: Desk) -> None:
        opening, _ = self.held(world)
        told = list(self.buy(world, desk).fills)
        told += world.platform.place(desk.order(SELL, MARKET, LOTS // 2)).fills
        world.platform.place(desk.order(BUY, LIMIT, LOTS, BELOW))
        world.move(FAR_BELOW)
        told += [fill for receipt in world.platform.poll() for fill in receipt.fills]
        factor = world.instrument.cash_factor
        signs = [1 if f.side is BUY else -1 for f in told]
        quote, base = self.held(world)
        spent = sum(s * notional(f.price, f.lots, factor) + f.fee for s, f in zip(signs, told, strict=True))
        assert quote.free + quote.locked == opening.free - spent
        assert base.free + base.locked == sum(s * f.lots for s, f in zip(signs, told, strict=True))
