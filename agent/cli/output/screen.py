"""The screens of a run: a live view in a terminal, plain lines elsewhere, JSON lines for machines."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from agent.account.opened import OpenedAccount
from agent.answers.account import DecisionRow, Summary
from agent.answers.run import CycleLine, SummaryLine
from agent.cli.output.keys import in_front
from agent.cli.output.streams import say, say_json_line
from agent.host.shown import blocked_lines, shown, words
from agent.views import session
from domain.events import (
    CycleDecided,
    CycleEnded,
    Event,
    KillSwitchSet,
    OrderReported,
    OrdersIntended,
    ParametersSet,
    SettingsChanged,
)
from domain.exits import BY_PARTIAL, ENDINGS
from domain.instrument import Instrument
from domain.lesson import Lesson
from domain.money import cash_text, show_cash
from domain.observation import Observation, Source
from domain.order import Fill, Side
from reasoning.minds import StrategyRunner
from reasoning.orientation import muted

PARTIAL = ENDINGS[BY_PARTIAL]


def why_this_source(observation: Observation) -> str:
    """Say which data a symbol is on, and why not better."""
    reasons = "; ".join(f"{attempt.provider}: {attempt.reason}" for attempt in observation.attempts)
    because = f", because {reasons}" if reasons else ""
    loud = "SIMULATED DATA: " if observation.source is Source.SIMULATED else ""
    return f"{loud}{observation.symbol} is on {observation.source} data from {observation.provider}{because}"


class Screen:
    """Plain lines; the other screens change how a cycle is shown."""

    def __init__(self, launch: OpenedAccount) -> None:
        self.launch = launch
        self.grid = launch.parts.grid
        self.sources: dict[str, Source] = {}
        self.muted: dict[str, str] = {}
        self.decided: CycleDecided | None = None
        self.blocked: dict[str, str] = {}
        self.quick = launch.quick
        self.quiet = False
        self.fills: list[Fill] = []
        self.endings: dict[str, str] = {}
        """The declared exits of orders that sell, by client id, of the last cycle that sent some."""

    def __enter__(self) -> Self:
        options = self.launch.options
        state = self.launch.parts.state
        resumed = f", going on after cycle {state.cycle_id}" if state.cycle_id else ""
        self.line(
            f"boyd {options.mode}: {', '.join(options.symbols)} {options.timeframe}, journal "
            f"{self.launch.name}{resumed}"
        )
        for symbol in self.launch.besides:
            self.line(
                f"{symbol} is held, or has an open order, and is not among the symbols of this run: it keeps "
                "its stop, `agent flatten` sells it, and no entry in it is made"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Every instrument the account knows, on the grids it counts on now."""
        return self.launch.parts.state.ledger.instruments

    def abandon(self) -> None:
        """Put the terminal back for a process that ends at once."""

    def line(self, text: str) -> None:
        """Show one line."""
        say(text)

    def event(self, event: Event) -> None:
        """Show what is worth showing of an event."""
        self._updates(event)
        match event:
            case CycleDecided():
                self.decided = event
                self._news(event)
                self._blocked(event.blocked)
                self.fills = [fill for receipt in event.updates for fill in receipt.fills]
            case OrdersIntended():
                self.endings = {each.client_id: each.ending for each in event.orders if each.ending}
            case OrderReported():
                self.filled(event.receipt.fills, self.launch.parts.state.new_lessons)
            case KillSwitchSet():
                self.line(
                    f"kill switch {'thrown' if event.active else 'reset'} by {event.by}: {event.reason}"
                )
            case ParametersSet():
                values = words(event.parameters)
                self.line(
                    f"parameters of {event.strategy} set by {event.by}, version {event.version}: {values}"
                )
            case SettingsChanged():
                loose = f"; allows more: {', '.join(event.looser)}" if event.looser else ""
                self.line(f"settings changed by {event.by}: {words(event.given)}{loose}")
            case CycleEnded():
                self.cycle(event)

    def _blocked(self, blocked: dict[str, str]) -> None:
        """Say aloud when entries become blocked, for another reason, or no longer are."""
        if blocked == self.blocked:
            return
        self.blocked = dict(blocked)
        for line in blocked_lines(blocked) or ["no longer"]:
            self.line(f"entries blocked: {line}")

    def _news(self, event: CycleDecided) -> None:
        """Say where data come from now, and which voice is heard no more."""
        for observation in event.observations:
            if self.sources.get(observation.symbol) is not observation.source:
                self.sources[observation.symbol] = observation.source
                self.line(why_this_source(observation))
        for name, fault in muted(event.decisions).items():
            if self.muted.get(name) != fault:
                self.muted[name] = fault
                self.line(f"voice {name} is muted: {fault}")

    def _updates(self, event: Event) -> None:
        """Show what resting orders did before a cycle decided, once the fold says what came of it."""
        if self.fills:
            lessons = event.lessons if isinstance(event, CycleEnded) else ()
            self.filled(self.fills, (*self.launch.parts.state.new_lessons, *lessons))
            self.fills = []

    def filled(self, fills: Sequence[Fill], lessons: Iterable[Lesson]) -> None:
        """Show fills, and with the one that closed a trade what it earned."""
        closed = {(each.context.symbol, each.learned_at): each for each in lessons if each.kind == "trade"}
        last = {(fill.symbol, fill.at): fill for fill in fills if fill.side is Side.SELL}
        for fill in fills:
            key = fill.symbol, fill.at
            self.fill(fill, closed.get(key) if fill is last.get(key) else None)

    def fill(self, fill: Fill, closed: Lesson | None) -> None:
        """Show one fill, and the lesson of the trade that it closed."""
        text = fill_text(fill, self.instruments[fill.symbol], closed)
        self.line(f"{fill.at:%Y-%m-%d %H:%M} {text}{'' if closed else self.shared(fill)}")

    def shared(self, fill: Fill) -> str:
        """Say of a share that was sold by a declared exit at what gain that was; "" of another fill."""
        held = self.launch.parts.state.ledger.positions.get(fill.symbol)
        if held is None or self.endings.get(fill.client_id) != PARTIAL:
            return ""
        entered = held.entry_ticks(self.instruments[fill.symbol].cash_factor)
        return f", a share by {PARTIAL}, {fill.price / entered - 1:+.2%} on the entry before costs"

    def cycle(self, ended: CycleEnded) -> None:
        """Show what a cycle made of new candles, unless cycles come too quickly to be read.

        Where nothing is new it is said once, until something is.
        """
        if ended.error is not None:
            self.line(f"cycle {ended.cycle_id} failed in {ended.error.stage}: {ended.error.message}")
        elif not self.quick and self.decided is not None:
            rows = with_news(self.decided, self.grid, self.launch.parts.mind)
            for row in rows:
                self.line(cycle_line(row, self.launch))
            if not rows and not self.quiet:
                self.line(quiet_line(self.decided, self.launch))
            self.quiet = not rows

    def finish(self, report: Summary, lines: list[str]) -> None:
        """Show the summary."""
        del report
        for text in lines:
            say(text)


