"""The live view of a run, drawn from its status: 80 columns suffice, and no number is ever cut off."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from agent.answers.account import AccountAnswer, DecisionRow, MarketRow, PositionAnswer, Status
from agent.cli.output.sparkline import sparkline
from agent.host.shown import blocked_lines, shown
from domain.money import DECIMALS
from domain.order import OrderType

STATE_STYLES = {"IDLE": "dim", "EXECUTION": "bold yellow", "LEARNING": "magenta"}
SYMBOLS_SHOWN, DECISIONS_SHOWN = 8, 3
FRAME_WIDTH, FRAME_HEIGHT = 4, 3
"""What the border takes, and a line at the bottom for the cursor."""

LEAST_BARS, LEAST_LINES = 10, 3

PAGES = {"e": "events", "v": "votes", "l": "lessons", "h": "help"}
HELP = (
    "e  events: fills with what they earned, and whatever else is worth a line",
    "v  votes: what each voice said of the last candle, and its weight",
    "l  lessons: what closed trades and vetoed entries came to",
    "Ctrl-C ends after the cycle under way, twice ends at once. No other key",
    "does anything. From another terminal: agent status, why, kill, flatten.",
)


class Frame(NamedTuple):
    """The contents of one frame: status, equity after each cycle, latest decisions, the lines of a page."""

    status: Status
    equity: Sequence[float] = ()
    decisions: Sequence[DecisionRow] = ()
    lines: Sequence[str] = ()


def draw(frame: Frame, console: Console) -> RenderableType:
    """Return the view as a panel that fits a console: of a page's lines the last for which there is room."""
    status = frame.status
    width = max(console.width - FRAME_WIDTH, 1)
    rows: list[Text] = [
        *_head(status),
        *_money(status, frame.equity, width),
        *_warnings(status),
        *_symbols(status),
        *(Text(shown(decision_text(row))) for row in frame.decisions[-DECISIONS_SHOWN:]),
    ]
    taken = sum(len(row.wrap(console, width)) for row in rows)
    room = max(console.height - FRAME_HEIGHT - taken, LEAST_LINES)
    page = _fitting([Text(shown(line), style="dim") for line in frame.lines], room, console, width)
    keys = "  ".join(f"{key} {name}" for key, name in PAGES.items())
    title = f"boyd {status.mode} · {_names(status)} · journal {status.journal}"
    return Panel(
        Group(*rows, *page),
        title=Text(shown(title)),
        subtitle=Text(f"{keys}  Ctrl-C ends after this cycle"),
        padding=(0, 1),
    )


def _fitting(lines: Sequence[Text], room: int, console: Console, width: int) -> list[Text]:
    kept: list[Text] = []
    for line in reversed(lines):
        room -= len(line.wrap(console, width))
        if room < 0:
            break
        kept.insert(0, line)
    return kept


def _names(status: Status) -> str:
    symbols = status.symbols
    more = f" and {len(symbols) - 3} more" if len(symbols) > 3 else ""
    return f"{', '.join(symbols[:3])}{more} {status.timeframe}"


def _head(status: Status) -> Iterable[Text]:
    state = status.state or ""
    clock = f"{status.clock:%Y-%m-%d %H:%M:%S} UTC" if status.clock else ""
    due = status.next_candle_seconds
    when = f"next candle in {duration(due)}" if due is not None else "by the market's own clock"
    if status.paused:
        when = "PAUSED"
    yield Text.assemble(
        (f"{state:<10} ", STATE_STYLES.get(state, "bold green")),
        f"cycle {status.cycle}  {clock}  {when}",
    )


