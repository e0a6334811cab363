"""The metrics as a table: name, kind, labels, meaning, and where each value comes from.

Names and units follow Prometheus' conventions: seconds, bytes and ratios; counts that only rise end in
`_total`. Every label is from a closed set: names of the home's journals, of symbols, providers, rules,
outcomes and states; never a reason, an id or an address. Amounts are in the quote currency, as floats: they
are for drawing, exact ones are in the API.

What is counted from the journal goes on after any restart. What only a process counts (durations, its
streams, the server's calls) begins at 0 with that process, never between: a counter that goes back a little
would be taken for one that was reset, and all of it counted again.
"""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from agent.answers.account import Timing
from agent.answers.agents import AlarmKind
from agent.loop.machine import STATES
from agent.serve.metrics import readings
from agent.serve.metrics.facts import AgentFacts, ServerFacts
from agent.serve.metrics.readings import Read, Sample
from domain.events import OUTCOMES
from domain.tally import drawdown

Kind = Literal["gauge", "counter"]


class Metric(NamedTuple):
    """One metric of an agent; `labels` come behind its `agent`."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str
    read: Read


class Duration(NamedTuple):
    """A histogram of an agent's durations in seconds."""

    name: str
    timing: str
    meaning: str

    def read(self, facts: AgentFacts) -> Timing | None:
        """Return the counts its process told, None before it told any."""
        return facts.vitals.timings.get(self.timing)


