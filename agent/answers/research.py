"""Answers of backtests, resamplings, walk-forwards and studies. Fractions are of 1; None is undefined."""

from datetime import datetime

from msgspec import Struct, field

from agent.answers.amounts import Amount, Values


class Figures(Struct, frozen=True, kw_only=True):
    """The figures of one run, as docs/performance.md and `research.statistics.metrics` define them."""

    days: int
    periods: int
    total_return: float | None
    cagr: float | None
    sharpe: float | None
    sharpe_low: float | None
    sharpe_high: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float | None
    drawdown_days: float | None
    profit_factor: float | None
    expectancy: Amount | None
    exposure: float | None
    turnover: float | None
    fees: Amount
    slippage: Amount
    costs: Amount
    cost_share: float | None
    win_rate: float | None
    trades: int
    holding_hours: float | None
    hold_return: float | None
    hold_sharpe: float | None
    hold_drawdown: float | None


class StoppedAnswer(Struct, frozen=True, kw_only=True):
    """Since when no entry was allowed, by which rule; of a kill switch the day's loss and its limit."""

    since: datetime
    rule: str
    entries_denied: int
    share_of_run: float
    cagr_until_then: float | None
    day_lost: Amount | None
    day_limit: Amount | None
    text: str


class LimitsAnswer(Struct, frozen=True, kw_only=True):
    """The effect of the limits on entries: how many each cap cut, by the cap's name."""

    entries: int
    cut: dict[str, int]
    mean_share: float | None
    worst_day: float | None
    text: str


class CostsAnswer(Struct, frozen=True, kw_only=True):
    """The costs of a trade each way, as fractions of its notional."""

    taker_fee: float
    slippage: float
    half_spread: float
    each_way: float


class CurveAnswer(Struct, frozen=True, kw_only=True):
    """Equity over time as multiples of the opening cash, thinned so that no extreme of it is lost.

    The lists go together: seconds since 1970, equity, its fall from the peak as a fraction (0 at a peak),
    and buy and hold of 1 (empty where it is not known).
    """

    times: list[int]
    equity: list[float]
    fall: list[float]
    hold: list[float] = []


class TriedAnswer(Struct, frozen=True, kw_only=True):
    """A trial: its parameters, and its score on both sides; None where undefined or not measured."""

    parameters: Values
    in_sample: float | None
    out_of_sample: float | None = None


Months = dict[str, list[float | None]]
"""Twelve returns by year, None for a month without a cycle."""


class BacktestTrade(Struct, frozen=True, kw_only=True):
    """A closed trade of a backtest."""

    symbol: str
    opened: datetime
    closed: datetime
    entry_cycle: int
    quantity: Amount
    bought: Amount
    sold: Amount
    gross: Amount
    fees: Amount
    slippage: Amount
    pnl: Amount
    ending: str


class OpenPosition(Struct, frozen=True, kw_only=True):
    """A position that was open at the end; `stop` and `target` are None where there is none."""

    symbol: str
    opened: datetime
    quantity: Amount
    bought: Amount
    fees: Amount
    stop: Amount | None
    target: Amount | None
    price: Amount


class DifferenceAnswer(Struct, frozen=True, kw_only=True):
    """The first place where loop and backtest went different ways."""

    what: str
    number: int
    loop: str
    backtest: str


class Verification(Struct, frozen=True, kw_only=True):
    """The comparison of a backtest with the loop over the same candles."""

    identical: bool
    difference: DifferenceAnswer | None


class BacktestAnswer(Struct, frozen=True, kw_only=True):
    """`agent backtest`; `verified` is None without --verify."""

    stopped: StoppedAnswer | None
    strategies: list[str]
    parameters: dict[str, Values]
    symbols: list[str]
    timeframe: str
    begin: datetime = field(name="from")
    end: datetime = field(name="to")
    cycles: int
    opening_cash: Amount
    cash: Amount
    equity: Amount
    metrics: Figures
    trials: int
    deflated_sharpe: float | None
    probability_of_overfitting: float | None
    limits: LimitsAnswer
    costs: CostsAnswer
    vetoes: dict[str, int]
    kill_switch_at: datetime | None
    trades: list[BacktestTrade]
    open_positions: list[OpenPosition]
    flaws: list[str]
    notes: list[str]
    fingerprints: list[str]
    code_version: str
    verified: Verification | None
    curve: CurveAnswer | None = None
    months: Months = {}


class ReportAnswer(Struct, frozen=True, kw_only=True):
    """`agent report --json`: the figures of a paper or live run."""

    journal: str
    sessions: list[int]
    stopped: str | None
    cycles: int
    figures: Figures


class Quantiles(Struct, frozen=True, kw_only=True):
    """Quantiles of one figure over all runs."""

    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


class OutcomesAnswer(Struct, frozen=True, kw_only=True):
    """One way of resampling: `loss` is the share of runs that lost, `beyond` of those deeper than `limit`."""

    method: str
    runs: int
    seed: int
    block: float | None
    limit: float
    final_return: Quantiles
    max_drawdown: Quantiles
    sharpe: Quantiles | None
    loss: float
    beyond: float


class MonteCarloAnswer(Struct, frozen=True, kw_only=True):
    """`agent monte-carlo`."""

    stopped: str | None
    trades: int
    notes: list[str]
    outcomes: list[OutcomesAnswer]


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
    tried: list[TriedAnswer] = []


class LookaheadAnswer(Struct, frozen=True, kw_only=True):
    """`agent lookahead`: how much was compared, and the first difference in words."""

    strategy: str
    candles: int
    cuts: int
    signals: int
    difference: str | None
    proved: bool
