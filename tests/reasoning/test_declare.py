"""A declared strategy does what its decide says; what cannot be compiled is refused with file and line."""

import pickle
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from domain.decision import Signal
from domain.errors import BadInput
from reasoning import declare
from reasoning.declare import Undeclarable
from reasoning.declare.making import Declared
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.features import Features
from reasoning.kernels.strategy import Strategy
from reasoning.kernels.subset import compilable
from reasoning.own import OwnStrategy, StrategyFault
from reasoning.strategies.registry import STRATEGIES
from tests.reasoning.samples import candles_of, walk
from tests.reasoning.told import column, numbers, over_columns, told, with_features, written

BANDS = """
class Bands(Declared):
    length = integer(20, 5, 200, "candles of the bands")
    width = number(2.0, 0.5, 4.0)
    band = bollinger(length, width)
    trend = ema(30)
    signal = ema(5, of=rsi(7))

    def decide(self, now, last):
        if crossed_above(now.close, now.band.lower) and now.close > now.trend - 900:
            return buy(stop=now.band.lower * 0.97, confidence=60, reason=f"back above {now.band.lower:.1f}")
        if now.close > now.band.upper and rising(now.signal):
            return sell(reason="above the upper band")
"""


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> Strategy[Any]:
    module, _ = written(tmp_path_factory.mktemp("bands"), BANDS)
    strategy: Strategy[Any] = module.Bands.strategy
    return strategy


def packed_of(strategy: Strategy[Any], **given: Any) -> tuple[Any, ...]:
    """Return parameters as a strategy's kernels take them."""
    params: Any = strategy.params
    packed: tuple[Any, ...] = params(**given).packed()
    return packed


def test_fifteen_lines_are_a_whole_strategy(bands: Strategy[Any]) -> None:
    packed = packed_of(bands, length=10)
    assert type(packed).__qualname__ == "Bands.Packed"
    said = told(bands, packed, walk(900, 4))
    votes = [(signal, reason) for signal, reason in said if signal.vote]
    assert {signal.vote for signal, _ in votes} == {1, -1}
    for signal, reason in votes:
        if signal.vote > 0:
            assert (signal.confidence, signal.base, signal.stop_ppm) == (60.0, 60.0, 0)
            assert signal.stop == pytest.approx(float(reason.removeprefix("back above ")) * 0.97, abs=2)
        else:
            assert reason == "above the upper band"
            assert (signal.base, signal.stop_ppm, signal.stop) == (50.0, 30_000, 0)
    assert [signal if signal.vote else None for signal, _ in said] == over_columns(
        bands, packed, walk(900, 4)
    )
    assert said[5][1].endswith(" warming up, 6 of 31 candles")
    assert compilable(bands) is None


def test_it_waits_until_all_is_known_and_no_longer(bands: Strategy[Any]) -> None:
    # the RSI of 7 is known after 7 values, its average over 5 after 4 more, and a rise needs one before
    assert bands.warmup(packed_of(bands, length=5)) == 30 + 1
    assert bands.warmup(packed_of(bands, length=50)) == 50 + 1


def test_what_it_looks_at_is_drawn_once_known(bands: Strategy[Any]) -> None:
    packed, memory = packed_of(bands, length=5), bands.blank(packed_of(bands, length=5))
    drawn = []
    for close in (100.0, 101.0, 99.0, 100.0, 104.0):
        bands.take(memory, packed, close, close, close, close, 1.0, 0.0)
        drawn.append([each.name for each in bands.drawn(memory, packed)])
    assert drawn == [[], [], [], [], ["band lower", "band middle", "band upper"]]


def test_an_indicator_fed_with_another_begins_when_that_is_known(bands: Strategy[Any]) -> None:
    packed, candles = packed_of(bands), walk(40, 9)
    memory, lines = bands.blank(packed), []
    for candle in candles:
        bands.take(memory, packed, *numbers(candle), float(candle.time))
        lines.append({each.name: each.value for each in bands.drawn(memory, packed)}.get("signal"))
    assert bands.columns is not None
    (key,) = [each for each in bands.columns(packed) if each.kind == "ema" and each.inputs[0].kind == "rsi"]
    assert lines == [each or None for each in column(key, candles)]


