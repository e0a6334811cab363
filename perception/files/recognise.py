"""Recognising a candle file: which format its head fits, and where in a row its candle stands."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from domain.errors import BadInput
from domain.symbols import readings
from perception.files import stamps
from perception.files.formats import ARRAYS, FORMATS, NAMES, TABLE, TEXT, Format, plain
from perception.files.layout import COLUMNS, NONE, PRICES, Head, Layout, Reading
from perception.files.limits import FIELDS
from perception.files.numerals import Style, Unclear, style_of
from perception.files.stamps import Form

WHOSE = ("symbol", "ticker", "tic", "pair")
"""Names of a column that says whose candle a row is."""
DELIMITERS = (",", ";", "\t", "|")
HEAD_LINES = 5
"""Lines in which a header may stand: some providers put a line of their own above it."""
SAMPLE = 400


def recognised(path: Path, text: str, reading: Reading, *, cut: bool) -> Layout:
    """Return how a file of lines is read, from its first lines. Raises BadInput saying what is missing.

    `cut` says that there is more behind, so that the last line may not be whole.
    """
    if reading.format is not None and reading.format not in NAMES:
        raise BadInput(f"--format {reading.format!r} is not one of {', '.join(NAMES)}")
    lines = text.splitlines()
    lines = lines[:-1] if cut and len(lines) > 1 else lines
    tried = (_matched(head, skip, delimiter, reading) for head, skip, delimiter in _heads(path, lines))
    results = [layout for layout in tried if layout is not None]
    best = min(results, key=lambda layout: FORMATS.index(layout.format), default=None)
    if best is None:
        raise BadInput(f"{path}: {_unknown(lines, reading)}")
    return best


def of_table(path: Path, names: Sequence[str], reading: Reading) -> Layout:
    """Return how a table with named columns (feather, Parquet) is read; times are looked at later."""
    result = _matched(Head(path, TABLE, (), names), 0, "", reading)
    if result is None:
        raise BadInput(f"{path}: columns are {', '.join(names)}; missing {_missing(names, reading)}")
    return result


def of_arrays(path: Path, first: Sequence[object], reading: Reading) -> Layout:
    """Return how JSON arrays are read, by the first. Raises BadInput for arrays of another length."""
    width = len(first)
    for each in FORMATS:
        if ARRAYS in each.shape and each.width == width and reading.format in (None, each.name, "freqtrade"):
            return Layout(each, each.order, width, shape=ARRAYS)
    raise BadInput(f"{path}: arrays of {width} values; known are 6 (ccxt, freqtrade) and 12 (Binance)")


def _heads(path: Path, lines: Sequence[str]) -> Iterator[tuple[Head, int, str]]:
    """Yield the head of a file as each delimiter cuts it, with a header in each of the first lines."""
    for delimiter in DELIMITERS:
        rows = list(csv.reader(lines[: SAMPLE + HEAD_LINES], delimiter=delimiter))
        if rows and max(map(len, rows[:HEAD_LINES])) >= len(PRICES) + 1:
            for skip in range(min(HEAD_LINES, len(rows))):
                yield Head(path, TEXT, rows[skip:]), skip, delimiter


def _matched(head: Head, skip: int, delimiter: str, reading: Reading) -> Layout | None:
    """Return the layout of the first format that a head fits, or None."""
    wanted = reading.format or ("columns" if reading.columns else None)
    for each in FORMATS:
        if head.shape not in each.shape or wanted not in (None, each.name):
            continue
        layout = _headed(each, head, skip, reading) if each.header else None
        if layout is None and each.width and not skip:
            layout = _bare(each, head, reading)
        if layout is not None:
            layout = _dated(replace(layout, delimiter=delimiter), head, skip, reading)
        if layout is not None:
            return layout
    return None


def _headed(each: Format, head: Head, skip: int, reading: Reading) -> Layout | None:
    """Return the layout of a format with a header, as far as names tell it."""
    if reading.columns and not skip and not head.names and _is_row(head.rows[0]):
        return _placed(each, {}, len(head.rows[0]), 0, "", head, reading)
    names = [plain(name) for name in (head.names or head.rows[0])]
    wanted = {plain(name) for name in each.header}
    if not reading.columns and (not wanted <= set(names) or (each.only and wanted != set(names))):
        return None
    rows, beyond = head.rows[1:], 1
    symbol, columns = "", dict(enumerate(names))
    if each.columns["time"] == ("price",):
        tickers = _tickers(rows)
        if not tickers:
            return None
        symbol = _ticker(head.path, tickers, reading)
        shown = {symbol, tickers[0]}
        columns = {
            index: name for index, name in columns.items() if index < len(tickers) and tickers[index] in shown
        }
        beyond = 3
    elif each.symbol and rows and each.symbol in names:
        symbol = rows[0][names.index(each.symbol)] if len(rows[0]) == len(names) else ""
    return _placed(each, columns, len(names), skip + beyond, symbol, head, reading)


def _placed(each: Format, columns: Mapping[int, str], width: int, skip: int, symbol: str, head: Head,
            reading: Reading) -> Layout | None:  # fmt: skip
    base, quote = _assets(symbol)
    at = {name: number for number, name in sorted(columns.items(), reverse=True)}

    def column_of(names: Sequence[str]) -> int:
        wanted = [name.format(base=base, quote=quote) for name in names]
        return next((at[name] for name in wanted if name in at), NONE)

    answer = {name: _said_place(value, at, width) for name, value in reading.columns}
    places = tuple(
        answer.get(name, column_of(each.columns.get(name, ()))) or 0 for name in ("time", *PRICES, "volume")
    )
    if None in answer.values() or NONE in places[:-1] or (places[-1] == NONE and "volume" not in answer):
        return None
    if answer:
        _apart(places, head.path)
    quoted = column_of(each.quoted)
    return Layout(
        each,
        places,
        width,
        skip=skip if head.shape == TEXT else 0,
        adjusted=answer.get("adjusted", column_of(each.adjusted)) or 0,
        split=column_of(each.split),
        quoted=NONE if quoted == places[-1] else quoted,
        symbol=_pair(symbol),
        of=column_of(WHOSE) if head.shape == TEXT else NONE,
    )


def _bare(each: Format, head: Head, reading: Reading) -> Layout | None:
    """Return the layout of a format without a header where the first row has its columns, all numbers."""
    first = head.rows[0]
    if reading.columns or len(first) != each.width or not all(map(_numeric, first)):
        return None
    return Layout(each, each.order, each.width)


def _apart(places: Sequence[int], path: Path) -> None:
    """Raise BadInput where a person gives one column to two fields."""
    fields = COLUMNS[: len(places)]
    for (field, its), (other, same) in combinations(zip(fields, places, strict=True), 2):
        if its == same != NONE:
            raise BadInput(f"{path}: --columns: {field} and {other} are one column; each has its own")


def _dated(layout: Layout, head: Head, skip: int, reading: Reading) -> Layout | None:
    """Return the layout with its form of time, zone and numbers, or None where a time is not the format's.

    Raises BadInput for a time that may be read in two ways or lacks a zone, and unclear numbers.
    """
    form = reading.column("time").partition(":")[2]
    if head.shape == TABLE:
        return replace(layout, zone=reading.timezone or layout.format.zone, shape=TABLE)
    rows = head.rows[max(layout.skip - skip, 0) :][:SAMPLE]
    rows = [row for row in rows if len(row) == layout.width]
    times = [row[layout.places[0]].strip() for row in rows]
    forms = [stamps.said(form)] if form else stamps.forms_of(times)
    forms = [each for each in forms if form or each.kind in layout.format.kinds]
    if not forms and times:
        if layout.format.only or layout.format.kinds != Format.kinds:
            return None
        raise BadInput(f"{head.path}: line {layout.skip + 1}: {stamps.odd(times[0])}")
    if not forms:
        return replace(layout, form=stamps.COUNTED)
    chosen = _only(forms, times, head.path)
    layout = replace(layout, form=chosen, style=_style(layout, rows, head.path))
    return replace(layout, zone=reading.timezone or layout.format.zone)


def _only(forms: Sequence[Form], times: Sequence[str], path: Path) -> Form:
    """Return the one form that times are in. Raises BadInput where days and months cannot be told apart."""
    dated = [each for each in forms if each.layout]
    if forms[0].layout and len(dated) > 1:
        text = " or ".join(f"--columns time=Date:{each.layout}" for each in dated)
        raise BadInput(f"{path}: time {times[0]!r}: which is the day, which the month? say {text}")
    return forms[0]


def _style(layout: Layout, rows: Sequence[Sequence[str]], path: Path) -> Style:
    prices = [row[index].strip() for row in rows for index in layout.places[1:5]]
    volumes = [row[layout.places[5]].strip() for row in rows if layout.places[5] != NONE]
    try:
        style = style_of([*prices, *volumes])
        pointed = _pointed(prices) if style is Style.COMMA else ""
    except Unclear as error:
        if layout.format.english:
            return Style.THOUSANDS
        raise BadInput(
            f"{path}: is {error} more than a thousand, or a decimal comma? write numbers with a point"
        ) from None
    if pointed:
        raise BadInput(
            f"{path}: prices such as {pointed!r} have a point, volumes a decimal comma; write both alike"
        )
    return style


def _pointed(prices: Sequence[str]) -> str:
    """Return a price with a point where none has a comma, or "": 1.234 is one and a bit, or a thousand."""
    return next((cell for cell in prices if "." in cell), "") if style_of(prices) is Style.PLAIN else ""


def _tickers(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    """Return the tickers below a header of yfinance's, or nothing where there are none."""
    return rows[0] if rows and plain(rows[0][0]) == "ticker" else ()


