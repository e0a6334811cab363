"""The walk: one fact made unreadable, a life lived with it, and a verdict from the exchange's own books.

The law: positions stay or become protected, the emergency stop sells what can be sold, the one thing
concerned is named, its entries stop, and nothing else does.
"""

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agent.orders.differences import Differs
from domain.errors import BadInput
from tests.law.facts import HEADERS, REFUSALS, WAYS, Fact, Facts, Unreadable
from tests.law.files import WAYS as FILE_WAYS
from tests.law.files import Spoilt, kinds
from tests.law.scenario import LIFE, Start, World

BARE_SECONDS = 15.0
"""How long a position may stand without a stop or a sale on its way while one fact is unreadable."""
PHASES = ("before", "during", "once", "stop", "running")
"""From when a fact is unreadable: before the start, from the first cycle on, in one answer, at the stop, and
at a stop that is pressed while the agent runs."""
STOPPED_AT = 3
"""In which cycle that stop comes: BTC and ETH, or what became of them, and SOL are held."""
NATIVE = {"BTCUSDT": "BTC-USDT", "ETHUSDT": "ETH-USDT", "SOLUSDT": "SOL-USDT"}
CONCERNED = "BTCUSDT"


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


def facts_of(start: Start, folder: Path) -> list[Fact]:
    """Return every fact the live path reads in a life without faults, of the symbol concerned."""
    facts = Facts()
    world = World(start, folder / "recorded", facts)
    world.run(LIFE)
    world.flatten()
    world.review()
    others = tuple(f"[{each}]" for name in NATIVE for each in (name, name[:3]) if name != CONCERNED)
    return [each for each in facts.all() if not any(other in each.path for other in others)]


def every_case(facts: Sequence[Fact]) -> Iterator[Case]:
    """Yield the whole walk: every fact in every way, from now an early, now a late time on."""
    phases = itertools.cycle(PHASES + PHASES[1:4])
    for fact, way in itertools.product(facts, WAYS):
        if fact.kind != "null" or way in ("type", "unknown"):
            yield Case(Unreadable(fact.route, fact.path, way, fact.kind), next(phases))
    for route, way, phase in itertools.product(
        _routes(facts), REFUSALS, ("before", "during", "stop", "running")
    ):
        if promised(Unreadable(route, (), way)):
            yield Case(Unreadable(route, (), way), phase)
    for route, (name, values) in itertools.product(_routes(facts), HEADERS.items()):
        yield from (Case(Unreadable(route, ("headers", name), value), next(phases)) for value in values)


