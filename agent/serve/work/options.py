"""The closed table of what a piece of work may be told, and the command line it becomes.

Whoever holds a token may spend this machine's time and read what the home holds. No option names a file
outside the home, an address, a database or a folder of programs; each value is one word with its option, so
none can pass for another option.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from agent.answers.work import WorkKind
from agent.serve.fleet.asked import checked, flat, inside, refuse
from agent.settings.home import Home
from agent.settings.problems import BadSettings
from domain.errors import BadInput
from domain.symbols import is_symbol, spelled
from domain.times import TIMEFRAMES

MOST_VALUES = 50
LONGEST = 400

Words = list[str]
Reader = Callable[[str, Any, Home], Words]
"""Turns an option's value into words of the command line. Raises BadInput: field, value and limit."""


def command_words(kind: WorkKind, options: Mapping[str, Any], home: Home) -> Words:
    """Return the words behind `agent` for a piece of work. Raises BadSettings with every problem."""
    table = TABLES[kind]
    problems = [f"{name[:80]}: no such option of {kind}; there are: {', '.join(table)}" for name in options
                if name not in table]  # fmt: skip
    words: Words = []
    for name, value in options.items():
        if name in table and value is not None:
            try:
                words += table[name](name, value, home)
            except BadInput as error:
                problems.append(str(error))
    if not any(re.match(r"(set|strategy)\b", each) for each in problems):
        problems += _settings(options, home)
    problems += _lacking(kind, options)
    if problems:
        raise BadSettings(problems)
    return [kind.value, f"--home={home.root}", *words]


def _lacking(kind: WorkKind, options: Mapping[str, Any]) -> Words:
    if kind is WorkKind.LOOKAHEAD:
        return [] if options.get("strategy") else ["strategy: name the one to examine"]
    given = options.get("data") or options.get("symbol")
    return [] if given else ["symbol: name one of the catalogue (agent data list shows them)"]


def _settings(options: Mapping[str, Any], home: Home) -> Words:
    """Return what is wrong with the settings of a run, as the command itself would say it."""
    wanted = dict(each.partition("=")[::2] for each in _several("set", options.get("set") or ()))
    strategies = _several("strategy", options.get("strategy") or ())
    more = {"reasoning": {"strategies": strategies}} if strategies else {}
    try:
        settings = flat({**wanted, "mode": "paper"})
        refuse(settings, home)
        checked(settings | flat(more), home, "work")
    except BadSettings as error:
        return error.problems
    return []


def _several(name: str, value: Any) -> Words:
    """Return a list of texts from one text with commas, or several. Raises BadInput."""
    parts = value.split(",") if isinstance(value, str) and name != "set" else value
    parts = [parts] if isinstance(parts, str) else parts
    if not isinstance(parts, list | tuple) or not all(isinstance(each, str) for each in parts):
        raise BadInput(f"{name} = {str(value)[:80]}: must be a text, or a list of texts")
    if len(parts) > MOST_VALUES:
        raise BadInput(f"{name}: {len(parts)} values, the limit is {MOST_VALUES}")
    return [each.strip() for each in parts if each.strip()]


def _like(form: str, example: str, *, several: bool = False) -> Reader:
    """Return a reader of texts of a form."""
    pattern = re.compile(form)

    def read(name: str, value: Any, _home: Home) -> Words:
        texts = _several("set", value) if several else [str(value).strip()]
        for text in texts:
            if len(text) > LONGEST or not pattern.fullmatch(text):
                raise BadInput(f"{name} = {text[:80]}: must be like {example}")
        return [f"--{name}={text}" for text in texts]

    return read


def _choice(*known: str) -> Reader:
    def read(name: str, value: Any, _home: Home) -> Words:
        if value not in known:
            raise BadInput(f"{name} = {str(value)[:80]}: must be one of {', '.join(known)}")
        return [f"--{name}={value}"]

    return read


