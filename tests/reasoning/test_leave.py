"""A leave is a program of numbers that does what it says; what cannot be one is refused with its line."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.custom_exit import FAULT_LINE, HELD, NO_REASON, ROOM, fault_of
from domain.errors import BadInput
from reasoning import readings
from reasoning.declare import Undeclarable
from reasoning.memories import SymbolMemory
from reasoning.news.sentiment import SentimentSettings
from reasoning.remembered import ConfiguredStrategy, ReadNumbers
from risk.leaving import DIVIDED, leave_due, share_ppm
from tests.reasoning.grammar import NAMES, left
from tests.reasoning.samples import walk
from tests.reasoning.told import numbers, written

HEAD_OF = """class Made(Declared):
    name = "made"
    n = integer(5, 2, 50)
    mean = sma(n)
    band = bollinger(8, 2.0)

    def decide(self, now, last):
        return buy()

    def leave(self, now, last, held):
"""


def made(folder: Path, body: str) -> Any:
    return written(folder, HEAD_OF + body)[0].Made.strategy


def judged(strategy: Any, packed: Any, values: dict[str, tuple[float, float]], held: dict[str, float]) -> Any:
    """Run a strategy's program over values (before, now) by name; return share, reason, line of a fault."""
    leave = strategy.exits_for(packed).leave
    assert fault_of(leave) == ""
    stack = [held[name] for name in HELD] + [0.0] * (ROOM - len(HELD))
    columns = [each for name in leave.numbers for each in values[name]]
    share, reason = leave_due(leave.code, 0, columns, range(0, len(columns), 2), 0, 1, stack)
    return share, leave.reason(reason), int(stack[FAULT_LINE]) if reason == DIVIDED else NO_REASON


SEEDS = st.integers(0, 10_000)


