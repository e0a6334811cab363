"""The report's first words: whether it earned anything, and whether luck explains it."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from research.engine.result import Result
from research.report.templates import part
from research.report.text import Cell, coloured, number, percent, span
from research.statistics.metrics import Metrics
from research.statistics.ratios import LEAST_DAYS

CONFIDENCE = 0.95
"""Deflated Sharpe ratio from which luck is an unlikely explanation, as in the paper."""
COIN = 0.5
"""Probability of overfitting from which choosing by backtest was no better than a coin."""
Sample = tuple[str, Result, Metrics]


@dataclass(frozen=True)
class Luck:
    """The search behind the parameters, as far as known; None is not known."""

    trials: int | None
    deflated: float | None
    overfit: float | None
    unseen: bool
    session: bool = False


def verdict(sample: Sample, luck: Luck, quote: str) -> tuple[Markup, str]:
    """Return a badge and a line in words, on the out-of-sample result where there is one."""
    title, result, figures = sample
    if luck.session:
        kind, word = _badge_of_session(figures)
        return part("badge", kind, word), _earned("In this session", result, figures, quote)
    lines = [_earned(title, result, figures, quote), _lucky(luck)]
    if not luck.unseen:
        lines.append("Nothing was kept out of sample.")
    kind, word = _badge(figures, luck)
    return part("badge", kind, word), " ".join(lines)


def _badge(figures: Metrics, luck: Luck) -> tuple[str, str]:
    earned = figures.total_return or 0.0
    if earned <= 0:
        return "bad", "no profit"
    doubtful = (luck.deflated is not None and luck.deflated < COIN) or (luck.overfit or 0.0) >= COIN
    if doubtful:
        return "bad", "likely luck"
    proven = luck.unseen and (luck.deflated or 0.0) >= CONFIDENCE and luck.overfit is not None
    if not proven:
        return "open", "not proven"
    behind = figures.hold_return is not None and earned <= figures.hold_return
    return ("open", "behind buy and hold") if behind else ("good", "holds up")


def _badge_of_session(figures: Metrics) -> tuple[str, str]:
    earned = figures.total_return or 0.0
    if earned == 0:
        return "open", "no change"
    return ("good", "gained") if earned > 0 else ("bad", "lost")


def _earned(title: str, result: Result, figures: Metrics, quote: str) -> str:
    earned = figures.total_return
    if earned is None:
        return f"{title}: nothing to measure."
    verb = "lost" if earned < 0 else "made"
    cash = abs(int(result.equity[-1]) - result.opening_cash) / result.cash_scale
    first = f"{title} it {verb} {percent(abs(earned))} ({number(cash)} {quote}) after costs"
    held = figures.hold_return
    if held is None:
        return f"{first}."
    return f"{first}; buy and hold {'made' if held >= 0 else 'lost'} {percent(abs(held))}."


def _lucky(luck: Luck) -> str:
    if luck.deflated is None:
        return "How much of it is luck is not known: no deflated Sharpe ratio was given."
    tried = "one trial" if luck.trials == 1 else f"{_count(luck.trials)} trials"
    shown = number(luck.deflated)
    if luck.deflated >= CONFIDENCE:
        return f"After {tried}, luck hardly explains such a result (deflated Sharpe ratio {shown})."
    return f"After {tried}, luck may explain such a result (deflated Sharpe ratio {shown})."


def _count(trials: int | None) -> str:
    return "an unknown number of" if trials is None else number(trials, 0)


def luck_rows(luck: Luck) -> list[tuple[str, str]]:
    """Return the figures that belong to the search, not to one sample; a session has none."""
    if luck.session:
        return []
    unknown = "not known"
    return [
        ("Trials made", unknown if luck.trials is None else number(luck.trials, 0)),
        ("Deflated Sharpe ratio", unknown if luck.deflated is None else number(luck.deflated)),
        ("Probability of overfitting", unknown if luck.overfit is None else percent(luck.overfit, 1)),
    ]


def tiles(sample: Sample, luck: Luck) -> Markup:
    """Return six figures at a glance, each with what keeps it honest below it."""
    title, _, m = sample
    held = percent(m.hold_drawdown, 1)
    won = f"{percent(m.win_rate, 0)} won, profit factor {number(m.profit_factor)}"
    result: Sequence[tuple[str, Cell, str]] = (
        ("Return", coloured(percent(m.total_return, signed=True), m.total_return),
         f"buy and hold {percent(m.hold_return, signed=True)}"),
        ("Sharpe ratio", number(m.sharpe), _sureness(m, luck)),
        ("Max drawdown", percent(m.max_drawdown), f"{_length(m)}, buy and hold {held}"),
        ("Trades", number(m.trades, 0), won),
        ("Costs", number(m.costs), f"{percent(m.cost_share, 0)} of gross profit"),
        _last_tile(m, luck),
    )  # fmt: skip
    return part("tiles", title, result)


def _last_tile(figures: Metrics, luck: Luck) -> tuple[str, Cell, str]:
    if luck.session:
        return "Exposure", percent(figures.exposure, 0), "share of cycles with a position"
    return (
        "Overfitting",
        dict(luck_rows(luck))["Probability of overfitting"],
        "probability, by cross-validation",
    )


def _sureness(figures: Metrics, luck: Luck) -> str:
    """Say between which values the true Sharpe ratio lies with 95 %, and what the search makes of it."""
    if figures.days < LEAST_DAYS:
        return f"{figures.days} days, least {LEAST_DAYS}"
    result = figures.interval
    lines = [] if result is None else [f"95 %: {number(result[0])} to {number(result[1])}"]
    if not luck.session:
        rows = dict(luck_rows(luck))
        lines.append(f"deflated {rows['Deflated Sharpe ratio']}, trials {rows['Trials made']}")
    return "; ".join(lines)


def _length(figures: Metrics) -> str:
    return span(None if figures.drawdown_days is None else figures.drawdown_days * 24)
