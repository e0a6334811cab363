"""The live view of a run in a terminal, and the progress bar of a recording at full speed."""

from collections import deque
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from agent.cli.screen import Screen
from agent.launch import Launch
from agent.shown import blocked_lines, shown
from domain.events import CycleEnded

REMARKS = 8
STATE_STYLES = {"IDLE": "dim", "EXECUTION": "bold yellow", "LEARNING": "magenta"}


class LiveScreen(Screen):
    """State, price, position, equity, breaker, last decision and its reason, refreshed in place."""

    def __init__(self, launch: Launch) -> None:
        super().__init__(launch)
        self.console = Console()
        self.remarks: deque[str] = deque(maxlen=REMARKS)
        self.live = Live(get_renderable=self.render, console=self.console, refresh_per_second=4)

    def __enter__(self) -> Self:
        super().__enter__()
        self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.stop()

    def line(self, text: str) -> None:
        """Keep a remark in view."""
        self.remarks.append(shown(text))

    def cycle(self, ended: CycleEnded) -> None:
        """Only failures need a remark; the view shows the rest."""
        if ended.error is not None:
            super().cycle(ended)

    def render(self) -> RenderableType:
        """Draw the view from the status, as any front end would."""
        return draw(self.launch.status(), list(self.remarks))


def draw(status: dict[str, Any], remarks: list[str]) -> RenderableType:
    """Return a status as a panel."""
    account = status["account"]
    kill = account["kill_switch"]
    blocked = "; ".join(blocked_lines(account["blocked"]))
    state = status["state"]
    head = Text.assemble(
        (f" {state} ", STATE_STYLES.get(state, "bold green")),
        f" cycle {status['cycle']}  equity {_cents(account['equity'])}  "
        f"today {_cents(account['profit_today'])}  trades {account['trades']}  "
        f"drawdown {account['max_drawdown']:.2%}  ",
        (f"KILL SWITCH: {shown(kill)} ", "bold red") if kill else ("", ""),
        (f"ENTRIES BLOCKED: {shown(blocked)}", "bold red") if blocked else ("", ""),
    )
    market = Table("symbol", "price", "source", "breaker", "position", "entry", "unrealised", expand=True)
    held = {position["symbol"]: position for position in status["positions"]}
    for row in status["market"]:
        position = held.get(row["symbol"], {})
        style = "bold red" if row["source"] == "simulated" else ""
        market.add_row(
            row["symbol"],
            row["price"] or "?",
            Text(row["source"], style=style),
            Text(shown(row["breaker"])),
            position.get("quantity", "none"),
            position.get("entry", ""),
            _cents(position["unrealised"]) if position else "",
        )
    decisions = [Text(shown(decision_text(row))) for row in status["decisions"]]
    notes = [Text(remark, style="dim") for remark in remarks]
    title = f"boyd {status['mode']}  journal {status['journal']}"
    return Panel(
        Group(head, market, *decisions, *notes), title=title, subtitle="Ctrl-C ends after this cycle"
    )


def _cents(amount: str) -> str:
    return f"{Decimal(amount):,.2f}"


def decision_text(row: dict[str, Any]) -> str:
    """Return a decision as one line of the view."""
    verdict = f" -> {row['verdict']}" if row["verdict"] else ""
    return f"{row['symbol']} {row['action']} {row['confidence']:.0f}{verdict}: {row['reason']}"


class ProgressScreen(Screen):
    """A progress bar over the candles of a recording; trades are written above it."""

    def __init__(self, launch: Launch) -> None:
        super().__init__(launch)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self.task = self.progress.add_task("candles", total=launch.market.total())
        self.count = 0

    def __enter__(self) -> Self:
        super().__enter__()
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show()
        self.progress.stop()

    def line(self, text: str) -> None:
        """Write a line above the bar."""
        self.progress.console.print(shown(text), highlight=False, markup=False)

    def cycle(self, ended: CycleEnded) -> None:
        """Move the bar, now and then: drawing it each cycle would cost more than the cycle."""
        super().cycle(ended)
        self.count += 1
        if self.count % 250 == 0:
            self._show()

    def _show(self) -> None:
        self.progress.update(self.task, completed=self.launch.market.position())