def _number(least: float, most: float, *, whole: bool = True) -> Reader:
    def read(name: str, value: Any, _home: Home) -> Words:
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            what = "a whole number" if whole else "a number"
            raise BadInput(f"{name} = {str(value)[:80]}: must be {what} from {least:g} to {most:g}")
        return [f"--{name}={value}"]

    return read


def _flag(name: str, value: Any, _home: Home) -> Words:
    if not isinstance(value, bool):
        raise BadInput(f"{name} = {str(value)[:80]}: must be true or false")
    return [f"--{name}"] if value else []


def _symbols(name: str, value: Any, _home: Home) -> Words:
    symbols = [spelled(each) for each in _several(name, value)]
    for each in symbols:
        if not is_symbol(each):
            raise BadInput(f"{name} = {each[:80]}: is not a symbol such as BTC-USDT or MSFT")
    return [f"--symbol={each}" for each in symbols]


STRATEGY = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def _strategies(name: str, value: Any, _home: Home) -> Words:
    names = _several(name, value)
    for each in names:
        if not STRATEGY.fullmatch(each):
            raise BadInput(f"{name} = {each[:80]}: is not a strategy such as rsi")
    return [f"--strategy={each}" for each in names]


def _examined(name: str, value: Any, home: Home) -> Words:
    words = _strategies(name, value, home)
    if len(words) != 1:
        raise BadInput(f"{name}: name one strategy")
    return [words[0].removeprefix("--strategy=")]


def _files(name: str, value: Any, home: Home) -> Words:
    files = [inside(home, each) for each in _several("set", value)]
    if not all(files):
        raise BadInput(
            f"{name}: not a file of this home; take it in with `agent data import FILE` and name its symbol"
        )
    return [f"--data={each}" for each in files]


COMMON: dict[str, Reader] = {
    "strategy": _strategies,
    "symbol": _symbols,
    "timeframe": _choice(*TIMEFRAMES),
    "timerange": _like(r"(\d{8})?-(\d{8})?", "20230101-20230601"),
    "data": _files,
    "set": _like(r"[a-z_]+(\.[A-Za-z0-9_-]+)*=[^\n]*", "risk.daily_loss=100", several=True),
}
_LENGTH = _like(r"\d{1,6}[dhc]", "180d, 12h or 5000c")
_SCORE = _choice("sharpe", "return", "calmar")
_SEED = _number(0, 2**31 - 1)
_VALUES = r"[a-z][a-z0-9_]*=[0-9.eE+-]+([:,][0-9.eE+-]+)*"

TABLES: Mapping[WorkKind, Mapping[str, Reader]] = MappingProxyType(
    {
        WorkKind.BACKTEST: {**COMMON, "verify": _flag, "uncompiled": _flag},
        WorkKind.MONTE_CARLO: {
            **COMMON,
            "runs": _number(1, 100_000),
            "seed": _SEED,
            "block": _number(0.1, 10_000, whole=False),
            "limit": _number(0, 1, whole=False),
        },
        WorkKind.WALK_FORWARD: {
            **COMMON,
            "train": _LENGTH,
            "test": _LENGTH,
            "step": _LENGTH,
            "anchored": _flag,
            "grid": _like(_VALUES, "fast=10:30:10", several=True),
            "score": _SCORE,
            "engine": _choice("one", "threads", "processes"),
            "workers": _number(1, 256),
        },
        WorkKind.OPTIMIZE: {
            **COMMON,
            "trials": _number(1, 100_000),
            "range": _like(_VALUES, "fast=5:50", several=True),
            "study": _like(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "night-run"),
            "timeout": _number(1, 86_400, whole=False),
            "seed": _SEED,
            "score": _SCORE,
        },
        WorkKind.LOOKAHEAD: {"strategy": _examined, "data": _files},
    }
)
"""Every option of every kind, by the name the command line has for it."""


def kinds() -> Iterable[WorkKind]:
    """Return the kinds of work."""
    return TABLES.keys()
