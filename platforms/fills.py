"""The fill rules, once, for the paper exchange and the backtest: integers only, rounded against us.

Prices are ticks, quantities lots, cash cash units, costs parts per million. `side` is BUY (+1) or
SELL (-1). The law:

1. A market order pays half the spread and the whole slippage beyond the quote.
2. A stop becomes a market order at its trigger, or at the open when the market gapped through it.
   A target becomes one at its trigger, or at the open when the market gapped to something better.
3. Where one candle reaches a stop and a target, the stop came first: ask `stop_price` first.
4. "Limit orders half slippage" is read so: a limit never fills worse than its price. On placing it
   takes liquidity at quote, half spread and half slippage if that is within the limit; resting, it
   makes liquidity at its price once the market has traded through it by half the slippage.
5. A function that may find no fill returns the price 0 for it.

Nothing wraps in 64 bits while prices and notionals stay within MAX_CASH and each cost within 10 %.
"""

from typing import NamedTuple

from domain.kernel import kernel
from domain.money import notional, quotient, share_down, share_up

BUY = 1
SELL = -1


class Costs(NamedTuple):
    """The costs of trading, in parts per million; `participation` is of a candle's volume."""

    maker_fee: int
    taker_fee: int
    slippage: int
    spread: int
    participation: int


@kernel
def distance(price: int, half_ppm: int) -> int:
    """Return `half_ppm` two-millionths of a price, rounded up to the tick: halves of ppm stay exact."""
    whole = quotient(price, 2_000_000)
    rest = price - whole * 2_000_000
    return whole * half_ppm + quotient(rest * half_ppm + 1_999_999, 2_000_000)


@kernel
def worse(side: int, price: int, half_ppm: int) -> int:
    """Move a price against `side`: up for a buyer, down for a seller but never below 1 tick."""
    if side > 0:
        return price + distance(price, half_ppm)
    return max(1, price - distance(price, half_ppm))


@kernel
def market_price(side: int, quote: int, costs: Costs) -> int:
    """Return what a market order pays or gets: the quote, half the spread and the slippage."""
    return worse(side, quote, costs.spread + 2 * costs.slippage)


@kernel
def stop_price(side: int, trigger: int, open_: int, high: int, low: int, costs: Costs) -> int:
    """Return the fill price of a stop met by a candle (or a quote as all three), 0 when not reached."""
    if side > 0:
        return market_price(side, max(trigger, open_), costs) if high >= trigger else 0
    return market_price(side, min(trigger, open_), costs) if low <= trigger else 0


@kernel
def target_price(side: int, trigger: int, open_: int, high: int, low: int, costs: Costs) -> int:
    """Return the fill price of a take-profit met by a candle, 0 when not reached."""
    if side > 0:
        return market_price(side, min(trigger, open_), costs) if low <= trigger else 0
    return market_price(side, max(trigger, open_), costs) if high >= trigger else 0


@kernel
def taken_price(side: int, limit: int, quote: int, costs: Costs) -> int:
    """Return the price at which a limit order takes liquidity on placing, 0 when it has to rest."""
    price = worse(side, quote, costs.spread + costs.slippage)
    if side > 0:
        return price if price <= limit else 0
    return price if price >= limit else 0


@kernel
def limit_price(side: int, limit: int, high: int, low: int, costs: Costs) -> int:
    """Return the limit once the market traded through it by half the slippage, else 0."""
    depth = distance(limit, costs.slippage)
    if side > 0:
        return limit if low <= limit - depth else 0
    return limit if high >= limit + depth else 0


@kernel
def share_of_volume(volume: int, costs: Costs) -> int:
    """Return the lots of a candle's volume (in lots) that resting limit orders may take, rounded down."""
    return share_down(volume, costs.participation)


@kernel
def fee_step(before: int, value: int, fee_ppm: int) -> int:
    """Return the fee of a fill worth `value` after fills worth `before` of the same order.

    Rounded up once per order, not once per fill: the fees of any split add up to the fee of the whole.
    """
    return share_up(before + value, fee_ppm) - share_up(before, fee_ppm)


@kernel
def buy_cost(price: int, lots: int, cash_factor: int, fee_ppm: int) -> int:
    """Return the cash a buy takes in one fill: notional and fee."""
    value = notional(price, lots, cash_factor)
    return value + share_up(value, fee_ppm)