def with_news(
    decided: CycleDecided, instruments: Mapping[str, Instrument], mind: StrategyRunner
) -> list[DecisionRow]:
    """Return a cycle's decisions on symbols that had a new candle, or on which something is to be done."""
    fresh = {observation.symbol for observation in decided.observations if observation.candles}
    rows = session.decision(decided, instruments, mind)
    return [row for row in rows if row.symbol in fresh or row.verdict is not None]


def quiet_line(decided: CycleDecided, launch: OpenedAccount) -> str:
    """Say that a cycle saw no new candle, and when the next one is due."""
    seconds = session.next_candle_seconds(launch.parts.state, launch.options, decided.at)
    due = "" if seconds is None else f"; the next closes in {seconds:.0f} s"
    prices = ", ".join(
        f"{row.symbol} {row.price or '?'} ({row.source})"
        for row in session.market(decided, launch.parts.grid)
    )
    return f"cycle {decided.cycle_id} {decided.at:%Y-%m-%dT%H:%M:%S} {prices}: no new candle{due}"


def fill_text(fill: Fill, instrument: Instrument, closed: Lesson | None = None) -> str:
    """Return a fill in words; with the lesson of the trade it closed, what that earned after costs."""
    quantity = session.decimal(instrument.quantity(fill.lots))
    price = session.decimal(instrument.price(fill.price))
    text = (
        f"{fill.side} {quantity} {fill.symbol} at {price}, "
        f"fee {cash_text(fill.fee, instrument.cash_decimals)} {instrument.quote}"
    )
    return text if closed is None else f"{text}, {profit_text(closed, instrument)}"


def profit_text(closed: Lesson, instrument: Instrument) -> str:
    """Return what a closed trade earned after costs, and by what it was closed."""
    sign = "+" if closed.pnl > 0 else ""
    profit = show_cash(closed.pnl, instrument.cash_decimals)
    return f"profit {sign}{profit} {instrument.quote} ({closed.result:+.2%}) by {closed.exit}"


def cycle_line(row: DecisionRow, launch: OpenedAccount) -> str:
    """Return one decision as a line."""
    ledger = launch.parts.state.ledger
    instrument = launch.parts.grid[row.symbol]
    held = ledger.positions.get(row.symbol)
    quantity = session.decimal(instrument.quantity(held.lots)) if held else "none"
    verdict = f" -> {row.verdict}" if row.verdict else ""
    return (
        f"cycle {row.cycle} {row.at:%Y-%m-%dT%H:%M:%S} {row.symbol} {row.price or '?'} ({row.source}) "
        f"{row.action}{verdict}: {row.told} | position {quantity} | "
        f"equity {cash_text(ledger.equity, instrument.cash_decimals)}"
    )


class JsonScreen(Screen):
    """One JSON object a line: each cycle, then the summary."""

    def line(self, text: str) -> None:
        """Keep remarks for people off standard output."""
        sys.stderr.write(f"{shown(text)}\n")  # standard output is for the JSON

    def cycle(self, ended: CycleEnded) -> None:
        """Write a cycle as one object."""
        rows = session.decision(self.decided, self.grid, self.launch.parts.mind) if self.decided else []
        ledger = self.launch.parts.state.ledger
        report = CycleLine(
            cycle=ended.cycle_id,
            at=ended.at,
            outcome=ended.outcome,
            path=list(ended.path),
            error=ended.error.message if ended.error else None,
            decisions=rows,
            equity=cash_text(ledger.equity, ledger.cash_decimals),
        )
        say_json_line(report)

    def finish(self, report: Summary, lines: list[str]) -> None:
        """Write the summary as one object."""
        del lines
        say_json_line(SummaryLine(summary=report))


def screen_for(launch: OpenedAccount, *, plain: bool, as_json: bool) -> Screen:
    """Return the screen that fits: JSON if asked for, a live view in a terminal, plain lines elsewhere."""
    if as_json:
        return JsonScreen(launch)
    if plain or not in_front(sys.stdout.fileno()):
        return Screen(launch)
    from agent.cli.output.live import LiveScreen, ProgressScreen

    return (
        ProgressScreen(launch)
        if launch.quick and launch.options.provider == "recorded"
        else LiveScreen(launch)
    )
