"""The summary of an agent's day: what it earned, its trades, its risk, and how it ran."""

from datetime import datetime

from msgspec import Struct

from agent.answers.agents import Alarm
from agent.answers.amounts import Amount


class HeldRow(Struct, frozen=True, kw_only=True):
    """A position as the summary tells it."""

    symbol: str
    quantity: Amount
    unrealised: Amount


class DaySummary(Struct, frozen=True, kw_only=True):
    """`agent summary`: an account from `since` to `until`, by its journal; what is of the process is of now.

    `profit` is of the period, positions at their marks, `earned` the same as a fraction of the equity before;
    `closed` is what the closed trades came to after costs. Drawdown and fall are fractions of 1. `cycles_due`
    is None on a recorded or simulated market, where time passes with the candles; `reconnects` and `memory`
    (bytes) are None where nobody noted them. `notice` is the number under which it was put, with --send.
    """

    journal: str
    mode: str
    symbols: list[str]
    timeframe: str
    since: datetime
    until: datetime
    quote: str | None
    equity: Amount
    profit: Amount
    earned: float | None
    profit_in_all: Amount
    trades: int
    wins: int
    win_rate: float | None
    closed: Amount
    fees: Amount
    entries: int
    positions: list[HeldRow]
    kill_switch: str | None
    deepest_fall: float | None
    max_drawdown: float
    breaks: list[str]
    bare: list[str]
    running: bool
    paused: bool
    hours_up: float
    share_up: float | None
    cycles: int
    cycles_due: int | None
    cycles_failed: int
    crashes: int
    halts: list[str]
    reconnects: int | None
    memory: int | None
    alarms: list[Alarm]
    notice: int | None = None
