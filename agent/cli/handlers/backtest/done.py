"""A backtest with all that is said about it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from agent.answers.research import AskedModel
from agent.settings.settings import Options
from domain.events import ModelSet
from domain.money import PPM, cash_text, show_cash
from domain.slippage import SlippageModel, identity
from domain.times import utc
from research.data.candles import Candles
from research.engine.backtest import Setup
from research.engine.result import Result
from research.statistics.headline import Stopped, limits_did
from research.statistics.metrics import Metrics
from research.statistics.words import costs_words, limits_words
from risk.table import NOTHING_TO_REDUCE, RULES


class Done(NamedTuple):
    """A backtest with all that is said about it; `deflated` is its Sharpe ratio's, for a single trial.

    `advice` says whose advice was heard and how it was given, "" where none was; `slippage` is the model that
    market orders were made dearer by. `models` were asked, as `sets` have them.
    """

    options: Options
    candles: Sequence[Candles]
    setup: Setup
    result: Result
    metrics: Metrics
    stopped: Stopped | None
    deflated: float | None
    flaws: list[str]
    notes: list[str]
    advice: str = ""
    slippage: SlippageModel | None = None
    models: Sequence[AskedModel] = ()
    sets: Sequence[ModelSet] = ()


def at_of(milliseconds: Any) -> datetime:
    """Return an instant of a result's arrays."""
    return utc(int(milliseconds))


def money_of(result: Result) -> Callable[[Any], str]:
    """Return what shows cash units of a result as decimal text."""
    return lambda units: cash_text(int(units), result.cash_decimals)


def vetoes_by_rule(result: Result) -> dict[str, int]:
    """Return how often each rule denied a decision, the most frequent first."""
    names = [NOTHING_TO_REDUCE.reason, *(rule.reason for rule in RULES)]
    codes = result.vetoes["rule"].tolist()
    counts = {names[code]: codes.count(code) for code in sorted(set(codes))}
    return dict(sorted(counts.items(), key=lambda each: -each[1]))


def said_of(done: Done) -> list[tuple[str, str]]:
    """Return what the limits did and what trading costs here, each with its name."""
    result, setup = done.result, done.setup
    show = partial(show_cash, decimals=result.cash_decimals)
    fees, slippage = (show(sum(result.trades[name].tolist())) for name in ("fees", "slippage"))
    return [
        ("limits", limits_words(limits_did(result), result, setup.policy)),
        ("costs", costs_words(setup.costs, fees, slippage)),
        *([("slippage", slippage_words(done, done.slippage))] if done.slippage else []),
        *([("advice", done.advice)] if done.advice else []),
        *(("model", _model_words(each)) for each in done.models),
    ]


def configured_slippage(done: Done) -> int:
    """Return what the trades would have lost to slippage and spread by the settings, in cash units."""
    costs, trades = done.setup.costs, done.result.trades
    traded = int(trades["bought"].sum()) + int(trades["sold"].sum())
    return traded * (2 * costs.slippage + costs.spread) // (2 * PPM)


def slippage_words(done: Done, model: SlippageModel) -> str:
    """Say which model made market orders dearer, and what they lost by it and by the settings."""
    show = partial(show_cash, decimals=done.result.cash_decimals)
    paid = show(int(done.result.trades["slippage"].sum()))
    return (
        f"model {model.name} version {model.version} ({identity(model)[:12]}) of journal {model.journal} "
        f"({model.mode}): {paid} in slippage and spread, {show(configured_slippage(done))} by the settings"
    )


def _model_words(model: AskedModel) -> str:
    """Say what a model may do, and that it knows these candles where it was trained on them."""
    may = "may raise an entry and bounds its size" if model.promoted else "only lowers entries"
    text = f"{model.name} version {model.version} ({model.sha256[:12]}) {may}"
    if not model.in_sample:
        return text
    return f"IN-SAMPLE: {text}; it was trained on these candles' time, so this backtest is no evidence"
