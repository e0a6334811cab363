"""The stake of an entry: its stop, its value and its loss at the stop with all costs."""

from domain.kernel import kernel
from domain.money import MAX_CASH, notional, quotient, share_up

SURELY_WITHIN = 0.99 * MAX_CASH


@kernel
def stop_level(price: int, stop_ppm: int, stop: int) -> int:
    """Return the stop in ticks for an entry at `price`, the lower where a distance and a level are given.

    0 when there is none, or none that lies between 0 and the price.
    """
    if price <= 0 or stop < 0 or stop >= price or stop_ppm < 0 or stop_ppm >= 1_000_000:
        return 0
    level = stop if stop > 0 else price
    if stop_ppm > 0:
        level = min(level, price - share_up(price, stop_ppm))
    return level if level < price else 0


@kernel
def most_lots(price: int, cash_factor: int) -> int:
    """Return the lots at `price` ticks (above 0) that fit into the largest notional."""
    return quotient(quotient(MAX_CASH, cash_factor), price)


@kernel
def too_large(price: int, lots: int, cash_factor: int) -> bool:
    """Tell whether the notional of lots at a price (both above 0) is larger than the largest."""
    if float(price) * float(lots) * float(cash_factor) < SURELY_WITHIN:
        return False  # whatever rounding does; two divisions less, each as long as ten of these
    return lots > most_lots(price, cash_factor)


@kernel
def stake(price: int, lots: int, cash_factor: int) -> int:
    """Return the notional in cash units, MAX_CASH + 1 for any that is larger; 0 without a price."""
    if price <= 0 or lots <= 0:
        return 0
    return MAX_CASH + 1 if too_large(price, lots, cash_factor) else notional(price, lots, cash_factor)


@kernel
def loss_at_stop(price: int, stop: int, lots: int, cash_factor: int, cost_ppm: int) -> int:
    """Return what buying at `price` and selling at `stop` loses, each way's costs rounded up.

    Cash units; MAX_CASH + 1 when the notional is above the largest. With a stop at 0 it is the
    cash an entry takes.
    """
    if price <= 0 or lots <= 0:
        return 0
    if too_large(price, lots, cash_factor):
        return MAX_CASH + 1
    paid = notional(price, lots, cash_factor)
    back = notional(stop, lots, cash_factor)
    return paid - back + share_up(paid, cost_ppm) + share_up(back, cost_ppm)


@kernel
def lots_within(amount: int, price: int, stop: int, cash_factor: int, cost_ppm: int) -> int:
    """Return the most lots whose loss at the stop is not above `amount` cash units.

    `price` is above `stop`, `stop` not below 0. A float makes the guess, integers settle it.
    """
    most = most_lots(price, cash_factor)
    each = cash_factor * ((price - stop) + (price + stop) * (cost_ppm / 1e6))
    lots = max(min(int(amount / each), most), 0)
    while lots > 0 and loss_at_stop(price, stop, lots, cash_factor, cost_ppm) > amount:
        lots -= 1
    while lots < most and loss_at_stop(price, stop, lots + 1, cash_factor, cost_ppm) <= amount:
        lots += 1
    return lots


@kernel
def stop_below(bought: int, units: int, stop_ppm: int) -> int:
    """Return the stop in ticks `stop_ppm` below the average entry `bought / units`; 0 when there is none.

    Rounded up to the tick, so that the loss at the stop never exceeds what was asked for.
    """
    return level_at(bought, units, 1_000_000 - stop_ppm) if stop_ppm > 0 else 0


@kernel
def level_at(bought: int, units: int, ppm: int) -> int:
    """Return the first tick at or above `ppm` parts per million of the average entry `bought / units`."""
    price = quotient(bought, units)
    part = (bought - price * units) * ppm
    whole = quotient(part, units)
    rest = 1 if part > whole * units else 0
    return quotient(price * ppm + whole + rest + 999_999, 1_000_000)


@kernel
def trailed(stop: int, close: int, quote: int, trailing_ppm: int) -> int:
    """Return where a stop belongs after a candle that closed at `close` ticks: higher or where it is.

    It is moved only by a tenth of its distance or more, so that not every tick costs two orders, and
    never to the quote or above, where it would sell at once.
    """
    if trailing_ppm <= 0 or stop <= 0 or quote <= 0:
        return stop
    level = share_up(close, 1_000_000 - trailing_ppm)
    least = max(share_up(close, trailing_ppm) // 10, 1)
    return level if stop + least <= level < quote else stop
