"""The layout of the replay's state: two flat arrays with named places, and its inputs beside them.

One array of integers and one of floats hold all that changes, because a compiler takes two arrays
far faster than a structure of twenty. `ints` begins with the account, then one record per symbol
(its place is called `p` everywhere), then blocks whose places the account and the records name.
"""

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

from learning.settings import Hedge
from platforms.fills import Costs
from risk.entry_orders import EntryOrders
from risk.limits import Limits, Sizing

Ints = MutableSequence[int]
Floats = MutableSequence[float]

NEVER = -(2**62)
DAY_MS = 86_400_000

# The account: amounts in cash units, times in ms.
CASH, EQUITY, PEAK, FALL, DAY_START, DAY_END = 0, 1, 2, 3, 4, 5
ENTRIES_TODAY, LAST_LOSS, LOSS_STREAK, WIN_STREAK = 6, 7, 8, 9
KILLED, KILL_MS, CYCLE, HELD, HELD_CYCLES = 10, 11, 12, 13, 14
TRADES, VETOES, RIPE = 15, 16, 17
# Sizes, and where the blocks behind the records begin.
SYMBOLS, VOICES, EVIDENCE_AT, RIPE_AT, TRADES_AT, VETOES_AT = 18, 19, 20, 21, 22, 23
# The present day, counted from the session's first.
DAY = 24
ACCT = 25

# A symbol's record: its grid, where its rows lie in the arrays of all symbols, ...
FACTOR, MIN_LOTS, MIN_CASH, FIXED_LOTS, CLASS_AT, SPOKEN_AT = 0, 1, 2, 3, 4, 5
CANDLE_AT, TURN_AT, TURN_COUNT, EVENT_AT, EVENT_COUNT = 6, 7, 8, 9, 10
# ... its market, ...
TURN, EVENT, MARK, QUOTE, QUOTE_MS = 11, 12, 13, 14, 15
# ... the position with its stop and target, ...
LOTS, BOUGHT, BOUGHT_REF, FEES, OPENED_MS, ENTRY_CYCLE, STOP, TARGET, SINCE = (
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
)
# ... and what was approved in this cycle: +1 enter, -1 leave, 0 nothing.
WANTED, WANT_LOTS, WANT_STOP_PPM, WANT_STOP, WANT_TARGET = 25, 26, 27, 28, 29
# The cycle in which a decision to sell was made: it keeps the stop where it is.
DECIDED = 30
# Doubted candles: where its rows lie, how many, how many were looked at; and whether one reached the stop.
DOUBT_AT, DOUBT_COUNT, DOUBT, TRIGGERED = 31, 32, 33, 34
# What bound the size of the entry: a code of risk.sizing.
BOUND = 35
# The price the entry is ordered within, 0 for at the market.
WANT_LIMIT = 36
# The declared exits: where the position's plan lies (NO_PLAN: none), the candle it was decided on, what was
# sold of it in parts, what raised its stop (a code of domain.exits), and what an approved entry brings along.
EXIT_PLAN, ENTRY_CANDLE, SOLD_LOTS, SOLD, SOLD_REF, STOP_BY, WANT_PLAN = 37, 38, 39, 40, 41, 42, 43
# The additions of its plan: how many were made, and the lots of its first size.
ADDED, FIRST_LOTS = 44, 45
SYMBOL = 46
NO_PLAN = -1
PLACED = (CANDLE_AT, TURN_AT, TURN_COUNT, EVENT_AT, EVENT_COUNT, EVENT, DOUBT_AT, DOUBT_COUNT)
"""Fields of a record that say where its rows lie: written anew for each part of a session lived in parts."""
COUNTED = (TURN, ENTRY_CYCLE, DECIDED, ENTRY_CANDLE)
"""Fields that count turns, cycles or candles: from a part's beginning while `in_parts` lives through it."""

# The floats: the worst drawdown, each voice's weight, then the results of trades not yet learned from (two a
# symbol), then the confidence each symbol's position was entered with.
WORST, WEIGHTS = 0, 1

# Of a trade's row, which begins as `research.engine.result.TRADE` does: its entry's cycle, lots and result.
# Behind that, for `research.engine.equity`, the cycle it ended in and the cash beside it till then.
TRADE_CYCLE, TRADE_LOTS, TRADE_PNL, TRADE_BOUND, TRADE_ENDED, TRADE_CASH = 2, 5, 11, 12, 13, 14
TRADE_ROW, VETO_ROW = 15, 4

