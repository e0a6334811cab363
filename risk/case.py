"""The case to judge: a decision with everything the gate may look at."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Self

import msgspec

from domain.account import Account
from domain.decision import Decision
from domain.errors import BadInput, LocalFault
from domain.impact import NO_ACTIVITY, Impacts, MarketActivity
from domain.instrument import Instrument
from domain.money import DECIMALS
from domain.observation import Observation
from domain.verdict import EntryChoice
from risk.entry_orders import AT_MARKET, EntryOrders
from risk.limits import Limits, Sizing
from risk.settings import Mode, RiskSettings, SizingSettings

MAX_COST_PPM = 500_000
"""Largest one-way cost: with more, the loss of the largest notional would not fit 64 bits."""


class Policy(msgspec.Struct, frozen=True):
    """Settings packed once for a session.

    `cost_ppm` bounds what one way of a market order costs: taker fee, slippage and half the
    spread, in parts per million of the notional at the quote. `cash_decimals` are those of the cash unit.
    `orders` is how entries are ordered, `laws` the law of slippage of each symbol that has one. `pairs` are
    the policies of symbols with limits or sizes of their own: they differ in these alone.
    """

    limits: Limits
    sizing: Sizing
    fixed_quantity: Decimal | None
    timeframe_ms: int
    cost_ppm: int
    cash_decimals: int = DECIMALS
    orders: EntryOrders = AT_MARKET
    laws: Impacts = {}
    pairs: Mapping[str, "Policy"] = {}

    @classmethod
    def pack(
        cls,
        risk: RiskSettings,
        sizing: SizingSettings,
        *,
        mode: Mode,
        timeframe_ms: int,
        cost_ppm: int,
        cash_decimals: int = DECIMALS,
        orders: EntryOrders = AT_MARKET,
        laws: Impacts | None = None,
        pair_list: bool = False,
    ) -> Self:
        """Pack settings for a mode and a timeframe; with a `pair_list` its rule is on.

        Raises BadInput for a timeframe or cost out of range.
        """
        if timeframe_ms <= 0:
            raise BadInput(f"timeframe_ms {timeframe_ms} must be above 0")
        if not 0 <= cost_ppm <= MAX_COST_PPM:
            raise BadInput(f"cost_ppm {cost_ppm} must be from 0 to {MAX_COST_PPM}")
        fixed = sizing.fixed_quantity if sizing.method == "fixed" else None
        limits = _limits(risk, mode, timeframe_ms, cash_decimals)._replace(pair_list=int(pair_list))
        return cls(
            limits=limits,
            sizing=_sizing(sizing, mode, cash_decimals),
            fixed_quantity=fixed,
            timeframe_ms=timeframe_ms,
            cost_ppm=cost_ppm,
            cash_decimals=cash_decimals,
            orders=orders,
            laws=laws or {},
        )

    def of(self, symbol: str) -> "Policy":
        """Return the policy a symbol is judged by: its own where it has one."""
        return self.pairs.get(symbol, self)

    @property
    def live(self) -> bool:
        """True when real money is at stake."""
        return bool(self.limits.live)


def _limits(risk: RiskSettings, mode: Mode, timeframe_ms: int, cash_decimals: int) -> Limits:
    try:
        return risk.pack(mode, timeframe_ms, cash_decimals)
    except ValueError as error:
        raise BadInput(f"risk: {error}") from None


def _sizing(sizing: SizingSettings, mode: Mode, cash_decimals: int) -> Sizing:
    try:
        return sizing.pack(mode, cash_decimals)
    except ValueError as error:
        raise BadInput(f"sizing: {error}") from None


class Slice(msgspec.Struct, frozen=True):
    """A further slice of an entry: of which first order, which number from 0, its lots, and those held."""

    first: str
    number: int
    lots: int
    held: int
    choice: EntryChoice


class Addition(msgspec.Struct, frozen=True):
    """An addition to a position: the first order of its entry, which number from 1, its lots.

    `held` are the lots it is added to, `held_price` their average price in ticks, rounded up.
    """

    first: str
    number: int
    lots: int
    held: int
    held_price: int


class Case(msgspec.Struct, frozen=True):
    """One decision to judge at `at`; `client_id` is the name its order would carry.

    `instruments` holds the symbol's own and those of every position held; `activity` is what its market did
    in its last candles, by which slippage is predicted; `slice` is of further slices of an entry alone,
    `addition` of what is added to a position.
    """

    decision: Decision
    observation: Observation
    account: Account
    instruments: Mapping[str, Instrument]
    policy: Policy
    at: datetime
    client_id: str
    activity: MarketActivity = NO_ACTIVITY
    slice: Slice | None = None
    addition: Addition | None = None

    @property
    def symbol(self) -> str:
        """The symbol the decision is about."""
        return self.decision.symbol

    @property
    def instrument(self) -> Instrument:
        """The symbol's instrument. Raises LocalFault when it was not handed in."""
        try:
            return self.instruments[self.symbol]
        except KeyError:
            raise LocalFault(f"no instrument for {self.symbol}") from None

    @property
    def price(self) -> int:
        """The quote in ticks when deciding, else the observation's; 0 when there is none."""
        quote = self.observation.quote
        return max(self.decision.price or (quote.price if quote else 0), 0)
