"""Answers of backtests and resamplings. Fractions are of 1; None is undefined."""

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


class AskedModel(Struct, frozen=True, kw_only=True):
    """A trained model that a backtest asked; `in_sample` where it was trained on these candles' time."""

    name: str
    version: int
    sha256: str
    promoted: bool
    in_sample: bool


class SlippageUsed(Struct, frozen=True, kw_only=True):
    """The slippage model of a backtest: what the trades lost with it, and by the settings alone."""

    name: str
    version: int
    sha256: str
    journal: str
    mode: str
    symbols: list[str]
    paid: Amount
    configured: Amount


class BacktestAnswer(Struct, frozen=True, kw_only=True):
    """`agent backtest`; `verified`, `advice` and `slippage` are None without their options."""

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
    advice: str | None = None
    slippage: SlippageUsed | None = None
    models: list[AskedModel] = []


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