class Own(NamedTuple):
    """One metric of the server itself."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str
    read: Callable[[ServerFacts], Iterable[Sample]]


METRICS: tuple[Metric, ...] = (
    Metric("boyd_agent_up", "gauge", (), "1 while its process runs", lambda f: readings.one(f.running)),
    Metric("boyd_agent_info", "gauge", ("mode", "timeframe"),
        "1, with how its last session was run", lambda f: [((f.mode, f.timeframe), 1.0)]),
    Metric("boyd_state", "gauge", ("state",), "1 for the state its loop is in, 0 for the others",
        lambda f: readings.states(STATES, [f.live.state] if f.live and f.live.state and f.running else [])),
    Metric("boyd_paused", "gauge", (),
        "1 while somebody holds it", lambda f: readings.one(bool(f.live and f.live.paused and f.running))),
    Metric("boyd_alarm", "gauge", ("kind",), "1 for each kind of alarm it raises, 0 for the others",
        lambda f: readings.states(list(AlarmKind), [alarm.kind for alarm in f.alarms])),
    Metric("boyd_kill_switch", "gauge", (),
        "1 while the kill switch is on", lambda f: readings.one(f.state.kill_switch is not None)),
    Metric("boyd_cycles_total", "counter", ("outcome",), "cycles by how they ended",
        lambda f: [((each,), float(f.state.outcomes.get(each, 0))) for each in OUTCOMES]),
    Metric("boyd_last_cycle_timestamp_seconds", "gauge", (), "last cycle's instant, in the market's time",
        lambda f: readings.one(f.state.at.timestamp() if f.state.at else None)),
    Metric("boyd_last_cycle_age_seconds", "gauge", (),
        "time since the server was told of the last cycle", lambda f: readings.one(f.cycle_age_seconds)),
    Metric("boyd_interval_seconds", "gauge", (),
        "longest time between two cycles, as set", lambda f: readings.one(f.interval_seconds)),
    Metric("boyd_orders_open", "gauge", ("status",),
        "orders that are not done, by state", readings.open_orders),
    Metric("boyd_orders_done_total", "counter", ("status",),
        "orders that are done, by state", readings.finished),
    Metric("boyd_orders_intended_total", "counter", (),
        "orders that were to be sent", lambda f: readings.one(f.state.ledger.intended)),
    Metric("boyd_orders_in_doubt", "gauge", (),
        "orders whose fate nobody knows, and contradictions", lambda f: readings.one(f.in_doubt)),
    Metric("boyd_vetoes_total", "counter", ("rule",),
        "decisions denied, by the first rule that did", readings.vetoes),
    Metric("boyd_rule_used_ratio", "gauge", ("rule",),
        "share of a risk rule that is used; 1 is its limit", readings.used),
    Metric("boyd_equity", "gauge", (), "cash and positions at their marks, in quote",
        lambda f: readings.one(readings.cash(f, f.state.ledger.equity))),
    Metric("boyd_cash", "gauge", (),
        "cash, in quote", lambda f: readings.one(readings.cash(f, f.state.ledger.cash))),
    Metric("boyd_profit_today", "gauge", (), "equity less that of the day's beginning (UTC), in quote",
        lambda f: readings.one(readings.cash(f, f.state.ledger.equity - f.state.ledger.day_start_equity))),
    Metric("boyd_loss_today", "gauge", (),
        "loss of the day, 0 in a gain, in quote", lambda f: readings.one(readings.cash(f, readings.loss(f)))),
    Metric("boyd_loss_today_limit", "gauge", (), "loss of a day at which the kill switch trips, in quote",
        lambda f: readings.one(readings.loss_limit(f))),
    Metric("boyd_drawdown_ratio", "gauge", (), "fall of equity from its peak, as a share of it",
        lambda f: readings.one(drawdown(f.state.ledger.equity, f.state.ledger.peak_equity))),
    Metric("boyd_drawdown_limit_ratio", "gauge", (), "fall from the peak beyond which no entry is made",
        lambda f: readings.one(f.policy.limits.max_drawdown_ppm / 1e6 if f.policy else None)),
    Metric("boyd_exposure", "gauge", (),
        "positions and entries on their way, in quote", lambda f: readings.one(readings.exposure(f))),
    Metric("boyd_positions", "gauge", (),
        "open positions", lambda f: readings.one(len(f.state.ledger.positions))),
    Metric("boyd_trades_total", "counter", ("result",), "closed trades", readings.trades),
    Metric("boyd_breaker_open", "gauge", ("provider",),
        "1 while a provider's breaker is not closed", readings.breakers),
    Metric("boyd_provider_age_seconds", "gauge", ("provider",),
        "time since a provider served last", readings.ages),
    Metric("boyd_data_source", "gauge", ("symbol", "source"),
        "1 for the source the last cycle saw, 0 for the others", readings.sources),
    Metric("boyd_stream_connected", "gauge", ("provider",),
        "1 while a provider's stream is connected", readings.stream(lambda row: row.connected)),
    Metric("boyd_stream_gap_seconds", "gauge", ("provider",),
        "time since the last message of a stream", readings.stream(lambda row: row.message_age)),
    Metric("boyd_stream_messages_total", "counter", ("provider",),
        "messages of a stream since the session began", readings.stream(lambda row: row.messages)),
    Metric("boyd_stream_reconnects_total", "counter", ("provider",),
        "connections of a stream after the first", readings.stream(lambda row: row.reconnects)),
    Metric("boyd_stream_dropped_total", "counter", ("provider",),
        "messages that fell out of a full queue", readings.stream(lambda row: row.dropped)),
    Metric("boyd_stream_malformed_total", "counter", ("provider",),
        "messages that could not be used", readings.stream(lambda row: row.malformed)),
    Metric("boyd_journal_rows", "gauge", (), "rows of the journal", lambda f: readings.one(f.rows)),
    Metric("boyd_journal_bytes", "gauge", (), "size of the journal's files", lambda f: readings.one(f.bytes)),
    Metric("boyd_mirror_behind_rows", "gauge", (),
        "rows of the journal that the server has not read yet", lambda f: readings.one(f.behind)),
)  # fmt: skip
"""Metrics of each agent, in the order they are told."""

BEFORE_IT_IS_READ = frozenset(
    {"boyd_agent_up", "boyd_alarm", "boyd_journal_bytes", "boyd_mirror_behind_rows"}
)
"""Metrics of an agent whose journal is not read to its end yet."""

DURATIONS: tuple[Duration, ...] = (
    Duration("boyd_cycle_seconds", "cycle", "time of a whole cycle, its journal included"),
    Duration("boyd_decision_to_wire_seconds", "decision_to_wire",
        "time from an order's intent until it is handed to the platform, its commit included"),
)  # fmt: skip
"""Histograms of each agent, as its own process counts them since its session began."""

OWN: tuple[Own, ...] = (
    Own("boyd_build_info", "gauge", ("version", "python"),
        "1, with the running code", lambda s: [((s.version, s.python), 1.0)]),
    Own("boyd_disk_free_bytes", "gauge", (),
        "room on the disk of the home", lambda s: readings.one(s.disk_free_bytes)),
    Own("boyd_api_requests_total", "counter", ("route", "code"), "calls answered, by route and status",
        lambda s: [(labels, float(count)) for labels, count in s.requests.items()]),
    Own("boyd_api_refused_total", "counter", ("kind",),
        "calls refused, by why", lambda s: [((kind,), float(count)) for kind, count in s.refused.items()]),
    Own("boyd_stream_clients", "gauge", (),
        "clients of the event stream", lambda s: readings.one(s.stream_clients)),
    Own("boyd_stream_clients_dropped_total", "counter", (),
        "clients let go because they read too slowly", lambda s: readings.one(s.stream_dropped)),
    Own("boyd_work", "gauge", ("state",), "backtests, walk-forwards and studies, by state",
        lambda s: [((state,), float(count)) for state, count in s.work.items()]),
)  # fmt: skip
"""Metrics of the server itself."""
