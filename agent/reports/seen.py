"""The candles a session looked at, by cycle, and the rules it went by: stretches of equal rules.

A backtest has one set of settings, parameters and grids, so where any of them changed another one begins.
"""

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from agent import wiring
from agent.settings.settings import Options
from agent.state.state import State
from domain.events import CycleDecided, GridChanged, ParametersSet, SessionStarted, SettingsChanged
from domain.instrument import Instrument

RULES = frozenset(
    {
        "symbols",
        "timeframe",
        "reasoning",
        "risk",
        "sizing",
        "learning",
        "paper",
        "perception",
        "instruments",
        "mode",
    }
)
"""Settings that a backtest depends on: a session with the same goes on with the stretch before it."""


class CandleIndex:
    """The cycles that decided on a symbol, and the newest closed candle each knew."""

    def __init__(self) -> None:
        self.cycles, self.candles = array("q"), array("q")

    def add(self, cycle: int, candle: int) -> None:
        """Take note of a cycle."""
        self.cycles.append(cycle)
        self.candles.append(candle)

    def candle_of(self, cycle: int) -> int | None:
        """Return the candle a cycle decided on, None where it is not known."""
        at = bisect_left(self.cycles, cycle)
        return self.candles[at] if at < len(self.cycles) and self.cycles[at] == cycle else None

    def cycle_of(self, candle: int) -> int | None:
        """Return the first cycle that decided on a candle, None where none did."""
        at = bisect_left(self.candles, candle)
        return self.cycles[at] if at < len(self.candles) and self.candles[at] == candle else None


class Rules(NamedTuple):
    """The rules from an instant on (None: from before the period), and what the account was worth then."""

    since: datetime | None
    options: Options
    parameters: Mapping[str, Mapping[str, Any]]
    instruments: Mapping[str, Instrument]
    equity: int
    held: tuple[str, ...]


class SeenRules:
    """The symbols' cycles and the stretches of a period, as rows come."""

    def __init__(self) -> None:
        self.looked: dict[str, CandleIndex] = {}
        self.rules: list[Rules] = []
        self._settings: Mapping[str, Any] = {}

    def begin(self, started: SessionStarted | None, options: Options | None, state: State) -> None:
        """Take note of what was in force before the period."""
        if started is not None and options is not None:
            self._settings = _of_rules(started.settings)
            self._add(options, state, None)

    def take(self, event: object, options: Options | None, state: State) -> None:
        """Take note of an event that the state has folded by now."""
        if isinstance(event, CycleDecided):
            for observation in event.observations:
                last = state.last.get(observation.symbol)
                if last is not None:
                    self.looked.setdefault(observation.symbol, CandleIndex()).add(event.cycle_id, last.time)
        elif options is None:
            return
        elif isinstance(event, SessionStarted):
            settings = _of_rules(event.settings)
            if settings != self._settings or not self.rules:
                self._settings = settings
                self._add(options, state, state.at)
        elif isinstance(event, ParametersSet | SettingsChanged | GridChanged):
            self._add(options, state, state.at)

    def _add(self, options: Options, state: State, since: datetime | None) -> None:
        ledger = state.ledger
        if self.rules and self.rules[-1].since == since:
            self.rules.pop()
        self.rules.append(
            Rules(
                since,
                wiring.options_in_force(options, state.changed),
                {name: event.parameters for name, event in state.in_force().items()},
                dict(ledger.instruments),
                ledger.equity,
                tuple(ledger.positions),
            )
        )


def _of_rules(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in RULES}
