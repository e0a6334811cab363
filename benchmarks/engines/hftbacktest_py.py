"""hftbacktest: an order book in machine code that sees one price a candle; the strategy is compiled too.

Four depth events a candle move the book to the close: old bid and ask away, new ones in. One tick of 0.01
lies between bid and ask, so that each sale brings 0.01 less than a fill at the close.
"""

import common
import numpy as np
from hftbacktest import (
    BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, GTC, LOCAL_EVENT, MARKET, SELL_EVENT, BacktestAsset,
    HashMapMarketDepthBacktest,
)  # fmt: skip
from hftbacktest.types import event_dtype
from numba import njit

_, kind, passes = common.asked()
markets = common.markets()
count = len(markets[0]["close"])
TICK, NANO = 0.01, 1_000_000
BOTH = EXCH_EVENT | LOCAL_EVENT | DEPTH_EVENT


def events_of(m):
    """Return the depth events of one market."""
    events, close = np.zeros((count, 4), event_dtype), m["close"]
    before = np.roll(close, 1)
    before[0] = close[0]
    for place, (side, prices, size) in enumerate((
        (BUY_EVENT, before - TICK, 0.0), (SELL_EVENT, before, 0.0),
        (BUY_EVENT, close - TICK, 1e6), (SELL_EVENT, close, 1e6),
    )):  # fmt: skip
        events["ev"][:, place] = BOTH | side
        events["px"][:, place], events["qty"][:, place] = prices, size
        events["exch_ts"][:, place] = events["local_ts"][:, place] = (m["time"] + common.MINUTE_MS) * NANO
    return events.reshape(-1)


events = [events_of(m) for m in markets]


@njit
def rsi_loop(hbt, start, out):
    """Trade one unit on Wilder's RSI of the mid prices; return the number of fills."""
    share, gain, loss, before, last, seen, fills, held = 1.0 / 14, 0.0, 0.0, 50.0, 0.0, 0, 0, False
    while hbt.elapse(60_000_000_000) == 0:
        price = hbt.depth(0).best_ask
        if seen > 0:
            up = max(0.0, price - last)
            down = up - (price - last)
            if seen > 14:
                gain += (up - gain) * share
                loss += (down - loss) * share
            else:
                gain += up * share
                loss += down * share
        last = price
        if seen >= 14:
            now = 100.0 * gain / (gain + loss) if gain + loss > 0 else 50.0
            if seen >= start:
                if before >= 30.0 > now and not held:
                    hbt.submit_buy_order(0, fills, price, 1.0, GTC, MARKET, True)
                    out[fills, 0], out[fills, 1], held, fills = seen, price, True, fills + 1
                elif before <= 70.0 < now and held:
                    hbt.submit_sell_order(0, fills, price - 0.01, 1.0, GTC, MARKET, True)
                    out[fills, 0], out[fills, 1], held, fills = seen, price - 0.01, False, fills + 1
            before = now
        seen += 1
        if fills and seen % 1_000 == 0:
            hbt.clear_inactive_orders(0)
    return fills


@njit
def sma_loop(hbt, start, out):
    """Trade one unit of each asset on two means; return the number of fills."""
    assets = hbt.num_assets
    ring, quick, slack = np.zeros((assets, 50)), np.zeros(assets), np.zeros(assets)
    before, held, seen, fills = np.zeros(assets), np.zeros(assets, np.bool_), 0, 0
    while hbt.elapse(60_000_000_000) == 0:
        for asset in range(assets):
            price = hbt.depth(asset).best_ask
            quick[asset] += price - (ring[asset, (seen - 20) % 50] if seen >= 20 else 0.0)
            slack[asset] += price - (ring[asset, seen % 50] if seen >= 50 else 0.0)
            ring[asset, seen % 50] = price
            if seen < 49:
                continue
            now = round(quick[asset]) * 50 - round(slack[asset]) * 20
            if seen >= start:
                if before[asset] <= 0.0 < now and not held[asset]:
                    hbt.submit_buy_order(asset, fills, price, 1.0, GTC, MARKET, True)
                    out[fills, 0], out[fills, 1], out[fills, 2] = seen, price, asset
                    held[asset], fills = True, fills + 1
                elif before[asset] >= 0.0 > now and held[asset]:
                    hbt.submit_sell_order(asset, fills, price - 0.01, 1.0, GTC, MARKET, True)
                    out[fills, 0], out[fills, 1], out[fills, 2] = seen, price - 0.01, asset
                    held[asset], fills = False, fills + 1
            before[asset] = now
        seen += 1
        if fills and seen % 1_000 == 0:
            for asset in range(assets):
                hbt.clear_inactive_orders(asset)
    return fills


def work():
    """Run once."""
    assets = [
        BacktestAsset().data(each).linear_asset(1.0).constant_order_latency(0, 0).risk_adverse_queue_model()
        .no_partial_fill_exchange().trading_value_fee_model(common.FEE, common.FEE).tick_size(TICK)
        .lot_size(1.0).last_trades_capacity(0)
        for each in events
    ]  # fmt: skip
    hbt = HashMapMarketDepthBacktest(assets)
    out = np.zeros((count * len(assets), 3))
    fills = (rsi_loop if kind == "rsi" else sma_loop)(hbt, common.START - 1, out)
    won, traded = 0.0, 0
    for asset, m in enumerate(markets):
        state = hbt.state_values(asset)
        won += state.balance - state.fee + state.position * m["close"][-1]
        traded += int(state.num_trades)
    hbt.close()
    return out[:fills], won, traded


first, best, (fills, won, traded) = common.timed(work, passes)
assert traded == len(fills), (traded, len(fills))
fills[:, 0] += 1  # the book is first looked at when the second candle has closed
parts = [fills[fills[:, 2] == asset, :2] for asset in range(len(markets))]
rows = [[(*part[at], *part[at + 1]) for at in range(0, len(part) - 1, 2)] for part in parts]
if kind == "basket":
    common.tell_basket("hftbacktest", (first, best), rows, equity=common.CASH + won, tick=TICK)
else:
    common.tell("hftbacktest", (first, best), rows[0], equity=common.CASH + won, tick=TICK)
