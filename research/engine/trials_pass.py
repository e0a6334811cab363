"""Many trials in one call: each lives through the account pass on the same books, and leaves its score.

A call from Python costs as much as a hundred events, and books that were just written lie in the processor's
cache: so trials come by the batch. A single backtest is a batch of one that asks for no score.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from domain.kernel import kernel
from platforms.impact import Slips
from research.engine.account_pass import replay
from research.engine.layout import (
    ACCT,
    EVENT_AT,
    EVENT_COUNT,
    SYMBOL,
    SYMBOLS,
    TRADES_AT,
    Blocks,
    ExitTables,
    Floats,
    Ints,
    MarketLayout,
    Opinions,
    RuleParameters,
)
from research.engine.lone_pass import replay_lone
from research.engine.scored import score_books


class ScorePlan(NamedTuple):
    """The parts of a score that no trial changes.

    The places of each day's end in `equity`, int64[days], cycles, opening cash, periods of a year.
    """

    ends: Any
    cycles: int
    opening: int
    periods: int


class TrialBatch(NamedTuple):
    """The events of trials, and the books as they are before the first cycle.

    `begins` and `counts` int64[trials, symbols]: where each trial's events begin, and how many there are;
    `plans` int64[trials, voices] what `ExitTables.first` is for each; of no voices where none has a plan.
    """

    begins: Any
    counts: Any
    plans: Any
    ints: Any
    floats: Any


def alone(ints: Any, floats: Any, exits: ExitTables) -> TrialBatch:
    """Return a batch of the one trial that the books were opened for."""
    head = ints[: ints[TRADES_AT]].copy()
    records = head[ACCT : ACCT + head[SYMBOLS] * SYMBOL].reshape(1, -1, SYMBOL)
    begins, counts = (np.ascontiguousarray(records[:, :, at]) for at in (EVENT_AT, EVENT_COUNT))
    plans: Any = exits.first
    return TrialBatch(begins, counts, plans.reshape(1, -1), head, floats.copy())


@kernel
def open_books(ints: Ints, floats: Floats, batch: TrialBatch, trial: int) -> None:
    """Make the books blank again, and say where a trial's events lie."""
    for index in range(len(batch.ints)):
        ints[index] = batch.ints[index]
    for index in range(len(batch.floats)):
        floats[index] = batch.floats[index]
    for symbol in range(ints[SYMBOLS]):
        ints[ACCT + symbol * SYMBOL + EVENT_AT] = batch.begins[trial, symbol]
        ints[ACCT + symbol * SYMBOL + EVENT_COUNT] = batch.counts[trial, symbol]


def replay_many(
    ints: Ints,
    floats: Floats,
    equity: Ints,
    house: RuleParameters,
    market: MarketLayout,
    event: Sequence[int],
    confidence: Sequence[float],
    slips: Slips,
    opinions: Opinions,
    exits: ExitTables,
    batch: TrialBatch,
    plan: ScorePlan,
    daily: Any,
    table: Any,
) -> None:
    """Run every trial of a batch one after the other; what the last came to is left in the books.

    Daily returns and score go into the trial's row of `daily` and `table`, which are empty where nobody asks.
    """
    for trial in range(len(batch.begins)):
        open_books(ints, floats, batch, trial)
        leaving = ExitTables(
            exits.plans, batch.plans[trial], exits.atr, exits.code, exits.columns, exits.stack
        )
        replay(ints, floats, equity, house, market, event, confidence, slips, opinions, leaving)
        if len(table) > 0:
            score_books(
                ints, floats, equity, plan.ends, plan.cycles, plan.opening, plan.periods, daily[trial],
                table[trial],
            )  # fmt: skip  # as they come


def replay_lone_many(
    ints: Ints,
    floats: Floats,
    equity: Ints,
    house: RuleParameters,
    blocks: Blocks,
    event: Sequence[int],
    confidence: Sequence[float],
    batch: TrialBatch,
    plan: ScorePlan,
    daily: Any,
    table: Any,
) -> None:
    """Run every trial of a batch as `replay_many` does, in sessions that `lone_pass` lives through."""
    for trial in range(len(batch.begins)):
        open_books(ints, floats, batch, trial)
        replay_lone(ints, floats, equity, house, blocks, event, confidence)
        if len(table) > 0:
            score_books(
                ints, floats, equity, plan.ends, plan.cycles, plan.opening, plan.periods, daily[trial],
                table[trial],
            )  # fmt: skip  # as they come
