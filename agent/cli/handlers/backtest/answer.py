"""A backtest as the answer of `agent backtest --json`."""

from collections.abc import Mapping
from typing import Any

from agent.answers.research import (
    BacktestAnswer,
    BacktestTrade,
    CostsAnswer,
    DifferenceAnswer,
    LimitsAnswer,
    OpenPosition,
    SlippageUsed,
    StoppedAnswer,
    Verification,
)
from agent.cli.handlers.backtest.done import Done, at_of, configured_slippage, money_of, vetoes_by_rule
from agent.reports.drawn import curve_of, months_of
from agent.reports.figures import figures_of_run
from agent.settings.version import code_version
from agent.verify.parity import ParityDifference
from agent.views.session import decimal
from domain.money import PPM
from domain.slippage import identity
from research.data.candles import FloatArray
from research.engine.result import Result
from research.statistics.headline import limits_did
from research.statistics.words import limits_words, stopped_words


def answer_of(done: Done, difference: ParityDifference | None, *, verified: bool) -> BacktestAnswer:
    """Return everything that is said about a backtest; amounts in quote, times in UTC."""
    result = done.result
    money = money_of(result)
    return BacktestAnswer(
        stopped=_stop_told(done),
        strategies=list(result.strategies),
        parameters=result.parameters,
        symbols=list(result.symbols),
        timeframe=done.options.timeframe,
        begin=at_of(result.times_ms[0]),
        end=at_of(result.times_ms[-1]),
        cycles=result.cycles,
        opening_cash=money(result.opening_cash),
        cash=money(result.cash),
        equity=money(result.equity[-1]),
        metrics=figures_of_run(done.metrics, result.cash_decimals),
        trials=1,
        deflated_sharpe=done.deflated,
        probability_of_overfitting=None,
        limits=_limits_told(done),
        costs=_costs_told(done),
        vetoes=vetoes_by_rule(result),
        kill_switch_at=None if result.kill_switch_ms is None else at_of(result.kill_switch_ms),
        trades=trades_of(done),
        open_positions=[_open_told(each, done) for each in result.open_positions],
        flaws=done.flaws,
        notes=done.notes,
        fingerprints=list(result.fingerprints),
        code_version=code_version(),
        verified=_verification(difference) if verified else None,
        curve=curve_of(result.times_ms, _growth(result), result.candles),
        months=months_of(result.times_ms, _growth(result)),
        advice=done.advice or None,
        slippage=_slippage_told(done),
        models=list(done.models),
    )


def _growth(result: Result) -> FloatArray:
    growth: FloatArray = result.equity / result.opening_cash
    return growth


def _stop_told(done: Done) -> StoppedAnswer | None:
    result, money = done.stopped, money_of(done.result)
    if result is None:
        return None
    return StoppedAnswer(
        since=at_of(result.since_ms),
        rule=result.rule,
        entries_denied=result.denied,
        share_of_run=result.share,
        cagr_until_then=result.yearly,
        day_lost=None if result.lost is None else money(result.lost),
        day_limit=None if result.limit is None else money(result.limit),
        text=stopped_words(result, done.result),
    )


def _limits_told(done: Done) -> LimitsAnswer:
    did = limits_did(done.result)
    return LimitsAnswer(**vars(did), text=limits_words(did, done.result, done.setup.policy))


def _costs_told(done: Done) -> CostsAnswer:
    costs = done.setup.costs
    one_way = {"taker_fee": costs.taker_fee, "slippage": costs.slippage, "half_spread": costs.spread / 2}
    shares = {name: ppm / PPM for name, ppm in one_way.items()}
    return CostsAnswer(**shares, each_way=sum(one_way.values()) / PPM)


def _slippage_told(done: Done) -> SlippageUsed | None:
    model, money = done.slippage, money_of(done.result)
    if model is None:
        return None
    return SlippageUsed(
        name=model.name,
        version=model.version,
        sha256=identity(model),
        journal=model.journal,
        mode=model.mode,
        symbols=sorted(done.setup.impacts),
        paid=money(int(done.result.trades["slippage"].sum())),
        configured=money(configured_slippage(done)),
    )


def _verification(difference: ParityDifference | None) -> Verification:
    report = None if difference is None else DifferenceAnswer(**difference._asdict())
    return Verification(identical=difference is None, difference=report)


def trades_of(done: Done) -> list[BacktestTrade]:
    """Return the trades with decimals and times as people read them."""
    report, money = [], money_of(done.result)
    for row in done.result.trades.tolist():
        symbol, ending, cycle, opened, closed, lots, bought, sold, gross, fees, slippage, pnl, _ = row
        grid = done.setup.instruments[done.result.symbols[symbol]]
        report.append(
            BacktestTrade(
                symbol=grid.symbol,
                opened=at_of(opened),
                closed=at_of(closed),
                entry_cycle=cycle,
                quantity=f"{grid.quantity(lots):f}",
                bought=money(bought),
                sold=money(sold),
                gross=money(gross),
                fees=money(fees),
                slippage=money(slippage),
                pnl=money(pnl),
                ending=done.result.endings[ending],
            )
        )
    return report


def _open_told(held: Mapping[str, Any], done: Done) -> OpenPosition:
    grid, money = done.setup.instruments[held["symbol"]], money_of(done.result)
    stop, target = (
        decimal(grid.price(held[name])) if held.get(name) else None for name in ("stop", "target")
    )
    return OpenPosition(
        symbol=grid.symbol,
        opened=at_of(held["opened_ms"]),
        quantity=f"{grid.quantity(held['lots']):f}",
        bought=money(held["bought"]),
        fees=money(held["fees"]),
        stop=stop,
        target=target,
        price=decimal(grid.price(held["mark"])),
    )
