"""Answers on learning: lessons, and their totals by voice and by rule."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from agent.answers.amounts import Amount
from learning.performance import RuleRecord, VoiceRecord


class LessonRow(Struct, frozen=True, kw_only=True):
    """One outcome: a closed trade, or a vetoed entry (then `rule` is its rule). `result` is a fraction of 1.

    `voices` has each voice's vote: 1 to buy, -1 to sell, 0 for none.
    """

    kind: str
    symbol: str
    entry_cycle: int
    learned_at: datetime
    result: float
    exit: str
    held_minutes: float
    pnl: Amount
    rule: str | None
    regime: str
    voices: dict[str, int]


class TotalsAnswer(Struct, frozen=True, kw_only=True):
    """All closed trades together; what has no basis is None, never 0."""

    trades: int
    wins: int
    win_rate: float | None
    profit_factor: float | None
    mean_result: float | None
    pnl: Amount
    gross: Amount
    fees: Amount
    slippage: Amount


class Lessons(Struct, frozen=True, kw_only=True):
    """`agent lessons`: records of voices and of vetoing rules by name, the totals, and every lesson.

    Lessons come oldest first and are numbered so, from 1 (`agent memory`). Among the rules stands what voices
    held back, as "held back by" and their names.
    """

    voices: dict[str, VoiceRecord]
    rules: dict[str, RuleRecord]
    totals: TotalsAnswer
    lessons: list[LessonRow]


class TradeGroup(Struct, frozen=True, kw_only=True):
    """Closed trades under one name; `mean_result` is their mean return after costs, a fraction of 1."""

    name: str
    trades: int
    wins: int
    pnl: Amount
    mean_result: float | None


class Period(StrEnum):
    """The periods profit is told by: UTC days, weeks from Monday, months."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ProfitRow(Struct, frozen=True, kw_only=True):
    """A period: its first instant and the first after it, and what it came to.

    `change` is what the equity did, positions still held among it; `closed` is the profit of the trades that
    closed in it, after costs. `change_share` is of the equity at the beginning, a fraction of 1.
    """

    begin: datetime
    end: datetime
    equity: Amount
    change: Amount
    change_share: float | None
    trades: int
    wins: int
    closed: Amount
    fees: Amount


class ProfitAnswer(Struct, frozen=True, kw_only=True):
    """Profit by period, newest first."""

    quote: str | None
    by: Period
    rows: list[ProfitRow]


class PerformanceAnswer(Struct, frozen=True, kw_only=True):
    """The profit of closed trades by symbol, by hour of entry ("00" to "23", UTC), by voice, by ending.

    Every closed trade counts, whoever closed it, so each sum is the account's; under a voice stand those
    whose entry it spoke for. `voices` and `rules` are the records of learning, as of the last ended cycle:
    `saved` is the sum of the returns a rule kept us from, turned round, above 0 where it earned its keep.
    """

    quote: str | None
    totals: TotalsAnswer
    by_symbol: list[TradeGroup]
    by_hour: list[TradeGroup]
    by_voice: list[TradeGroup]
    by_exit: list[TradeGroup]
    voices: dict[str, VoiceRecord]
    rules: dict[str, RuleRecord]