def test_a_vote_without_a_confidence_is_worth_half_and_what_the_market_adds(tmp_path: Path) -> None:
    module, _ = written(
        tmp_path,
        "class Up(Declared):\n"
        "    def decide(self, now, last):\n"
        "        return vote(now.close - last.close, target=now.close + 10.5, stop=last.close - 3.5)\n",
    )
    strategy = module.Up.strategy
    features = Features(20.0, 10.0, 1, 0, 3.0, 3.0, 1)
    memory, packed = strategy.blank(()), strategy.params().packed()
    said = [
        strategy.on_candle(memory, packed, features, c, c, c, c, 1.0, 0.0) for c in (100.0, 101.0, 90.0, 90.0)
    ]
    assert [each.vote for each in said] == [0, 1, -1, 0]
    assert said[1][1:] == (100.0, 50.0, 20.0, 20.0, 10.0, 0, 96, 111)
    assert said[2][1:] == (80.0, 50.0, 0.0, 20.0, 10.0, 0, 98, 101), "the tick above, for a short"


def test_its_own_warm_up_is_the_least(tmp_path: Path) -> None:
    module, _ = written(tmp_path, "class Up(Declared):\n    warmup = 70\n" + _decide("return buy()"))
    strategy = module.Up.strategy
    votes = [signal.vote for signal, _ in told(strategy, strategy.params().packed(), candles_of([5.0] * 72))]
    assert votes == [0] * 69 + [1] * 3


def test_a_division_by_zero_names_the_line(tmp_path: Path) -> None:
    module, path = written(
        tmp_path,
        "class Up(Declared):\n"
        + _decide(
            "spread = now.high - now.low\n        if now.close / spread > 2:\n            return buy()"
        ),
    )
    strategy = module.Up.strategy
    with pytest.raises(ZeroDivisionError) as caught:
        strategy.take([0.0] * 9, strategy.params().packed(), 5.0, 5.0, 5.0, 5.0, 1.0, 0.0)
    last = caught.traceback[-1]
    assert (str(last.path), last.lineno + 1) == (str(path), 7)
    assert path.read_text().splitlines()[6].strip() == "if now.close / spread > 2:"


def _decide(body: str) -> str:
    return f"    def decide(self, now, last):\n        {body}\n"


DECLARED = """    n = integer(5, 2, 50)
    far, open_end = number(5.0, 0, 101), integer(5)
    k = 3
    mean = sma(n)
    band = bollinger(20, 2.0)
"""

