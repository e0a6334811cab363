"""NautilusTrader: bars through its matching engine, message bus and a Python strategy; its own RSI and SMA.

A market order sent from on_bar fills at that bar's close: the bar is all the matching engine knows.
"""

from decimal import Decimal

import common
import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators import MovingAverageType, RelativeStrengthIndex, SimpleMovingAverage
from nautilus_trader.model.currencies import BTC, ETH, LTC, USDT, XRP
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

_, kind, passes = common.asked()
VENUE = Venue("SIM")
BASES = (BTC, ETH, LTC, XRP)


def pair(base):
    """Return the pair of a currency, the same in all else."""
    symbol = Symbol(f"{base.code}USDT")
    return CurrencyPair(
        instrument_id=InstrumentId(symbol, VENUE), raw_symbol=symbol, base_currency=base,
        quote_currency=USDT, price_precision=2, size_precision=6, price_increment=Price.from_str("0.01"),
        size_increment=Quantity.from_str("0.000001"), lot_size=None, max_quantity=None, min_quantity=None,
        max_notional=None, min_notional=None, max_price=None, min_price=None, margin_init=Decimal(0),
        margin_maint=Decimal(0), maker_fee=Decimal("0.001"), taker_fee=Decimal("0.001"), ts_event=0, ts_init=0,
    )  # fmt: skip


def wrangled(pair, m):
    """Return the type of a pair's bars and the bars."""
    bar_type = BarType.from_str(f"{pair.id}-1-MINUTE-LAST-EXTERNAL")
    frame = pd.DataFrame(
        {name: m[name] for name in ("open", "high", "low", "close", "volume")},
        index=pd.to_datetime(m["time"] + common.MINUTE_MS, unit="ms", utc=True),
    )
    return bar_type, BarDataWrangler(bar_type, pair).process(frame)


markets = common.markets()
PAIRS = [pair(base) for base in BASES[: len(markets)]]
WRANGLED = [wrangled(*each) for each in zip(PAIRS, markets, strict=True)]
LONGER = BarType.from_str("BTCUSDT.SIM-4-HOUR-LAST-INTERNAL@1-MINUTE-EXTERNAL")
LOW, HIGH = (0.3, 0.7) if kind == "rsi" else (0.0, 0.0)


class Crossing(Strategy):
    """Buys one unit of a pair on an entry, closes on an exit; one strategy for each pair."""

    def __init__(self, pair, bar_type):
        """Make the indicators."""
        super().__init__(StrategyConfig(order_id_tag=pair.id.symbol.value))
        self.pair, self.bar_type = pair, bar_type
        self.longer, self.mean = 0.0, SimpleMovingAverage(20)
        self.rows, self.seen, self.before, self.held, self.entry = [], 0, 0.0, False, None
        self.one = pair.make_qty(1)
        if kind == "rsi":
            self.rsi = RelativeStrengthIndex(14, MovingAverageType.WILDER)
            self.made = [self.rsi]
        else:
            self.fast, self.slow = SimpleMovingAverage(20), SimpleMovingAverage(50)
            self.made = [self.fast, self.slow]

    def on_start(self):
        """Ask for bars."""
        for each in self.made:
            self.register_indicator_for_bars(self.bar_type, each)
        self.subscribe_bars(self.bar_type)
        if kind == "trend":
            self.register_indicator_for_bars(LONGER, self.mean)
            self.subscribe_bars(LONGER)

    def on_bar(self, bar):
        """Act on the candle that just closed."""
        if bar.bar_type != self.bar_type:
            self.longer = bar.close.as_double()
            return
        before = self.before
        now = self.before = self.rsi.value if kind == "rsi" else self.fast.value - self.slow.value
        self.seen += 1
        if self.seen <= common.first(kind):
            return
        below, above = before >= LOW > now, before <= HIGH < now
        enter, leave = (below, above) if kind == "rsi" else (above, below)
        if enter and not self.held and (kind != "trend" or self.longer > self.mean.value):
            self.send(OrderSide.BUY)
        elif leave and self.held:
            self.send(OrderSide.SELL)

    def send(self, side):
        """Send a market order of one unit."""
        self.submit_order(self.order_factory.market(self.pair.id, side, self.one))

    def on_order_filled(self, event):
        """Keep the fills; a bar's time is its close, so its candle is the one before."""
        fill = (common.index(event.ts_event // 1_000_000) - 1, float(event.last_px))
        self.held = event.is_buy
        if self.held:
            self.entry = fill
        else:
            self.rows.append((*self.entry, *fill))


def work():
    """Run once; making the engine and handing it the bars is not timed by itself."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        VENUE, OmsType.NETTING, AccountType.CASH, starting_balances=[Money(common.CASH, USDT)],
        base_currency=None,
    )  # fmt: skip
    strategies = []
    for each, (bar_type, bars) in zip(PAIRS, WRANGLED, strict=True):
        engine.add_instrument(each)
        engine.add_data(bars)
        strategies.append(Crossing(each, bar_type))
        engine.add_strategy(strategies[-1])
    engine.run()
    account = engine.portfolio.account(VENUE)
    equity = float(account.balance_total(USDT))
    for each, m in zip(PAIRS, markets, strict=True):
        held = account.balance_total(each.base_currency)
        equity += (float(held) if held else 0.0) * float(m["close"][-1])
    return [each.rows for each in strategies], equity


first, best, (rows, equity) = common.timed(work, passes)
if kind == "basket":
    common.tell_basket("nautilus_trader", (first, best), rows, equity=equity)
else:
    common.tell("nautilus_trader", (first, best), rows[0], equity=equity)
