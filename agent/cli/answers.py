"""The table of answers: for every command with `--json`, the structs of what it prints.

The schemas in docs/schemas are made from this table, and a test runs each command and decodes its answer
by it. A command that prints JSON line by line names each struct that a line may be.
"""

from typing import Any

from agent.answers.account import PositionAnswer, Status
from agent.answers.advice import TapeAnswer
from agent.answers.alerts import AcknowledgedRow, AlertsAnswer, TestedRow
from agent.answers.backups import BackupAnswer, BackupCheck, PointRow, RestoreAnswer
from agent.answers.checks import (
    BesideAnswer,
    DrillAnswer,
    McpAnswer,
    ModelServerAnswer,
    SandboxAnswer,
    ServeAnswer,
    StandingStill,
)
from agent.answers.cycle import Explanation
from agent.answers.data import CheckedRow, DownloadAnswer, EntryRow, ImportedRow, Quoted
from agent.answers.forecasts import AdviserRow, ForecastsAnswer, PromotionAnswer
from agent.answers.gate import DecayAnswer, GateAnswer, PairsAnswer, Reoptimized
from agent.answers.indicators import IndicatorRow
from agent.answers.jobs import JobAnswer, JobRan, JobRow
from agent.answers.journals import Anchored, ChainAnswer, JournalRow, ParameterVersion, Reloaded, TradeRow
from agent.answers.learned import Lessons
from agent.answers.memory import MemoryAnswer
from agent.answers.models import DriftRow, ModelRow, TrainedAnswer
from agent.answers.pairs import PairListAnswer
from agent.answers.report import PeriodReport
from agent.answers.research import BacktestAnswer, MonteCarloAnswer, ReportAnswer
from agent.answers.run import CycleLine, Quicktest, SummaryLine
from agent.answers.slippage import SlippageAnswer, SlippageCheckAnswer
from agent.answers.space import ArchiveAnswer, RetainAnswer
from agent.answers.spend import SpendAnswer
from agent.answers.strategies import CheckAnswer, CompiledAnswer, StrategiesAnswer
from agent.answers.summary import DaySummary
from agent.answers.trials import LookaheadAnswer, StudyAnswer, WalkForwardAnswer
from agent.doctor.check import CheckResult
from agent.settings.given import Settings
from agent.verify.replay import Replayed
from domain.ports import Row
from domain.replies import (
    Adopted,
    AdviserInForce,
    Flattened,
    KillSwitch,
    LessonsInForce,
    ModelInForce,
    ParametersInForce,
    Paused,
    PositionClosed,
    Reconciled,
    SettingsInForce,
    Stopping,
    WrittenOff,
)

ANSWERS: dict[str, tuple[Any, ...]] = {
    "adviser demote": (AdviserInForce,),
    "adviser list": (list[AdviserRow],),
    "ab": (PairsAnswer,),
    "adviser promote": (AdviserInForce, PromotionAnswer),
    "adviser rollback": (AdviserInForce,),
    "alerts acknowledge": (list[AcknowledgedRow],),
    "alerts list": (AlertsAnswer,),
    "alerts test": (list[TestedRow],),
    "advise": (TapeAnswer,),
    "backtest": (BacktestAnswer,),
    "backup": (BackupAnswer, list[PointRow], BackupCheck),
    "close": (PositionClosed,),
    "compile": (CompiledAnswer,),
    "config change": (SettingsInForce,),
    "config show": (Settings,),
    "data check": (list[CheckedRow],),
    "data download": (DownloadAnswer,),
    "data import": (list[ImportedRow],),
    "data list": (list[EntryRow],),
    "data quote": (Quoted,),
    "decay": (DecayAnswer,),
    "doctor": (list[CheckResult],),
    "drill": (DrillAnswer,),
    "flatten": (Flattened,),
    "forecasts": (ForecastsAnswer,),
    "gate": (GateAnswer,),
    "indicators": (list[IndicatorRow],),
    "jobs list": (list[JobRow],),
    "jobs pause": (JobAnswer,),
    "jobs resume": (JobAnswer,),
    "jobs run": (JobRan,),
    "jobs show": (JobAnswer,),
    "journal anchor": (Anchored,),
    "journal archive": (ArchiveAnswer,),
    "journal list": (list[JournalRow],),
    "journal tail": (list[Row],),
    "journal verify": (ChainAnswer,),
    "kill": (KillSwitch,),
    "ledger": (SpendAnswer,),
    "lessons": (Lessons,),
    "lookahead": (LookaheadAnswer,),
    "mcp": (McpAnswer,),
    "memory list": (MemoryAnswer,),
    "memory promote": (LessonsInForce, MemoryAnswer),
    "memory rollback": (LessonsInForce,),
    "meta drift": (list[DriftRow],),
    "meta list": (list[ModelRow],),
    "meta promote": (ModelInForce,),
    "meta rollback": (ModelInForce,),
    "meta train": (TrainedAnswer,),
    "monte-carlo": (MonteCarloAnswer,),
    "optimize": (StudyAnswer,),
    "pairs": (PairListAnswer,),
    "params apply": (ParametersInForce,),
    "params list": (list[ParameterVersion],),
    "params reload": (Reloaded,),
    "params rollback": (ParametersInForce,),
    "pause": (Paused,),
    "positions": (list[PositionAnswer],),
    "reconcile": (Reconciled, Adopted, WrittenOff),
    "reoptimize": (Reoptimized,),
    "replay": (Replayed,),
    "report": (ReportAnswer, PeriodReport),
    "reset-kill": (KillSwitch,),
    "restore": (RestoreAnswer,),
    "retain": (RetainAnswer,),
    "run": (CycleLine, SummaryLine, Quicktest),
    "sandbox": (SandboxAnswer, StandingStill, ModelServerAnswer),
    "serve": (ServeAnswer, BesideAnswer),
    "slippage check": (SlippageCheckAnswer,),
    "slippage fit": (SlippageAnswer,),
    "slippage show": (SlippageAnswer,),
    "status": (Status,),
    "stop": (Stopping,),
    "strategy check": (CheckAnswer,),
    "strategy list": (StrategiesAnswer,),
    "summary": (DaySummary,),
    "trades": (list[TradeRow],),
    "unpause": (Paused,),
    "walk-forward": (WalkForwardAnswer,),
    "why": (Explanation,),
}
