"""The work of `agent data ...`."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent.answers.data import CheckedRow, DownloadAnswer, EntryRow, FlawRow, ImportedRow, SourceRow
from agent.cli.options import home_of
from agent.cli.output.streams import answer, say, say_json, say_lines
from agent.host.clock import SystemClock
from domain.errors import BadInput
from domain.times import TIMEFRAMES, utc
from perception.files.candles import SUFFIXES
from perception.files.layout import Reading
from research.data.candles import Candles
from research.data.catalogue import Added, Catalogue, CatalogueEntry
from research.data.flaws import SUSPECT, Flaw, flaw_lines, flaws
from research.data.load import Loaded, read, timerange
from research.data.splits import split_doubts, unsplit

EMPTY = "the catalogue is empty; fill it with: agent data import FILE, or: agent data download SYMBOL"


class Imported(NamedTuple):
    """A file that was taken in, what it came to, and what looks like a split in it."""

    loaded: Loaded
    added: Added
    doubts: tuple[str, ...] = ()


class Wanted(NamedTuple):
    """A range to download, in the words of the command line."""

    symbol: str
    timeframe: str
    timerange: str


def import_files(
    home: Path | None, files: Sequence[Path], reading: Reading, splits: Sequence[str], *, json: bool
) -> None:
    """Add each file to the catalogue. Raises BadInput at the first that cannot be."""
    catalogue, now = _catalogue(home), SystemClock().now()
    done: list[Imported] = []
    try:
        with _bar() as bar:
            result = (
                _unsplit(read(path, reading), splits) for path in bar.track(files, description="import")
            )
            _import(catalogue, result, now, done)
    finally:
        # Also when a later file is refused: these are in.
        _say_imported(done, json=json)


def _import(catalogue: Catalogue, files: Iterator[Loaded], now: datetime, done: list[Imported]) -> None:
    """Add files one after the other; those of one series in a row are written together."""
    following = next(files, None)
    while following is not None:
        symbol, length = following.candles.symbol, following.candles.timeframe_ms
        added: list[tuple[Loaded, int]] = []
        try:
            with catalogue.adding(symbol, length, now) as series:
                while following is not None and _series(following) == (symbol, length):
                    added.append((following, series.add(following.candles, following.path.name)))
                    following = next(files, None)
        finally:
            if added:
                entry = series.entry()
                done.extend(
                    Imported(each, Added(entry, new, len(each.candles) - new), split_doubts(each.candles))
                    for each, new in added
                )


def _unsplit(loaded: Loaded, splits: Sequence[str]) -> Loaded:
    return loaded._replace(candles=unsplit(loaded.candles, splits))


def _series(loaded: Loaded) -> tuple[str, int]:
    return loaded.candles.symbol, loaded.candles.timeframe_ms


def _say_imported(done: Sequence[Imported], *, json: bool) -> None:
    if json:
        say_json([_imported(each) for each in done])
    else:
        say_lines(_import_lines(done))


def _import_lines(done: Sequence[Imported]) -> Iterator[str]:
    for each in done:
        known = f", {each.added.known} were there" if each.added.known else ""
        yield f"{each.loaded.path.name}: {each.added.new} new candles{known}"
        if each.loaded.told:
            yield f"    {each.loaded.told}"
        yield from (f"    {doubt}" for doubt in each.doubts)
    entries = {(each.added.entry.symbol, each.added.entry.timeframe): each.added.entry for each in done}
    yield from map(_line, entries.values())


def _imported(each: Imported) -> ImportedRow:
    return ImportedRow(
        file=str(each.loaded.path),
        format=each.loaded.format,
        notes=list(each.loaded.notes),
        new=each.added.new,
        known=each.added.known,
        **_fields(each.added.entry),
    )


def list_entries(home: Path | None, *, json: bool) -> None:
    """Print what there is."""
    entries = _catalogue(home).list()
    if json:
        say_json([EntryRow(**_fields(entry)) for entry in entries])
    else:
        say_lines(_entry_lines(entries))


def _entry_lines(entries: Sequence[CatalogueEntry]) -> Iterator[str]:
    for entry in entries:
        yield _line(entry)
        for origin in entry.sources:
            yield f"    {origin.candles} candles from {origin.name}, {origin.at:%Y-%m-%d %H:%M} UTC"
    if not entries:
        yield EMPTY


def check_candles(home: Path | None, what: Sequence[str], reading: Reading, *, json: bool) -> None:
    """Print flaws; exit 1 when one of them makes a backtest wrong."""
    results: list[tuple[str, int, tuple[Flaw, ...]]] = []
    with _bar() as bar:
        task = bar.add_task("check", total=None)
        for name, candles in _named(_catalogue(home), what, reading):
            bar.update(task, advance=1, description=name)
            results.append((name, len(candles), flaws(candles)))
    if json:
        say_json(
            [
                CheckedRow(name=name, candles=size, flaws=list(map(_flaw, these)))
                for name, size, these in results
            ]
        )
    for name, size, these in () if json else results:
        say_lines([f"{name}: {size} candles", *(f"  {row}" for row in flaw_lines(these))])
    if not results and not json:
        say(EMPTY)
    if any(flaw.kind in SUSPECT for _, _, these in results for flaw in these):
        sys.exit(1)


def download_candles(wanted: Wanted, config: Path | None, home: Path | None, *, json: bool) -> None:
    """Download what is missing of the range."""
    # Settings and the network cost half a second that no other command should wait for.
    from agent.settings.load import load as settings_of
    from research.data.download import binance_source, download

    length = TIMEFRAMES.get(wanted.timeframe)
    if length is None:
        raise BadInput(f"--timeframe {wanted.timeframe!r} is not one of {', '.join(TIMEFRAMES)}")
    span = timerange(wanted.timerange)
    settings, clock, root = settings_of({"home": home}, config), SystemClock(), home_of(home).root
    catalogue = Catalogue(root)
    with closing(binance_source(settings.binance, settings.perception, clock, root)) as source, _bar() as bar:
        task = bar.add_task(f"{wanted.symbol} {wanted.timeframe}", total=None)
        done = download(
            source, catalogue, wanted.symbol, length, span, clock.now(),
            lambda count, total: bar.update(task, completed=count, total=total),
        )  # fmt: skip
    reply = DownloadAnswer(**wanted._asdict(), **done._asdict() | {"left_out": list(done.left_out)})
    answer(reply, _download_lines, json=json)


def _download_lines(report: DownloadAnswer) -> Iterator[str]:
    yield from (f"left out  {odd}" for odd in report.left_out)
    yield f"{report.symbol} {report.timeframe}: {report.new} new candles, {report.held} in the range"


def _catalogue(home: Path | None) -> Catalogue:
    return Catalogue(home_of(home).root)


def _named(catalogue: Catalogue, what: Sequence[str], reading: Reading) -> Iterator[tuple[str, Candles]]:
    """Yield candles with a name for people: those of files, of symbols, or of the whole catalogue."""
    entries = catalogue.list()
    if not what:
        yield from _of(catalogue, entries)
    for each in what:
        if "/" in each or each.lower().endswith(SUFFIXES):
            yield Path(each).name, read(Path(each), reading).candles
            continue
        chosen = [entry for entry in entries if entry.symbol == each]
        if not chosen:
            there = ", ".join(dict.fromkeys(entry.symbol for entry in entries)) or "none"
            raise BadInput(f"{each} is neither a candle file nor in the catalogue; there are: {there}")
        yield from _of(catalogue, chosen)


def _of(catalogue: Catalogue, entries: Iterable[CatalogueEntry]) -> Iterator[tuple[str, Candles]]:
    for entry in entries:
        yield f"{entry.symbol} {entry.timeframe}", catalogue.get(entry.symbol, entry.timeframe_ms)


def _bar() -> Progress:
    """Return a progress bar on standard error, shown in a terminal only and gone at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _line(entry: CatalogueEntry) -> str:
    first, last = (f"{utc(time):%Y-%m-%d %H:%M}" for time in (entry.first, entry.last))
    size = f"{entry.candles} candles"
    return f"{entry.symbol:<10} {entry.timeframe:<4} {size:>16}  {first} to {last}  {entry.fingerprint[:12]}"


def _fields(entry: CatalogueEntry) -> dict[str, Any]:
    return {
        "symbol": entry.symbol,
        "timeframe": entry.timeframe,
        "timeframe_ms": entry.timeframe_ms,
        "candles": entry.candles,
        "first": utc(entry.first),
        "last": utc(entry.last),
        "fingerprint": entry.fingerprint,
        "sources": [SourceRow(name=each.name, at=each.at, candles=each.candles) for each in entry.sources],
    }


def _flaw(flaw: Flaw) -> FlawRow:
    return FlawRow(
        kind=flaw.kind, first=utc(flaw.first), last=utc(flaw.last), count=flaw.count, detail=flaw.detail
    )
