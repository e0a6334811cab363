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

m, kind, passes = common.asked()
close, count = m["close"], len(m["close"])
TICK, NANO = 0.01, 1_000_000
BOTH = EXCH_EVENT | LOCAL_EVENT | DEPTH_EVENT
events = np.zeros((count, 4), event_dtype)
before = np.roll(close, 1)
before[0] = close[0]
for place, (side, prices, size) in enumerate((
    (BUY_EVENT, before - TICK, 0.0), (SELL_EVENT, before, 0.0),
    (BUY_EVENT, close - TICK, 1e6), (SELL_EVENT, close, 1e6),
)):  # fmt: skip
    events["ev"][:, place] = BOTH | side
    events["px"][:, place], events["qty"][:, place] = prices, size
    events["exch_ts"][:, place] = events["local_ts"][:, place] = (m["time"] + common.MINUTE_MS) * NANO
events = events.reshape(-1)


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
    """Trade one unit on two means; return the number of fills."""
    ring, quick, slack, before, seen, fills, held = np.zeros(50), 0.0, 0.0, 0.0, 0, 0, False
    while hbt.elapse(60_000_000_000) == 0:
        price = hbt.depth(0).best_ask
        quick += price - (ring[(seen - 20) % 50] if seen >= 20 else 0.0)
        slack += price - (ring[seen % 50] if seen >= 50 else 0.0)
        ring[seen % 50] = price
        if seen >= 49:
            now = round(quick) * 50 - round(slack) * 20
            if seen >= start:
                if before <= 0.0 < now and not held:
                    hbt.submit_buy_order(0, fills, price, 1.0, GTC, MARKET, True)
                    out[fills, 0], out[fills, 1], held, fills = seen, price, True, fills + 1
                elif before >= 0.0 > now and held:
                    hbt.submit_sell_order(0, fills, price - 0.01, 1.0, GTC, MARKET, True)
                    out[fills, 0], out[fills, 1], held, fills = seen, price - 0.01, False, fills + 1
            before = now
        seen += 1
        if fills and seen % 1_000 == 0:
            hbt.clear_inactive_orders(0)
    return fills


def work():
    """Run once."""
    asset = (
        BacktestAsset().data(events).linear_asset(1.0).constant_order_latency(0, 0).risk_adverse_queue_model()
        .no_partial_fill_exchange().trading_value_fee_model(common.FEE, common.FEE).tick_size(TICK)
        .lot_size(1.0).last_trades_capacity(0)
    )  # fmt: skip
    hbt = HashMapMarketDepthBacktest([asset])
    out = np.zeros((count, 2))
    fills = (rsi_loop if kind == "rsi" else sma_loop)(hbt, common.START - 1, out)
    state = hbt.state_values(0)
    told = out[:fills], state.balance - state.fee + state.position * close[-1], int(state.num_trades)
    hbt.close()
    return told


first, best, (fills, won, traded) = common.timed(work, passes)
assert traded == len(fills), (traded, len(fills))
fills[:, 0] += 1  # the book is first looked at when the second candle has closed
rows = [(*fills[at], *fills[at + 1]) for at in range(0, len(fills) - 1, 2)]
common.tell("hftbacktest", (first, best), rows, equity=common.CASH + won, tick=TICK)
