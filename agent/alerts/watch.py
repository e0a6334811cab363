"""The watch: which states of things somebody must be told of, from what is known of an agent or of the home.

Pure functions: facts in, conditions out. How long a condition must last is in the table; that is kept by
agent/alerts/incidents.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.alerts.channel import AlertKind
from agent.alerts.table import BY_KIND
from agent.answers.account import LEFT_ALONE, StreamRow
from agent.answers.agents import Alarm, AlarmKind, Headroom
from agent.orders.differences import ADOPT
from agent.settings.upkeep.alerts import AlertSettings
from domain.times import utc

YOUNGEST = utc(1_735_689_600_000)
"""The first instant of 2025: a clock that says less was never set."""

LEAP_SECONDS = 30.0
"""By how much the clock may move against one that nobody sets, between two looks."""

FAILED_CYCLES = 3
FORGOTTEN = timedelta(days=7)
"""Nobody is told of an agent that ended longer ago."""

NEAR = {"daily_loss_limit_exceeded": AlertKind.DAILY_LOSS, "max_drawdown": AlertKind.DRAWDOWN}
WORDS = {AlertKind.DAILY_LOSS: "the day's loss", AlertKind.DRAWDOWN: "the drawdown"}


GOES_ON = "its stop and all other exits go on; agent status says it as long as it is so"
ONLY_ENTRIES = "exits never ask it; agent pairs shows the list in force"
LISTED_BY = 3
"""Cycles until a list that was too old at the start of a session is made anew: it is asked for after one."""

LEDGER = "agent ledger tells what each adviser took; entries are decided without them"


class AdviceBudget(NamedTuple):
    """A budget of advice: its name, and in words what is used of it and its most; `used` is the share."""

    name: str
    spent: str
    most: str
    used: float


class AgentKnown(NamedTuple):
    """All that is known of an agent at a moment.

    `at` is when it was last heard of, None for never. `naked` are symbols without their stop. `trading_since`
    is since when it has run without a long pause, `last_fill` its last fill. `driven` by recorded candles:
    its time is not ours. `unasked` is why advisers were not asked for want of money, "" where they were.
    `interval_seconds` lie between two cycles, 0 where nobody knows.
    Where the journal was not `read` only its alarms are known.
    """

    name: str
    now: datetime
    running: bool
    alarms: Sequence[Alarm]
    read: bool = True
    driven: bool = False
    wanted: bool = False
    at: datetime | None = None
    streams: Mapping[str, StreamRow] = {}
    headroom: Sequence[Headroom] = ()
    naked: Sequence[str] = ()
    last_fill: datetime | None = None
    trading_since: datetime | None = None
    failed_cycles: int = 0
    budgets: Sequence[AdviceBudget] = ()
    unasked: str = ""
    interval_seconds: float = 0.0


class HomeKnown(NamedTuple):
    """All that is known of the home: room on its disk, and how far the clock leapt since the last look."""

    now: datetime
    free_bytes: int
    leap_seconds: float = 0.0


class Condition(NamedTuple):
    """A state of things that is so now. `subject` tells apart those of a kind: a provider, a symbol."""

    kind: AlertKind
    subject: str
    title: str
    lines: tuple[str, ...] = ()
    seconds: float | None = None
    """How long it must last, None for what the table says."""


HOME_KINDS = frozenset({AlertKind.DISK, AlertKind.CLOCK})
UNREAD_KINDS = frozenset({AlertKind.AGENT_DEAD, AlertKind.HALTED, AlertKind.RECONCILE_DIFFERENCE})
AGENT_KINDS = UNREAD_KINDS | {
    AlertKind.NAKED_POSITION,
    AlertKind.ORDER_UNKNOWN,
    AlertKind.NO_CYCLE,
    AlertKind.CLOCK,
    AlertKind.DAILY_LOSS,
    AlertKind.DRAWDOWN,
    AlertKind.UNJUDGED,
    AlertKind.BREAKER_OPEN,
    AlertKind.STREAM_SILENT,
    AlertKind.SIMULATED,
    AlertKind.STALE,
    AlertKind.BLOCKED,
    AlertKind.PAIR_LIST,
    AlertKind.CYCLES_FAIL,
    AlertKind.NO_TRADE,
    AlertKind.ADVICE_BUDGET,
}


def of_home(known: HomeKnown, settings: AlertSettings) -> Iterator[Condition]:
    """Return what is wrong with the home."""
    least = settings.disk_free_mb
    if known.free_bytes < least * 1024 * 1024:
        free = known.free_bytes // (1024 * 1024)
        yield Condition(
            AlertKind.DISK, "", f"{free} MiB are left on the disk of the home, the limit is {least}"
        )
    if known.now < YOUNGEST:
        yield Condition(AlertKind.CLOCK, "unset", f"the clock says {known.now:%Y-%m-%d}: it was never set")
    if abs(known.leap_seconds) > LEAP_SECONDS:
        yield Condition(AlertKind.CLOCK, "leap", f"the clock leapt by {known.leap_seconds:+.0f} s")


def of_agent(known: AgentKnown, settings: AlertSettings) -> Iterator[Condition]:
    """Return what is wrong with an agent."""
    for alarm in known.alarms:
        yield from _alarm(alarm, known, settings)
    for symbol in known.naked:
        yield Condition(
            AlertKind.NAKED_POSITION, symbol, f"the position in {symbol} has no stop at the venue"
        )
    yield from _limits(known.headroom, settings)
    yield from _budgets(known, settings)
    if known.running and not known.driven:
        yield from _streams(known.streams, settings)
        yield from _trades(known, settings)
    if known.failed_cycles > FAILED_CYCLES:
        yield Condition(AlertKind.CYCLES_FAIL, "", f"{known.failed_cycles} cycles failed in ten minutes")


def _alarm(  # noqa: C901 -- one case an alarm
    alarm: Alarm, known: AgentKnown, settings: AlertSettings
) -> Iterator[Condition]:
    """Return an alarm of the overview as what is told of it; some are told by the journal's rows."""
    subject, text = alarm.text.partition(":")[0], alarm.text
    match alarm.kind:
        case AlarmKind.DEAD if not _forgotten(known):
            yield Condition(AlertKind.AGENT_DEAD, "", text)
        case AlarmKind.HALTED if not _forgotten(known):
            differs = ADOPT in text
            yield Condition(AlertKind.RECONCILE_DIFFERENCE if differs else AlertKind.HALTED, "", text)
        case AlarmKind.IN_DOUBT if not text.startswith("order "):
            yield Condition(AlertKind.RECONCILE_DIFFERENCE, subject, text)
        case AlarmKind.IN_DOUBT if text.endswith("SENDING"):  # no row says so
            yield Condition(AlertKind.ORDER_UNKNOWN, text, text, seconds=30.0)
        case AlarmKind.STALE if subject.startswith("no cycle"):
            yield Condition(AlertKind.NO_CYCLE, "", text)
        case AlarmKind.STALE:
            yield Condition(AlertKind.STALE, subject, text)
        case AlarmKind.SIMULATED:
            yield Condition(AlertKind.SIMULATED, subject, text)
        case AlarmKind.BREAKER:
            yield Condition(AlertKind.BREAKER_OPEN, subject, text, seconds=60.0 * settings.breaker_minutes)
        case AlarmKind.UNJUDGED:  # a fault of ours may be gone with the next candle, so it is told at once
            at_once = 0.0 if LEFT_ALONE in text else None
            yield Condition(AlertKind.UNJUDGED, subject, text, (GOES_ON,), seconds=at_once)
        case AlarmKind.PAIR_LIST:
            least = BY_KIND[AlertKind.PAIR_LIST].seconds
            seconds = max(least, LISTED_BY * known.interval_seconds)
            yield Condition(AlertKind.PAIR_LIST, "", text, (ONLY_ENTRIES,), seconds=seconds)
        case AlarmKind.BLOCKED if "our clock" in text:
            yield Condition(AlertKind.CLOCK, "exchange", text)
        case AlarmKind.BLOCKED:
            yield Condition(AlertKind.BLOCKED, subject, text)