def _ticker(path: Path, tickers: Sequence[str], reading: Reading) -> str:
    names = dict.fromkeys(name for name in tickers[1:] if name)
    if len(names) == 1:
        return next(iter(names))
    wanted = [name for name in names if reading.symbol in (name, _pair(name))]
    if len(wanted) != 1:
        raise BadInput(f"{path}: holds {', '.join(names)}; say one of them with --symbol")
    return wanted[0]


def _assets(symbol: str) -> tuple[str, str]:
    base, _, quote = _pair(symbol).partition("-")
    return base.lower(), quote.lower()


def _pair(text: str) -> str:
    """Return a symbol as a file's content says it: BTC/USDT, BTCUSD, AAPL, BRK-B."""
    text = text.strip().upper()
    for mark in ("/", "_", "-"):
        base, result, quote = text.partition(mark)
        if result:
            # Yahoo's share classes; no currency has one letter.
            return f"{base}.{quote}" if len(quote) == 1 else f"{base}-{quote}"
    known = readings(text)
    return known[0] if len(known) == 1 else text


def _said_place(value: str, at: Mapping[str, int], width: int) -> int | None:
    """Return the place of a column that a person named, None for one that is not there."""
    name = value if plain(value) in at else value.partition(":")[0]
    if name == "-":
        return NONE
    if plain(name) in at:
        return at[plain(name)]
    return int(name) - 1 if name.isascii() and name.isdecimal() and 1 <= int(name) <= width else None


