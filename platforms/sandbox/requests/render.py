"""Orders, trades and events in the shapes Binance gives them."""

from decimal import Decimal
from typing import Any

from platforms.sandbox.exchange.account_events import (
    AccountEvent,
    BalancesChanged,
    ListChanged,
    Moved,
    OrderChanged,
)
from platforms.sandbox.exchange.numbers import ZERO, plain
from platforms.sandbox.exchange.order import ExchangeOrder, Execution, OrderList
from platforms.sandbox.exchange.rules import SymbolRules

Json = dict[str, Any]


def _state(order: ExchangeOrder) -> Json:
    draft = order.draft
    answer: Json = {
        "price": plain(draft.price),
        "origQty": plain(order.quantity),
        "executedQty": plain(order.executed),
        "origQuoteOrderQty": plain(draft.quote_quantity),
        "cummulativeQuoteQty": plain(order.spent),
        "status": order.status,
        "timeInForce": draft.time_in_force,
        "type": draft.type,
        "side": draft.side,
    }
    if draft.stop_price:
        answer["stopPrice"] = plain(draft.stop_price)
    if draft.strategy_id is not None:
        answer["strategyId"] = draft.strategy_id
    if draft.strategy_type is not None:
        answer["strategyType"] = draft.strategy_type
    return answer


def _working(order: ExchangeOrder) -> Json:
    return {"workingTime": order.working_time if order.working else -1, "selfTradePreventionMode": "NONE"}


def placed(order: ExchangeOrder, *, response: str | None = None) -> Json:
    """Return the answer to a new order: ACK, RESULT or FULL."""
    kind = response or order.draft.response
    answer: Json = {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": order.list_id,
        "clientOrderId": order.draft.client_id,
        "transactTime": order.time,
    }
    if kind == "ACK":
        return answer
    answer |= _state(order) | _working(order)
    if kind == "FULL":
        answer["fills"] = [fill(trade) for trade in order.trades if not trade.maker]
    return answer


def fill(trade: Execution) -> Json:
    """Return a trade as the answer FULL has it."""
    return {
        "price": plain(trade.price),
        "qty": plain(trade.quantity),
        "commission": plain(trade.commission),
        "commissionAsset": trade.commission_asset,
        "tradeId": trade.id,
    }


def queried(order: ExchangeOrder) -> Json:
    """Return an order as a query gives it."""
    answer = {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": order.list_id,
        "clientOrderId": order.draft.client_id,
        **_state(order),
        "stopPrice": plain(order.draft.stop_price),
        "icebergQty": plain(ZERO),
        "time": order.time,
        "updateTime": order.update_time,
        "isWorking": order.working,
    }
    return answer | _working(order)


def cancelled(order: ExchangeOrder, cancel_id: str) -> Json:
    """Return the answer to a cancel; `cancel_id` is the cancel's own client id."""
    answer = {
        "symbol": order.symbol,
        "origClientOrderId": order.draft.client_id,
        "orderId": order.id,
        "orderListId": order.list_id,
        "clientOrderId": cancel_id,
        "transactTime": order.update_time,
    }
    return answer | _state(order) | {"selfTradePreventionMode": "NONE"}


def trade_row(order: ExchangeOrder, trade: Execution) -> Json:
    """Return a trade as `myTrades` gives it."""
    return {
        "symbol": order.symbol,
        "id": trade.id,
        "orderId": order.id,
        "orderListId": order.list_id,
        "price": plain(trade.price),
        "qty": plain(trade.quantity),
        "quoteQty": plain(trade.quote_quantity),
        "commission": plain(trade.commission),
        "commissionAsset": trade.commission_asset,
        "time": trade.time,
        "isBuyer": order.draft.buys,
        "isMaker": trade.maker,
        "isBestMatch": True,
    }


def order_list(pair: OrderList, now: int | None = None) -> Json:
    """Return an order list as queries and answers give it."""
    done = not pair.open
    return {
        "orderListId": pair.id,
        "contingencyType": "OCO",
        "listStatusType": "ALL_DONE" if done else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if done else "EXECUTING",
        "listClientOrderId": pair.client_id,
        "transactionTime": pair.time if now is None else now,
        "symbol": pair.symbol,
        "orders": [
            {"symbol": o.symbol, "orderId": o.id, "clientOrderId": o.draft.client_id} for o in pair.orders
        ],
    }


def user_event(event: AccountEvent) -> Json:
    """Return what happened to the account as the stream of user data has it."""
    match event:
        case OrderChanged():
            return execution_report(*event)
        case BalancesChanged():
            return account_position(*event)
        case Moved():
            return balance_update(*event)
        case ListChanged():
            return list_status(*event)


def execution_report(
    order: ExchangeOrder, kind: str, trade: Execution | None, now: int, cancel_id: str | None = None
) -> Json:
    """Return the user-data event of a change: NEW, TRADE, CANCELED, EXPIRED or REJECTED."""
    draft = order.draft
    last = trade.quantity if trade else ZERO
    answer: Json = {
        "e": "executionReport",
        "E": now,
        "s": order.symbol,
        "c": cancel_id or draft.client_id,
        "S": draft.side,
        "o": draft.type,
        "f": draft.time_in_force,
        "q": plain(order.quantity),
        "p": plain(draft.price),
        "P": plain(draft.stop_price),
        "F": plain(ZERO),
        "g": order.list_id,
        "C": draft.client_id if cancel_id else "",
        "x": kind,
        "X": order.status,
        "r": "NONE",
        "i": order.id,
        "l": plain(last),
        "z": plain(order.executed),
        "L": plain(trade.price if trade else ZERO),
        "n": plain(trade.commission) if trade else "0",
        "N": trade.commission_asset if trade else None,
        "T": now,
        "t": trade.id if trade else -1,
        "I": order.id * 2 + len(order.trades),
        "w": order.open and order.working,
        "m": trade.maker if trade else False,
        "M": False,
        "O": order.time,
        "Z": plain(order.spent),
        "Y": plain(trade.quote_quantity if trade else ZERO),
        "Q": plain(draft.quote_quantity),
        "V": "NONE",
    }
    if order.working:
        answer["W"] = order.working_time
    return answer


def account_position(assets: dict[str, tuple[Decimal, Decimal]], now: int) -> Json:
    """Return the user-data event of changed balances, free and locked by asset."""
    rows = [{"a": name, "f": plain(free), "l": plain(locked)} for name, (free, locked) in assets.items()]
    return {"e": "outboundAccountPosition", "E": now, "u": now, "B": rows}


def balance_update(asset: str, delta: Decimal, now: int) -> Json:
    """Return the user-data event of a deposit or withdrawal."""
    return {"e": "balanceUpdate", "E": now, "a": asset, "d": plain(delta), "T": now}


def list_status(pair: OrderList, now: int) -> Json:
    """Return the user-data event of an order list."""
    done = not pair.open
    return {
        "e": "listStatus",
        "E": now,
        "s": pair.symbol,
        "g": pair.id,
        "c": "OCO",
        "l": "ALL_DONE" if done else "EXEC_STARTED",
        "L": "ALL_DONE" if done else "EXECUTING",
        "r": "NONE",
        "C": pair.client_id,
        "T": now,
        "O": [{"s": o.symbol, "i": o.id, "c": o.draft.client_id} for o in pair.orders],
    }


def exchange_info(rules: list[SymbolRules], limits: list[Json], now: int) -> Json:
    """Return `exchangeInfo`."""
    return {
        "timezone": "UTC",
        "serverTime": now,
        "rateLimits": limits,
        "exchangeFilters": [],
        "symbols": [one.info() for one in rules],
    }
