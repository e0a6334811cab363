"""The screen of a rehearsal: one line for each kind of thing, then three commands that go on from there."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Self

from agent.account.opened import OpenedAccount
from agent.account.rehearsal import MOST_SECONDS, Milestone, Sought, trades, vetoes
from agent.answers.account import Summary
from agent.answers.run import Rehearsal, SummaryLine
from agent.cli.output.screen import Screen, fill_text
from agent.cli.output.streams import say, say_json_line
from agent.host.shown import shown
from agent.settings.home import default_home
from agent.views import session
from domain.decision import Action, Decision
from domain.events import CycleDecided, CycleEnded, Event, OrderReported
from domain.lesson import Beliefs, Lesson
from domain.order import Fill, OrderType, Side
from learning.hedge import UNPROVEN

ALL_SEEN, TOO_LONG = "all was seen", "the rehearsal's time was up"


class RehearsalScreen(Screen):
    """Tells each kind of thing when it is first seen, every fill, and ends the session when all were."""

    def __init__(self, launch: OpenedAccount, *, as_json: bool) -> None:
        super().__init__(launch)
        self.as_json = as_json
        self.sought = Sought()
        self.began = launch.clock.monotonic()
        self.took = 0.0
        self.beliefs: Beliefs = launch.parts.state.beliefs
        self.interrupted = False
        self.ran = launch.name

    def __enter__(self) -> Self:
        options = self.launch.options
        self.line(
            f"boyd rehearsal: the agent as it is, on a simulated market (seed {options.simulated.seed}) of "
            f"{', '.join(options.symbols)}, played fast. Nothing is scripted. Journal {self.launch.name}"
        )
        return self

    def line(self, text: str) -> None:
        """Show one line; beside JSON it goes to the error output."""
        if self.as_json:
            sys.stderr.write(f"{shown(text)}\n")
        else:
            say(text)

    def event(self, event: Event) -> None:
        """Tell an event, and end the session once everything was seen or the time is up."""
        super().event(event)
        new = self.sought.take(event)
        match event:
            case CycleDecided():
                self._decided(event, new)
            case OrderReported() if Milestone.STOP in new:
                self._stop(event)
            case CycleEnded():
                self._look_at_the_clock()

    def _news(self, event: CycleDecided) -> None:
        """Say nothing: the source of the data is named at the beginning."""

    def tell(self, what: str, cycle: int, text: str) -> None:
        """Show one thing of a cycle."""
        self.line(f"{what:<8}  cycle {cycle:<4}  {text}")

    def _decided(self, event: CycleDecided, new: list[Milestone]) -> None:
        cycle = event.cycle_id
        if Milestone.MARKET in new:
            taken = {observation.symbol: len(observation.candles) for observation in event.observations}
            for row in session.market(event, self.instruments):
                where = f"{row.symbol} {row.price} at {event.at:%Y-%m-%d %H:%M} of its own time"
                self.tell("market", cycle, f"{where}, {taken[row.symbol]} candles taken in")
        if Milestone.VOTE in new:
            for each in event.decisions:
                if each.action is not Action.HOLD:
                    self.tell(
                        "vote", cycle, f"{each.action} {each.symbol}, score {each.score:.1f}: {_spoken(each)}"
                    )
        if Milestone.VETO in new:
            for denied in vetoes(event):
                self.tell("veto", cycle, f"{denied.reason}: {denied.detail}")

    def _stop(self, event: OrderReported) -> None:
        ledger, symbol = self.launch.parts.state.ledger, event.receipt.symbol
        instrument = ledger.instruments[symbol]
        entry = ledger.positions[symbol].entry_ticks(instrument.cash_factor)
        for order in (each.order for each in ledger.resting(symbol)):
            if order.type is OrderType.STOP and order.trigger:
                level = session.decimal(instrument.price(order.trigger))
                below = f"{1 - order.trigger / entry:.2%} below the entry"
                quantity = f"{session.decimal(instrument.quantity(order.lots))} {symbol}"
                self.tell("stop", event.cycle_id, f"{order.side} {quantity} at {level}, {below}")

    def fill(self, fill: Fill, closed: Lesson | None) -> None:
        """Show a fill as a trade's beginning or end."""
        text = fill_text(fill, self.instruments[fill.symbol], closed)
        self.tell("trade" if fill.side is Side.BUY else "closed", self.launch.parts.state.cycle_id, text)

    def cycle(self, ended: CycleEnded) -> None:
        """Show what failed, and what closed trades taught."""
        if ended.error is not None:
            super().cycle(ended)
        now = self.launch.parts.state.beliefs
        for lesson in trades(ended):
            self.tell("lesson", ended.cycle_id, self._lesson(lesson, self.beliefs, now))
        self.beliefs = now

    def _lesson(self, lesson: Lesson, before: Beliefs, now: Beliefs) -> str:
        enough = self.launch.options.learning.min_evidence
        changed = [
            f"weight of {each.name} {gathered(before, each.name):.3f} -> {gathered(now, each.name):.3f}"
            f"{_held_back(now, each.name, enough)}"
            for each in lesson.context.voices
            if each.vote
        ]
        return f"{lesson.result:+.2%} after costs: {'; '.join(changed) or 'nobody had spoken for it'}"

    def _look_at_the_clock(self) -> None:
        self.took = self.launch.clock.monotonic() - self.began
        if not self.sought.missing:
            self.launch.inbox.stop(ALL_SEEN)
        elif self.took > MOST_SECONDS:
            self.launch.inbox.stop(TOO_LONG)

    def finish(self, report: Summary, lines: list[str]) -> None:
        """Say what was seen and what was not, then the summary."""
        self.interrupted = self.launch.inbox.stopping and report.ended not in (ALL_SEEN, TOO_LONG)
        played = f"{report.cycles} cycles in {self.took:.1f} s"
        value = ", ".join(self.sought.first) or "nothing"
        self.line(f"seen in {played}: {value}")
        if self.sought.missing:
            missing = ", ".join(self.sought.missing)
            self.line(f"NOT SEEN: {missing}. It did not happen, and nothing is made up for it")
        if self.as_json:
            say_json_line(SummaryLine(rehearsal=self._rehearsal(), summary=report))
        else:
            super().finish(report, lines)

    def _rehearsal(self) -> Rehearsal:
        return Rehearsal(
            seen={str(each): cycle for each, cycle in self.sought.first.items()},
            missing=list(self.sought.missing),
            commands=self.commands(),
        )

    def commands(self) -> list[str]:
        """Return three commands that go on from here, as they are typed in this folder."""
        first = self.sought.first
        cycle = first.get(Milestone.TRADE) or first.get(Milestone.VETO) or self.launch.parts.state.cycle_id
        home = ""
        if self.launch.home.root != default_home():
            home = f" --home {shlex.quote(str(self.launch.home.root.absolute()))}"
        name = self.launch.name
        wanted = ((f"why {cycle}", name), ("replay", name), ("status", self.ran))
        return [f"{typed()} {words} --journal {journal}{home}" for words, journal in wanted]

    def suggest(self) -> None:
        """Name three commands to try."""
        self.line("try:")
        for command in self.commands():
            self.line(f"  {command}")


def gathered(beliefs: Beliefs, name: str) -> float:
    """Return a voice's weight, held back or not."""
    return beliefs.weights.get(name, beliefs.weights.get(name + UNPROVEN, 1.0))


def _held_back(beliefs: Beliefs, name: str, enough: int) -> str:
    evidence = beliefs.evidence.get(name, 0)
    return "" if evidence >= enough else f" (counts from {enough} trades on; {evidence} so far)"


def _spoken(decision: Decision) -> str:
    return "; ".join(f"{voice.name}: {voice.reason}" for voice in decision.voices if voice.vote)


def typed() -> str:
    """Return how this program is started from a shell in this folder."""
    result = shutil.which("agent")
    program = Path(sys.argv[0]).absolute()
    if result and Path(result).absolute() == program:
        return "agent"
    here = Path.cwd()
    return shlex.quote(str(program.relative_to(here) if program.is_relative_to(here) else program))
