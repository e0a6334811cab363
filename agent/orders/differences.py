"""Our books beside the venue's: what differs, to the lot and the cash unit.

Amounts are compared in 1e-8 of an asset, of the quote asset in cash units. What lay in the account when
the agent came (`aside`) and what the rounding of fees left over (`dust`) belong to what is expected.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agent.state.dust import step_units
from agent.state.ledger import Ledger
from domain.errors import LocalFault
from domain.instrument import Instrument
from domain.money import DECIMALS, asset_text, from_cash
from domain.order import Balance, OrderState, OrderStatus, Purpose, Receipt
from domain.times import millis

OURS = re.compile(r"[0-9a-f]{8}-[0-9]+-[0-9a-z]+")
"""What client ids of every agent of this kind look like, whatever its journal."""

ADOPT = "look at it with `agent reconcile`, take it over with `agent reconcile --adopt --reason ...`"

EARLY_MS = 300_000
"""By how much an order may seem older than its intent: the venue's clock may be set back between the two."""


class AssetDifference(NamedTuple):
    """An asset of which the venue holds another amount than the journal says, in units of `decimals`."""

    asset: str
    expected: int
    found: int
    decimals: int = DECIMALS

    def __str__(self) -> str:
        ours, theirs = (from_cash(each, self.decimals) for each in (self.expected, self.found))
        return f"{self.asset}: {ours:f} in the journal, {theirs:f} at the venue"


class Differs(LocalFault):
    """The venue's account is not what the journal says, in these assets."""

    def __init__(self, message: str, assets: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.assets = frozenset(assets)


def found(balances: Mapping[str, Balance], instruments: Iterable[Instrument]) -> dict[str, int]:
    """Return what the venue holds of each traded asset it tells of, in 1e-8 of it."""
    none = Balance(0, 0)
    units: dict[str, int] = {}
    for instrument in instruments:
        held = balances.get(instrument.base)
        if held is not None:  # what is not listed any more is not told of
            units[instrument.base] = (held.free + held.locked) * step_units(instrument) + held.dust
        cash = balances.get(instrument.quote, none)
        units[instrument.quote] = cash.free + cash.locked
    return units


def expected(ledger: Ledger, instruments: Iterable[Instrument]) -> dict[str, int]:
    """Return what the venue must hold of each traded asset by our books, in 1e-8 of it."""
    untracked = ledger.untracked or {}
    units: dict[str, int] = {}
    for instrument in instruments:
        held = ledger.positions.get(instrument.symbol)
        lots = held.lots if held else 0
        ours = lots * step_units(instrument) + ledger.dust.get(instrument.symbol, 0)
        units[instrument.base] = ours + untracked.get(instrument.base, 0)
        units[instrument.quote] = ledger.cash + untracked.get(instrument.quote, 0)
    return units


def differences(
    ledger: Ledger, balances: Mapping[str, Balance], instruments: Iterable[Instrument]
) -> list[AssetDifference]:
    """Return every asset of which journal and venue do not hold the same, beyond what could not be read."""
    grid = list(instruments)
    there, ours = found(balances, grid), expected(ledger, grid)
    cash = {each.quote: each.cash_decimals for each in grid}
    return [
        AssetDifference(asset, ours[asset], there[asset], cash.get(asset, DECIMALS))
        for asset in ours
        if asset in there and abs(ours[asset] - there[asset]) > ledger.slack.get(asset, 0)
    ]


def dust(ledger: Ledger) -> dict[str, str]:
    """Return what is held and cannot be sold by itself, as texts by asset."""
    left = ledger.leftovers()
    return {ledger.instruments[symbol].base: asset_text(units) for symbol, units in left.items()}


NEVER = frozenset({OrderStatus.ABSENT, OrderStatus.UNSENT, OrderStatus.REJECTED})
"""How an order ended that never existed at the venue: one that rests there under its id is another."""


def strangers(ledger: Ledger, open_orders: Iterable[Receipt]) -> list[Receipt]:
    """Return open orders that look like ours and are not in this journal, or not as the journal has them."""
    return [each for each in open_orders if OURS.fullmatch(each.client_id) and _strange(ledger, each)]


def lingering(ledger: Ledger, open_orders: Iterable[Receipt]) -> list[Receipt]:
    """Return open orders of ours that the journal has as ended: what they lock cannot be sold."""
    return [each for each in open_orders if ledger.ended(each.client_id) not in (None, *NEVER)]


def _strange(ledger: Ledger, report: Receipt) -> bool:
    standing = ledger.open_orders.get(report.client_id)
    if standing is None:
        return ledger.ended(report.client_id) in (None, *NEVER)
    return mismatch(standing, report) is not None


class Mismatch(NamedTuple):
    """The reason why a venue's order of our id is not ours; `sure` where no clock can excuse it."""

    why: str
    sure: bool = True

    def __str__(self) -> str:
        return f"the venue has another order under this id: {self.why}"


def mismatch(standing: OrderState, report: Receipt) -> Mismatch | None:
    """Return why a receipt is of another order than ours of that id, None when it is ours as far as one sees.

    A client id is unique among open orders only: after a restored backup an old order may answer to a new
    name, and what it did would be counted as ours.
    """
    order, placed = standing.order, report.placed
    if report.symbol != order.symbol:
        return Mismatch(f"it is of {report.symbol}, ours of {order.symbol}")
    if placed is None:
        return None
    for what, theirs, ours in (("side", placed.side, order.side), ("type", placed.type, order.type)):
        if theirs is not ours:
            return Mismatch(f"its {what} is {theirs}, ours {ours}")
    coarser = 0 if order.purpose is Purpose.ENTRY else placed.grain - 1
    if not 0 <= order.lots - placed.lots <= coarser:
        return Mismatch(f"it is of {placed.lots} lots, ours of {order.lots}")
    sent_at = standing.sent_at or standing.at
    if millis(placed.at) < millis(sent_at) - EARLY_MS:
        return Mismatch(
            f"it was placed at {placed.at.isoformat()}, ours at {sent_at.isoformat()}", sure=False
        )
    return None