# An event, a candle with a vote: its cycle and turn, then for each voice vote and levels; and as floats
# the ATR ratio, then each voice's confidence.
EVENT_CYCLE, EVENT_TURN, EVENT_VOICES = 0, 1, 2
VOTE, STOP_PPM_OF, STOP_OF, TARGET_OF, PER_VOICE = 0, 1, 2, 3, 4


class PairTables(NamedTuple):
    """The limits and sizes of each symbol, where one has some of its own; else empty.

    `ints` and `floats` hold them in the order `research.engine.pair_limits` reads them.
    """

    ints: Sequence[int]
    floats: Sequence[float]


class PairFlags(NamedTuple):
    """Pair lists over a session: who is `off` each, symbol by symbol; empty where there is no list.

    A list's number is its instant over `refresh_ms`, `first` that of the first of so many `lists`.
    """

    refresh_ms: int
    first: int
    lists: int
    off: Sequence[int]


class RuleParameters(NamedTuple):
    """Every number of the rules that does not change in a session; `pairs` has those of single symbols."""

    limits: Limits
    sizing: Sizing
    costs: Costs
    hedge: Hedge
    threshold: float
    cost_ppm: int
    orders: EntryOrders
    pairs: PairTables
    off_list: PairFlags


NOT_PROMOTED, NO_CHANCE = -1.0, -1.0
"""The cap of a model that only lowers entries, and the chance where a model sees no edge."""


class Opinions(NamedTuple):
    """The opinions of trained models at events, event by event and there model by model; then each model.

    `vote` and `confidence` as a voice's, `chance` the lower end of what it stood for (NO_CHANCE: none). Of
    each model its `weight`, the `cap` of its promotion (NOT_PROMOTED: none) and its `payoff`.
    """

    vote: Sequence[int]
    confidence: Sequence[float]
    chance: Sequence[float]
    weight: Sequence[float]
    cap: Sequence[float]
    payoff: Sequence[float]


class ExitTables(NamedTuple):
    """The declared exits of a session's voices: plans behind one another, as `risk.exits` reads them.

    `first` is where each voice's plan lies, NO_PLAN for none; both are empty where no voice declares any.
    `atr` has the ATR in ticks of every candle, behind one another as candles are; empty likewise. `code` are
    the programs of custom exits, `columns` the numbers they read, column behind column, each of every candle;
    `stack` is what they run in.
    """

    plans: Sequence[int]
    first: Sequence[int]
    atr: Sequence[float]
    code: Sequence[float]
    columns: Sequence[float]
    stack: Floats


class Doubts(NamedTuple):
    """Candles the price collar does not believe: open time, low, and the turn at which each is first told."""

    ms: Sequence[int]
    low: Sequence[int]
    turn: Sequence[int]


class Blocks(NamedTuple):
    """The days of a session and the extremes of its prices, as `stretches` makes and reads them.

    `day` is each cycle's UTC day, counted from the session's first, `after` each day's first cycle behind
    it. `rows` has a lone symbol's cycles in one place, `few` and `many` the extremes of blocks of them, all
    three as int32, for what is read here and there is to lie in the processor's cache; they are empty where
    stretches have to be walked. The instant of a cycle is `begin` plus so many `unit`s, in ms. `spans` are
    what `research.engine.spans` makes for many trials, empty where it did not.
    """

    day: Sequence[int]
    after: Sequence[int]
    rows: Sequence[int]
    few: Sequence[int]
    many: Sequence[int]
    begin: int = 0
    unit: int = 1
    spans: Sequence[int] = ()


class MarketLayout(NamedTuple):
    """All tapes behind one another, and the instants of all cycles. Prices in ticks, times in ms."""

    candle_ms: Sequence[int]
    open: Sequence[int]
    high: Sequence[int]
    low: Sequence[int]
    close: Sequence[int]
    turn_ms: Sequence[int]
    turn_end: Sequence[int]
    turn_quote: Sequence[int]
    turn_mark: Sequence[int]
    instants: Sequence[int]
    doubts: Doubts
    blocks: Blocks