REFUSED: list[tuple[str, str]] = [
    ("if now.bnad.lower > 1:\n            return buy()", "is no number of this strategy; did you mean"),
    ("return buy(stop=now.band)", "band is several numbers; write one of now.band.lower, now.band.middle"),
    ("return buy(stop=now.mean.value)", "mean is one number; write now.mean"),
    ("return buy(stop=self.band)", "self.band is an indicator; write now.band"),
    ("return buy(stop=mean)", "mean is an indicator of the class; write now.mean"),
    ("return buy(stop=n)", "n is a parameter of the class; write self.n"),
    ("return buy(stop=close)", "close is a number of a candle; write now.close"),
    ("return buy(stop=now)", "now is a candle; write one of its numbers, such as now.close"),
    ("return buy(stop=now.n)", "n is a parameter; write self.n"),
    ("return buy(stop=self.m)", "self.m is no parameter; there are n, far, open_end, k"),
    ("return buy(stop=now.close[1])", "nothing is indexed"),
    ("return buy(stop=now[3])", "nothing is indexed"),
    ("return buy(stop=_memory[0])", "nothing is indexed"),
    ("return buy(stop=now.close[-1:][0])", "nothing is indexed"),
    ("return buy(stop=_memory)", "_memory has no value on every way to here"),
    ("return buy(stop=now.__class__)", "now.__class__ is no number"),
    ("return buy(stop=vars(now))", "vars(...) is not taken in decide"),
    ("return buy(stop=getattr(now, 'close'))", "getattr(...) is not taken in decide"),
    ("return buy(stop=now.close.real)", "now.close.real is no number of this strategy"),
    ("return buy(stop=eval('1'))", "eval(...) is not taken"),
    ("x = [now.close]\n        return buy()", "no lists"),
    ("x = {'a': now.close}\n        return buy()", "no dicts"),
    ("x = (now.close, 1)\n        return buy()", "no tuples"),
    ("x = max(c for c in [1])\n        return buy()", "takes 2 numbers or more"),
    ("x = [c for c in (1, 2)]\n        return buy()", "no comprehensions"),
    ("x = lambda: 1\n        return buy()", "no lambda"),
    ("x = 'text'\n        return buy()", "text 'text' belongs into reason="),
    ("x = f'{now.close}'\n        return buy()", "text belongs into reason="),
    ("x = None\n        return buy()", "nothing is None"),
    ("if now.close is None:\n            return buy()", "numbers are compared with <"),
    ("if (x := now.close) > 1:\n            return buy()", "no := here"),
    ("x = now.close ** 2\n        return buy()", "write x * x"),
    ("x = now.close % 2\n        return buy()", "Mod is not taken"),
    ("x = now.close // 2\n        return buy()", "FloorDiv is not taken"),
    ("x = int(now.close)\n        return buy()", "int(...) is not needed"),
    ("x = print(now.close)\n        return buy()", "print(...) is not taken in decide"),
    ("x = np.mean(now.close)\n        return buy()", "np.mean(...) cannot be called in decide"),
    ("x = unheard(now.close)\n        return buy()", "unheard(...) is unknown; import it"),
    ("for x in range(3):\n            pass", "no loops"),
    ("while True:\n            pass", "no loops"),
    ("import math\n        return buy()", "import at the top of the file"),
    ("try:\n            return buy()\n        except ValueError:\n            pass", "nothing is caught"),
    ("with open('x') as x:\n            return buy()", "nothing is opened"),
    ("raise ValueError", "nothing is raised"),
    ("def f():\n            pass\n        return buy()", "no functions inside"),
    ("global x\n        return buy()", "nothing is kept between candles"),
    ("self.seen = 1\n        return buy()", "nothing is kept between candles"),
    ("now.close = 1\n        return buy()", "nothing is kept between candles"),
    ("now = 1\n        return buy()", "now cannot be set"),
    ("if now.close > 1:\n            x = 1\n        return buy(stop=x)", "x has no value on every way"),
    ("x = 1\n        x = now.close > 1\n        return buy()", "x is a number before and a truth here"),
    ("return now.close > 1", "return buy(...), sell(...), vote(side, ...), nothing(...) or nothing at all"),
    ("return buy", "return buy(...), sell(...)"),
    ("buy(stop=1)\n        return None", "buy(...) alone does nothing: return buy(...)"),
    ("now.close\n        return None", "this line does nothing"),
    ("return buy(now.close)", "takes its arguments by name"),
    ("return vote(stop=1)", "takes the side first"),
    ("return buy(stops=1)", "has no stops=; it takes confidence=, base="),
    ("return buy(confidence=60, base=1)", "give one or the other"),
    ("if market.trend > 0:\n            return buy()", "market.trend is known where a vote is given"),
    ("return buy(trend=market.tend)", "market.tend is none; did you mean trend?"),
    ("return buy(stop=said.stop)", "said.stop is none; a reason has"),
    ("x = now.close\n        if crossed_above(x, 5):\n            return buy()", "x is not known of the"),
    ("if crossed_above(last.close, 5):\n            return buy()", "write now.close here"),
    ("if crossed_above(now.close):\n            return buy()", "crossed_above(...) takes 2 numbers"),
    ("if rising(rising(now.close)):\n            return buy()", "cannot stand inside another such word"),
    ("return buy()\n        return sell()", "no way leads to this line"),
    ("match now.close:\n            case 1:\n                return buy()", "no match"),
    ("return buy(reason='x' * 10)", "reason='x' * 10 is no text: write"),
    ("return buy(reason=5)", "reason=5 is no text: write"),
    ("return buy(reason='%d' % now.close)", "reason='%d' % now.close is no text: write"),
    ("return buy(reason='{}'.format(now.close))", "is no text: write"),
    ("return buy(reason='at ' + now.close)", "reason=now.close is no text: write"),
    ("return buy(reason='a' if now.close > 1 else now.close)", "reason=now.close is no text: write"),
    ("return nothing(now.close > 1)", "reason=now.close > 1 is no text: write"),
    ("return buy(reason=f'{round(now.close, 2)}')", "reason=round(now.close, 2) is no text: write"),
    ("return buy(reason=f'{now.close:d}')", "'d' is no form of now.close; write two decimals as :.2f"),
    ("return buy(reason=f'{self.n:zz}')", "'zz' is no form of self.n; write two decimals as"),
    ("return buy(reason=f'{market.atr}')", "a reason does not know market.atr"),
    ("return buy(confidence=1000)", "confidence goes from 0 to 100, not 1000; write points, such as"),
    ("return buy(confidence=-self.k)", "confidence goes from 0 to 100, not -3"),
    ("return sell(confidence=50 * self.k)", "confidence goes from 0 to 100, not 150"),
    ("return vote(1, confidence=self.open_end)", "0 to 100: give its parameter open_end a range"),
    ("return buy(confidence=self.far)", "0 to 100, and its parameter far from 0 to 101"),
    ("return buy(base=101)", "base goes from 0 to 100, not 101"),
    ("return buy(trend=-101)", "trend goes from -100 to 100, not -101"),
    ("return buy(stop_ppm=0.03)", "stop_ppm goes from 1 to 999,999, not 0.03; write whole parts per"),
    ("return buy(stop_ppm=30_000.5)", "stop_ppm goes from 1 to 999,999, not 30000.5"),
    ("return buy(stop_ppm=self.far)", "stop_ppm is a whole number: declare far as integer(...)"),
    ("return buy(stop=0)", "stop is at least one tick, not 0; write a price"),
    ("return buy(target=-1)", "target is at least one tick, not -1; write a price"),
    ("return buy(**{'stop': 1})", "takes its arguments by name, such as stop=; not **"),
    ("x = now.close / 0\n        return buy()", "now.close / 0 divides by zero"),
    ("x = 1" + "0" * 400 + "\n        return buy()", "a number is 1000"),
    ("x = now._mean\n        return buy()", "now._mean: what begins with _ is not declared"),
    ("x = math.sqrt(now.close)\n        return buy()", "write a @kernel (domain.kernel) above the class"),
    ("x = self.near(now.close)\n        return buy()", "write a @kernel (domain.kernel) above the class"),
]  # fmt: skip  # a table


