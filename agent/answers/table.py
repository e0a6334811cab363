"""Which command answers what: for every command with `--json`, the structs of what it prints.

The schemas in docs/schemas are made from this table, and a test runs each command and decodes its answer
by it. A command that prints JSON line by line names each struct that a line may be.
"""

from typing import Any

from agent.answers.account import Position, Status
from agent.answers.checks import DrillTold, SandboxTold, StandingStill
from agent.answers.cycle import Explanation
from agent.answers.data import CheckedRow, DownloadTold, EntryRow, ImportedRow, Quoted
from agent.answers.journals import Anchored, ChainTold, JournalRow, ParameterVersion, TradeRow
from agent.answers.learned import Lessons
from agent.answers.research import (
    BacktestTold,
    LookaheadTold,
    MonteCarloTold,
    ReportTold,
    StudyTold,
    WalkForwardTold,
)
from agent.answers.run import CycleLine, Quicktest, SummaryLine
from agent.answers.strategies import StrategiesTold
from agent.doctor.check import CheckResult
from agent.settings.settings import Settings
from agent.verify.replay import Replayed
from domain.ports import Row

ANSWERS: dict[str, tuple[Any, ...]] = {
    "backtest": (BacktestTold,),
    "config show": (Settings,),
    "data check": (list[CheckedRow],),
    "data download": (DownloadTold,),
    "data import": (list[ImportedRow],),
    "data list": (list[EntryRow],),
    "data quote": (Quoted,),
    "doctor": (list[CheckResult],),
    "drill": (DrillTold,),
    "journal anchor": (Anchored,),
    "journal list": (list[JournalRow],),
    "journal tail": (list[Row],),
    "journal verify": (ChainTold,),
    "lessons": (Lessons,),
    "lookahead": (LookaheadTold,),
    "monte-carlo": (MonteCarloTold,),
    "optimize": (StudyTold,),
    "params list": (list[ParameterVersion],),
    "positions": (list[Position],),
    "replay": (Replayed,),
    "report": (ReportTold,),
    "run": (CycleLine, SummaryLine, Quicktest),
    "sandbox": (SandboxTold, StandingStill),
    "status": (Status,),
    "strategy list": (StrategiesTold,),
    "trades": (list[TradeRow],),
    "walk-forward": (WalkForwardTold,),
    "why": (Explanation,),
}
