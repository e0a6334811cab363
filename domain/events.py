"""The events of the journal: what entered from outside and what was decided, in past tense.

A cycle without an order is one transaction of CycleDecided and CycleEnded. A cycle with orders
commits CycleDecided and OrdersIntended before anything is sent, and OrderReported after.
"""

from datetime import datetime
from typing import Any

import msgspec

from domain.advice import Advice, AdviserQuestion, Usage
from domain.commands import Command
from domain.decision import Decision
from domain.evidence import Evidence
from domain.instrument import Instrument
from domain.lesson import Lesson
from domain.observation import Observation
from domain.order import Order, Receipt
from domain.pairs import ListedPair
from domain.replies import Reply
from domain.verdict import Verdict

OUTCOMES = ("held", "denied", "executed", "failed", "interrupted")
"""How a cycle may have ended."""


class Failure(msgspec.Struct, frozen=True):
    """A failure in a cycle: the state it was in, the kind of error and its message (redacted)."""

    stage: str
    kind: str
    message: str


class SessionStarted(msgspec.Struct, frozen=True, tag="session_started"):
    """A run began.

    `settings` are the whole settings without secrets; `cash` the opening cash of a new account; `books`
    the version of the ledger's rules it counts by. The client ids of its orders begin with `prefix`;
    without one, as on paper, with the journal's id.
    """

    session: int
    at: datetime
    mode: str
    code_version: str
    settings: dict[str, Any]
    instruments: tuple[Instrument, ...]
    cash: int
    books: int = 1
    prefix: str = ""