def sample(facts: Sequence[Fact]) -> Iterator[Case]:
    """Yield every fact and every route once, each in another way and phase than its neighbour."""
    for number, fact in enumerate(facts):
        way = WAYS[number % 4] if fact.kind != "null" else "unknown"
        yield Case(Unreadable(fact.route, fact.path, way, fact.kind), PHASES[(number // 4 + number) % 3])
    ways = itertools.cycle(REFUSALS)
    for number, route in enumerate(_routes(facts)):
        refused = Unreadable(route, (), next(ways))
        yield Case(refused if promised(refused) else Unreadable(route, (), "-9999"), PHASES[number % 2])
    for number, route in enumerate(_routes(facts)[::3]):
        yield Case(Unreadable(route, (), ("503", "-9999", "html", "silence")[number % 4]), "running")
    for number, (name, values) in enumerate(HEADERS.items()):
        yield Case(Unreadable("GET openOrders", ("headers", name), values[number + 1]), PHASES[number])


def every_file(start: Start, folder: Path) -> list[Case]:
    """Return the walk over files: every kind in every way, before the start, in a session, at the stop."""
    spoilt = [Spoilt(kind, way) for kind in kinds(start, folder) for way in FILE_WAYS]
    return [Case(each, phase) for each in spoilt for phase in ("before", "during", "stop")]


def _routes(facts: Sequence[Fact]) -> list[str]:
    return sorted({each.route for each in facts})


def walked(start: Start, case: Case, *, afterwards: bool = True) -> list[str]:
    """Live a life with a fact unreadable; return what is against the law, `afterwards` in the books too."""
    with tempfile.TemporaryDirectory(prefix="boyd-law-", dir=start.home.parent) as name:
        return _Walk(World(start, Path(name)), case).verdict(afterwards=afterwards)


class _Walk:
    def __init__(self, world: World, case: Case) -> None:
        self.world = world
        self.case = case
        self.exchange = world.near.venue.exchange
        self.before = set(self.exchange.orders)
        self.wrong: list[str] = []
        self.words: list[str] = []
        self.refused = False

    def verdict(self, *, afterwards: bool) -> list[str]:
        if self.case.phase == "before":
            self.world.strike(self.case.fact)
        self._live()
        self._others_went_on()
        self.world.heal() if self.case.phase in ("once", "running") else self.world.strike(self.case.fact)
        self._stop()
        self._sold()
        self._bare()
        self._named()
        self.world.heal()
        if afterwards:
            self._in_line()
        return self.wrong

    def _on_cycle(self, number: int) -> None:
        if number == STOPPED_AT and self.case.phase == "running":
            self.world.strike(self.case.fact)
            self._stop(self.world.flatten_running)
            self.world.heal()
        if number != 1 or self.case.phase not in ("during", "once"):
            return
        self.world.strike(self.case.fact)
        if self.case.phase == "once":
            self.world.near.on_answer = self._once

    def _once(self, question: Any) -> None:
        if isinstance(self.case.fact, Unreadable) and self.case.fact.strikes(question):
            self.world.heal()

    def _live(self) -> None:
        try:
            self.words.append(str(self.world.run(LIFE, self._on_cycle)))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is judged
            self.words.append(str(error))
            if isinstance(error, Differs):
                return  # what differs is another law's: it halts, and says so
            if isinstance(self.case.fact, Spoilt) and isinstance(error, BadInput):
                self.refused = "move it away" in str(error)  # a start may be refused so; a stop never
            started = any(question.method == "POST" for question in self.world.near.asked)
            if not self.refused and (self.case.alone or self.case.phase != "before" or started):
                self.wrong.append(f"the session ended with {type(error).__name__}: {error}")

    def _others_went_on(self) -> None:
        if not self.case.alone or self.wrong or self.refused or self.case.phase == "running":
            return
        sides = [
            order.draft.side
            for number, order in self.exchange.orders.items()
            if number not in self.before and order.symbol == "SOLUSDT" and order.executed
        ]
        if sides != ["BUY", "SELL"]:
            self.wrong.append(f"another symbol was stopped: SOL was traded {sides}")

    def _stop(self, flatten: Callable[[], dict[str, Any]] | None = None) -> None:
        try:
            told = (flatten or self.world.flatten)()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is judged
            self.words.append(str(error))
            self.wrong.append(f"flatten ended with {type(error).__name__}: {error}")
        else:
            self.words.append(str(told))
            self._honest(told)

    def _honest(self, told: dict[str, Any]) -> None:
        left = [symbol for symbol in NATIVE if self._left(symbol)]
        if told["flat"] and left:
            self.wrong.append(f"flatten says flat and {left} are held")

    def _left(self, symbol: str) -> bool:
        watch = self.world.near.watch
        return watch.sellable(symbol, watch.held(symbol))

    def _sold(self) -> None:
        for symbol in NATIVE:
            if self._left(symbol) and (symbol != CONCERNED or self.case.sellable):
                self.wrong.append(f"{symbol} is not sold: {self.world.near.watch.held(symbol)} left")

    def _bare(self) -> None:
        for symbol, seconds in self.world.near.watch.longest.items():
            if seconds > BARE_SECONDS and (symbol != CONCERNED or self.case.sellable):
                self.wrong.append(f"{symbol} stood bare for {seconds:.1f} s")

    def _named(self) -> None:
        if not self.wrong and not self.case.sellable and "BTC" not in self.world.words() + str(self.words):
            self.wrong.append("what is concerned is not named")

    def _in_line(self) -> None:
        if isinstance(self.case.fact, Spoilt):
            self.case.fact.move_away(self.world)
        try:
            self.world.near.pass_seconds(10)
            for ban in self.world.home.glob("budgets/*.ban"):
                ban.unlink()  # the operator has waited
            self.world.run({1: {}, 2: {}})
            told = self.world.review()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is judged
            self.wrong.append(f"afterwards, reconcile: {type(error).__name__}: {error}")
        else:
            if not told["in_line"]:
                self.wrong.append(f"afterwards not in line: {told}")
