"""Making options explicit: which symbols and timeframe the data files hold, which journal to use."""

import hashlib
import re
from collections.abc import Collection, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from agent.settings.grids import with_grids
from agent.settings.pairs import refuse_others
from agent.settings.settings import Options
from domain.errors import BadInput
from perception.files.candles import known, read_candles, symbol_of, timeframe_of
from perception.files.layout import Reading
from perception.files.unadjusted import refuse_splits

MOST_READ = 20_000
"""Candles of a file, from its beginning, of which every tenth tells the grid."""


def files_by_symbol(options: Options) -> dict[str, Path]:
    """Return the candle file of each symbol.

    Raises BadInput when a name does not say its symbol and none was given, or two files hold one symbol.
    """
    named = "symbols" in options.model_fields_set
    if named and len(options.symbols) != len(options.data):
        raise BadInput(f"{len(options.symbols)} symbols for {len(options.data)} data files; give one each")
    result: dict[str, Path] = {}
    for number, path in enumerate(options.data):
        if not path.exists():
            raise BadInput(f"{path}: no such file")
        symbol = _symbol(options, path, number) if named else symbol_of(path, options.files.reading)
        if symbol is None:
            raise BadInput(f"{path}: the name does not begin with a symbol such as BTC-USDT; add --symbol")
        if symbol in result:
            raise BadInput(
                f"{path}: {symbol} is already read from {result[symbol]}; join files of one series with: "
                f"agent data import {result[symbol].name} {path.name}"
            )
        result[symbol] = path
    return result


def files_beside(options: Options) -> dict[str, Path]:
    """Return the candle file of each symbol that strategies look at and that is not traded.

    Raises BadInput where one is missing, with the line that looks at it, and for a file nobody looks at.
    """
    result: dict[str, Path] = {}
    for path in options.informative:
        if not path.exists():
            raise BadInput(f"{path}: no such file")
        symbol = symbol_of(path, options.files.reading)
        if symbol not in options.beside:
            named = symbol or "its name does not begin with a symbol such as BTC-USDT"
            raise BadInput(not_looked_at(f"informative {path}: {named}", options.beside))
        result[symbol] = path
    for symbol, where in options.beside.items():
        if symbol not in result:
            raise BadInput(missing_beside(symbol, where))
    return result


def missing_beside(symbol: str, where: str) -> str:
    """Say that candles are missing which a strategy looks at."""
    return (
        f"{where}: looks at {symbol}, of which there are no candles; add --informative FILE with them, or "
        "trade it as well with --data FILE"
    )


def not_looked_at(what: str, looked_at: Collection[str]) -> str:
    """Say that candles are given which no strategy looks at, or that are traded."""
    known = ", ".join(looked_at) or "none"
    return f"{what}; no strategy looks at it, or it is traded. Looked at and not traded: {known}"


def _symbol(options: Options, path: Path, number: int) -> str:
    """Match a file to a named symbol by its name, else by its place."""
    by_name = symbol_of(path, options.files.reading)
    return by_name if by_name in options.symbols and by_name else options.symbols[number]


def explicit(options: Options) -> Options:
    """Return the options with symbols, timeframe and data paths as the data files have them."""
    if options.provider != "recorded" or options.mode == "quicktest":
        _only_traded(options, options.symbols)
        return options
    files = files_by_symbol(options)
    _only_traded(options, tuple(files))
    beside = files_beside(options.model_copy(update={"symbols": tuple(files)}))
    timeframe = _timeframe(options, {**files, **beside})
    for symbol, path in files.items():
        if "-" not in symbol:
            refuse_splits(path, options.files.reading)
    changed: dict[str, Any] = {
        "symbols": tuple(files),
        "timeframe": timeframe,
        "data": tuple(path.resolve() for path in files.values()),
    }
    if beside:
        changed["informative"] = tuple(path.resolve() for path in beside.values())
    if "warmup_candles" not in options.perception.model_fields_set:
        # A recording is no longer than it is: each strategy takes its own warm-up of it and no more.
        changed["perception"] = options.perception.model_copy(update={"warmup_candles": 1})
    return options.model_copy(update=changed)


def _only_traded(options: Options, symbols: Sequence[str]) -> None:
    try:
        refuse_others(options.pairs, symbols)
    except ValueError as refused:
        raise BadInput(str(refused)) from None


def gridded(options: Options) -> Options:
    """Return the options with a grid for each symbol of the data files. Raises BadInput as `with_grids`."""
    if options.provider != "recorded" or options.mode == "quicktest":
        return options
    return with_grids(
        options,
        {
            name: _prices(path, options.files.reading)
            for name, path in {**files_by_symbol(options), **files_beside(options)}.items()
        },
    )


def _prices(path: Path, reading: Reading) -> list[float]:
    """Return prices of a file's first candles, to tell its grid by."""
    rows = islice(read_candles(path, reading), 0, MOST_READ, 10)
    return [price for row in rows for price in row[1:5]]


def _timeframe(options: Options, files: dict[str, Path]) -> str:
    kinds = {known(path, timeframe_of(path, options.files.reading)) for path in files.values()}
    if len(kinds) > 1:
        raise BadInput(f"data files have different timeframes: {', '.join(sorted(kinds))}")
    (kind,) = kinds
    if "timeframe" in options.model_fields_set and options.timeframe != kind:
        raise BadInput(f"timeframe {options.timeframe} asked for, the data file has {kind}")
    return kind


def journal_name(options: Options) -> str:
    """Return the journal's name: as asked, else one for each market that can be gone on with.

    A recording or a simulated market has a journal of its own, so that its account never mixes
    with that of the live market.
    """
    if options.journal:
        if options.remote and options.db_url is not None:
            # The lease guards a name: two names of one account would not exclude each other.
            raise BadInput("--journal is not for an exchange account on a server: the account names it")
        return options.journal
    if options.remote:
        key = options.exchange.api_key
        mark = hashlib.sha256(key.get_secret_value().encode()).hexdigest()[:8] if key else "none"
        return f"{options.mode}-{re.sub('[^A-Za-z0-9.-]', '-', options.exchange.host)}-{mark}"
    if not options.driven:
        return "paper"
    what = [*options.symbols, options.timeframe, *map(str, (*options.data, *options.informative))]
    if options.provider == "simulated":
        what.append(options.simulated.model_dump_json())
    digest = hashlib.sha256("\n".join(what).encode()).hexdigest()[:8]
    stem = options.data[0].name.split(".")[0] if options.data else "-".join(options.symbols)
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", stem)[:40]
    return f"{options.provider}-{stem}-{digest}"