class CycleDecided(msgspec.Struct, frozen=True, tag="cycle_decided"):
    """Everything a cycle saw and concluded, before any order was sent.

    `updates` are what resting orders did since the last cycle; `blocked` says why the venue takes no entry,
    by symbol ("" for every symbol). `informative` is what was seen of symbols that are not traded and that
    strategies look at, if there are any.
    """

    cycle_id: int
    at: datetime
    observations: tuple[Observation, ...] = ()
    updates: tuple[Receipt, ...] = ()
    decisions: tuple[Decision, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    blocked: dict[str, str] = {}
    informative: tuple[Observation, ...] | msgspec.UnsetType = msgspec.UNSET

    @property
    def beside(self) -> tuple[Observation, ...]:
        """Return what was seen of symbols that are only looked at."""
        return self.informative or ()


class OrdersIntended(msgspec.Struct, frozen=True, tag="orders_intended"):
    """Orders about to be sent, state SENDING; committed before sending.

    `sending_at` is the venue's time of the commit, as well as it was known: what an order's absence is
    measured from.
    """

    cycle_id: int
    at: datetime
    orders: tuple[Order, ...]
    sending_at: datetime | None = None


class OrderReported(msgspec.Struct, frozen=True, tag="order_reported"):
    """A receipt: the platform's answer to a send or a cancel, or what recovery found out."""

    cycle_id: int
    receipt: Receipt


class CycleEnded(msgspec.Struct, frozen=True, tag="cycle_ended"):
    """A cycle came back to IDLE: the states it passed, its outcome, and what was learned.

    `outcome` is one of `OUTCOMES`.
    """

    cycle_id: int
    at: datetime
    path: tuple[str, ...]
    outcome: str
    lessons: tuple[Lesson, ...] = ()
    error: Failure | None = None


class KillSwitchSet(msgspec.Struct, frozen=True, tag="kill_switch_set"):
    """The kill switch was thrown or reset, by whom and why."""

    at: datetime
    active: bool
    reason: str
    by: str


class ParametersSet(msgspec.Struct, frozen=True, tag="parameters_set"):
    """A strategy was given new parameters: by whom, why and on what evidence.

    `version` counts a journal's parameter sets from 1. `rolled_back_to` names the earlier version that
    is in force again, 0 for the settings' own. `forced` tells that the evidence was not enough.
    """

    at: datetime
    version: int
    strategy: str
    parameters: dict[str, Any]
    reason: str
    by: str
    evidence: Evidence | None = None
    forced: bool = False
    rolled_back_to: int | None = None


class ModelSet(msgspec.Struct, frozen=True, tag="model_set"):
    """A trained model came into force, was promoted or demoted, or was taken back: by whom and why.

    `version` counts a journal's sets from 1; `model_version` is that of the registry, `identity` the SHA-256
    of the model, and `body` the model itself, packed, so that a restart and a replay need no file; "" where
    none of this name is in force any more. It is heard with `weight`. Not `promoted` it only lowers entries;
    promoted it may raise one by `raise_cap` points at most. `evidence` are the figures it was judged by,
    `forced` tells that they were not enough. `rolled_back_to` names the earlier version that is in force
    again, 0 for none.
    """

    at: datetime
    version: int
    model: str
    model_version: int
    identity: str
    promoted: bool
    reason: str
    by: str
    weight: float = 1.0
    raise_cap: float = 0.0
    body: bytes = b""
    evidence: dict[str, Any] = {}
    forced: bool = False
    rolled_back_to: int | None = None


class SettingsChanged(msgspec.Struct, frozen=True, tag="settings_changed"):
    """Settings were changed while a session ran, or for the next one: by whom and why.

    `given` has the new value of each dotted name, `before` what was in force, `own` what the session's
    settings say: a setting that is its own again is no longer changed. `looser` allow more than before.
    """

    at: datetime
    given: dict[str, Any]
    before: dict[str, Any]
    own: dict[str, Any]
    reason: str
    by: str
    looser: tuple[str, ...] = ()


class AccountAdopted(msgspec.Struct, frozen=True, tag="account_adopted"):
    """The venue's holdings became the account's: at a first start, or by an operator.

    `cash` is the quote asset the agent may use from now on, in cash units. `untracked` is what lies in the
    account beside it, by asset, in 1e-8 of the asset: never touched, only compared. `missing` are lots of
    our positions that the venue no longer has, by symbol; they count as sold at the last mark. `given_up`
    are client ids of orders of which nobody could say what became: what they did is in the balances. Orders
    from then on are named with `prefix`, where there is one.
    """

    at: datetime
    cash: int
    untracked: dict[str, int]
    reason: str
    by: str
    missing: dict[str, int] = {}
    given_up: tuple[str, ...] = ()
    prefix: str = ""


class PositionWrittenOff(msgspec.Struct, frozen=True, tag="position_written_off"):
    """A position nobody can sell any more counts as lost, by an operator's word.

    Its `lots` count as sold at nothing, so that equity falls by what they were worth; whatever the venue may
    still show of the asset lies aside. Nothing more is expected of orders `given_up`.
    """

    at: datetime
    symbol: str
    lots: int
    reason: str
    by: str
    given_up: tuple[str, ...] = ()


class FlattenAsked(msgspec.Struct, frozen=True, tag="flatten_asked"):
    """Someone asked for every order to be cancelled and every position to be sold, or of one `symbol`.

    Of that symbol so many lots are `kept`.
    """

    at: datetime
    reason: str
    by: str
    symbol: str = ""
    kept: int = 0


class GridChanged(msgspec.Struct, frozen=True, tag="grid_changed"):
    """The exchange changed grid or filters of symbols; these are counted on from now on.

    Whatever is held in ticks and lots of a symbol is carried over to its new grid. Between sessions the
    instruments of `SessionStarted` say the same.
    """

    at: datetime
    instruments: tuple[Instrument, ...]


class JournaledAfterwards(msgspec.Struct, frozen=True, tag="journaled_afterwards"):
    """The `count` rows after this one happened while the journal could not be written, and `why` that was.

    They were kept in a file, whose id is `file`, and are journaled once, in one transaction with this row.
    """

    at: datetime
    file: str
    count: int
    why: str


class JournalRestored(msgspec.Struct, frozen=True, tag="journal_restored"):
    """The rows before this one were put back from a backup, up to row `seq` with the hash `hash`.

    What happened after that row may be missing. `source` names the backup and its point.
    """

    at: datetime
    seq: int
    hash: str
    source: str


class AdviceAsked(msgspec.Struct, frozen=True, tag="advice_asked"):
    """A question about to be sent to an adviser; committed with its reservation before it is sent, once.

    `number` counts a journal's questions from 1. So much money and so many tokens are reserved, the most
    the answer may cost; they stay charged until an AdviceAnswered says less.
    """

    cycle_id: int
    at: datetime
    number: int
    question: AdviserQuestion
    micro_usd: int
    tokens: int


class AdviceAnswered(msgspec.Struct, frozen=True, tag="advice_answered"):
    """The answer to question `number`, raw, and what it is charged with; committed before it is used.

    `usage` is as the answer tells it. `advice` is what was read of this answer alone; without it `why` says
    what was wrong. `late` answers are charged and not used. `alarm` is set where the answer's account of
    itself cannot be true: the reservation then stays charged.
    """

    cycle_id: int
    at: datetime
    number: int
    status: int
    body: bytes
    micro_usd: int
    tokens: int
    seconds: float
    usage: Usage | None = None
    advice: Advice | None = None
    why: str = ""
    late: bool = False
    alarm: str = ""


class AdviserSet(msgspec.Struct, frozen=True, tag="adviser_set"):
    """An adviser was promoted, demoted or rolled back: by whom, why and on what evidence.

    `version` counts a journal's sets from 1. Promoted it may raise an entry's score by `raise_cap` points at
    most, and only while its `identity` is the one that was promoted. `rolled_back_to` names the earlier
    version that is in force again, 0 for none. `forced` tells that the evidence was not enough.
    """

    at: datetime
    version: int
    adviser: str
    identity: str
    promoted: bool
    reason: str
    by: str
    raise_cap: float = 0.0
    evidence: dict[str, Any] = {}
    forced: bool = False
    rolled_back_to: int | None = None


class LessonsSet(msgspec.Struct, frozen=True, tag="lessons_set"):
    """Another set of lessons came into force: by whom, why and on what evidence.

    `version` counts a journal's sets from 1. A set is named by a number: that of the last lesson in it, as
    the journal's lessons are counted from 1, and `sha256` is the chained digest of all of them. Weights and
    questions rest on that set alone, until another comes into force; with `follows` every later lesson
    joins it as it is learned, as where none was ever set. `evidence` is what a promotion rests on.
    """

    at: datetime
    version: int
    lessons: int
    sha256: str
    follows: bool
    reason: str
    by: str
    evidence: dict[str, Any] = {}


class PairsListed(msgspec.Struct, frozen=True, tag="pairs_listed", omit_defaults=True):
    """A pair list came into force: each candidate as it was measured, and why it may not be entered if so.

    `source` is what it was measured by, at `measured_at`; None where nothing could be measured yet. Where it
    could not be refreshed `fault` says why, and `stale` that it is too old to stand: then the pairs are as
    the settings want them to be in that case.
    """

    at: datetime
    source: str
    pairs: tuple[ListedPair, ...]
    measured_at: datetime | None = None
    fault: str = ""
    stale: bool = False


class CommandReceived(msgspec.Struct, frozen=True, tag="command_received"):
    """Somebody asked for something: the command says who, why and under which key. Its effects follow."""

    at: datetime
    command: Command


class CommandAnswered(msgspec.Struct, frozen=True, tag="command_answered"):
    """The reply to the command received under `key`."""

    at: datetime
    key: str
    reply: Reply


class ProcessNoted(msgspec.Struct, frozen=True, tag="process_noted"):
    """The state of the agent's process, once an hour: what no other row tells and nothing is decided by.

    `seconds` have passed since the session began, `memory` is what the process holds, in bytes (0 where the
    system does not say). `reconnects` counts connections after the first, by stream, and `dropped` messages
    that were lost, both since the session began.
    """

    at: datetime
    seconds: float
    memory: int = 0
    reconnects: dict[str, int] = {}
    dropped: dict[str, int] = {}


class SessionEnded(msgspec.Struct, frozen=True, tag="session_ended"):
    """A run ended in order: "cycles", "data exhausted", "signal", "stopped" or a fault's text."""

    session: int
    at: datetime
    reason: str


Event = (
    SessionStarted
    | CycleDecided
    | OrdersIntended
    | OrderReported
    | CycleEnded
    | KillSwitchSet
    | ParametersSet
    | ModelSet
    | SettingsChanged
    | AccountAdopted
    | PositionWrittenOff
    | FlattenAsked
    | GridChanged
    | JournaledAfterwards
    | JournalRestored
    | AdviceAsked
    | AdviceAnswered
    | AdviserSet
    | LessonsSet
    | PairsListed
    | CommandReceived
    | CommandAnswered
    | ProcessNoted
    | SessionEnded
)