def _forgotten(known: AgentKnown) -> bool:
    """Say whether an agent ended so long ago that whoever let it lie knows."""
    return not known.wanted and known.at is not None and known.now - known.at > FORGOTTEN


def _limits(headroom: Sequence[Headroom], settings: AlertSettings) -> Iterator[Condition]:
    for row in headroom:
        kind = NEAR.get(row.rule)
        if kind is not None and row.used is not None and row.used >= settings.limit_share:
            text = f"{WORDS[kind]} is {row.measured} of {row.limit} allowed ({row.unit})"
            yield Condition(kind, "", f"{text}: {row.used:.0%} of the limit")


def _budgets(known: AgentKnown, settings: AlertSettings) -> Iterator[Condition]:
    for each in known.budgets:
        if each.used >= settings.limit_share:
            title = f"advisers used {each.spent} of {each.most} ({each.name}): {each.used:.0%} of the budget"
            yield Condition(AlertKind.ADVICE_BUDGET, each.name, title, (LEDGER,))
    if known.unasked:
        title = f"advisers are not asked: {known.unasked}"
        yield Condition(AlertKind.ADVICE_BUDGET, "reached", title, (LEDGER,))


def _streams(streams: Mapping[str, StreamRow], settings: AlertSettings) -> Iterator[Condition]:
    for name, row in streams.items():
        if not row.live:
            state = "says nothing" if row.connected else "is not connected"
            title = f"the stream of {name} {state}"
            yield Condition(AlertKind.STREAM_SILENT, name, title, seconds=60.0 * settings.silent_minutes)


def _trades(known: AgentKnown, settings: AlertSettings) -> Iterator[Condition]:
    hours = settings.no_trade_hours
    since = max((each for each in (known.last_fill, known.trading_since) if each), default=None)
    if hours and since is not None and known.now - since >= timedelta(hours=hours):
        yield Condition(
            AlertKind.NO_TRADE,
            "",
            f"no order was filled in {hours} hours",
            (f"since {since:%Y-%m-%d %H:%M} UTC",),
        )
