"""Answers of reports over a period: what an account did, what it cost, and how its agent ran.

Everything in them follows from the rows of one journal up to `seq`, whose hash is beside it: the same rows
give the same bytes. Days are UTC. Amounts are decimal texts in the quote currency, fractions are of 1.
"""

from datetime import datetime

from msgspec import Struct

from agent.answers.account import AccountAnswer, PositionAnswer
from agent.answers.amounts import Amount
from agent.answers.journals import TradeRow
from agent.answers.learned import TotalsAnswer, TradeGroup
from agent.answers.research import CurveAnswer, Figures, Months


class DayRow(Struct, frozen=True, kw_only=True):
    """A UTC day: equity at its end, what it earned, its deepest fall, its closed trades."""

    day: str
    equity: Amount
    profit: Amount
    earned: float | None
    deepest: float
    cycles: int
    trades: int
    wins: int


class FallRow(Struct, frozen=True, kw_only=True):
    """A fall of equity from its peak to its recovery, None where it goes on; `depth` is a fraction."""

    peak: datetime
    bottom: datetime
    back: datetime | None
    depth: float


class CostRow(Struct, frozen=True, kw_only=True):
    """The costs of a symbol's closed trades, "" for all: what was paid, and what a backtest takes.

    `traded` is what was bought and sold together. Slippage counts the spread.
    """

    symbol: str
    trades: int
    traded: Amount
    fees: Amount
    fees_assumed: Amount
    slippage: Amount
    slippage_assumed: Amount


class VetoRow(Struct, frozen=True, kw_only=True):
    """The denials of a rule, and the outcome of its watched vetoes that were settled in the period.

    `saved` is the sum of the returns it kept us from, turned round: above 0 it earned its keep.
    """

    rule: str
    denied: int
    settled: int
    losses_avoided: int
    gains_missed: int
    mean_result: float | None
    saved: float


class FaultRow(Struct, frozen=True, kw_only=True):
    """Failures of one kind in one stage of the cycle; `ours` halted the agent, the others are a venue's."""

    kind: str
    stage: str
    ours: bool
    count: int
    last: datetime
    message: str


class GapRow(Struct, frozen=True, kw_only=True):
    """A time without a cycle where some were due; `why` is "paused" or "no cycle"."""

    begin: datetime
    end: datetime
    hours: float
    why: str


class MemoryRow(Struct, frozen=True, kw_only=True):
    """The memory of the agent's process, in bytes, as it was noted each hour.

    `slope` is its growth a day by least squares, over the longest session of at least six notes; else None.
    """

    notes: int
    first: int
    last: int
    largest: int
    slope: float | None


class HealthAnswer(Struct, frozen=True, kw_only=True):
    """The agent's own record: cycles and how they ended, time up and down, failures, data, commands.

    `hours_up` and `longest_hours` (without a gap) are of the market's time, `share_up` is that of the time
    not paused. `sources` has how many observations came from where. `crashes` are sessions that wrote no end.
    `reconnects` and `memory` are None where no process noted them, which takes an hour.
    """

    cycles: int
    outcomes: dict[str, int]
    hours_up: float
    longest_hours: float
    share_up: float | None
    gaps: list[GapRow]
    gaps_left_out: int
    sessions: int
    halts: list[str]
    crashes: int
    faults: list[FaultRow]
    kill_switches: int
    sources: dict[str, int]
    breaker_open: int
    commands: dict[str, int]
    unresolved: list[str]
    contradictions: list[str]
    bare: list[str]
    reconnects: int | None
    memory: MemoryRow | None


class RiskAnswer(Struct, frozen=True, kw_only=True):
    """The limits and what came near them; each break in words. `deepest_day` and `drawdown` are fractions."""

    kill_switch: str | None
    deepest_day: float | None
    drawdown: float | None
    entries: int
    breaks: list[str]


class PairRow(Struct, frozen=True, kw_only=True):
    """A trade of the session beside the backtest's on the same candles; one of the two may be missing.

    `difference` is what the session's earned more. It is `size` + `entry` + `exit` + `fees`: another
    quantity, other prices at entry and exit (in both, `slippage` is what was lost to it beyond the
    backtest's), other fees; of a lone trade it is its whole result. `why` says it in words.
    """

    symbol: str
    opened: datetime
    session: Amount | None
    backtest: Amount | None
    difference: Amount
    size: Amount = "0"
    entry: Amount = "0"
    exit: Amount = "0"
    fees: Amount = "0"
    slippage: Amount = "0"
    session_exit: str | None = None
    backtest_exit: str | None = None
    why: str = ""


class TwinAnswer(Struct, frozen=True, kw_only=True):
    """The session against a backtest of the candles it saw, with the settings and parameters it had.

    `why_not` says why there is none. `identical` trades are equal in every amount, fees but for rounding.
    `reasons` counts the pairs by the first words of what tells them apart; `open_before` are trades that were
    open when the period began and are not compared.
    """

    why_not: str | None = None
    stretches: int = 0
    candles: int = 0
    session_trades: int = 0
    backtest_trades: int = 0
    matched: int = 0
    identical: int = 0
    open_before: int = 0
    session_pnl: Amount = "0"
    backtest_pnl: Amount = "0"
    difference: Amount = "0"
    reasons: dict[str, int] = {}
    unexplained: int = 0
    pairs: list[PairRow] = []
    notes: list[str] = []


class PeriodReport(Struct, frozen=True, kw_only=True):
    """`agent report --days N --json`: an account over a period, from the rows of its journal up to `seq`.

    `account` and `positions` are what `agent status` says at that row. `profit` is of the period, open
    positions at their marks; `totals` and the groups are of the trades closed in it, whoever closed them.
    A trade is counted under each voice that spoke for it, else once. `figures` need days: many are None
    in a short period.
    """

    journal: str
    journal_id: str
    seq: int
    hash: str
    since: datetime
    until: datetime
    days: float
    sessions: list[int]
    mode: str
    symbols: list[str]
    strategies: list[str]
    timeframe: str
    quote: str | None
    code_versions: list[str]
    equity_before: Amount
    equity: Amount
    profit: Amount
    earned: float | None
    account: AccountAnswer
    positions: list[PositionAnswer]
    totals: TotalsAnswer
    by_symbol: list[TradeGroup]
    by_hour: list[TradeGroup]
    by_voice: list[TradeGroup]
    by_regime: list[TradeGroup]
    by_exit: list[TradeGroup]
    days_told: list[DayRow]
    months: Months
    falls: list[FallRow]
    figures: Figures | None
    curve: CurveAnswer | None
    costs: list[CostRow]
    vetoes: list[VetoRow]
    risk: RiskAnswer
    health: HealthAnswer
    twin: TwinAnswer
    trades: list[TradeRow]
    notes: list[str] = []


class KeptReport(Struct, frozen=True, kw_only=True):
    """A report that is kept in the home: its name, its period, and what it came to."""

    name: str
    since: datetime
    until: datetime
    days: float
    seq: int
    profit: Amount
    earned: float | None
    trades: int
