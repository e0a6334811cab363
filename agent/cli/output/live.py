"""The live view of a run in a terminal, and the progress bar of a recording at full speed."""

import os
import select
import signal
from collections import deque
from types import TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from agent.account.opened import OpenedAccount
from agent.answers.account import DecisionRow
from agent.cli.output.keys import Keys
from agent.cli.output.screen import Screen, profit_text, with_news
from agent.cli.output.view import HELP, PAGES, Frame, draw
from agent.host import log
from agent.host.shown import shown
from agent.views.session import told
from domain.events import CycleDecided, CycleEnded, Event
from domain.lesson import Lesson
from domain.money import from_cash

FRAMES_A_SECOND = 4
REMARKS, LESSONS = 40, 40
MOST_POINTS = 4_000
SHOW_CURSOR = b"\x1b[?25h"
VOTES = {1: "buy", -1: "sell"}


class OnTerminal(Screen):
    """A screen that draws in place: the keyboard is its own while it does, and put back however it ends."""

    def __init__(self, launch: OpenedAccount) -> None:
        super().__init__(launch)
        self.console = Console()
        self.keys = Keys(self.pressed)
        self.before: Any = None

    def __enter__(self) -> Self:
        super().__enter__()
        self.keys.__enter__()
        self.before = signal.signal(signal.SIGCONT, self.keys.again)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGCONT, self.before)
        self.keys.__exit__(kind, error, trace)

    def pressed(self, letter: str) -> None:
        """Do nothing: no key means anything here."""

    def abandon(self) -> None:
        """Put the terminal back for a process that ends at once; nothing here waits."""
        self.keys.restore()
        descriptor = self.console.file.fileno()
        if select.select([], [descriptor], [], 0)[1]:
            os.write(descriptor, SHOW_CURSOR)


class LiveScreen(OnTerminal):
    """The view in place, drawn from the fold; it remembers only what it has shown: lines, points of bars."""

    def __init__(self, launch: OpenedAccount) -> None:
        super().__init__(launch)
        self.page = "events"
        self.remarks: deque[str] = deque(maxlen=REMARKS)
        self.lessons: deque[str] = deque(maxlen=LESSONS)
        self.equity: deque[float] = deque(maxlen=MOST_POINTS)
        self.latest: dict[str, DecisionRow] = {}
        self.voices: list[str] = []
        self.failed = False
        self.live = Live(get_renderable=self.render, console=self.console, refresh_per_second=FRAMES_A_SECOND)

    def __enter__(self) -> Self:
        super().__enter__()
        self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.page = "events"  # what stays in the terminal
            self.live.stop()
        finally:
            super().__exit__(kind, error, trace)

    def pressed(self, letter: str) -> None:
        """Show another page; a letter without one says what ends a run."""
        self.page = PAGES.get(letter.lower(), "help" if letter in "qQ?" else self.page)

    def line(self, text: str) -> None:
        """Keep a remark in view."""
        self.remarks.append(shown(text))

    def event(self, event: Event) -> None:
        """Take up what an event adds to the view."""
        super().event(event)
        if isinstance(event, CycleDecided):
            self._decided(event)
        elif isinstance(event, CycleEnded):
            ledger = self.launch.parts.state.ledger
            self.equity.append(float(from_cash(ledger.equity, ledger.cash_decimals)))
            self.lessons.extend(self._lesson(each) for each in event.lessons)

    def _decided(self, event: CycleDecided) -> None:
        mind = self.launch.parts.mind
        rows = with_news(event, self.instruments, mind)
        words = told(event, self.instruments, mind)
        self.latest.update({row.symbol: row for row in rows})
        fresh = {row.symbol for row in rows}
        voices = [
            f"{each.symbol} {voice.name} {VOTES.get(voice.vote, 'abstains')} {voice.confidence:.0f}, "
            f"weight {voice.weight:.3f}: {words[each.symbol].get(voice.name, voice.reason)}"
            for each in event.decisions
            if each.symbol in fresh
            for voice in each.voices
        ]
        self.voices = voices or self.voices

    def _lesson(self, lesson: Lesson) -> str:
        when = f"{lesson.learned_at:%m-%d %H:%M} {lesson.context.symbol}"
        if lesson.kind == "trade":
            return f"{when} {profit_text(lesson, self.instruments[lesson.context.symbol])}"
        return f"{when} vetoed by {lesson.rule}: it would have made {lesson.result:+.2%} by {lesson.exit}"

    def cycle(self, ended: CycleEnded) -> None:
        """Only failures need a remark; the view shows the rest."""
        if ended.error is not None:
            super().cycle(ended)

    def render(self) -> RenderableType:
        """Draw the view from the status, as any front end would; whatever fails there ends no view."""
        try:
            return self._drawn()
        except Exception as fault:  # noqa: BLE001 -- what is shown decides nothing
            if not self.failed:
                self.failed = True
                log.say("error", "view not drawn", why=repr(fault))
            return Text("the view cannot be drawn; the agent goes on (agent status tells how it is)")

    def _drawn(self) -> RenderableType:
        pages = {
            "events": list(self.remarks),
            "votes": self.voices,
            "lessons": list(self.lessons) or ["no lesson yet: none of its trades is closed, no veto settled"],
            "help": list(HELP),
        }
        frame = Frame(
            status=self.launch.present.status(),
            equity=tuple(self.equity),
            decisions=tuple(self.latest.values()),
            lines=pages[self.page],
        )
        return draw(frame, self.console)


class ProgressScreen(OnTerminal):
    """A progress bar over the candles of a recording; trades are written above it."""

    def __init__(self, launch: OpenedAccount) -> None:
        super().__init__(launch)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.console,
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
        try:
            self._show()
            self.progress.stop()
        finally:
            super().__exit__(kind, error, trace)

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
