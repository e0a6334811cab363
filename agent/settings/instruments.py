"""Instruments by their symbols, and how settings add or change one."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from domain.currencies import foreign_exchange
from domain.errors import BadInput
from domain.instrument import Instrument, has_pair_grid, pair_grid
from domain.money import cash_decimals
from domain.symbols import LIKE, is_symbol

LEAST_NOTIONAL = {"BTC": Decimal("0.0001"), "ETH": Decimal("0.001"), "BNB": Decimal("0.01")}
"""Smallest order value where the quote is a coin; 5 in any other currency."""


class InstrumentSettings(BaseModel):
    """A symbol's grid and smallest order, overriding the built-in one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tick_size: Decimal = Field(gt=0, description="smallest price step, in quote")
    step_size: Decimal = Field(gt=0, description="smallest quantity step, in base")
    min_quantity: Decimal = Field(default=Decimal(0), ge=0, description="smallest quantity, in base")
    min_notional: Decimal = Field(default=Decimal(5), ge=0, description="smallest order value, in quote")
    asset_class: str = Field(default="crypto", min_length=1, description="class for the drawdown rule")


def instrument(symbol: str, overrides: Mapping[str, InstrumentSettings]) -> Instrument:
    """Return the instrument of a symbol such as `BTC-USDT` (crypto), `EUR-USD` (fx) or `MSFT` (a share).

    Raises BadInput for a symbol of another form or a grid that money does not fit.
    """
    if not is_symbol(symbol):
        raise BadInput(f"symbol {symbol[:40]!r} is not like {LIKE}")
    base, _, quote = symbol.partition("-")
    override = overrides.get(symbol)
    try:
        if override is not None:
            quote = quote or "USD"
            named = override.model_dump()
            return Instrument(symbol, base, quote, cash_decimals=cash_decimals(quote), **named)
        if not quote:
            return _share(symbol)
        tick, step = pair_grid(base)
        least = LEAST_NOTIONAL.get(quote, Decimal(5))
        decimals, kind = cash_decimals(quote), "fx" if foreign_exchange(base, quote) else "crypto"
        return Instrument(
            symbol, base, quote, tick, step, step, least, asset_class=kind, cash_decimals=decimals
        )
    except ValueError as error:
        raise BadInput(f"instruments.{symbol}: {error}") from error


def is_listed(symbol: str) -> bool:
    """Tell whether a symbol's grid is known here; a share's is a cent."""
    base, _, quote = symbol.partition("-")
    return not quote or has_pair_grid(base, quote)


def _share(symbol: str) -> Instrument:
    cent, one = Decimal("0.01"), Decimal(1)
    return Instrument(symbol, symbol, "USD", cent, one, one, min_notional=one, asset_class="equity")


def instruments(symbols: Iterable[str], overrides: Mapping[str, InstrumentSettings]) -> dict[str, Instrument]:
    """Return the instruments of several symbols, by symbol.

    Raises BadInput when they are not all quoted in one currency: cash is kept in one.
    """
    result = {symbol: instrument(symbol, overrides) for symbol in symbols}
    quotes = sorted({each.quote for each in result.values()})
    if len(quotes) > 1:
        raise BadInput(f"symbols are quoted in {', '.join(quotes)}; one account holds one quote currency")
    return result
