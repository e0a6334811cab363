"""Declared strategies made at random: each as its decide is written, and as plain Python over columns."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from domain.candle import Candle
from domain.custom_exit import HELD
from reasoning.declare.uses import CANDLE
from reasoning.kernels.strategy import Strategy
from tests.reasoning.told import column

Pick = Callable[[Sequence[Any]], Any]
NAMES = (*CANDLE, "fast", "band.lower", "band.upper", "smooth", "range_")
DECLARED = """
class Made(Declared):
    n = integer(4, 2, 30)
    share = number(0.4, 0.1, 4.0)
    fast = sma(n)
    band = bollinger(9, share)
    smooth = ema(3, of=rsi(n))
    range_ = atr(5)

    def decide(self, now, last):
"""


class Pair(NamedTuple):
    """An expression as it is declared, and over what is known: N(name) now, L(name) before, P(name) set."""

    written: str
    plain: str


class Leaving:
    """Picks for a leave, in which the numbers of the position are known as well."""

    def __init__(self, pick: Pick) -> None:
        self.pick = pick

    def __call__(self, choices: Sequence[Any]) -> Any:
        """Pick one."""
        return self.pick(choices)


def number(pick: Pick, depth: int, *, now: bool = False) -> Pair:
    """Make a number; of this candle alone where `now`."""
    kinds = ["now", "last", "set", "constant"] if depth <= 0 else ["now", "sum", "sum", "call", "if", "minus"]
    kinds += ["held"] * (depth <= 0 and not now and isinstance(pick, Leaving))
    kind = pick([each for each in kinds if not (now and each == "last")])
    if kind in ("now", "last", "set", "constant", "held"):
        return _leaf(pick, kind)
    if kind == "minus":
        one = number(pick, depth - 1, now=now)
        return Pair(f"(-{one.written})", f"(-{one.plain})")
    one, other = number(pick, depth - 1, now=now), number(pick, depth - 1, now=now)
    if kind == "sum":
        sign = pick("+-*")
        return Pair(f"({one.written} {sign} {other.written})", f"({one.plain} {sign} {other.plain})")
    if kind == "call":
        name = pick(("min", "max"))
        return Pair(f"{name}({one.written}, {other.written})", f"{name}({one.plain}, {other.plain})")
    test = truth(pick, depth - 1, now=now)
    return Pair(
        f"({one.written} if {test.written} else {other.written})",
        f"({one.plain} if {test.plain} else {other.plain})",
    )


def _leaf(pick: Pick, kind: str) -> Pair:
    if kind == "set":
        name = pick(("n", "share"))
        return Pair(f"self.{name}", f"P({name!r})")
    if kind == "held":
        name = pick(HELD)
        return Pair(f"held.{name}", f"H({name!r})")
    if kind == "constant":
        value = pick((0, 1, 2.5, 30, 1_000_000, 0.001))
        return Pair(repr(value), repr(float(value)))
    name = pick(NAMES)
    return Pair(f"{kind}.{name}", f"{'N' if kind == 'now' else 'L'}({name!r})")


def truth(pick: Pick, depth: int, *, now: bool = False) -> Pair:
    """Make a truth."""
    kinds = ["compare", "compare"] if depth <= 0 else ["compare", "joined", "not", "crossed", "rising"]
    kind = pick([each for each in kinds if not (now and each in ("crossed", "rising"))])
    if kind in ("joined", "not"):
        one, other = truth(pick, depth - 1, now=now), truth(pick, depth - 1, now=now)
        if kind == "not":
            return Pair(f"(not {one.written})", f"(not {one.plain})")
        word = pick(("and", "or"))
        return Pair(f"({one.written} {word} {other.written})", f"({one.plain} {word} {other.plain})")
    shifted = kind in ("crossed", "rising")
    one, other = (number(pick, depth - 1, now=now or shifted) for _ in range(2))
    if kind == "compare":
        sign = pick(("<", "<=", ">", ">=", "==", "!="))
        return Pair(f"({one.written} {sign} {other.written})", f"({one.plain} {sign} {other.plain})")
    before = one.plain.replace("N(", "L("), other.plain.replace("N(", "L(")
    if kind == "rising":
        word, sign = pick((("rising", ">"), ("falling", "<")))
        return Pair(f"{word}({one.written})", f"({one.plain} {sign} {before[0]})")
    word, then, here = pick((("crossed_above", "<=", ">"), ("crossed_below", ">=", "<")))
    plain = f"({before[0]} {then} {before[1]} and {one.plain} {here} {other.plain})"
    return Pair(f"{word}({one.written}, {other.written})", plain)


def decided(pick: Pick, tests: int = 3) -> tuple[str, list[tuple[str, int, str]]]:
    """Make a class, and its decide as tests in order, each with its vote and confidence."""
    lines, plain = [], []
    for index in range(tests):
        test, sure = truth(pick, 2), number(pick, 1)
        word, vote = pick((("buy", 1), ("sell", -1)))
        name = f"sure{index}"
        lines += [
            f"        {name} = max(min({sure.written}, 100), 0)",
            f"        if {test.written}:",
            f"            return {word}(confidence={name}, reason=f'{{{name}:.3f}}')",
        ]
        plain.append((test.plain, vote, f"max(min({sure.plain}, 100.0), 0.0)"))
    return DECLARED + "\n".join(lines) + "\n", plain


def evaluated(
    plain: list[tuple[str, int, str]], strategy: Strategy[Any], packed: Any, candles: Sequence[Candle]
) -> list[tuple[int, float]]:
    """Return vote and confidence of every candle, as plain Python works them out of whole columns."""
    assert strategy.columns is not None
    keys = strategy.columns(packed)
    known = {f"{key.kind}.{key.output}": column(key, candles) for key in keys}
    short = {"fast": "sma.value", "band.lower": "bollinger.lower", "band.upper": "bollinger.upper",
             "smooth": "ema.value", "range_": "atr.value"}  # fmt: skip
    compiled = [(compile(test, "t", "eval"), vote, compile(sure, "s", "eval")) for test, vote, sure in plain]
    said = []
    for index in range(len(candles)):

        def at(name: str, back: int = 0, index: int = index) -> float:
            return known[short.get(name, f"{name}.value")][index - back]

        scope = {"N": at, "L": lambda name: at(name, 1), "P": lambda name: getattr(packed, name)}
        for test, vote, sure in compiled:
            if index + 1 >= strategy.warmup(packed) and eval(test, scope):  # noqa: S307  # made above
                said.append((vote, float(eval(sure, scope))))  # noqa: S307  # as above
                break
        else:
            said.append((0, 0.0))
    return said


def left(pick: Pick, ways: int = 3) -> tuple[str, str]:
    """Make a class with a leave, and that as a function of N, L, P and H."""
    pick = Leaving(pick)
    lines: list[Pair] = []
    for index in range(ways):
        test, value = truth(pick, 2), number(pick, 1)
        lines += [_set(f"name{index}", value), _all("if {}:", test)]
        lines.append(pick((_indented(_ended(pick, index, test)), Pair("    name0 = 0.3", "    name0 = 0.3"))))
        if pick((True, False)):
            lines += [Pair("else:", "else:"), _indented(_set("name0", number(pick, 1)))]
    lines.append(Pair("return name0", "return name0"))
    written = "".join(f"        {each.written}\n" for each in lines)
    plain = "def plain(N, L, P, H):\n" + "".join(f"    {each.plain}\n" for each in lines)
    return f"{DECLARED}        return None\n\n    def leave(self, now, last, held):\n{written}", plain


def _ended(pick: Pick, index: int, test: Pair) -> Pair:
    """Make one of all that may be returned: a share, a division, a reason, both, one of two."""
    ratio = _all("{} / {}", number(pick, 1), number(pick, 1))
    share = pick((Pair(f"name{index}", f"name{index}"), Pair("0.5", "0.5"), test, ratio))
    way = f"'way {index}'"
    forms = "{0}", way, f"({{0}}), {way}", f"{way} if {{1}} else ({{0}})"
    return _all(f"return {pick(forms)}", share, test)


def _all(form: str, *parts: Pair) -> Pair:
    return Pair(form.format(*(each.written for each in parts)), form.format(*(each.plain for each in parts)))


def _set(name: str, value: Pair) -> Pair:
    return _all(f"{name} = {{}}", value)


def _indented(line: Pair) -> Pair:
    return Pair(f"    {line.written}", f"    {line.plain}")
