"""The work of `agent status | positions | lessons`."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.account.remembered import remembered
from agent.account.requests import StatusRequest
from agent.account.running import Running, Unanswering, home_named
from agent.answers.account import LEFT_ALONE, PositionAnswer, Status, StreamRow
from agent.answers.amounts import decoded_as
from agent.cli.output.changed import changed_words
from agent.cli.output.streams import answer
from agent.host.shown import blocked_lines, words
from agent.settings.home import Busy
from domain.decision import HELD
from domain.errors import BadInput, JournalFault

if TYPE_CHECKING:  # neither is heavy, and neither is needed to ask a running agent
    from msgspec import Struct

    from agent.answers.learned import Lessons


def show_status(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print what the agent is doing, or how its last session ended."""
    report = _status(home, journal)
    answer(report, status_lines, json=json)
    if report.problem:
        raise Busy(report.problem)


def _status(home: Path | None, journal: str | None) -> Status:
    """Return what a running agent says of itself, before anything heavy is imported, else its journal."""
    agent_home = home_named(home)
    name, silent = agent_home.latest(journal), None
    try:
        live = Running(agent_home, name).have(StatusRequest())
        if live is not None:
            return decoded_as(Status, live)
    except Unanswering as error:
        silent = error
    left = remembered(agent_home, name) if silent is None else None
    if left is not None:
        return left
    if silent is None and not agent_home.server:
        from agent.account.left import left_status

        with suppress(Busy, BadInput, JournalFault, OSError):  # who reads it in any other way says why
            return left_status(agent_home, name)
    from agent.account.client import AccountClient

    return AccountClient(agent_home, name).status(silent)


def status_lines(report: Status) -> Iterator[str]:
    """Yield a status as people read it."""
    account = report.account
    where = f"journal {report.journal}, session {report.session}, cycle {report.cycle}"
    yield f"agent     {_doing(report)} ({where})"
    yield f"equity    {account.equity} (opened with {account.opening_cash}), cash {account.cash}"
    yield f"today     {account.profit_today}, entries {account.entries_today}"
    yield (
        f"trades    {account.trades}, won {account.wins}, fees {account.fees}, "
        f"slippage {account.slippage}, max drawdown {account.max_drawdown:.2%}"
    )
    yield f"kill      {account.kill_switch or 'not thrown'}"
    yield from (f"blocked   {line}" for line in blocked_lines(account.blocked))
    if account.pair_list:
        yield f"pair list {account.pair_list}"
    yield from (f"fault     {symbol}: {LEFT_ALONE}: {why}" for symbol, why in account.left_alone.items())
    yield from (f"off list  {line}" for line in blocked_lines(account.off_list))
    yield from (f"muted     {name}: {fault}" for name, fault in report.muted.items())
    for name, version in report.parameters.items():
        yield f"params    {name} version {version.version}: {words(version.parameters)}"
    for name, change in report.changed.items():
        yield f"setting   {changed_words(name, change)}"
    for row in report.market:
        yield f"market    {row.symbol} {row.price} ({row.source} from {row.provider}, breaker {row.breaker})"
    yield from (stream_line(name, stream) for name, stream in report.streams.items())
    yield from (f"decision  {row.symbol} {row.action}: {row.told}" for row in report.decisions)
    yield from position_lines(report.positions)


def _doing(report: Status) -> str:
    doing = f"running, {report.state}" if report.running else f"not running, last session: {report.ended}"
    if report.elsewhere:
        doing = f"running elsewhere ({report.elsewhere}), this is from its journal"
    if report.problem:
        doing = "alive but not answering, this is from its journal"
    return f"{doing}, paused" if report.paused else doing


def stream_line(name: str, stream: StreamRow) -> str:
    """Return a stream's health as a line: whether candles come, and what was lost on the way."""
    state = "live" if stream.live else "silent" if stream.connected else "not connected"
    age = "" if stream.message_age is None else f", last message {stream.message_age:.0f} s ago"
    lost = f"{stream.reconnects} reconnects, {stream.dropped} dropped, {stream.malformed} malformed"
    return f"stream    {name} {state}{age}: {stream.messages} messages, {lost}, {stream.backfills} backfills"


def show_positions(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print open positions and their protection."""
    answer(_status(home, journal).positions, position_lines, json=json)


def position_lines(report: list[PositionAnswer]) -> Iterator[str]:
    """Yield positions as people read them, each with the orders that protect it."""
    if not report:
        yield "position  none"
    for held in report:
        yield (
            f"position  {held.quantity} {held.symbol} at {held.entry}, price {held.price or '?'}, "
            f"unrealised {held.unrealised}, since {held.opened_at:%Y-%m-%dT%H:%M:%S}"
        )
        for order in held.orders:
            yield f"  order   {order.side} {order.quantity} {order.type} at {order.level}: {order.status}"
        yield from (f"  exit    {each} ({held.voice})" for each in held.exits)
        if held.unjudged:
            yield f"  UNJUDGED its custom exit: {held.unjudged}; its stop and all other exits go on"


def show_lessons(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print what was learned."""
    from agent.account.client import AccountClient

    answer(AccountClient(home_named(home), journal).lessons(), lesson_lines, json=json)


def lesson_lines(report: "Lessons") -> Iterator[str]:
    """Yield what was learned as people read it: the records, then the latest twenty lessons."""
    yield from (f"voice     {name}: {_figures(voice)}" for name, voice in report.voices.items())
    yield from (f"veto      {name}: {_figures(rule)}" for name, rule in report.rules.items())
    yield f"trades    {_figures(report.totals)}"
    first = max(0, len(report.lessons) - 20)
    for number, item in enumerate(report.lessons[first:], first + 1):
        rule = f", {_against(item.rule)}" if item.rule else f", pnl {item.pnl}"
        yield (
            f"lesson {number:<4}{item.learned_at:%Y-%m-%dT%H:%M:%S} {item.kind} {item.symbol} "
            f"{item.result:+.3%} by {item.exit}{rule}"
        )


def _against(rule: str) -> str:
    return rule if rule.startswith(HELD) else f"vetoed by {rule}"


def _figures(row: "Struct") -> str:
    return ", ".join(f"{name} {_figure(getattr(row, name))}" for name in row.__struct_fields__)


def _figure(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
