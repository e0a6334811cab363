"""The grids of symbols whose listing the settings do not hold: from the exchange, else from candles' digits.

What is found becomes a setting (`instruments.SYMBOL`) before a session begins, so it is recorded with the
session and a replay counts on the same grid.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from agent.settings.instruments import LEAST_NOTIONAL, InstrumentSettings, instrument, is_listed
from agent.settings.settings import Options
from domain.currencies import foreign_exchange
from domain.digits import MOST_LOST, lost, step_of, tick_of
from domain.errors import BadAnswer, BadInput
from domain.money import cash_decimals
from perception.providers.listed import Listed, listed

Prices = Sequence[float]


def with_listing(options: Options) -> Options:
    """Return the options with the grids that the listing file has of their symbols. Raises BadInput."""
    if options.listing is None:
        return options
    try:
        result = listed(options.listing.read_bytes())
    except OSError as error:
        raise BadInput(f"listing = {options.listing}: cannot be read: {error.strerror}") from None
    except BadAnswer as error:
        raise BadInput(f"listing = {options.listing}: {error}; it is what exchangeInfo answers") from None
    new = {
        symbol: settings_of(result[symbol.replace("-", "")])
        for symbol in (*options.symbols, *options.beside)
        if symbol not in options.instruments and symbol.replace("-", "") in result
    }
    return options.model_copy(update={"instruments": {**options.instruments, **new}})


def settings_of(grid: Listed) -> InstrumentSettings:
    """Return a listing's grid as a setting."""
    return InstrumentSettings(
        tick_size=grid.tick,
        step_size=grid.step,
        min_quantity=grid.min_quantity,
        min_notional=grid.min_notional,
    )


def with_grids(options: Options, prices: Mapping[str, Prices]) -> Options:
    """Return the options with a grid for each symbol that the built-in table does not fit, by its prices.

    Raises BadInput where a grid that is set loses too much of the prices by rounding.
    """
    for symbol, own in options.instruments.items():
        if symbol in prices:
            refuse_coarse(symbol, prices[symbol], own.tick_size)
    listed_too = with_listing(options)
    result = {symbol: _grid(symbol, each, listed_too) for symbol, each in prices.items()}
    new = {symbol: grid for symbol, grid in result.items() if grid is not None}
    return listed_too.model_copy(update={"instruments": {**listed_too.instruments, **new}})


def _grid(symbol: str, prices: Prices, options: Options) -> InstrumentSettings | None:
    """Return a grid by digits where none is known; recorded prices may be older and finer than a listing."""
    known = symbol in options.instruments or is_listed(symbol)
    if known and lost(prices, instrument(symbol, options.instruments).tick) <= MOST_LOST:
        return None
    return told_by(symbol, prices)


def told_by(symbol: str, prices: Prices) -> InstrumentSettings:
    """Return the grid of a symbol by the digits of its prices. Raises BadInput where they say nothing."""
    base, _, quote = symbol.partition("-")
    least = LEAST_NOTIONAL.get(quote, Decimal(5)) if quote else Decimal(1)
    try:
        tick = tick_of(prices)
    except ValueError as error:
        raise BadInput(f"{symbol}: {error}; set instruments.{symbol}.tick_size and step_size") from None
    step = step_of(prices, least, tick, cash_decimals(quote)) if quote else Decimal(1)
    kind = "equity" if not quote else "fx" if foreign_exchange(base, quote) else "crypto"
    refuse_coarse(symbol, prices, tick)
    return InstrumentSettings(
        tick_size=tick, step_size=step, min_quantity=step, min_notional=least, asset_class=kind
    )


def refuse_coarse(symbol: str, prices: Prices, tick: Decimal) -> None:
    """Raise BadInput where rounding to ticks loses more than 0.05 % of prices on average."""
    share = lost(prices, float(tick))
    if share <= MOST_LOST:
        return
    finer = tick_of([price for price in prices if price > 0])
    raise BadInput(
        f"instruments.{symbol}.tick_size = {tick:f}: prices such as {min(prices):g} lose {share:.2%} on "
        f"average when rounded to it, the limit is {MOST_LOST:.2%}; these candles have ticks of {finer:f}"
    )


def words(symbol: str, grid: InstrumentSettings) -> str:
    """Say a grid that was told by digits."""
    base = symbol.partition("-")[0]
    return (
        f"{symbol}: ticks of {grid.tick_size:f}, lots of {grid.step_size:f} {base}, by the candles' own "
        f"digits; set an exchange's own in [instruments.{symbol}] or by listing"
    )