@given(data=st.data(), seed=SEEDS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_program_says_what_its_lines_say_as_plain_python(
    tmp_path: Path, data: st.DataObject, seed: int
) -> None:
    text, plain = left(lambda choices: data.draw(st.sampled_from(choices)))
    module, path = written(tmp_path, text)
    strategy, dice = module.Made.strategy, random.Random(seed)
    packed = strategy.params().packed()
    for _ in range(25):
        both = {name: (dice.choice((0.0, 1.0, -2.5)), dice.uniform(-50, 50)) for name in NAMES}
        held = {name: dice.choice((0.0, 0.5, 7.0, -0.02, 1e6)) for name in HELD}
        due = judged(strategy, packed, both, held)
        try:
            expected = plainly(plain, packed, both, held)
        except ZeroDivisionError:
            assert due[:2] == (0, "")
            assert " / " in path.read_text().splitlines()[due[2] - 1]
        else:
            assert due == (*expected, NO_REASON)


def plainly(plain: str, packed: Any, both: dict[str, tuple[float, float]], held: dict[str, float]) -> Any:
    """Return share and reason of a leave as plain Python works them out."""
    scope: dict[str, Any] = {}
    exec(plain, scope)  # noqa: S102  # made by the grammar
    said = scope["plain"](
        lambda name: both[name][1], lambda name: both[name][0], lambda name: getattr(packed, name), held.get
    )
    share, text = (1.0, said) if isinstance(said, str) else said if isinstance(said, tuple) else (said, "")
    return share_ppm(float(share or 0.0)), text


def test_parameters_are_those_of_the_entry(tmp_path: Path) -> None:
    strategy = made(tmp_path, "        return held.minutes > self.n * 60\n")
    known = dict.fromkeys(HELD, 0.0) | {"minutes": 361.0}
    assert judged(strategy, strategy.params(n=6).packed(), {}, known)[0] == 1_000_000
    assert judged(strategy, strategy.params(n=7).packed(), {}, known)[0] == 0


def test_what_a_leave_reads_is_kept_and_waited_for(tmp_path: Path) -> None:
    strategy = made(tmp_path, "        return last.band.lower > now.mean\n")
    packed = strategy.params(n=5).packed()
    assert strategy.warmup(packed) == 8 + 1
    speakers = [ConfiguredStrategy(strategy, packed)]
    memory = SymbolMemory("BTC-USDT", speakers, SentimentSettings(), {})
    seen = []
    for index, candle in enumerate(walk(30, 3)):
        memory.step(candle)
        values, why, waits, _ = readings.numbers(memory, "made", ("band.lower", "mean"))
        assert (why == "", waits) == (index + 1 >= 9, index + 1 < 9)
        seen.append((values, candle))
    (*_, (one, _), (other, newest)) = seen
    assert other[0] == one[1]
    assert other[3] == pytest.approx(sum(each.close for _, each in seen[-5:]) / 5)
    assert readings.numbers(memory, "made", ("close", "volume")).values == (
        seen[-2][1].close, newest.close, seen[-2][1].volume, newest.volume,
    )  # fmt: skip  # each of the candle before, then of this one
    assert numbers(newest)[3] == newest.close


def test_why_numbers_are_not_to_be_had_is_told(tmp_path: Path) -> None:
    strategy = made(tmp_path, "        return now.mean > 1\n")
    muted: dict[str, str] = {}
    memory = SymbolMemory(
        "BTC-USDT", [ConfiguredStrategy(strategy, strategy.params().packed())], SentimentSettings(), muted
    )
    assert readings.numbers(memory, "made", ()) == ReadNumbers(())
    assert "a second candle" in readings.numbers(memory, "gone", ("close",)).why
    assert "gone is not among those that speak" in readings.numbers(memory, "gone", ("mean",)).why
    assert "has no other any more" in readings.numbers(memory, "made", ("mean", "other")).why
    muted["made"] = "a fault"
    assert readings.numbers(memory, "made", ("mean",)).why == "made is muted: a fault"


REFUSED = [
    ("return held.gains > 1", "held.gains is no number of a position; did you mean gain? there are gain"),
    ("return held > 1", "held is the position; write one of its numbers, such as held.gain"),
    ("return crossed_above(held.gain, 1)", "held.gain is not known of the candle before: compare it with"),
    ("return sell()", "sell(...) is a vote, and leave gives none: return True, a share such as 0.5, or a"),
    ("return nothing()", "nothing(...) is a vote"),
    ("sell()\n        return True", "sell(...) alone does nothing"),
    ("return f'{held.gain}'", "the reason of a custom exit is a plain text, for it travels"),
    ("return 0.5, held.gain", "the reason of a custom exit is a plain text"),
    ("return 0.5, ''", "the reason of a custom exit is a plain text"),
    ("return 'x' * 3", "text 'x' is no number: a reason is returned alone or behind a share: return 0.5,"),
    ("return 'why', 0.5", "text 'why' is no number: a reason is returned alone or behind a share"),
    (f"return {'x' * 121!r}", "a reason is one line of 120 characters"),
    ("return 'a\\nb'", "a reason is one line"),
    ("return 0.5, 'x', 1", "return True, a share such as 0.5, a text such as"),
    ("return 50", "50 is no share, which is above 0 and at most 1: return True, a share such as 0.5"),
    ("return 1.5", "1.5 is no share"),
    ("return -0.5, 'half'", "-0.5 is no share"),
    ("return 0, 'none'", "0 is no share, which is above 0 and at most 1"),
    ("return twice(now.close)", "is a kernel, and leave travels with a position as numbers: write its"),
    ("return market.atr", "market.atr is known where a vote is given"),
    ("return now.close ** 2", "write x * x"),
    ("return now.bnad.lower", "is no number of this strategy; did you mean"),
    ("return print(now.close)", "print(...) is not taken in leave; it takes abs, min, max"),
    ("return now.close % 2", "Mod is not taken; leave adds, subtracts"),
    ("for x in (1, 2):\n            pass", "no loops"),
    ("self.high = 1", "nothing is kept between candles"),
    ("held = 1\n        return held", "held cannot be set"),
    ("return True\n        return False", "no way leads to this line"),
    (f"return {'(1 - ' * 70}1{')' * 70}", "leave cannot be made into a program"),
    (
        "".join(f"name{index} = {index}\n        " for index in range(33)) + "return name32",
        "leave sets more than 32 names",
    ),
]


@pytest.mark.parametrize(("body", "words"), REFUSED, ids=lambda each: each[:40])
def test_what_cannot_travel_is_refused_with_file_and_line(tmp_path: Path, body: str, words: str) -> None:
    above = "@kernel\ndef twice(value):\n    return 2 * value\n\n\n"
    with pytest.raises(Undeclarable) as caught:
        written(tmp_path, f"{above}{HEAD_OF}        {body}\n")
    text = str(caught.value)
    assert words in text
    (path,) = tmp_path.glob("*.py")
    name, line, _ = text.split(":", 2)
    lines = path.read_text().splitlines()
    assert name == path.name
    assert int(line) >= next(index for index, each in enumerate(lines, 1) if "def leave" in each)


@pytest.mark.parametrize(
    "arguments", ["self", "self, held", "self, now, last, held, more", "self, now, *held"]
)
def test_leave_takes_two_candles_and_the_position(tmp_path: Path, arguments: str) -> None:
    text = HEAD_OF.replace("self, now, last, held", arguments)
    with pytest.raises(BadInput, match="leave takes self, now, last and held: def leave"):
        written(tmp_path, f"{text}        return True\n")


def test_leave_is_a_function(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="leave is no function; write def leave"):
        written(
            tmp_path,
            "class Wrong(Declared):\n    leave = 5\n    def decide(self, now):\n        return None\n",
        )
