"""Answers of walk-forwards, studies and proofs of no look-ahead. Fractions are of 1; None is undefined."""

from datetime import datetime

from msgspec import Struct

from agent.answers.amounts import Values
from agent.answers.research import CurveAnswer, Figures, Months


class TriedAnswer(Struct, frozen=True, kw_only=True):
    """A trial: its parameters, and its score on both sides; None where undefined or not measured."""

    parameters: Values
    in_sample: float | None
    out_of_sample: float | None = None


class PresentAnswer(Struct, frozen=True, kw_only=True):
    """Sharpe ratios of the parameters in force, on both sides."""

    in_sample_sharpe: float | None
    out_of_sample_sharpe: float | None


class SideAnswer(Struct, frozen=True, kw_only=True):
    """One side of a walk-forward, over all windows."""

    total_return: float | None
    cagr: float | None
    sharpe: float | None
    calmar: float | None
    max_drawdown: float | None


class ScoreAnswer(Struct, frozen=True, kw_only=True):
    """A trial's figures in one window; `killed` is 1 when the kill switch tripped."""

    net_return: float | None
    cagr: float | None
    sharpe: float | None
    calmar: float | None
    max_drawdown: float | None
    profit_factor: float | None
    win_rate: float | None
    trades: float | None
    exposure: float | None
    killed: float | None


class WindowAnswer(Struct, frozen=True, kw_only=True):
    """A window: first and last instant of both sides, the parameters chosen, their figures."""

    train: list[datetime | None]
    test: list[datetime | None]
    parameters: Values
    in_sample: ScoreAnswer
    out_of_sample: ScoreAnswer
    kill_switch_at: datetime | None


class OverfittingAnswer(Struct, frozen=True, kw_only=True):
    """The probability of backtest overfitting, and the line of out-of-sample on in-sample ratios."""

    probability: float
    slope: float | None
    intercept: float | None
    loss: float
    trials: int
    blocks: int
    combinations: int


class WalkForwardAnswer(Struct, frozen=True, kw_only=True):
    """`agent walk-forward`.

    `curve` and `months` are of the unseen windows behind one another; `tried` are the best trials in sample,
    1,000 at most, with the means of their score over all windows.
    """

    strategy: str
    symbols: list[str]
    timeframe: str
    fingerprints: list[str]
    anchored: bool
    score: str
    trials: int
    skipped: int
    windows: list[WindowAnswer]
    in_sample: SideAnswer
    out_of_sample: SideAnswer
    out_of_sample_sharpe_interval: tuple[float, float] | None
    efficiency: float | None
    deflated_sharpe: float | None
    overfitting: OverfittingAnswer | None
    present: PresentAnswer
    hold_return: float | None
    kill_switch_windows: int
    daily_returns: list[float]
    notes: list[str]
    code_version: str
    curve: CurveAnswer | None = None
    months: Months = {}
    tried: list[TriedAnswer] = []


class StudySide(Figures, frozen=True, kw_only=True):
    """One side of a study's cut; when and by which rule nothing could be bought any more."""

    stopped_at: datetime | None
    stopped_by: str | None


class StudyAnswer(Struct, frozen=True, kw_only=True):
    """`agent optimize`: trials by what became of them, the best parameters, both sides of the cut.

    `curves` are the best parameters' in sample and out of sample, each from 1; `tried` are the best trials
    that were finished, 1,000 at most.
    """

    strategy: str
    symbols: list[str]
    timeframe: str
    fingerprints: list[str]
    study: str
    score: str
    trials: dict[str, int]
    parameters: Values
    value: float | None
    cut: datetime
    in_sample: StudySide
    out_of_sample: StudySide
    present: PresentAnswer
    deflated_sharpe: float | None
    interrupted: bool
    notes: list[str]
    code_version: str
    curves: list[CurveAnswer] = []
    months: Months = {}
    exhausted: bool = False
    tried: list[TriedAnswer] = []


class LookaheadAnswer(Struct, frozen=True, kw_only=True):
    """`agent lookahead`: how much was compared, and the first difference in words."""

    strategy: str
    candles: int
    cuts: int
    signals: int
    difference: str | None
    proved: bool