def _is_row(cells: Sequence[str]) -> bool:
    return sum(map(_numeric, cells)) >= len(PRICES)


def _numeric(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.isascii() and "_" not in cell


def _missing(names: Sequence[str], reading: Reading) -> str:
    known = {plain(name) for name in names} | set(dict(reading.columns))
    lacking = [name for name in FIELDS[1:] if name not in known]
    return ", ".join(lacking or ["a time"]) + "; name them, as in: --columns close=Price"


def _unknown(lines: Sequence[str], reading: Reading) -> str:
    """Return what to say of a file that is of no format that is known."""
    first = lines[0] if lines else ""
    shown = first if len(first) <= 80 else first[:77] + "..."
    asked = f"--format {reading.format} does not fit" if reading.format else "is of no format that is known"
    cells = max((first.split(mark) for mark in DELIMITERS), key=len)
    at = {plain(name): index for index, name in enumerate(cells)}
    absent = [value for _, value in reading.columns if _said_place(value, at, len(cells)) is None]
    if absent:
        return f"--columns: there is no column {absent[0]!r}; there are {', '.join(cells)}"
    if _is_row(cells):
        what = (
            f"{len(cells)} columns without a header; say which is which: --columns time=1,open=2,high=3,..."
        )
    else:
        what = f"missing {_missing(cells, reading)}"
    return f"{asked}; line 1 is {shown!r}: {what}"