@pytest.mark.parametrize(("body", "words"), REFUSED, ids=lambda each: each[:40])
def test_what_cannot_be_compiled_is_refused_with_file_and_line(tmp_path: Path, body: str, words: str) -> None:
    with pytest.raises(Undeclarable) as caught:
        written(tmp_path, f"class Wrong(Declared):\n{DECLARED}{_decide(body)}")
    text = str(caught.value)
    assert words in text
    (path,) = tmp_path.glob("*.py")
    name, line, _ = text.split(":", 2)
    assert name == path.name
    lines = path.read_text().splitlines()
    begin = next(index for index, each in enumerate(lines, 1) if "def decide" in each)
    assert begin < int(line) <= len(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("    mean = sma(0)\n", "sma: n is 0, and goes from 1 to 2000"),
        ("    n = integer(5, 1, 9_999)\n    mean = sma(n)\n", "sma: n is from 1 to 9999, and goes from 1"),
        ("    n = integer(5)\n    mean = sma(n)\n", "sma: n goes from 1 to 2000: give its parameter a range"),
        ("    n = number(5.0, 1, 9)\n    mean = sma(n)\n", "sma: n is a whole number (integer), and"),
        ("    mean = sma(2.5)\n", "sma: n is 2.5 and must be a whole number"),
        ("    mean = sma(m=3)\n", "sma has no parameter 'm'; there is n"),
        ("    mean = sma(3, 4)\n", "sma takes 1 parameters (n), not 2"),
        ("    mean = sma(3, of='volum')\n", "sma cannot be made of 'volum'"),
        ("    mean = sma(3, of=bollinger(20, 2.0))\n", "write one of bollinger(...).lower or"),
        ("    range_ = atr(3, of='close')\n", "atr(of=...) has 1 numbers, and is made of high, low, close"),
        ("    n = integer(5, 1, 9)\n    low = n < 4\n", "a relation joins two parameters"),
        ("    close = sma(3)\n", "Wrong.close: the name is taken"),
        ("    words = 'x'\n", "Wrong.words is str; a strategy declares parameters"),
        ("    warmup = 2.5\n", "warmup is 2.5; write a whole number of candles"),
        ("    warmup = 10**18\n", "warmup is 1000000000000000000; write a whole number of candles, at most"),
        ("    n = integer(5, 10, 1)\n", "integer: its range goes from 10 to 1; write the lower limit first"),
        ("    n = integer(50, 1, 10)\n", "integer: its default 50 must be at most 10"),
        ("    n = integer(5, above=5)\n", "integer: its default 5 must be above 5"),
        ("    n = integer(True)\n", "integer: its default is True; write a whole number from"),
        ("    n = integer(10**400)\n", "integer: its default is 1000"),
        ("    n = integer(5, 1, 9, 3)\n", "integer: its meaning is 3; write a text, such as"),
        ("    n = number(float('nan'), 0, 1)\n", "number: its default is nan; write a finite number"),
        ("    n = number(10**400)\n", "number: its default is 1000"),
        ("    n = number('1')\n", "number: its default is 1; write a finite number"),
        ("    n = switch(1)\n", "switch: its default is 1; write True or False"),
        ("    exits = exits()\n", "exits() declares none; write one, such as exits(roi="),
        ("    exits = exits(after=2.5)\n", "after is 2.5; write whole minutes, such as after=480"),
        ("    exits = exits(after=0)\n", "after goes from 1 to 5,256,000, not 0; write whole"),
        ("    exits = exits(roi=0.1)\n", "roi is 0.1; write a table, such as roi={0: 0.10, 60: 0.04}"),
        ("    exits = exits(roi={0.5: 0.1})\n", "a time of roi is 0.5; write whole minutes, such as"),
        ("    exits = exits(roi={0: 'x'})\n", "a gain of roi is 'x'; write a share of the entry"),
        ("    exits = exits(roi=dict.fromkeys(range(17), 0.1))\n", "roi has 17 steps; write at most 16"),
        ("    exits = exits(break_even=-0.1)\n", "break_even goes from 1e-06 to 1, not -0.1; write"),
        ("    exits = exits(trail_atr=True)\n", "trail_atr is True; write how many ATRs"),
        ("    exits = exits(partial={0.03: 1})\n", "a share of partial goes from 0.001 to 0.999, not 1"),
        ("    exits = exits(add={0.02: 1.5})\n", "share of add goes from 0.001 to 1, not 1.5; write"),
        ("    exits = exits(add={0: 0.5})\n", "a gain of add is 0 or may be; write a fall, such as"),
        ("    exits = exits(add={-0.02: 0.5, 0.03: 0.5})\n", "add has falls and rises; write all of"),
        ("    exits = exits(add={-0.9: 0.5})\n", "a gain of add goes from -0.5 to 1, not -0.9; write"),
        ("    exits = exits(add={-0.02: 0.5, -0.02: 1.0})\n", ":5: exits: add has -0.02 twice; write"),
        ("    exits = exits(partial={0.03: 0.5, 0.05: 0.5})\n", "partial sells 0.5 + 0.5 of what was bought"),
        ("    n = number(5.0, 1, 9)\n    exits = exits(after=n)\n", "after is no whole number; declare it"),
        ("    n = integer(5)\n    exits = exits(after=n)\n", "5,256,000: give its parameter a range"),
        ("    n = integer(5, 0, 9)\n    exits = exits(after=n)\n", "to 5,256,000, not from 0 to 9; write"),
        ("    exits = exits(after=integer(5, 1, 9))\n", "a parameter of exits (without a name) is none of"),
        ("    exits = exits(trailing=0.02)\n", ".py:5: exits has no trailing=; did you mean trail_atr?"),
        ("    exits = exits(0.1)\n", "exits(0.1) is without a name; write exits(roi={0: 0.10}); there"),
        ("    h = timeframe()\n", 'timeframe(...) takes one length, such as timeframe("4h"); there are'),
        ("    h = timeframe('4h', 1)\n", 'timeframe(...) takes one length, such as timeframe("4h")'),
        ("    h = timeframe('4H')\n", "timeframe '4H' is none; did you mean 4h? there are"),
        ("    h = timeframe('1H')\n", "timeframe '1H' is none; did you mean 1h? there are"),
        ("    h = timeframe('1M')\n", "timeframe '1M' is none; a month has no fixed length: there"),
        ("    exits = exits(after=5)\n    exits = exits(roi={0: 0.1})\n", ":6: exits are declared twice;"),
        ("    mean = sma(3)\n    exits = exits(after=mean)\n", "after is an indicator (sma); write whole"),
        ("    mean = sma(3)\n    exits = exits(roi={mean: 0.04})\n", "time of roi is an indicator (sma)"),
        ("    exits = exits(partial={0.03: bollinger(20, 2.0).lower})\n", "an indicator (bollinger.lower)"),
        ("    exits = exits(after=timeframe('4h'))\n", "after is candles (4h); write whole minutes"),
        ("    exits = exits(after=sma)\n", "after is the function sma; write whole minutes"),
        ("    mean = sma(3)\n    slow = sma(5, on=mean)\n", "sma(on=...) is an indicator (sma); write"),
        ("    mean = sma(sma(3))\n", "sma: n is an indicator (sma); write a number, or a parameter"),
        ("    n = integer(5, 1, 9)\n    mean = sma(3, of=n)\n", "sma cannot be made of a parameter; of="),
        ("    exits = exits(roi={0: float('nan')})\n", "roi is nan; write a finite number from -0.99 to 1"),
        ("    exits = exits(break_even=float('inf'))\n", "break_even is inf; write a finite number"),
        ("    n = number(0.1, 0.1, float('inf'))\n    exits = exits(roi={0: n})\n", "limit is inf; write"),
        ("    exits = exits(roi={0: 4})\n", "a gain of roi goes from -0.99 to 1, not 4; write a share"),
        ("    exits = exits(partial={3: 0.5})\n", "partial goes from 1e-06 to 1, not 3; write"),
        ("    exits = exits(\n        roi={\n        0: 0.04,\n        0: 0.1})\n", ":8: exits: roi has"),
        ("    exits = exits(partial={0.03: 0.2, 0.030: 0.1})\n", ":5: exits: partial has 0.03 twice"),
        ("    n = integer(5, 1, 9)\n    exits = exits(roi={n: 0.04, n: 0.1})\n", ":6: exits: roi has n"),
        ("    now = timeframe('1h')\n", "Wrong.now: the name is taken; choose another"),
        ("    last = sma(3)\n", "Wrong.last: the name is taken; choose another"),
        ("    market = integer(3, 1, 9)\n", "Wrong.market: the name is taken; choose another"),
        ("    said = 5\n", "Wrong.said: the name is taken; choose another"),
        ("    exits = 5\n", "exits is int; write exits = exits(roi={0: 0.10, 60: 0.04})"),
        ("    leaving = exits(after=5)\n", "leaving are exits; name them so: exits = exits(...)"),
        ("    n, k, m = (integer(5, 1, 9) for _ in range(3))\n    low = n < k < m\n", ":6: a relation joins"),
        ("    n, k = integer(5, 1, 9), integer(6, 1, 9)\n    low = n <= k\n", "are related by < or"),
        ("    n, k = integer(6, 1, 9), integer(5, 1, 9)\n    low = n < k\n", "n 6 is not below k 5, and so"),
        ("    n = integer(6, 1, 9)\n    low = n < n\n", "n 6 is not below n 6, and so are their defaults"),
        ("    ema = ema(9)\n    slow = ema(20)\n", ":6: an indicator is called ema above, which hides what"),
        ("    def near(self, x):\n        return x\n", "Wrong.near is function; write it above the"),
        ("    on = True\n", "Wrong.on is bool; write switch(True) for what may be set"),
        ("    x = float('nan')\n", "Wrong.x is nan; write a finite number"),
        ("    x = -float('inf')\n", "Wrong.x is -inf; write a finite number"),
        ("    x = 10**400\n", "Wrong.x is 1000"),
        ("    timeframe_ms = integer(5, 1, 9)\n    h = sma(3, on='4h')\n", "timeframe_ms: the name is taken"),
        ("    relations = integer(5, 1, 9)\n", "Wrong.relations: the name is taken; choose another"),
    ],
)  # fmt: skip  # a table
def test_what_is_declared_wrongly_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        written(tmp_path, f"class Wrong(Declared):\n{text}{_decide('return buy()')}")
    assert words in str(caught.value)


