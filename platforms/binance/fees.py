"""The commission of an execution, exact to its last digit.

A commission that cannot be read must not keep a position from being counted, protected and sold. It then
counts as MOST of what the side receives, which is more than any spot fee: fewer lots than there may be can
be sold, more cannot. By how much the books may be off for it is said beside, by asset.
"""

from decimal import ROUND_UP, Decimal
from typing import NamedTuple

from domain.errors import BadAnswer
from domain.instrument import Instrument
from domain.money import ASSET_SCALE
from domain.order import Side
from domain.symbols import ASSET
from platforms.binance.numbers import Json, number

MOST = Decimal("0.01")
"""What a fee that cannot be read counts as, as a share of what was received; spot fees are a tenth of it."""
BELIEVED = Decimal("0.05")
"""The largest share of what was received that is believed to be a fee."""


class Taken(NamedTuple):
    """A commission: cash units of the quote, or 1e-8 `units` of another `asset`; what was odd about it."""

    cash: int
    units: int = 0
    asset: str = ""
    odd: str = ""
    slack: dict[str, int] = {}  # noqa: RUF012 -- a tuple's default, never changed


def read(trade: Json, instrument: Instrument, side: Side, value: Decimal, amount: Decimal) -> Taken:
    """Return the commission of a trade of `amount` worth `value`."""
    received, what = (amount, instrument.base) if side is Side.BUY else (value, instrument.quote)
    try:
        commission = number(trade, "commission")
    except BadAnswer as error:
        return _assumed(trade, instrument, what, received, str(error))
    asset = trade.get("commissionAsset")
    if not commission:
        return Taken(0)
    if not isinstance(asset, str) or not ASSET.fullmatch(asset):
        report = str(asset)[:20]
        return _assumed(trade, instrument, what, received, f"commissionAsset is no asset: {report!r}")
    if asset in (instrument.base, instrument.quote):
        whole = amount if asset == instrument.base else value
        if commission > whole * BELIEVED:
            odd = f"commission {commission} {asset} of {whole} is not believed"
            return _assumed(trade, instrument, asset, whole, odd)
    return _taken(commission, asset, instrument)


def _taken(commission: Decimal, asset: str, instrument: Instrument) -> Taken:
    if asset == instrument.quote:
        return Taken(int((commission / instrument.cash_unit).to_integral_value(ROUND_UP)))
    return Taken(0, int((commission * ASSET_SCALE).to_integral_value(ROUND_UP)), asset)


def _assumed(trade: Json, instrument: Instrument, asset: str, whole: Decimal, odd: str) -> Taken:
    """Return the most a fee could be, in the asset it was taken in where that is told."""
    report = trade.get("commissionAsset")
    named = report if isinstance(report, str) and ASSET.fullmatch(report) else asset
    if named not in (instrument.base, instrument.quote):
        # Of a third asset: nothing of what was traded is missing, but nobody knows how much it was.
        return Taken(0, 0, named, f"{odd}: a fee in {named} of unknown size")
    taken = _taken(whole * MOST, asset, instrument)
    slack = {asset: taken.units or taken.cash}
    return Taken(taken.cash, taken.units, taken.asset, f"{odd}: counted as {MOST:%} of {asset}", slack)
