"""The options of a sandbox exchange, and its assembly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from domain.candle import RawCandle
from domain.times import MINUTE_MS
from platforms.sandbox.exchange.exchange import Exchange, Terms
from platforms.sandbox.exchange.intervals import played_length
from platforms.sandbox.exchange.rules import SymbolRules, rules_of
from platforms.sandbox.exchange.walk import walk
from platforms.sandbox.requests.limits import RateLimits
from platforms.sandbox.requests.security import Credentials
from platforms.sandbox.requests.venue import KeyRights, Venue

KEY, SECRET = "sandbox-key", "sandbox-secret"
HISTORY = 500


@dataclass(frozen=True)
class SandboxOptions:
    """Settings of a sandbox exchange.

    `symbols` like BTC-USDT. A symbol in `rows` plays those candles, one in `prices` stands still at that
    price until it is moved, any other is a random walk of `seed`. Candles of `timeframe_ms` are played
    `speed` times as fast. With `clock_driven` off they are played by `skip` alone.
    """

    symbols: tuple[str, ...] = ("BTC-USDT",)
    rows: Mapping[str, Iterator[RawCandle]] = field(default_factory=dict)
    prices: Mapping[str, Decimal | str] = field(default_factory=dict)
    timeframe_ms: int = MINUTE_MS
    speed: Decimal | int = 1
    seed: int = 0
    history: int = HISTORY
    clock_driven: bool = True
    balances: Mapping[str, Decimal | str] = field(default_factory=lambda: {"USDT": Decimal(10_000)})
    rules: Mapping[str, SymbolRules] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)
    key: str = field(default=KEY, repr=False)
    secret: str = field(default=SECRET, repr=False)
    rights: KeyRights = field(default_factory=KeyRights)
    weight_limit: int = 6_000
    orders_limit: int = 100


def venue_of(options: SandboxOptions, now_ms: int) -> Venue:
    """Put a venue together. Raises ValueError for a symbol or a speed that cannot be."""
    base_ms = played_length(options.timeframe_ms, Decimal(options.speed))
    rules = [options.rules.get(symbol) or rules_of(symbol) for symbol in options.symbols]
    balances = {asset: Decimal(amount) for asset, amount in options.balances.items()}
    exchange = Exchange(rules, balances, now_ms, base_ms, options.terms)
    for symbol, one in zip(options.symbols, rules, strict=True):
        if symbol in options.prices:
            exchange.still_market(one.symbol, Decimal(options.prices[symbol]), options.history)
        else:
            rows = options.rows.get(symbol) or walk(one.base, options.seed, options.timeframe_ms)
            exchange.open_market(one.symbol, rows, options.history, driven=options.clock_driven)
    limits = RateLimits(options.weight_limit, options.orders_limit)
    return Venue(exchange, Credentials(options.key, options.secret), limits, options.rights)
