"""Answers on journals: the list of a home, their chains, their trades and their parameter versions."""

from datetime import datetime

from msgspec import Struct, field

from agent.answers.amounts import Amount, Values
from domain.evidence import Evidence
from journal.stored import Stored


class JournalPart(Struct, frozen=True):
    """A running agent's word on its journal: id, last row, and the rows or numbers that were asked for."""

    journal_id: str
    seq: int
    hash: str
    rows: tuple[Stored, ...] = ()
    numbers: tuple[int, ...] = ()


class JournalRow(Struct, frozen=True, kw_only=True):
    """A journal of the home: its span, its size, and what its account is worth.

    `problem` says why it cannot be read; what could not be is None.
    """

    journal: str
    running: bool
    rows: int | None = None
    sessions: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    mode: str | None = None
    symbols: list[str] = []
    equity: Amount | None = None
    opening_cash: Amount | None = None
    profit: Amount | None = None
    trades: int | None = None
    quote: str | None = None
    positions: dict[str, Amount] = {}
    problem: str | None = None


class ChainAnswer(Struct, frozen=True, kw_only=True):
    """`agent journal verify`: rows and head of an intact chain, else the row that broke and how.

    `checkpoints` were compared with the fold, where that was asked for; `wrong_checkpoint` is the row of the
    first that is another.
    """

    journal: str
    intact: bool
    rows: int | None = None
    head: str | None = None
    seq: int | None = None
    what: str | None = None
    checkpoints: int | None = None
    wrong_checkpoint: int | None = None


class Anchored(Struct, frozen=True, kw_only=True):
    """`agent journal anchor`: the row and the hash that were written down, and where."""

    journal: str
    seq: int
    hash: str
    file: str


class TradeRow(Struct, frozen=True, kw_only=True):
    """A closed trade; amounts in the quote currency, `return` a fraction of what was bought."""

    symbol: str
    session: int
    entry_cycle: int
    opened: datetime
    closed: datetime
    held_minutes: float
    quantity: Amount
    entry_price: Amount
    exit_price: Amount
    bought: Amount
    sold: Amount
    gross: Amount
    fees: Amount
    slippage: Amount
    pnl: Amount
    earned: float | None = field(name="return")
    exit: str
    entry_id: str
    exit_id: str


class ParameterVersion(Struct, frozen=True, kw_only=True):
    """A parameter version of a strategy; number 0 is what the settings say, and has no date."""

    version: int
    strategy: str
    parameters: Values
    by: str
    active: bool
    at: datetime | None = None
    reason: str | None = None
    evidence: Evidence | None = None
    forced: bool = False
    rolled_back_to: int | None = None


class ReloadedRow(Struct, frozen=True, kw_only=True):
    """One study: `did` is "applied", "in force", "taken before", "no voice" or "refused"."""

    study: str
    strategy: str | None
    did: str
    why: str
    version: int | None = None


class Reloaded(Struct, frozen=True, kw_only=True):
    """`agent params reload`: what became of each study that the settings name.

    Without a running agent nothing is done, and there are no rows.
    """

    journal: str
    running: bool
    rows: list[ReloadedRow]