def test_numbers_and_texts_of_the_file_and_of_modules_are_what_they_stand_for(tmp_path: Path) -> None:
    module, _ = written(
        tmp_path,
        "import math\nWHY, POINTS = 'above pi', 70\n\n\nclass Pi(Declared):\n"
        + _decide("if now.close > math.pi:\n            return buy(confidence=POINTS, reason=WHY + '!')"),
    )
    strategy = module.Pi.strategy
    said = [(signal.confidence, reason) for signal, reason in told(strategy, (), walk(5, 4))]
    assert set(said) == {(70.0, "above pi!")}


def test_a_confidence_worked_out_beyond_its_limit_counts_as_the_most_and_no_number_is_a_fault(
    tmp_path: Path,
) -> None:
    module, _ = written(
        tmp_path,
        "class Sure(Declared):\n" + _decide("return buy(confidence=now.volume * 1e308 - now.open * 1e308)"),
    )
    own = OwnStrategy.of(module.Sure.strategy, tmp_path)
    _, features = next(with_features(walk(1, 4)))

    def said(opened: float, close: float, volume: float) -> Signal:
        memory = own.blank(())
        assert own.take(memory, (), opened, close, close, close, volume, 0.0) == 1
        return own.say(memory, (), 1, close, features)

    assert said(0.0, 1.0, 1e-307).confidence == 10.0
    assert said(0.0, 5.0, 9.0).confidence == 100.0
    with pytest.raises(StrategyFault, match="confidence nan is no finite number"):
        said(9.0, 5.0, 9.0)


