"""Quicktest: a whole session on a fixture with a frozen clock, the same bytes every time.

It reads no configuration, no environment and no network. It ends with the milestone trade, buy 0.1
BTC at 50,000 and sell at 52,000, and proves its own journal by verifying and replaying it.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from agent import wiring
from agent.answers.run import MilestoneAnswer, MilestoneSide, ProofAnswer, Quicktest
from agent.loop.inbox import Inbox
from agent.settings.settings import Options
from agent.verify.replay import replay
from agent.views import session as views
from agent.views.summary import lines, summary
from domain.decision import Action
from domain.events import CycleDecided, CycleEnded, Event, OrderReported
from domain.lesson import Lesson
from domain.money import cash_text, show_cash
from domain.order import Fill
from domain.times import utc
from journal.memory import MemoryJournal
from journal.stored import Broken
from journal.verify import verify
from risk.settings import RiskSettings, SizingSettings

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "quicktest.csv"
SYMBOL = "BTC-USDT"
JOURNAL_ID = "0b0d0b0d0b0d"
MILESTONE = {
    "quantity": Decimal("0.1"),
    "buy": Decimal(50_000),
    "sell": Decimal(52_000),
    "gross": Decimal(200),
}
START_MS = 1_704_067_200_000


class FrozenClock:
    """Stands still at the fixture's beginning; the market moves the session's time."""

    def now(self) -> datetime:
        """Return the fixture's beginning."""
        return utc(START_MS)

    def monotonic(self) -> float:
        """Return zero: no time passes."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Return at once."""


def options() -> Options:
    """Return the settings of quicktest: the milestone is a tenth of a bitcoin, so limits are widened."""
    return Options(
        mode="quicktest",
        home=Path("quicktest"),
        provider="recorded",
        symbols=(SYMBOL,),
        sizing=SizingSettings(method="fixed", fixed_quantity=MILESTONE["quantity"]),
        risk=RiskSettings(
            per_trade_loss=Decimal(200),
            daily_loss=Decimal(250),
            total_exposure=Decimal("0.6"),
            concentration=Decimal("0.6"),
        ),
    )


def quicktest(
    print_line: Callable[[str], None], print_answer: Callable[[Quicktest], None] | None = None
) -> int:
    """Run quicktest and print its lines, or its answer; return 0 when the milestone came out as it must."""
    journal = MemoryJournal(JOURNAL_ID)
    run = _Run(journal)
    proof = run.proof()
    if print_answer is not None:
        report = Quicktest(**msgspec.structs.asdict(run.told), milestone=run.milestone(), proof=proof)
        print_answer(report)
    else:
        for line in [*run.lines, *run.summary_lines, *run.milestone_lines(), *proof.lines]:
            print_line(line)
    return 0 if run.milestone().as_expected and proof.intact and proof.identical else 1


class _Run:
    """One quicktest session and what it showed."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.journal = journal
        self.lines = [f"boyd quicktest: {SYMBOL} 1m, fixture {FIXTURE.name}, clock frozen"]
        self.fills: list[Fill] = []
        self.trades: list[Lesson] = []
        clock = FrozenClock()
        parts = wiring.parts(options(), journal)
        source = wiring.recorded(parts, {SYMBOL: FIXTURE})
        inbox = Inbox(clock)
        session = wiring.session(
            parts, journal, source.observer, wiring.paper_platform(parts), inbox, at=clock.now()
        )
        session.listeners.append(self._event)
        self.grid = parts.grid
        reason = session.run(wiring.pacer(parts.options, source, clock, inbox.wait))
        self.told = summary(parts.state, cycles=session.done, reason=reason, head=session.head)
        self.summary_lines = lines(parts.state, self.told, parts.grid[SYMBOL].quote)

    def _event(self, event: Event) -> None:
        if isinstance(event, CycleDecided):
            for row in views.decision(event, self.grid):
                if row.action is not Action.HOLD:
                    self.lines.append(
                        f"cycle {row.cycle} {row.at:%Y-%m-%dT%H:%M:%S} {row.symbol} {row.price} "
                        f"{row.action} -> {row.verdict}: {row.reason}"
                    )
        elif isinstance(event, OrderReported):
            self.fills.extend(event.receipt.fills)
        elif isinstance(event, CycleEnded):
            self.trades.extend(lesson for lesson in event.lessons if lesson.kind == "trade")

    def milestone(self) -> MilestoneAnswer:
        """Compare the one trade with what it must be; amounts are exact."""
        grid = self.grid[SYMBOL]
        trade = self.trades[0] if self.trades else None
        got = MilestoneSide(
            trades=len(self.trades),
            quantity=[views.decimal(grid.quantity(fill.lots)) for fill in self.fills],
            reference=[views.decimal(grid.price(fill.reference)) for fill in self.fills],
            gross=cash_text(trade.gross) if trade else None,
        )
        want = MilestoneSide(
            trades=1,
            quantity=[views.decimal(MILESTONE["quantity"])] * 2,
            reference=[views.decimal(MILESTONE[side]) for side in ("buy", "sell")],
            gross=views.decimal(MILESTONE["gross"]),
        )
        return MilestoneAnswer(
            as_expected=got == want,
            got=got,
            want=want,
            fees=cash_text(trade.fees) if trade else None,
            slippage=cash_text(trade.slippage) if trade else None,
            net=cash_text(trade.pnl) if trade else None,
        )

    def milestone_lines(self) -> list[str]:
        """Say the milestone, before costs and after."""
        report = self.milestone()
        if not report.as_expected:
            return [f"milestone FAILED: got {report.got}, want {report.want}"]
        trade = self.trades[0]
        text = (
            "milestone BUY 0.1 BTC at 50,000 -> SELL at 52,000 = "
            f"+{show_cash(trade.gross)} before costs; fees {show_cash(trade.fees)}, "
            f"slippage and spread {show_cash(trade.slippage)}, net {show_cash(trade.pnl)}"
        )
        return [text]

    def proof(self) -> ProofAnswer:
        """Verify the journal and replay it."""
        verified = verify(self.journal)
        intact = not isinstance(verified, Broken)
        again = replay(self.journal, None, FrozenClock())
        difference = again.difference
        answer = "identical" if difference is None else f"DIFFERENT in cycle {difference.cycle_id}"
        return ProofAnswer(
            intact=intact,
            identical=difference is None,
            lines=[
                f"journal   {'intact' if intact else 'BROKEN'}",
                f"replay    {answer}, {again.cycles} cycles, {again.events} events",
            ],
        )
