"""A run of the walk: which fact, when it is unreadable, and what of the law may be asked of it."""

from typing import NamedTuple

from tests.law.facts import Unreadable
from tests.law.files import Spoilt
from tests.law.leaving import MOMENTS, PHASES_OF_LEAVING, SLICED_LIFE
from tests.law.scenario import LIFE, Acts

PHASES = ("before", "during", "once", "stop", "running")
"""From when a fact is unreadable: before the start, from the first cycle on, in one answer, at the stop, and
at a stop that is pressed while the agent runs. Those of leaving are of a life of their own."""


class Case(NamedTuple):
    """One run of the walk."""

    fact: Unreadable | Spoilt
    phase: str

    def __str__(self) -> str:
        return f"{self.fact}, {self.phase}"

    @property
    def alone(self) -> bool:
        """Whether the fact is of one symbol, so that nothing of another may stop."""
        if isinstance(self.fact, Spoilt):
            return True
        if self.fact.way == "throttled" or self.fact.path[:1] == ("headers",):
            return False
        shared = self.fact.refused and self.fact.route.startswith(("POST", "GET openOrders"))
        if shared or self.fact.route.startswith("GET account"):
            return False  # holdings not compared, an order in doubt: no entry of any symbol
        own = any(each in self.fact.path for each in ("[BTCUSDT]", "[BTC]"))
        return own or self.fact.route.split(" ")[1].partition("/")[0] in OF_A_SYMBOL

    @property
    def leaving(self) -> bool:
        """Whether the life is the one with slices and declared exits."""
        return self.phase in PHASES_OF_LEAVING

    @property
    def life(self) -> Acts:
        """What is lived."""
        return SLICED_LIFE if self.leaving else LIFE

    @property
    def struck_in(self) -> int:
        """The cycle from which on the fact is unreadable, 0 where it is not for a cycle to say."""
        moment = self.phase.partition(" ")[0]
        return MOMENTS.get(moment, 1 if moment in ("during", "once") else 0)

    @property
    def passes(self) -> bool:
        """Whether it is one answer that is unreadable."""
        return self.phase.endswith("once")

    @property
    def closes(self) -> bool:
        """Whether it says that no order of the symbol is taken: then exits wait behind the stop."""
        return isinstance(self.fact, Unreadable) and self.fact.way == "-1121" and "test" in self.fact.route

    @property
    def sellable(self) -> bool:
        """Whether the exchange takes what is needed to sell the symbol concerned."""
        if isinstance(self.fact, Spoilt):
            return True
        gone = self.fact.way == "-1121" and self.fact.route == "GET exchangeInfo"
        return not (gone or (self.fact.refused and self.fact.route in NEEDED))


OF_A_SYMBOL = ("order", "orderList", "openOrders", "myTrades", "avgPrice", "ticker", "referencePrice")
NEEDED = ("POST order", "DELETE order")
OF_AN_EXIT = (*NEEDED, "POST order/test", "POST orderList/oco", "GET order", "GET myTrades")


def promised(fact: Unreadable) -> bool:
    """Whether the law holds for it; not for a ban in the middle of an exit (docs/reliability.md)."""
    return fact.way != "throttled" or fact.route not in OF_AN_EXIT
