"""The walk: one fact made unreadable, a life lived with it, and a verdict from the exchange's own books.

The law: positions stay or become protected, the emergency stop sells what can be sold, the one thing
concerned is named, its entries stop, and nothing else does.
"""

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.orders.differences import Differs
from domain.errors import BadInput
from tests.law.case import PHASES, Case, promised
from tests.law.facts import HEADERS, REFUSALS, WAYS, Fact, Facts, Unreadable
from tests.law.files import WAYS as FILE_WAYS
from tests.law.files import Spoilt, kinds
from tests.law.leaving import PHASES_OF_LEAVING, SLICED, SLICED_LIFE, doubled, left_out
from tests.law.scenario import LIFE, Start, World

BARE_SECONDS = 15.0
"""How long a position may stand without a stop or a sale on its way while one fact is unreadable."""
STOPPED_AT = 3
"""In which cycle that stop comes: BTC and ETH, or what became of them, and SOL are held."""
NATIVE = {"BTCUSDT": "BTC-USDT", "ETHUSDT": "ETH-USDT", "SOLUSDT": "SOL-USDT"}
CONCERNED = "BTCUSDT"


def facts_of(start: Start, folder: Path) -> list[Fact]:
    """Return every fact the live path reads in a life without faults, of the symbol concerned."""
    facts = Facts()
    for name, life, changes in (("recorded", LIFE, {}), ("sliced", SLICED_LIFE, SLICED)):
        world = World(start, folder / name, facts)
        world.changes = changes
        world.run(life)
        world.flatten()
        world.review()
    others = tuple(f"[{each}]" for name in NATIVE for each in (name, name[:3]) if name != CONCERNED)
    return [each for each in facts.all() if not any(other in each.path for other in others)]


def every_case(facts: Sequence[Fact]) -> Iterator[Case]:
    """Yield the whole walk: every fact in every way, from now an early, now a late time on."""
    phases = itertools.cycle(PHASES + PHASES[1:4])
    leaving = itertools.cycle(PHASES_OF_LEAVING)
    for fact, way in itertools.product(facts, WAYS):
        if fact.kind != "null" or way in ("type", "unknown"):
            for phase in (next(phases), next(leaving)):
                yield Case(Unreadable(fact.route, fact.path, way, fact.kind), phase)
    for route, way, phase in itertools.product(
        _routes(facts), REFUSALS, ("before", "during", "stop", "running", *PHASES_OF_LEAVING)
    ):
        if promised(Unreadable(route, (), way)):
            yield Case(Unreadable(route, (), way), phase)
    phases = itertools.cycle((*PHASES, *PHASES_OF_LEAVING))
    for route, (name, values) in itertools.product(_routes(facts), HEADERS.items()):
        yield from (Case(Unreadable(route, ("headers", name), value), next(phases)) for value in values)


def sample(facts: Sequence[Fact]) -> Iterator[Case]:
    """Yield every fact and every route once, each in another way and phase than its neighbour."""
    leaving = itertools.cycle(PHASES_OF_LEAVING)
    for number, fact in enumerate(facts):
        way = WAYS[number % 4] if fact.kind != "null" else "unknown"
        phase = next(leaving) if number % 5 == 0 else PHASES[(number // 4 + number) % 3]
        yield Case(Unreadable(fact.route, fact.path, way, fact.kind), phase)
    ways = itertools.cycle(REFUSALS)
    for number, route in enumerate(_routes(facts)):
        refused = Unreadable(route, (), next(ways))
        phase = next(leaving) if number % 3 == 0 else PHASES[number % 2]
        yield Case(refused if promised(refused) else Unreadable(route, (), "-9999"), phase)
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
        self.ended = False
        if case.leaving:
            world.changes = SLICED

    def verdict(self, *, afterwards: bool) -> list[str]:
        if self.case.phase == "before":
            self.world.strike(self.case.fact)
        self._live()
        self._others_went_on()
        self._left_alone()
        over = self.case.passes or self.case.phase == "running"
        self.world.heal() if over else self.world.strike(self.case.fact)
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
        if number != self.case.struck_in:
            return
        self.world.strike(self.case.fact)
        if self.case.passes:
            self.world.near.on_answer = self._once

    def _once(self, question: Any) -> None:
        if isinstance(self.case.fact, Unreadable) and self.case.fact.strikes(question):
            self.world.heal()

    def _live(self) -> None:
        try:
            self.words.append(str(self.world.run(self.case.life, self._on_cycle)))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is judged
            self.words.append(str(error))
            self.ended = True
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
        sides = [order.draft.side for order in self._orders("SOLUSDT") if order.executed]
        if sides != ["BUY", "SELL"]:
            self.wrong.append(f"another symbol was stopped: SOL was traded {sides}")

    def _orders(self, symbol: str) -> list[Any]:
        new = ((number, order) for number, order in self.exchange.orders.items() if number not in self.before)
        return [order for _number, order in new if order.symbol == symbol]

    def _left_alone(self) -> None:
        """Judge slices and declared exits: nothing doubled, and all of it sold once its time was over."""
        if not self.case.leaving or self.ended:
            return
        orders, moment = self._orders(CONCERNED), self.case.phase.partition(" ")[0]
        self.wrong += doubled(orders)
        if self.case.sellable and not self.case.closes:
            self.wrong += left_out(orders, moment, passes=self.case.passes)
        watch = self.world.near.watch
        held = watch.held(CONCERNED)
        if not self.case.sellable or not watch.sellable(CONCERNED, held):
            return
        behind_its_stop = not watch.sellable(CONCERNED, held - watch.guarded(CONCERNED))
        if not (self.case.closes and behind_its_stop and "'BTC-USDT': 'the exchange" in self.words[-1]):
            self.wrong.append(f"its time was over and {held} are held")

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
