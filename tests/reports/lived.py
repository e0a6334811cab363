"""Sessions over seeded candles in memory, worth a report, and what may be done to their journals."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent import wiring
from agent.host.clock import SystemClock
from agent.loop.inbox import Inbox
from agent.settings.settings import Options
from domain.commands import Command
from domain.times import utc
from journal.history import History
from journal.memory import MemoryJournal
from research.data.candles import Candles
from tests.agent.world import ID, ask, lively
from tests.seeded import seeded


class Session:
    """One session over candles, with commands behind cycles of some numbers."""

    def __init__(
        self,
        candles: Sequence[Candles],
        options: Options | None = None,
        asked: Mapping[int, Command] | None = None,
    ) -> None:
        self.options = options or lively(symbols=tuple(each.symbol for each in candles))
        self.journal = MemoryJournal(ID)
        self.parts = wiring.parts(self.options, self.journal)
        source = wiring.market_of_candles(self.parts, candles)
        self.inbox = Inbox(SystemClock())
        begun = utc(int(candles[0].time[0]))
        platform = wiring.paper_platform(self.parts)
        self.session = wiring.session(
            self.parts, self.journal, source.observer, platform, self.inbox, at=begun
        )
        self.clock = self.inbox.clock
        self.asked = dict(asked or {})
        self.inner = wiring.pacer(
            self.options.model_copy(update={"provider": "recorded"}),
            source,
            self.inbox.clock,
            self.inbox.wait,
        )
        self.session.run(self)

    def next(self) -> Any:
        """Return the next instant, behind what is asked before it."""
        command = self.asked.pop(self.parts.state.cycle_id, None)
        if command is not None:
            ask(self, command, self.parts.state.at)
        return self.inner.next()


def candles(count: int = 1500, seed: int = 7, symbol: str = "BTC-USDT") -> Candles:
    """Return seeded candles of a minute."""
    return seeded(symbol, "1m", count, seed)


def changed(journal: History, change: Callable[[Any], Any]) -> MemoryJournal:
    """Return a journal whose events were changed one by one; None leaves one out."""
    made = MemoryJournal(ID)
    for row in journal.rows():
        event = change(row.event)
        if event is not None:
            made.append(event)
    return made