def test_a_switch_is_one_or_nothing_for_a_machine_makes_no_float_of_a_truth(tmp_path: Path) -> None:
    module, _ = written(
        tmp_path,
        "class Switched(Declared):\n    on = switch(True)\n    n = integer(3, 1, 9)\n"
        + _decide("if self.on and now.close > self.n:\n            return buy(reason=f'{self.on}')"),
    )
    strategy = module.Switched.strategy
    for on in (True, False):
        packed = packed_of(strategy, on=on)
        assert [type(each) for each in packed] == [int, int]
        said = told(strategy, packed, walk(5, 4))
        assert {signal.vote for signal, _ in said} == {int(on)}


def test_a_star_brings_every_indicator(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec("from reasoning.declare import *", names)  # noqa: S102 -- as a user's file begins
    assert {"Declared", "buy", *INDICATORS} <= names.keys()


@pytest.mark.parametrize(
    "arguments", ["self", "self, now, last, more", "self, now, *last", "self, now, last=None"]
)
def test_decide_takes_two_candles(tmp_path: Path, arguments: str) -> None:
    with pytest.raises(Undeclarable, match="decide takes self, now and last"):
        written(tmp_path, f"class Wrong(Declared):\n    def decide({arguments}):\n        return buy()\n")


def test_a_refusal_travels_as_it_is() -> None:
    refusal = Undeclarable("what")
    found = pickle.loads(pickle.dumps(refusal))  # noqa: S301  # as worker processes do
    assert (type(found), str(found), found.what) == (Undeclarable, str(refusal), "what")
    assert str(found).startswith("test_declare.py:")


def test_an_unknown_indicator_names_the_nearest() -> None:
    with pytest.raises(ImportError, match="emma"):
        exec("from reasoning.declare import emma", {})  # noqa: S102  # as a file would
    with pytest.raises(AttributeError, match="did you mean ema"):
        declare.emaa  # noqa: B018  # its absence is what is tested


def test_a_word_used_elsewhere_says_where_it_belongs() -> None:
    from reasoning.declare import buy  # noqa: PLC0415  # this test alone

    with pytest.raises(TypeError, match="stands for itself in the decide of a Declared strategy"):
        buy(stop=1)


def test_a_kernel_of_one_s_own_is_called_with_whole_numbers_as_they_are(tmp_path: Path) -> None:
    head = "from domain.kernel import kernel\nfrom reasoning.declare import *\n"
    body = (
        "@kernel\ndef times(count, value):\n    total = 0.0\n    for _ in range(count):\n"
        "        total += value\n    return total\n\n\n"
        "class Own(Declared):\n    n = integer(3, 1, 9)\n\n"
        + _decide("return buy(confidence=times(self.n, now.close))")
    )
    strategy = written(tmp_path, body, head)[0].Own.strategy
    ((signal, _),) = told(strategy, strategy.params().packed(), candles_of([20.0]))
    assert signal.confidence == 60.0


def test_a_class_between_may_declare_what_others_decide_with(tmp_path: Path) -> None:
    module, _ = written(
        tmp_path,
        "class Base(Declared):\n    n = integer(3, 2, 9)\n    mean = sma(n)\n\n\n"
        "class Above(Base):\n" + _decide("if now.close > now.mean:\n            return buy()"),
    )
    assert not hasattr(module.Base, "strategy")
    strategy = module.Above.strategy
    said = told(strategy, strategy.params().packed(), candles_of([5.0, 5.0, 5.0, 9.0]))
    assert [signal.vote for signal, _ in said] == [0, 0, 0, 1]
    assert issubclass(module.Above, Declared)


def test_exits_are_a_plan_of_the_parameters_and_their_shares_leave_a_rest(tmp_path: Path) -> None:
    body = (
        "class Leaver(Declared):\n    n = integer(60, 1, 900)\n    first = number(0.1, 0.01, 1.0)\n"
        "    half = number(0.5, 0.1, 0.9)\n"
        "    exits = exits(roi={n: 0.04, 0: first}, after=n, partial={0.03: half, 0.01: 0.3})\n"
    )
    strategy = written(tmp_path, body + _decide("return buy()"))[0].Leaver.strategy
    plan = strategy.exits_for(packed_of(strategy, n=120, first=0.25, half=0.6))
    assert plan.roi == ((0, 250_000), (7_200_000, 40_000))
    assert (plan.after_ms, plan.parts) == (7_200_000, ((10_000, 300_000), (30_000, 600_000)))
    assert plan.words() == (
        "roi: 25% from 0 min on, 4% from 120 min on",
        "time: all after 120 min",
        "partial: 30% of it at 1%",
        "partial: 60% of it at 3%",
    )
    with pytest.raises(ValueError, match=r"partial sells 0.8 \+ 0.3 of what was bought; leave some"):
        packed_of(strategy, half=0.8)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_another_process_finds_a_declared_strategy_where_its_class_is(name: str) -> None:
    strategy = replace(STRATEGIES[name], name="sent")
    found = pickle.loads(pickle.dumps(strategy))  # noqa: S301  # as worker processes do
    assert found.name == "sent"
    assert all(getattr(found, each.name) == getattr(strategy, each.name) for each in fields(Strategy))
    assert pickle.loads(pickle.dumps(STRATEGIES[name])) is STRATEGIES[name]  # noqa: S301  # as above
