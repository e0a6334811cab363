"""The turn of one cycle and its look at the markets; nothing is locked while providers take their time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import UNSET
from msgspec.structs import replace

from agent.loop.soundness import unsound
from agent.state.state import State
from domain.candle import Candle
from domain.decision import Decision
from domain.errors import BadAnswer, VenueFault
from domain.events import CycleDecided, Event, KillSwitchSet, PairsListed
from domain.instrument import Instrument
from domain.observation import SPLIT, Observation
from domain.order import Receipt
from domain.ports import Observer
from domain.verdict import Verdict
from reasoning.informative import InformativeCandles

UNSEEN = "its market is not seen: "
"""How the reason begins for which a symbol of no observation takes no entry."""

IN_TICKS = " in ticks of "
"""Between the name of the series of a symbol that is only looked at and the ticks its prices are in."""

MAY_BE_SPLIT = "it may have been split: "
"""How the reason begins for which a share takes no entry and is not valued anew."""


class Turn:
    """The facts one cycle has gathered so far."""

    def __init__(self, cycle_id: int, at: datetime) -> None:
        self.cycle_id = cycle_id
        self.at = at
        self.kill: KillSwitchSet | None = None
        self.pairs: PairsListed | None = None
        self.observations: list[Observation] = []
        self.beside: list[Observation] = []
        """What was seen of symbols that are only looked at."""
        self.updates: Sequence[Receipt] = ()
        self.blocked: dict[str, str] = {}
        self.unseen: dict[str, str] = {}
        self.decisions: list[Decision] = []
        self.verdicts: list[Verdict] = []
        self.unjudged: dict[str, str] = {}
        """Why the custom exit of a position could not be judged, by symbol."""
        self.faults: dict[str, str] = {}
        """Faults of ours over one symbol, which was left alone, by symbol."""

    def rows(self) -> tuple[Event, ...]:
        """Return what is journaled of what was seen and decided, behind its pair list and its kill switch."""
        decided = CycleDecided(
            self.cycle_id,
            self.at,
            tuple(self.observations),
            tuple(self.updates),
            tuple(self.decisions),
            tuple(self.verdicts),
            self.blocked,
            tuple(self.beside) or UNSET,
            self.faults or UNSET,
        )
        return (*(each for each in (self.pairs, self.kill) if each is not None), decided)


def look(
    turn: Turn, symbols: Sequence[str], observer: Observer, state: State, *, apart: bool
) -> Exception | None:
    """Look at every market; return what went wrong.

    A market that cannot be seen is one symbol's, where they are looked at `apart`: the others are decided on.
    Where none is seen, or the fault is ours, the cycle fails.
    """
    faults: list[VenueFault] = []
    for symbol in symbols:
        try:
            turn.observations.append(_observed(symbol, turn, observer, state))
        except VenueFault as fault:
            faults.append(fault)
            turn.unseen[symbol] = f"{UNSEEN}{fault}"
            if not apart:
                break
        except Exception as error:  # noqa: BLE001 -- recorded and judged like any other failure of the cycle
            return error
    return faults[0] if faults and not (apart and turn.observations) else None


def look_beside(
    turn: Turn,
    symbols: Mapping[str, Instrument],
    observer: Observer,
    informed: Mapping[str, InformativeCandles],
) -> None:
    """Look at symbols that are not traded and that strategies look at; one that cannot be seen is noted.

    Nothing that goes wrong here holds up an exit. A series is named with its ticks: in others it is another.
    """
    for symbol, instrument in symbols.items():
        ticks = f"{IN_TICKS}{instrument.tick_size:f}"
        known = informed.get(symbol)
        last = known.candles[-1] if known and known.candles and known.series.endswith(ticks) else None
        try:
            observation = observer.observe(symbol, last, turn.at)
            if wrong := unsound(observation):
                raise BadAnswer(f"{observation.provider} tells {wrong}")  # noqa: TRY301 -- as any other fault of it
        except Exception as fault:  # noqa: BLE001 -- whatever it was, the symbols that are traded go on
            turn.unseen[symbol] = f"{UNSEEN}{fault}"
            continue
        series = observation.series.removesuffix(ticks) + ticks
        turn.beside.append(replace(observation, series=series, quote=None, headlines=()))


def _observed(symbol: str, turn: Turn, observer: Observer, state: State) -> Observation:
    observation = observer.observe(symbol, _after(symbol, state), turn.at)
    wrong = unsound(observation)
    if wrong:
        raise BadAnswer(f"{observation.provider} tells {wrong}")
    return observation


def _after(symbol: str, state: State) -> Candle | None:
    """Return the candle to go on from; none for a share that may be split and is not held."""
    ledger = state.ledger
    anew = ledger.venue_blocks.get(symbol, "").startswith(MAY_BE_SPLIT) and symbol not in ledger.positions
    return None if anew else state.last.get(symbol)


def splits(observations: Sequence[Observation]) -> dict[str, str]:
    """Return of each share whose price looks like a split what is done about it."""
    return {
        observation.symbol: f"{MAY_BE_SPLIT}{result.detail}; no price after it is used. "
        "Once what is held is sold "
        f"(agent close {observation.symbol}) it is begun anew"
        for observation in observations
        for result in observation.findings
        if result.kind == SPLIT
    }
