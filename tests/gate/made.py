"""Facts that pass every rule of the gate, to be spoilt one at a time."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from agent.answers.report import CostRow, MemoryRow, PairRow, PeriodReport
from agent.answers.research import Figures
from agent.gate.facts import GateFacts
from agent.reports.period import ReportPeriod
from agent.reports.report import reported
from agent.settings.upkeep.gate import GateSettings
from tests.agent.world import World, wave

UNTIL = datetime(2026, 11, 28, 23, tzinfo=UTC)


PAIR = PairRow(symbol="BTC-USDT", opened=UNTIL, session="9", backtest="9", difference="0")
COST = CostRow(
    symbol="", trades=100, traded="10000", fees="6", fees_assumed="6", slippage="13", slippage_assumed="12"
)


@cache
def lived() -> PeriodReport:
    world = World(wave(120))
    world.run()
    begun = world.state.at
    assert begun is not None
    return reported(
        world.journal, "paper", ReportPeriod(begun - timedelta(days=1), begun + timedelta(1))
    ).answer


def replaced(value: Any, **changes: Any) -> Any:
    """Return a struct with fields changed by dotted name, `__` for the dot."""
    whole = {name: given for name, given in changes.items() if "__" not in name}
    nested: dict[str, dict[str, Any]] = {}
    for name, given in changes.items():
        first, dotted, rest = name.partition("__")
        if dotted:
            nested.setdefault(first, {})[rest] = given
    parts = {name: replaced(getattr(value, name), **given) for name, given in nested.items()}
    return msgspec.structs.replace(value, **whole, **parts)


def figures(**more: Any) -> Figures:
    known: dict[str, Any] = dict.fromkeys(Figures.__struct_fields__)
    known |= {"days": 300, "periods": 365, "sharpe": 2.5, "sharpe_low": 0.5, "sharpe_high": 4.5}
    return Figures(**known | {"fees": "1", "slippage": "1", "costs": "2", "trades": 100} | more)


def sound(**changes: Any) -> PeriodReport:
    """Return a report over 300 good days, with changes."""
    report = replaced(
        lived(),
        since=UNTIL - timedelta(days=300), until=UNTIL, profit="900", figures=figures(),
        risk__breaks=[], risk__drawdown=0.08,
        totals__trades=100, totals__wins=60, totals__win_rate=0.6,
        health__hours_up=7_195.0, health__share_up=0.9995, health__gaps=[], health__cycles=430_000,
        health__outcomes={"held": 429_000, "failed": 100}, health__faults=[], health__halts=[],
        health__crashes=0, health__kill_switches=0, health__sources={"live": 430_000},
        health__reconnects=30, health__memory=MemoryRow(
            notes=7_000, first=90_000_000, last=91_000_000, largest=95_000_000, slope=2_000.0
        ),
        twin__why_not=None, twin__unexplained=0, twin__matched=100, twin__backtest_trades=100,
        twin__backtest_pnl="950", twin__pairs=[PAIR] * 100, costs=[COST],
    )  # fmt: skip
    made: PeriodReport = replaced(report, **changes)
    return made


def facts(settings: GateSettings | None = None, **changes: Any) -> GateFacts:
    """Return facts by which every rule holds, with changes to the report."""
    results = [0.02, -0.01] * 50
    return GateFacts(sound(**changes), settings or GateSettings(), "", {}, results, 0.97)