def duration(seconds: float) -> str:
    """Return a time to wait as people say it: 8 s, 3 min 20 s, 2 h 5 min, 4 d 3 h."""
    whole = int(seconds)
    for (unit, length), (lower, part) in (
        (("d", 86_400), ("h", 3_600)),
        (("h", 3_600), ("min", 60)),
        (("min", 60), ("s", 1)),
    ):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {unit} {rest} {lower}" if rest else f"{whole // length} {unit}"
    return f"{whole} s"


def _money(status: Status, equity: Sequence[float], width: int) -> Iterable[Text]:
    account = status.account
    places = decimals(account)
    opened = sum((Decimal(each.unrealised) for each in status.positions), Decimal(0))
    closed = Decimal(account.gross) - Decimal(account.fees) - Decimal(account.slippage)
    trades, wins = account.trades, account.wins
    rate = f"{wins / trades:.0%} won" if trades else "win rate n/a"
    yield Text.assemble(
        "equity ", (f"{Decimal(account.equity):,.{places}f} {account.quote or ''}", "bold"),
        "   P&L closed ", _signed(closed, places), ", open ", _signed(opened, places),
        ", today ", _signed(Decimal(account.profit_today), places),
    )  # fmt: skip
    record = f"trades {trades}, {rate}   drawdown {account.max_drawdown:.2%}   "
    bars = sparkline(equity, max(width - len(record), LEAST_BARS))
    yield Text.assemble(record, (bars, "cyan"))


def _warnings(status: Status) -> Iterable[Text]:
    account = status.account
    if account.kill_switch:
        yield Text(f"KILL SWITCH: {shown(account.kill_switch)}", style="bold red")
    if account.blocked:
        reasons = shown("; ".join(blocked_lines(account.blocked)))
        yield Text(f"ENTRIES BLOCKED: {reasons}", style="bold red")
    for row in status.market:
        if row.breaker != "closed":
            yield Text(f"{row.symbol}: breaker of {row.provider} is {row.breaker}", style="bold red")


def _symbols(status: Status) -> Iterable[Text]:
    held = {each.symbol: each for each in status.positions}
    market = {row.symbol: row for row in status.market}
    names = sorted({**market, **held}, key=lambda name: name not in held)
    for name in names[:SYMBOLS_SHOWN]:
        yield _seen(name, market.get(name), held.get(name))
        if name in held:
            yield _held(held[name], decimals(status.account))
    if len(names) > SYMBOLS_SHOWN:
        yield Text(f"and {len(names) - SYMBOLS_SHOWN} symbols more (agent positions)", style="dim")


def _seen(name: str, value: MarketRow | None, position: PositionAnswer | None) -> Text:
    source = value.source if value else "not seen"
    price = (value.price if value else position.price if position else None) or "?"
    text = Text.assemble(
        (name, "bold"), f" {price} ", (source, "bold red" if source == "simulated" else "dim")
    )
    return text if position else text.append("   nothing held", style="dim")


def _held(position: PositionAnswer, places: int) -> Text:
    """Return a position in one line: without a stop it says so."""
    text = Text(f"  holds {position.quantity} at {position.entry}   open ")
    text.append_text(_signed(Decimal(position.unrealised), places))
    levels = {order.type: order.level for order in position.orders}
    stop, target = levels.get(OrderType.STOP), levels.get(OrderType.TAKE_PROFIT)
    text.append(f"   stop {stop}" if stop else "   NO STOP", style="" if stop else "bold red")
    return text.append(f"   target {target}") if target else text


def decimals(account: AccountAnswer) -> int:
    """Return to how many decimals people read the account's amounts: two, six of a coin."""
    return 2 if account.cash_decimals == DECIMALS else 6


def _signed(amount: Decimal, places: int) -> Text:
    style = "green" if amount > 0 else "red" if amount < 0 else ""
    return Text(f"{amount:+,.{places}f}" if amount else "0", style=style)


def decision_text(row: DecisionRow) -> str:
    """Return a decision as one line of the view."""
    verdict = f" -> {row.verdict}" if row.verdict else ""
    what = f"{row.action} {row.confidence:.0f}{verdict}"
    return f"{row.at:%H:%M} {row.symbol} {what}: {row.told}"
