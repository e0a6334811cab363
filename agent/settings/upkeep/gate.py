"""The limits of the go/no-go gate, and of the tests that watch for a strategy's decay."""

from pydantic import Field

from agent.settings.upkeep.section import Section


class GateSettings(Section):
    """The limits of the go/no-go gate."""

    days: int = Field(default=30, ge=1, le=3_660, description="days that are judged, up to now")
    uptime_hours: float = Field(default=168.0, ge=0, le=100_000, description="least hours up")
    availability: float = Field(
        default=0.99, ge=0, le=1, description="least share of the time not paused that was up"
    )
    cycles_done: float = Field(
        default=0.99, ge=0, le=1, description="least share of cycles that ended without a failure"
    )
    reconnects_per_day: float = Field(
        default=20.0, ge=0, le=100_000, description="most lost connections of streams a day"
    )
    memory_mb_per_day: float = Field(
        default=5.0, ge=0, le=100_000, description="most MB by which the process's memory may grow a day"
    )
    trades: int = Field(default=30, ge=1, le=100_000, description="closed trades below which nothing is said")
    least_days: int = Field(
        default=30, ge=2, le=3_660, description="daily returns below which no Sharpe ratio is judged"
    )
    sharpe: float = Field(default=0.5, ge=-10, le=10, description="least yearly Sharpe ratio")
    confidence: float = Field(
        default=0.8,
        ge=0.5,
        lt=1,
        description="probability that the true Sharpe ratio is above 0, below which the gate says WATCH",
    )
    drawdown: float = Field(default=0.30, gt=0, le=1, description="largest fall from a peak of equity")
    win_rate: float = Field(default=0.40, ge=0, le=1, description="least share of trades that were won")
    kill_switches: int = Field(
        default=2, ge=0, le=1_000, description="most times the kill switch may have been thrown"
    )
    slippage_factor: float = Field(
        default=1.5, ge=1, le=100, description="most fees and slippage over what the backtest takes"
    )
    explained: float = Field(
        default=0.95, ge=0, le=1, description="least share of trades equal to the backtest's, or explained"
    )
    deflated_sharpe: float = Field(
        default=0.9, ge=0, le=1, description="least deflated Sharpe ratio of the parameters in force"
    )
    pbo: float = Field(
        default=0.5, ge=0, le=1, description="largest probability of backtest overfitting of their search"
    )
    decay_false_alarm: int = Field(
        default=1_000,
        ge=50,
        le=1_000_000,
        description="trades after which a test of decay may be expected to raise one false alarm",
    )
    decay_shift: float = Field(
        default=0.3, gt=0, le=3, description="loss a trade, in deviations, that the tests are made for"
    )
    decay_window: int = Field(
        default=30, ge=10, le=10_000, description="latest trades of the rolling figures"
    )
    decay_days: int = Field(default=365, ge=1, le=3_660, description="days of trades that the tests look at")
    decay_pauses: bool = Field(default=False, description="pause entries when decay is found")
    reoptimize_trials: int = Field(
        default=60, ge=1, le=100_000, description="parameter sets that a re-optimisation tries"
    )
    reoptimize_days: int = Field(
        default=180,
        ge=101,
        le=3_660,
        description="days of seen candles that it searches in; three in ten are kept unseen, 30 at least",
    )
    reoptimize_applies: bool = Field(
        default=False, description="put better parameters in force without asking"
    )
    refute_days: float = Field(
        default=7.0,
        gt=0,
        le=3_660,
        description="days after which new parameters may be refuted",
    )
    refute_trades: int = Field(
        default=10, ge=1, le=100_000, description="trades of both sides together that it takes"
    )
