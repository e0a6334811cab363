"""The JSON lines of a run: each cycle, then the summary; and the answer of quicktest."""

from datetime import datetime

from msgspec import Struct, field

from agent.answers.account import DecisionRow, Summary
from agent.answers.amounts import Amount


class CycleLine(Struct, frozen=True, kw_only=True):
    """A cycle of `agent run --json`; `equity` after it, in the quote currency."""

    cycle: int
    at: datetime
    outcome: str
    path: list[str]
    error: str | None
    decisions: list[DecisionRow]
    equity: Amount


class Rehearsal(Struct, frozen=True, kw_only=True):
    """The milestones a rehearsal reached, by first cycle; those it missed; commands to go on with."""

    seen: dict[str, int]
    missing: list[str]
    commands: list[str] = field(name="try")


class SummaryLine(Struct, frozen=True, kw_only=True):
    """The last line of a run; `rehearsal` of a run with --rehearse."""

    summary: Summary
    rehearsal: Rehearsal | None = None


class MilestoneSide(Struct, frozen=True, kw_only=True):
    """Quicktest's one trade: fills' quantities and references, and the profit before costs."""

    trades: int
    quantity: list[Amount]
    reference: list[Amount]
    gross: Amount | None


class MilestoneAnswer(Struct, frozen=True, kw_only=True):
    """Quicktest's trade as it came out, as it must, and what it cost."""

    as_expected: bool
    got: MilestoneSide
    want: MilestoneSide
    fees: Amount | None
    slippage: Amount | None
    net: Amount | None


class ProofAnswer(Struct, frozen=True, kw_only=True):
    """The verification and replay of quicktest's journal, and the lines that tell of them."""

    intact: bool
    identical: bool
    lines: list[str]


class Quicktest(Summary, frozen=True, kw_only=True):
    """`agent run --mode quicktest --json`: the summary, the milestone and the proof."""

    milestone: MilestoneAnswer
    proof: ProofAnswer
