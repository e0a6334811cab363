"""A small market and a simple book, to drive the gate through any sequence of events.

It keeps the account from fills, and asks the gate before every entry. After an approval it
measures the limits itself, in decimals from its own records, not with the room's kernels.
"""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.account import Account, Position, Trade, apply_fill
from domain.candle import Candle, LastPrice
from domain.decision import Action
from domain.money import from_cash, notional, share_up
from domain.order import Fill, Order, Purpose, Side
from domain.times import millis
from domain.verdict import Approved, Verdict
from risk.case import Case, Policy
from risk.judge import judge, reserve
from risk.kill import trip_reason
from tests.risk.cases import COST_PPM, INSTRUMENTS, NOW, PRICE, account, decision, observation, policy

STEP = timedelta(minutes=3)
FEE_PPM = 600
SLIP_PPM = COST_PPM - FEE_PPM - 1

LIMITS: dict[str, Any] = {
    "daily_loss": 150,
    "max_drawdown": "0.03",
    "class_drawdown": "0.012",
    "per_trade_loss": 60,
    "max_positions": 3,
    "cool_down_minutes": 10,
    "max_trades_per_day": 4,
    "total_exposure": "0.40",
    "concentration": "0.30",
    "min_reward_risk": 1.25,
    "loss_streak": 2,
    "loss_streak_paper": 2,
}


class Want(msgspec.Struct, frozen=True):
    """An entry somebody wants."""

    symbol: str
    confidence: float
    stop_ppm: int
    target_ppm: int


