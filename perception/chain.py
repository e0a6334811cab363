"""The chain behind a session at the clock's time: live, else the newest kept answer, else simulated.

Every observation says which of these it is, when it was fetched and who was asked in vain. Each
provider's candles are a series of their own: when the series changes, the loop is given a full
warm-up again, so that indicators never run across two markets.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol

from domain.candle import Candle, RawCandle
from domain.digits import MOST_LOST, lost
from domain.errors import BadInput, NoData, Unreachable, VenueFault
from domain.instrument import Instrument
from domain.observation import Attempt, Finding, Headline, Observation, Source
from domain.ports import CandleRequest, Clock
from domain.times import closing, millis
from perception.driven.simulated import SimulatedProvider
from perception.guard.cycle_budget import Patience
from perception.headlines import Headlines
from perception.quality.continuity import Continuity
from perception.quality.intake import Intake, intake
from perception.quality.splits import begun_anew, held_back, may_split

COARSE_ROWS = 20
"""Newest candles of an answer by which its grid is judged."""
DOUBT = frozenset({"jump", "split"})
"""Findings of a price that is not believed yet: it says something, and no other source takes its place."""


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


class _Answer(NamedTuple):
    """Candles somebody gave, to follow on `follow` (None: a full warm-up); `breaker` is that provider's."""

    source: Source
    provider: str
    breaker: str
    fetched_at: datetime
    follow: Candle | None
    raw: Sequence[RawCandle]


class _Quest(NamedTuple):
    """One observation in the making: what is asked, and who has failed so far."""

    symbol: str
    after: Candle | None
    now: datetime
    attempts: list[Attempt]
    faults: list[VenueFault]

    def failed(self, provider: str, fault: VenueFault) -> None:
        self.attempts.append(Attempt(provider, f"{type(fault).__name__}: {fault}"))
        self.faults.append(fault)


