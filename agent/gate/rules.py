"""The one table of the gate's rules: what each measures, what it means where it fails, what to do then.

The how-to's table is written from here (`python -m docs.tables`), so what is read there is what is judged.
"""

from collections.abc import Callable
from typing import NamedTuple

from agent.answers.gate import Area
from agent.gate import conduct, performance
from agent.gate.facts import GateFacts, Measured

C, P, E = Area.CONDUCT, Area.PERFORMANCE, Area.EVIDENCE


class GateRule(NamedTuple):
    """A rule: what it measures, what it means where it fails, and what to do then."""

    name: str
    area: Area
    meaning: str
    measure: Callable[[GateFacts], Measured]
    failure: str
    remedy: str


RULES: tuple[GateRule, ...] = (
    GateRule(
        "uptime",
        C,
        "hours with cycles as they were due",
        conduct.uptime,
        "it did not run for so long, though it was to",
        "agent report names the gaps; let agent serve keep it running",
    ),
    GateRule(
        "availability",
        C,
        "share of the time not paused that it was up",
        conduct.availability,
        "it stood still too often",
        "agent report names each gap; agent doctor examines clock, disk and network",
    ),
    GateRule(
        "cycles",
        C,
        "share of cycles that ended without a failure",
        conduct.cycles,
        "providers or the exchange failed it",
        "agent report lists the failures by kind; agent doctor --live",
    ),
    GateRule(
        "halts",
        C,
        "halts, crashes and failures of our own",
        conduct.halts,
        "it stopped by a fault of its own",
        "agent journal tail says where; agent reconcile before it runs again",
    ),
    GateRule(
        "data",
        C,
        "data that were made up",
        conduct.data,
        "it saw a made-up market",
        "set a provider that serves: agent doctor",
    ),
    GateRule(
        "reconnects",
        C,
        "lost connections of streams a day",
        conduct.reconnects,
        "its network is not fit for streams",
        "move it nearer to the exchange, or set streaming = false",
    ),
    GateRule(
        "memory",
        C,
        "growth of the process's memory a day",
        conduct.memory,
        "something is not given back",
        "restart it weekly; agent doctor tells sizes",
    ),
    GateRule(
        "limits",
        C,
        "orders, days and trades beyond a limit",
        conduct.limits,
        "more was lost than a limit allows",
        "size smaller (sizing.risk_per_trade), or trade what gaps less",
    ),
    GateRule(
        "kill_switches",
        C,
        "times the kill switch was thrown",
        conduct.kill_switches,
        "the day's loss limit was met too often",
        "agent why CYCLE of each; raise no limit to get rid of it",
    ),
    GateRule(
        "audit",
        C,
        "the journal is whole and nothing is in doubt",
        conduct.audit,
        "the record cannot be trusted, or something is open",
        "agent journal verify; agent reconcile; restore a backup",
    ),
    GateRule(
        "trades",
        P,
        "closed trades",
        performance.trades,
        "too few trades to say anything",
        "wait; nothing else helps",
    ),
    GateRule(
        "profit",
        P,
        "profit of the period, after costs",
        performance.profit,
        "it lost money",
        "leave it on paper; agent report tells by symbol, hour, voice and regime where",
    ),
    GateRule(
        "sharpe",
        P,
        "yearly Sharpe ratio of daily returns",
        performance.sharpe,
        "what it earned is not worth its swings",
        "leave it on paper; agent optimize, agent walk-forward",
    ),
    GateRule(
        "drawdown",
        P,
        "largest fall from a peak of equity",
        performance.drawdown,
        "it fell too deep",
        "size smaller; agent monte-carlo shows how deep it may fall",
    ),
    GateRule(
        "win_rate",
        P,
        "share of trades won",
        performance.win_rate,
        "it loses too often",
        "raise risk.min_confidence, or drop the voice that loses (agent lessons)",
    ),
    GateRule(
        "costs",
        E,
        "fees and slippage over those a backtest takes",
        performance.costs,
        "the backtest is too cheap: its promise is not to be had",
        "set paper.slippage and paper.taker_fee to what was paid, backtest anew",
    ),
    GateRule(
        "twin",
        E,
        "trades equal to the backtest's, or explained",
        performance.twin,
        "it does something else than what was tested",
        "agent report lists each pair; agent replay must be identical",
    ),
    GateRule(
        "out_of_sample",
        E,
        "the backtest's profit on the candles of the period",
        performance.out_of_sample,
        "the rules do not earn on candles nobody had seen",
        "leave it on paper; agent reoptimize",
    ),
    GateRule(
        "deflated_sharpe",
        E,
        "deflated Sharpe ratio of the parameters' search",
        performance.deflated_sharpe,
        "the search's best may be luck",
        "search fewer parameters over more data",
    ),
    GateRule(
        "overfitting",
        E,
        "probability of backtest overfitting (PBO) of it",
        performance.overfitting,
        "its best in sample was not better out of sample",
        "search fewer parameters over more data",
    ),
)
"""Every rule, in the order it is told."""