class World:
    """Prices, an account, what the account's limits are, and what was ever denied or approved."""

    def __init__(self, rules: Policy | None = None) -> None:
        self.at: datetime = NOW
        self.policy = rules or policy("live", sizing={"risk_per_trade": "0.02"}, **LIMITS)
        self.account: Account = account()
        self.prices = dict.fromkeys(INSTRUMENTS, PRICE)
        self.waiting: list[Order] = []
        self.closed: list[Trade] = []
        self.best: dict[str, Decimal] = {}
        self.tally: Counter[str] = Counter()
        self.count = 0
        self.forgiven = 0
        self.day_began = self.at
        self.entered: list[datetime] = []

    def move(self, symbol: str, ppm: int) -> None:
        """Minutes pass and a price moves."""
        self.at += STEP
        self.prices[symbol] = max(self.prices[symbol] * (1_000_000 + ppm) // 1_000_000, 1_000)
        self._mark()

    def new_day(self) -> None:
        """A day passes: the day's counts start over."""
        self.at += timedelta(days=1)
        self.day_began = self.at
        self.account = replace(self.account, entries_today=0, day_start_equity=self.account.equity)

    def resume(self) -> None:
        """The operator resets the kill switch and the row of losses."""
        self.forgiven = len(self.closed)
        self.account = replace(self.account, kill_switch=None, loss_streak=0)

    def enter(self, want: Want) -> Verdict:
        """Ask for an entry; an approved one waits to be filled, its exposure reserved."""
        verdict = judge(self._case(want.symbol, Action.BUY, want))
        if isinstance(verdict, Approved):
            self._assert_within_limits(verdict)
            self.account = reserve(self.account, verdict, INSTRUMENTS)
            self.waiting.append(verdict.order)
            self.entered.append(self.at)
        self.tally["approved" if isinstance(verdict, Approved) else verdict.reason] += 1
        return verdict

    def leave(self, symbol: str) -> None:
        """Sell a position; the gate must let it go, unless it is dust to the exchange."""
        position = self.account.positions.get(symbol)
        if position is None:
            return
        verdict = judge(self._case(symbol, Action.SELL))
        if self._worth(position) >= INSTRUMENTS[symbol].min_cash:
            assert isinstance(verdict, Approved), f"exit blocked: {verdict}"
            self._fill(verdict.order)

    def fill(self) -> None:
        """All waiting entries are filled at once."""
        for order in self.waiting:
            self._fill(order)
        self.waiting.clear()

    def _case(self, symbol: str, action: Action, want: Want | None = None) -> Case:
        price, now = self.prices[symbol], millis(self.at)
        wanted = decision(symbol, action, price)
        if want is not None:
            target = price + price * want.target_ppm // 1_000_000 if want.target_ppm else 0
            wanted = replace(wanted, confidence=want.confidence, stop_ppm=want.stop_ppm, target=target)
        self.count += 1
        candle = Candle(now - self.policy.timeframe_ms, price, price, price, price, 1.0)
        return Case(
            decision=wanted,
            observation=replace(observation(symbol), quote=LastPrice(price, now), candles=(candle,)),
            account=self.account,
            instruments=INSTRUMENTS,
            policy=self.policy,
            at=self.at,
            client_id=f"b-0-{self.count}-{symbol}",
        )

    def _fill(self, order: Order) -> None:
        factor, price = INSTRUMENTS[order.symbol].cash_factor, self.prices[order.symbol]
        buying = order.side is Side.BUY
        paid = price + share_up(price, SLIP_PPM) if buying else price - share_up(price, SLIP_PPM)
        fee = share_up(notional(paid, order.lots, factor), FEE_PPM)
        fill = Fill(
            order.client_id,
            order.client_id,
            order.symbol,
            order.side,
            order.lots,
            paid,
            price,
            fee,
            maker=False,
            at=self.at,
        )
        position, trade, cash = apply_fill(self.account.positions.get(order.symbol), fill, factor)
        self._settle(order, position, cash)
        if trade is not None:
            self._learn(trade)
        self._mark()

    def _settle(self, order: Order, position: Position | None, cash: int) -> None:
        positions, entries = dict(self.account.positions), dict(self.account.entries)
        positions.pop(order.symbol, None)
        if position is not None:
            positions[order.symbol] = position
        if order.purpose is Purpose.ENTRY:
            entries.pop(order.symbol)
        self.account = replace(
            self.account, cash=self.account.cash + cash, positions=positions, entries=entries
        )

    def _learn(self, trade: Trade) -> None:
        self.closed.append(trade)
        won = trade.pnl > 0
        self.account = replace(
            self.account,
            win_streak=self.account.win_streak + 1 if won else 0,
            loss_streak=0 if won else self.account.loss_streak + 1,
            last_loss_at=self.account.last_loss_at if won else trade.closed_at,
        )

    def _mark(self) -> None:
        """Mark every position, and let the kill switch trip."""
        own = self.account
        equity = own.cash + sum(self._worth(position) for position in own.positions.values())
        marked = replace(
            own,
            equity=equity,
            peak_equity=max(own.peak_equity, equity),
            marks={symbol: self.prices[symbol] for symbol in own.positions},
            class_drawdown={name: self._class_fall(name) for name in ("crypto", "metal")},
        )
        if marked.kill_switch is None:
            tripped = trip_reason(equity, marked.day_start_equity, self.policy.limits)
            marked = replace(marked, kill_switch=tripped)
        self.account = marked

    def _worth(self, position: Position) -> int:
        return notional(self.prices[position.symbol], position.lots, INSTRUMENTS[position.symbol].cash_factor)

    def _class_profit(self, name: str) -> Decimal:
        realised = sum(t.pnl for t in self.closed if INSTRUMENTS[t.symbol].asset_class == name)
        opened = [p for p in self.account.positions.values() if INSTRUMENTS[p.symbol].asset_class == name]
        floating = sum(self._worth(p) - p.bought - p.fees for p in opened)
        return from_cash(realised + floating)

    def _class_fall(self, name: str) -> int:
        profit = self._class_profit(name)
        self.best[name] = max(self.best.get(name, Decimal(0)), profit)
        return int((self.best[name] - profit) * 10**8)

    def _assert_within_limits(self, verdict: Approved) -> None:
        """Measure every limit afresh, from decimals and this book's own records."""
        own, order = self.account, verdict.order
        grid = INSTRUMENTS[order.symbol]
        value = grid.price(order.reference) * grid.quantity(order.lots)
        equity, peak = from_cash(own.equity), from_cash(own.peak_equity)
        positions = [
            INSTRUMENTS[p.symbol].price(self.prices[p.symbol]) * INSTRUMENTS[p.symbol].quantity(p.lots)
            for p in own.positions.values()
        ]
        waiting = [
            INSTRUMENTS[o.symbol].price(o.reference) * INSTRUMENTS[o.symbol].quantity(o.lots)
            for o in self.waiting
        ]
        others = sum(positions) + sum(waiting)
        cost = Decimal(COST_PPM) / 10**6
        stop = value * verdict.stop_ppm / 10**6
        assert own.kill_switch is None
        assert from_cash(own.day_start_equity) - equity <= 150
        assert peak - equity <= peak * Decimal("0.03")
        assert from_cash(own.class_drawdown.get(grid.asset_class, 0)) <= peak * Decimal("0.012")
        assert stop + value * cost + (value - stop) * cost <= 60
        assert len({*own.positions, *(o.symbol for o in self.waiting), order.symbol}) <= 3
        assert order.symbol not in own.positions
        assert order.symbol not in {o.symbol for o in self.waiting}
        assert others + value <= equity * Decimal("0.40")
        assert value <= equity * Decimal("0.30")
        assert value * (1 + cost) + sum(waiting) * (1 + cost) <= from_cash(own.cash)
        assert sum(at >= self.day_began for at in self.entered) < 4
        last = self.closed[-1] if self.closed else None
        if last is not None and last.pnl <= 0:
            assert self.at - last.closed_at >= timedelta(minutes=10)
        latest = self.closed[self.forgiven :][-3:]
        assert len(latest) < 3 or any(trade.pnl > 0 for trade in latest)
