"""The fold of a journal into the parts of a session: what the loop begins with, and what it is asked by.

Whoever only reads a journal needs this and nothing of the loop, the market or the venue.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from agent.host import log
from agent.settings import changes
from agent.settings.folding import FoldSettings, GivenT, for_pair
from agent.settings.instruments import instrument, instruments
from agent.settings.problems import BadSettings
from agent.state.changes import Changed, standing, values
from agent.state.checkpoint import Checkpoint, Resumed, blank, resumed
from agent.state.checkpoints import Checkpoints
from agent.state.fold import ignore, never, refold
from agent.state.keeper import FoldKeeper
from agent.state.key import configured_ppm, fold_key, one_way_cost_ppm
from agent.state.state import State
from domain.errors import BadInput, JournalFault
from domain.events import Event
from domain.instrument import Instrument
from domain.ports import Records
from domain.regrid import finest
from reasoning.minds import StrategyRunner
from risk.case import Policy

if TYPE_CHECKING:  # who tells of a journal needs few of them
    from agent.settings.settings import Options

FAR = 20_000
"""Rows who stops an account does not wait for: a second of folding."""


@dataclass(frozen=True)
class Folded:
    """A journal's fold: what it was folded by, and what it came to."""

    options: FoldSettings
    grid: dict[str, Instrument]
    state: State
    mind: StrategyRunner
    since: int = 0
    """The row of the checkpoint at which the fold began: rows up to it were not looked at."""
    brief: bool = False
    """True where only the account was folded: the mind is blank and good for no decision."""

    @property
    def beside(self) -> dict[str, Instrument]:
        """Return the grids of symbols that strategies look at and that are not traded."""
        options = self.options
        symbols = [each for each in self.mind.informative if each not in options.symbols]
        return {symbol: instrument(symbol, options.instruments) for symbol in symbols}


@dataclass(frozen=True)
class Parts(Folded):
    """The loop's parts, folded to the end of a journal and ready to run."""

    options: "Options"


def policy_of(options: FoldSettings, grid: Mapping[str, Instrument]) -> Policy:
    """Return the risk gate's settings, packed for the mode and the account's cash unit."""
    own = {symbol: _packed(for_pair(options, symbol), grid) for symbol in options.pairs}
    return structs.replace(_packed(options, grid), pairs=own)


def _packed(options: FoldSettings, grid: Mapping[str, Instrument]) -> Policy:
    return Policy.pack(
        options.risk,
        options.sizing,
        mode=options.mode,
        timeframe_ms=options.timeframe_ms,
        cost_ppm=one_way_cost_ppm(options),
        cash_decimals=next(iter(grid.values())).cash_decimals,
        orders=options.entries.pack(configured_ppm(options)),
        laws=options.entries.impacts,
        pair_list=options.pairlist.on,
    )


class PolicyInForce:
    """The risk gate's settings as the journal says they are now; packed anew when they were changed."""

    def __init__(self, options: FoldSettings, grid: Mapping[str, Instrument], state: State) -> None:
        self.options = options
        self.grid = grid
        self.state = state
        self._changed = state.changed
        self._policy = self._packed()

    def __call__(self) -> Policy:
        """Return the policy in force."""
        if self.state.changed is not self._changed:
            self._changed = self.state.changed
            self._policy = self._packed()
        return self._policy

    def _packed(self) -> Policy:
        try:
            return policy_of(options_in_force(self.options, self._changed), self.grid)
        except BadInput:  # of another program; a session that trades does not begin with it
            return policy_of(self.options, self.grid)


def options_in_force(options: GivenT, changed: Mapping[str, Changed]) -> GivenT:
    """Return the options with what was changed while the agent ran.

    What this version of the program refuses is left out: no exit waits for it, and no session that trades
    begins with it (see `refuse_stale`).
    """
    try:
        return changes.changed(options, values(changed))
    except BadSettings:
        for name, each in changed.items():
            with suppress(BadSettings):
                options = changes.changed(options, {name: each.value})
        return options


def refuse_stale(parts: Parts) -> None:
    """Raise BadSettings where settings that were changed while an agent ran are none of this program."""
    options = parts.options
    changed = standing(parts.state.changed, options.public())
    try:
        policy_of(changes.changed(options, values(changed)), parts.grid)
    except BadInput as fault:
        wrong = str(fault).replace("\n", "; ")
        names = ", ".join(changed)
        raise BadSettings(
            [f"changed while running, and not of this version: {wrong}. Set {names} anew in the settings"]
        ) from None


