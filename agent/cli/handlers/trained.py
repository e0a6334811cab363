"""The work of `agent meta train`: candles in, a model with its figures out."""

from typing import TYPE_CHECKING

import numpy as np

from agent.answers.models import YearRow
from agent.cli.handlers.backtest.command import engine_for
from agent.cli.handlers.inputs import gather
from agent.cli.output.compile_bar import compiling_told
from agent.host.clock import SystemClock
from agent.models.registry import Registry
from agent.settings.version import code_version
from agent.state.key import one_way_cost_ppm
from agent.wiring.backtests import setup_of
from domain.errors import BadInput
from domain.model import Barriers, Model
from edge.versioned import split_version
from research.engine.recording import Recording
from research.training.entries import entries_of
from research.training.judged import Forecasts
from research.training.trained import TrainingPlan, train

if TYPE_CHECKING:
    from agent.cli.handlers.meta import TrainRequest


def trained_model(request: "TrainRequest", registry: Registry) -> tuple[Model, list[YearRow], list[str]]:
    """Return the next version of a model, its years, and what to say about its candles."""
    options, candles, notes, beside = gather(request.asked)
    setup = setup_of(options, (), beside)
    engine, about = engine_for(setup, uncompiled=False)
    members = tuple(registry.read(*split_version("--member", each)) for each in request.members)
    barriers = (
        members[0].barriers
        if members
        else Barriers(
            stop_atr=request.stop_atr,
            target_atr=request.target_atr,
            horizon=request.horizon or options.learning.veto_horizon_candles,
            cost_ppm=one_way_cost_ppm(options),
        )
    )
    with compiling_told():
        prepared = Recording(candles, setup.instruments, setup.warmup, engine, setup.beside)
        entries = entries_of(candles, setup, prepared, barriers)
    if not len(entries):
        raise BadInput("the strategies wanted no entry on these candles whose end they show")
    plan = TrainingPlan(
        name=request.name,
        version=max(registry.versions(request.name), default=0) + 1,
        kind=request.kind,
        strategies=options.reasoning.strategies,
        barriers=barriers,
        embargo_ms=request.embargo * candles[0].timeframe_ms,
        seed=request.seed,
        trials=registry.trials() + 1,
        code_version=code_version(),
        at=SystemClock().now(),
        members=members,
    )
    model, forecasts = train(plan, entries, candles)
    return model, years_of(forecasts), [*notes, *about]


def years_of(forecasts: Forecasts) -> list[YearRow]:
    """Return what each year came to."""
    return [_year(forecasts, int(year)) for year in np.unique(forecasts.year)]


def _year(forecasts: Forecasts, year: int) -> YearRow:
    mine = forecasts.year == year
    chance, won, result = forecasts.chance[mine], forecasts.won[mine], forecasts.result[mine]
    taken = chance > forecasts.even[mine]
    known = float(((forecasts.base[mine] - won) ** 2).sum())
    return YearRow(
        year=year,
        forecasts=int(mine.sum()),
        skill=1.0 - float(((chance - won) ** 2).sum()) / known,
        plain=float(result.mean()),
        taken_count=int(taken.sum()),
        taken=float(result[taken].mean()) if taken.any() else None,
    )
