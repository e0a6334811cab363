"""The chain behind a session at the clock's time: live, else the newest kept answer, else simulated.

Every observation says which of these it is, when it was fetched and who was asked in vain. Each
provider's candles are a series of their own: when the series changes, the loop is given a full
warm-up again, so that indicators never run across two markets.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from domain.candle import Candle, RawCandle
from domain.errors import NoData, VenueFault
from domain.instrument import Instrument
from domain.observation import Attempt, Headline, Observation, Source
from domain.ports import CandleRequest, Clock
from domain.times import DAY_MS, millis
from perception.headlines import Headlines
from perception.quality import Intake, intake
from perception.simulated import SimulatedProvider

T = TypeVar("T")

MOST_CANDLES = 1000
"""Candles one request may ask for; Binance gives no more."""


class Guarded(Protocol):
    """A network provider behind its guard, as the chain needs it."""

    @property
    def name(self) -> str:
        """Name as in the settings."""
        ...

    @property
    def state(self) -> str:
        """State of its circuit breaker."""
        ...

    def candles(self, request: CandleRequest, deadline_seconds: float | None = None) -> Sequence[RawCandle]:
        """Return candles oldest first, within the deadline. Raises VenueFault."""
        ...

    def last_good(self, request: CandleRequest) -> tuple[Sequence[RawCandle], datetime] | None:
        """Return the newest candles ever fetched for the request and when they were, or None."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


class _Quest(NamedTuple):
    """One observation in the making: what is asked and who has failed so far."""

    symbol: str
    after: Candle | None
    now: datetime
    attempts: list[Attempt]
    faults: list[VenueFault]

    def failed(self, provider: str, reason: str | VenueFault) -> None:
        if isinstance(reason, VenueFault):
            self.faults.append(reason)
            reason = f"{type(reason).__name__}: {reason}"
        self.attempts.append(Attempt(provider, reason))


class _Answer(NamedTuple):
    """Raw candles and whose they are; `asof_ms` is the instant they were true."""

    source: Source
    provider: str
    breaker: str
    fetched_at: datetime
    asof_ms: int
    follow: Candle | None
    raw: Sequence[RawCandle]


class Chain:
    """Observes at the clock's time. Implements `Observer`; used by the loop's thread only.

    `live` providers are asked in order. A kept answer older than `cached_seconds` gives way to
    `simulated` where there is one, and serves at any age where there is none. `budget_seconds` bounds
    what all observations of a cycle wait in sum. `series` are the series an earlier session was last
    given, by symbol.
    """

    def __init__(
        self,
        live: Sequence[Guarded],
        simulated: SimulatedProvider | None,
        instruments: Mapping[str, Instrument],
        timeframe_ms: int,
        *,
        warmup: int,
        clock: Clock,
        budget_seconds: float | None = None,
        cached_seconds: float = 300.0,
        news: Headlines | None = None,
        series: Mapping[str, str] | None = None,
    ) -> None:
        self._live = tuple(live)
        self._simulated = simulated
        self._instruments = dict(instruments)
        self._cached_seconds = cached_seconds
        self._patience = Patience(budget_seconds, clock)
        self._continuity = Continuity(timeframe_ms, warmup, series or {})
        self._news = news
        self._simulating: set[str] = set()

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        """Return what is new for `symbol` since `after`. Raises the last VenueFault when nobody serves."""
        self._patience.begin(now)
        quest = _Quest(symbol, after, now, [], [])
        seen = self._ask_live(quest) or self._look_up(quest) or self._simulate(quest)
        if seen is None:
            raise quest.faults[-1] if quest.faults else NoData(f"no provider serves {symbol}")
        return seen

    def close(self) -> None:
        """Close every provider, whichever of them fails to."""
        with ExitStack() as stack:
            for provider in self._live:
                stack.callback(provider.close)
            if self._simulated is not None:
                stack.callback(self._simulated.close)

    def _ask_live(self, quest: _Quest) -> Observation | None:
        for provider in self._live:
            if self._patience.over:
                reason = f"the {self._patience.seconds:g} s this cycle may wait are used up"
                quest.failed(provider.name, Unreachable(reason))
                continue
            request, follow = self._request(quest, provider.name)
            try:
                raw = self._patience.spend(partial(provider.candles, request, self._patience.left()))
            except VenueFault as fault:
                quest.failed(provider.name, fault)
                continue
            kept = provider.last_good(request)
            fetched_at = quest.now if kept is None else kept[1]
            seen = self._seen(quest, self._answer(quest, Source.LIVE, provider, fetched_at, (raw, follow)))
            if seen is not None:
                return seen
        return None

    def _look_up(self, quest: _Quest) -> Observation | None:
        """Serve the newest answer any live provider ever gave, with its age."""
        kept = []
        for provider in self._live:
            request, follow = self._request(quest, provider.name)
            answer = provider.last_good(request)
            if answer is not None:
                kept.append((answer[1], self._answer(quest, Source.CACHED, provider, answer[1], (answer[0], follow))))
        for fetched_at, found in sorted(kept, key=lambda each: each[0], reverse=True):
            age = (quest.now - fetched_at).total_seconds()
            if self._simulated is not None and age > self._cached_seconds:
                reason = f"answer of {found.provider} is {age:.0f} s old, limit {self._cached_seconds:g} s"
                quest.failed("cached", NoData(reason))
                continue
            seen = self._seen(quest, found)
            if seen is not None:
                return seen
        return None

    def _simulate(self, quest: _Quest) -> Observation | None:
        simulated = self._simulated
        if simulated is None:
            return None
        if quest.symbol not in self._simulating:
            self._anchor(simulated, quest)
        request, follow = self._request(quest, simulated.name)
        try:
            raw = simulated.candles(request)
        except VenueFault as fault:
            quest.failed(simulated.name, fault)
            return None
        now_ms = request.now_ms
        return self._seen(
            quest, _Answer(Source.SIMULATED, simulated.name, "closed", quest.now, now_ms, follow, raw)
        )

    def _anchor(self, simulated: SimulatedProvider, quest: _Quest) -> None:
        """Let the simulated market begin at the last known price, so that no position jumps in value."""
        symbol, after, now_ms = quest.symbol, quest.after, millis(quest.now)
        if after is not None and self._continuity.on(symbol, simulated.name):
            # It was simulated before a restart too: go on from where that candle closed.
            simulated.anchor(symbol, after.close, min(after.time + self._continuity.timeframe_ms, now_ms))
            return
        price = self._continuity.price(symbol) or (after.close if after is not None else None)
        if price is not None:
            simulated.anchor(symbol, price, now_ms)

    def _request(self, quest: _Quest, provider: str) -> tuple[CandleRequest, Candle | None]:
        """Return what to ask a provider, and the candle its answer follows on: None for a full warm-up."""
        follow = quest.after if self._continuity.follows(quest.symbol, provider, quest.after) else None
        return self._continuity.request(self._instruments[quest.symbol], follow, quest.now), follow

    def _answer(
        self,
        quest: _Quest,
        source: Source,
        provider: Guarded,
        fetched_at: datetime,
        found: tuple[Sequence[RawCandle], Candle | None],
    ) -> _Answer:
        # Judged at the instant it was fetched: what was forming then is not complete now.
        asof_ms = min(millis(quest.now), millis(fetched_at))
        return _Answer(source, provider.name, provider.state, fetched_at, asof_ms, found[1], found[0])