def parts(
    options: "Options",
    journal: Records,
    until: Callable[[Event], bool] = never,
    grid: dict[str, Instrument] | None = None,
    *,
    checkpoints: Checkpoints | None = None,
    whole: bool = False,
    stopping: bool = False,
) -> Parts:
    """Fold a journal into the parts of a session, as `folded` does."""
    result = folded(options, journal, until, grid, checkpoints=checkpoints, whole=whole, stopping=stopping)
    return Parts(options, result.grid, result.state, result.mind, result.since, result.brief)


def folded(
    options: FoldSettings,
    journal: Records,
    until: Callable[[Event], bool] = never,
    grid: dict[str, Instrument] | None = None,
    *,
    checkpoints: Checkpoints | None = None,
    before: int | None = None,
    nearest: Checkpoint | None = None,
    whole: bool = False,
    stopping: bool = False,
) -> Folded:
    """Fold a journal by settings, up to the first event of which `until` is true.

    `grid` is the venue's own where it has one. With `checkpoints` the fold begins at the nearest that
    can be believed, below row `before` where that is given, and leaves others behind; who has found that one
    gives it as `nearest`. `whole` begins at the first row all the same. Who is `stopping` an account waits
    for no long fold: where no checkpoint is near, the account is taken from one of another program, and
    nothing but the account is folded. Raises JournalFault where the chain is broken, BadInput where a symbol
    cannot be traded.
    """
    grid = instruments(options.symbols, options.instruments) if grid is None else grid
    fold = brief = None
    if checkpoints is not None and not whole:
        nearest = nearest or checkpoints.nearest(journal, fold_key(options), before)
        if stopping and journal.head()[0] - (nearest.header.seq if nearest else 0) > FAR:
            fold = brief = _account_alone(journal, options, checkpoints)
        if fold is None and nearest is not None:
            fold = _gone_on(journal, options, checkpoints, nearest, until, before)
    if fold is None:
        fold = blank(options, one_way_cost_ppm(options))
        keeper = FoldKeeper(checkpoints, journal, options, fold, before) if checkpoints is not None else None
        refold(journal, fold.state, until, taken=keeper.taken if keeper else ignore)
    counted = counted_alike(grid, fold.state)
    if not options.remote:
        counted = {name: carried(each, fold.state) for name, each in counted.items()}
    return Folded(options, counted, fold.state, fold.mind, fold.seq, brief is not None)


def _gone_on(
    journal: Records,
    options: FoldSettings,
    checkpoints: Checkpoints,
    nearest: Checkpoint,
    until: Callable[[Event], bool],
    before: int | None,
) -> Resumed | None:
    """Return the fold from a checkpoint on; None where that does not go on, for then it is in doubt."""
    fold = resumed(nearest, options, one_way_cost_ppm(options))
    keeper = FoldKeeper(checkpoints, journal, options, fold, before)
    try:
        refold(journal, fold.state, until, after=fold.seq, taken=keeper.taken)
    except JournalFault:
        raise
    except Exception as error:  # noqa: BLE001 -- the rows are the truth, and are folded without it
        log.say("error", "a checkpoint does not go on", row=fold.seq, why=f"{type(error).__name__}: {error}")
        return None
    return fold


def _account_alone(journal: Records, options: FoldSettings, checkpoints: Checkpoints) -> Resumed | None:
    """Return the account as the latest checkpoint of any program and later rows have it, None without one."""
    nearest = checkpoints.nearest(journal, "")
    if nearest is None:
        return None
    fold = blank(options, one_way_cost_ppm(options))
    try:
        nearest.give_state(fold.state)
        fold.state.mind = None
        refold(journal, fold.state, after=nearest.header.seq)
    except JournalFault:
        raise
    except Exception as error:  # noqa: BLE001 -- of another program: then the rows are folded, all of them
        log.say("warning", "an account is of another program", why=f"{type(error).__name__}: {error}")
        return None
    log.say(
        "warning", "the account alone was folded, from another program's checkpoint", row=nearest.header.seq
    )
    fold.state.mind = fold.mind
    return fold._replace(seq=nearest.header.seq)


def carried(report: Instrument, state: State) -> Instrument:
    """Return an instrument of the settings on a grid that holds what the journal holds of it."""
    known = state.ledger.instruments.get(report.symbol)
    return report if known is None or not state.session else finest(known, report)


def counted_alike(grid: Mapping[str, Instrument], state: State) -> dict[str, Instrument]:
    """Return instruments with the cash unit the journal's account has been counted in so far.

    Raises BadInput where one does not fit it: such a journal is of a time before its unit was that fine.
    """
    if not state.ledger.instruments:
        return dict(grid)
    decimals = state.ledger.cash_decimals
    try:
        return {name: structs.replace(each, cash_decimals=decimals) for name, each in grid.items()}
    except ValueError as error:
        raise BadInput(f"{error}, in which this journal counts; begin a new one with --fresh") from None
