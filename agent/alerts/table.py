"""The table of alerts: each kind with its severity, where it comes from, and where help stands.

It is what messages, watcher, docs and tests read. What the overview calls an alarm, and what a rule of
Prometheus calls an alert, is named beside the kind that means the same.
"""

from typing import Literal, NamedTuple

from agent.answers.agents import AlarmKind
from agent.answers.alerts import AlertKind, Severity

Source = Literal["journal", "watch", "notice"]
"""Where a kind comes from: a journal's row, what is watched over time, or a notice that somebody wrote."""

INFO, WARNING, CRITICAL = Severity
RUNS, ENDED, VENUE = "it-runs-and-something-is-announced", "it-ended", "on-an-exchange"


class Alert(NamedTuple):
    """One kind: its severity, source and meaning, and the heading of docs/runbook.md that helps.

    What is watched must have lasted `seconds`. `alarms` and `rules` are the names it has on the overview and
    with Prometheus.
    """

    kind: AlertKind
    severity: Severity
    source: Source
    meaning: str
    heading: str = ""
    seconds: float = 0.0
    alarms: tuple[AlarmKind, ...] = ()
    rules: tuple[str, ...] = ()


TABLE = (
    Alert(AlertKind.AGENT_DEAD, CRITICAL, "watch", "an agent that should run does not, or does not answer",
        ENDED, 30.0, (AlarmKind.DEAD,), ("BoydAgentDead",)),
    Alert(AlertKind.HALTED, CRITICAL, "watch", "an agent has halted: going on could lose or double an order",
        ENDED, 0.0, (AlarmKind.HALTED,), ("BoydAgentHalted",)),
    Alert(AlertKind.KILL_SWITCH, CRITICAL, "journal", "the kill switch was thrown, or reset",
        RUNS, 0.0, (AlarmKind.KILLED,), ("BoydKillSwitch",)),
    Alert(AlertKind.NAKED_POSITION, CRITICAL, "watch", "a position has no stop at the venue", VENUE, 30.0),
    Alert(AlertKind.ORDER_NEEDS_OPERATOR, CRITICAL, "journal", "nothing can be learned of an order's fate",
        VENUE, 0.0, (AlarmKind.IN_DOUBT,), ("BoydOrderInDoubt",)),
    Alert(AlertKind.ORDER_UNKNOWN, CRITICAL, "journal", "an order was sent and nobody knows if it arrived",
        VENUE, 0.0, (AlarmKind.IN_DOUBT,), ("BoydOrderInDoubt",)),
    Alert(AlertKind.RECONCILE_DIFFERENCE, CRITICAL, "watch", "the account is not what the journal says",
        VENUE, 0.0, (AlarmKind.IN_DOUBT, AlarmKind.HALTED)),
    Alert(AlertKind.NO_CYCLE, CRITICAL, "watch", "an agent runs and makes no cycle", RUNS, 60.0,
        (AlarmKind.STALE,), ("BoydNoCycle",)),
    Alert(AlertKind.DISK, CRITICAL, "watch", "the disk is nearly full, or a journal could not be written",
        ENDED, 60.0, (), ("BoydDiskFull",)),
    Alert(AlertKind.CLOCK, CRITICAL, "watch", "the clock was never set, leapt, or is wrong", VENUE),
    Alert(AlertKind.BACKUP_FAILED, CRITICAL, "notice", "no backup was made", "back-up-and-restore"),
    Alert(AlertKind.CHANNEL_DEAD, CRITICAL, "watch", "a channel of alerts cannot be used any more",
        "a-channel-of-alerts-is-dead"),
    Alert(AlertKind.ESCALATION, CRITICAL, "watch", "nobody has acknowledged what was told before",
        "a-channel-of-alerts-is-dead"),
    Alert(AlertKind.DAILY_LOSS, WARNING, "watch", "most of what a day may lose is lost", RUNS, 0.0,
        (), ("BoydDayLossNear",)),
    Alert(AlertKind.DRAWDOWN, WARNING, "watch", "most of the drawdown allowed is used", RUNS, 0.0,
        (), ("BoydDrawdownNear",)),
    Alert(AlertKind.UNJUDGED, WARNING, "watch", "a symbol or the custom exit of a position cannot be judged",
        RUNS, 120.0, (AlarmKind.UNJUDGED,), ("BoydExitUnjudged",)),
    Alert(AlertKind.BREAKER_OPEN, WARNING, "watch", "a provider failed so often that it is not asked",
        RUNS, 600.0, (AlarmKind.BREAKER,), ("BoydBreakerOpen",)),
    Alert(AlertKind.STREAM_SILENT, WARNING, "watch", "a stream of the market says nothing",
        "a-stream-drops-or-reconnects", 120.0),
    Alert(AlertKind.SIMULATED, WARNING, "watch", "an agent sees simulated data", RUNS, 300.0,
        (AlarmKind.SIMULATED,), ("BoydDataSimulated",)),
    Alert(AlertKind.STALE, WARNING, "watch", "an agent decides on kept answers: nobody serves it", RUNS,
        300.0, (AlarmKind.STALE,)),
    Alert(AlertKind.BLOCKED, WARNING, "watch", "a symbol takes no entry", "a-market-that-takes-no-orders",
        900.0, (AlarmKind.BLOCKED,), ("BoydEntriesBlocked",)),
    Alert(AlertKind.PAIR_LIST, WARNING, "watch", "a pair list is too old to stand: it cannot be refreshed",
        RUNS, 300.0, (AlarmKind.PAIR_LIST,), ("BoydPairListStale",)),
    Alert(AlertKind.CYCLES_FAIL, WARNING, "watch", "cycles fail one after the other", RUNS, 0.0,
        (), ("BoydCyclesFail",)),
    Alert(AlertKind.NO_TRADE, WARNING, "watch", "no order was filled for days", "no-trade-for-days"),
    Alert(AlertKind.ADVICE_BUDGET, WARNING, "watch", "advisers used up a budget, or nearly so"),
    Alert(AlertKind.DECAY, WARNING, "notice", "a strategy earns less than it did", "no-trade-for-days"),
    Alert(AlertKind.JOB_FAILED, WARNING, "notice", "a job of the home failed", RUNS),
    Alert(AlertKind.GATE, WARNING, "notice", "the verdict of the gate changed"),
    Alert(AlertKind.SETTINGS_CHANGED, WARNING, "journal", "somebody changed limits, parameters, the account"),
    Alert(AlertKind.SESSION, INFO, "journal", "a session began, or ended in order"),
    Alert(AlertKind.FILL, INFO, "journal", "an order was filled"),
    Alert(AlertKind.SUMMARY, INFO, "notice", "the daily summary, a report"),
    Alert(AlertKind.NOTICE, INFO, "notice", "anything else the home's log says"),
    Alert(AlertKind.DIGEST, INFO, "watch", "several messages in one"),
    Alert(AlertKind.TEST, INFO, "watch", "a test of a channel: `agent alerts test`"),
)  # fmt: skip
"""Every kind, in the order of AlertKind."""

BY_KIND = {row.kind: row for row in TABLE}


def runbook(kind: AlertKind) -> str:
    """Return the file and heading that help with a kind, "" where nothing is to be done."""
    heading = BY_KIND[kind].heading
    return f"docs/runbook.md#{heading}" if heading else ""