class Chain:
    """Observes at the clock's time. Implements `Observer`; used by the loop's thread only.

    `live` providers are asked in order. A kept answer older than `cached_seconds` gives way to
    `simulated` where there is one, and serves at any age where there is none. `budget_seconds` bounds
    what all observations of a cycle wait in sum. `series` are the series an earlier session was last
    given, by symbol. No news is asked for of symbols `beside`, which are only looked at.
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
        beside: Collection[str] = (),
    ) -> None:
        self._beside = frozenset(beside)
        self._live = tuple(live)
        self._simulated = simulated
        self._instruments = instruments  # the session's own: an exchange may change its grid meanwhile
        self._cached_seconds = cached_seconds
        self._patience = Patience(budget_seconds, clock)
        self._continuity = Continuity(timeframe_ms, warmup, series or {})
        self._news = news
        self._simulating: set[str] = set()

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        """Return what is new for `symbol` since `after`.

        Raises the last provider's VenueFault when nobody serves, BadInput for an unknown symbol.
        """
        if symbol not in self._instruments:
            raise BadInput(f"symbol {symbol} is not observed: {', '.join(self._instruments)}")
        self._patience.begin(now)
        quest = _Quest(symbol, after, now, [], [])
        for answer in self._answers(quest):
            taken = self._take(quest, answer)
            if taken is not None:
                return self._seen(quest, answer, taken)
        raise quest.faults[-1] if quest.faults else NoData(f"there is no provider for {symbol}")

    def close(self) -> None:
        """Close every provider, whichever of them fails to."""
        with ExitStack() as stack:
            for provider in self._live:
                stack.callback(provider.close)
            if self._simulated is not None:
                stack.callback(self._simulated.close)

    def _answers(self, quest: _Quest) -> Iterator[_Answer]:
        """Ask one after another, each only when those before did not do."""
        for provider in self._live:
            yield from self._ask(quest, provider)
        yield from self._kept(quest)
        if self._simulated is not None:
            yield from self._simulate(quest, self._simulated)

    def _ask(self, quest: _Quest, provider: Guarded) -> Iterator[_Answer]:
        if self._patience.over:
            reason = f"the {self._patience.seconds:g} s a cycle may wait are used up"
            quest.failed(provider.name, Unreachable(reason))
            return
        request, follow = self._request(quest, provider.name)
        try:
            raw = self._patience.spend(partial(provider.candles, request, self._patience.left()))
        except VenueFault as fault:
            quest.failed(provider.name, fault)
            return
        kept = provider.last_good(request)
        fetched_at = quest.now if kept is None else kept[1]
        yield _Answer(Source.LIVE, provider.name, provider.state, fetched_at, follow, raw)

    def _kept(self, quest: _Quest) -> Iterator[_Answer]:
        """Offer the live providers' last good answers, newest first."""
        kept: list[_Answer] = []
        for provider in self._live:
            request, follow = self._request(quest, provider.name)
            good = provider.last_good(request)
            if good is not None:
                kept.append(_Answer(Source.CACHED, provider.name, provider.state, good[1], follow, good[0]))
        for answer in sorted(kept, key=lambda each: each.fetched_at, reverse=True):
            age = (quest.now - answer.fetched_at).total_seconds()
            if self._simulated is not None and age > self._cached_seconds:
                reason = f"kept answer is {age:.0f} s old, limit {self._cached_seconds:g} s"
                quest.failed(answer.provider, NoData(reason))
            else:
                yield answer

    def _simulate(self, quest: _Quest, simulated: SimulatedProvider) -> Iterator[_Answer]:
        if quest.symbol not in self._simulating:
            self._anchor(quest, simulated)
            self._simulating.add(quest.symbol)
        request, follow = self._request(quest, simulated.name)
        try:
            raw = simulated.candles(request)
        except VenueFault as fault:
            quest.failed(simulated.name, fault)
            return
        yield _Answer(Source.SIMULATED, simulated.name, "closed", quest.now, follow, raw)

    def _anchor(self, quest: _Quest, simulated: SimulatedProvider) -> None:
        """Let the simulated market begin at the last known price, so that no position jumps in value."""
        symbol, after, now_ms = quest.symbol, quest.after, millis(quest.now)
        if after is not None and self._continuity.on(symbol, simulated.name):
            # It was simulated before a restart too: go on from where that candle closed.
            simulated.anchor(
                symbol, after.close, min(closing(after.time, self._continuity.timeframe_ms), now_ms)
            )
            return
        price = self._continuity.price(symbol) or (after.close if after is not None else None)
        if price is not None:
            simulated.anchor(symbol, price, now_ms)

    def _request(self, quest: _Quest, provider: str) -> tuple[CandleRequest, Candle | None]:
        """Return what to ask a provider, and the candle its answer follows on."""
        follow = quest.after if self._continuity.follows(quest.symbol, provider, quest.after) else None
        return self._continuity.request(self._instruments[quest.symbol], follow, quest.now), follow

    def _take(self, quest: _Quest, answer: _Answer) -> Intake | None:
        """Check an answer's candles; note it as failed and return None when it says nothing at all."""
        self._refuse_coarse(quest, answer)
        taken = self._checked(quest, answer)
        kinds = sorted({finding.kind for finding in taken.findings})
        # A price under doubt says something; no other source may quietly take its place.
        if taken.candles or taken.quote or not DOUBT.isdisjoint(kinds):
            return taken
        what = f"no usable candle: {', '.join(kinds)}" if kinds else "no candles"
        quest.failed(answer.provider, NoData(what))
        return None

    def _refuse_coarse(self, quest: _Quest, answer: _Answer) -> None:
        """Raise NoData where rounding to the grid ruins prices that somebody told: nothing is made up then.

        On paper only: where an exchange is traded its own grid is counted on.
        """
        if self._simulated is None or answer.source is Source.SIMULATED:
            return
        instrument = self._instruments[quest.symbol]
        closes = [row.close for row in answer.raw[-COARSE_ROWS:]]
        share = lost(closes, instrument.tick)
        if share > MOST_LOST:
            raise NoData(
                f"prices such as {closes[-1]:g} lose {share:.2%} when rounded to ticks of "
                f"{instrument.tick_size:f}; set [instruments.{quest.symbol}] tick_size and step_size"
            )

    def _checked(self, quest: _Quest, answer: _Answer) -> Intake:
        """Return what an answer's candles come to; of a share, without what looks like a split of it."""
        taken = self._taken(quest, answer)
        instrument = self._instruments[quest.symbol]
        if not may_split(instrument):
            return taken
        if quest.after is None:
            return begun_anew(taken, instrument)
        return held_back(taken, quest.after, instrument)

    def _taken(self, quest: _Quest, answer: _Answer) -> Intake:
        instrument, follow = self._instruments[quest.symbol], answer.follow
        step, warmup = self._continuity.timeframe_ms, self._continuity.warmup
        # Judged at the instant it was fetched: what was forming then is not complete now.
        asof_ms = min(millis(quest.now), millis(answer.fetched_at))
        if follow is None:
            taken = intake(instrument, answer.raw, None, step, asof_ms)
            known = asof_ms if quest.after is None else quest.after.time
            refused = tuple(candle for candle in taken.refused if candle.time > known)
            return taken._replace(candles=taken.candles[-warmup:], refused=refused)
        early = closing(follow.time, step) - asof_ms
        if early <= 0:
            return intake(instrument, answer.raw, follow, step, asof_ms)
        # The clock was set back behind a candle the loop has: nothing is new, but there is a price.
        taken = intake(instrument, answer.raw, None, step, asof_ms)
        clock = Finding("clock", f"the last candle closes {early} ms after now", follow.time)
        return taken._replace(candles=(), findings=(clock, *taken.findings), refused=())

    def _seen(self, quest: _Quest, answer: _Answer, taken: Intake) -> Observation:
        series = self._continuity.delivered(quest.symbol, answer.provider, quest.after, taken)
        if answer.source is not Source.SIMULATED:
            self._simulating.discard(quest.symbol)
        headlines = self._headlines(quest)
        return Observation(
            symbol=quest.symbol,
            source=answer.source,
            provider=answer.provider,
            series=series,
            fetched_at=answer.fetched_at,
            candles=taken.candles,
            quote=taken.quote,
            headlines=headlines,
            findings=taken.findings,
            attempts=tuple(quest.attempts),
            breaker=answer.breaker,
            doubted=taken.refused,
        )

    def _headlines(self, quest: _Quest) -> tuple[Headline, ...]:
        """Return headlines that are new; a fault of the news is noted and nothing more."""
        news = self._news
        if news is None or quest.symbol in self._beside or self._patience.over:
            return ()
        if not news.due(quest.symbol, quest.now):
            return ()
        try:
            return self._patience.spend(partial(news.new, quest.symbol, quest.now, self._patience.left()))
        except VenueFault as fault:
            quest.failed("news", fault)
            return ()
