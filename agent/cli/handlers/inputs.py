"""The inputs of every research command: settings, and candles cut and resampled as asked."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agent.cli.options import home_of, named, nested
from agent.cli.output.streams import mention
from agent.settings.grids import words
from agent.settings.load import load
from agent.settings.pairs import voices
from agent.settings.resolve import missing_beside, not_looked_at
from agent.settings.settings import Options
from agent.settings.user_strategies import folder_of, passed_over
from agent.slippage.entries import with_laws
from agent.wiring.backtests import options_for
from domain.errors import BadInput
from domain.times import TIMEFRAMES
from perception.files.candles import ASKED
from perception.files.layout import Reading
from reasoning.minds import StrategyRunner
from research.data.candles import Candles
from research.data.catalogue import Catalogue, CatalogueEntry
from research.data.lead import Lead, with_lead
from research.data.load import Range, joined, read_many, select, timerange
from research.data.resample import resample
from research.data.splits import real_jumps, since_doubt, sure, unsplit

MAPPED_FROM = 2_000_000
"""Candles of the catalogue from which on they are mapped, not read into memory (48 bytes each)."""


class ResearchRequest(NamedTuple):
    """The options research commands share; `sets` are texts such as `risk.daily_loss=100`."""

    strategies: Sequence[str] = ()
    data: Sequence[Path] = ()
    symbols: Sequence[str] = ()
    timerange: str | None = None
    timeframe: str | None = None
    sets: Sequence[str] = ()
    config: Path | None = None
    home: Path | None = None
    reading: Reading = ASKED
    splits: Sequence[str] = ()
    informative: Sequence[Path] = ()


class Gathered(NamedTuple):
    """Settings, one series of candles per symbol with its warm-up in front, and what to say about them.

    `beside` are those of symbols that strategies look at and that are not traded.
    """

    options: Options
    candles: list[Candles]
    notes: list[str]
    beside: list[Candles] = []  # noqa: RUF012 -- never changed


def gather(asked: ResearchRequest) -> Gathered:
    """Return the settings and one series of candles per symbol.

    Raises BadInput or BadSettings with everything that is wrong with either.
    """
    flags: dict[str, Any] = nested(asked.sets)
    if asked.strategies:
        flags.setdefault("reasoning", {})["strategies"] = named(asked.strategies)
    settings = load({**flags, "home": asked.home}, asked.config)
    if settings.mode != "paper":
        raise BadInput(f"mode {settings.mode} is set; research runs with the rules of mode paper")
    span = (None, None) if asked.timerange is None else timerange(asked.timerange)
    series = []
    for each in _source(asked):
        series.append(_resampled(_sure(each, asked, span), asked))
        each.release()
    beside = [_sure(each, asked, span) for each in beside_of(asked, settings, series)]
    options = with_laws(options_for(settings, series, beside), asked.home)
    lead = _lead(series, span, options)
    known = options.perception.model_copy(update={"warmup_candles": lead.warmup})
    options = options.model_copy(update={"perception": known})
    new = [name for name in options.instruments if name not in settings.instruments]
    grids = [words(name, options.instruments[name]) for name in new]
    folder = folder_of({"strategies_folder": settings.strategies_folder}, settings.home)
    others = passed_over(settings.reasoning.strategies, folder)
    return Gathered(options, lead.candles, [*others, *grids, *lead.notes], beside)


def _sure(candles: Candles, asked: ResearchRequest, span: Range) -> Candles:
    """Return candles without a doubt, in the range or before it as far as that goes.

    Raises BadInput where the range holds none, or a jump that looks like a split.
    """
    candles, real = unsplit(candles, asked.splits), real_jumps(asked.splits)
    sure(select(candles, span), real)
    return since_doubt(candles, span[0], real)


def _lead(series: Sequence[Candles], span: Range, settings: Options) -> Lead:
    """Cut what is traded, behind each strategy's own warm-up, or as many candles as the settings say."""
    own = StrategyRunner(settings.reasoning, series[0].timeframe_ms, voices(settings.pairs)).candles_needed
    wished = settings.perception.warmup_candles
    least = max(own, wished) if "warmup_candles" in settings.perception.model_fields_set else own
    return with_lead(series, span, least, max(least, wished))


def _source(asked: ResearchRequest) -> Sequence[Candles]:
    if asked.data:
        files = read_many(asked.data, list(asked.symbols) or None, asked.reading)
        for each in files:
            if each.told:
                mention(f"{each.path.name}: {each.told}")
        return joined(files)
    if not asked.symbols:
        raise BadInput("no candles named: give --data FILE, or --symbol of what `agent data list` shows")
    return _from_catalogue(Catalogue(home_of(asked.home).root), asked)


def beside_of(asked: ResearchRequest, settings: Options, series: Sequence[Candles]) -> Iterator[Candles]:
    """Yield the candles of symbols that strategies look at: of a file that is given, else of the catalogue.

    Raises BadInput for a file nobody looks at, and where candles are missing.
    """
    traded, length = {each.symbol for each in series}, series[0].timeframe_ms
    wanted = {name: where for name, where in settings.reasoning.informative.items() if name not in traded}
    given = {each.symbol: each for each in joined(read_many(asked.informative, None, asked.reading))}
    for symbol in given:
        if symbol not in wanted:
            raise BadInput(not_looked_at(f"--informative: {symbol}", wanted))
    catalogue = Catalogue(home_of(asked.home).root) if wanted.keys() - given.keys() else None
    for symbol, where in wanted.items():
        candles = given.get(symbol)
        if candles is None and catalogue is not None:
            held = [each.timeframe_ms for each in catalogue.list() if each.symbol == symbol]
            if not held:
                raise BadInput(missing_beside(symbol, where))
            candles = catalogue.get(symbol, length if length in held else min(held))
        if candles is not None:
            yield candles if candles.timeframe_ms == length else resample(candles, length)


def _from_catalogue(catalogue: Catalogue, asked: ResearchRequest) -> list[Candles]:
    """Return symbols in the timeframe asked for, else in the finest there is; many are mapped."""
    listed = catalogue.list()
    chosen = [_chosen(listed, symbol, asked.timeframe) for symbol in asked.symbols]
    get = catalogue.mapped if sum(each.candles for each in chosen) > MAPPED_FROM else catalogue.get
    return [get(each.symbol, each.timeframe_ms) for each in chosen]


def _chosen(listed: Sequence[CatalogueEntry], symbol: str, timeframe: str | None) -> CatalogueEntry:
    held = {each.timeframe_ms: each for each in listed if each.symbol == symbol}
    if not held:
        raise BadInput(f"{symbol} is not in the catalogue; add it with: agent data import FILE")
    wanted = TIMEFRAMES.get(timeframe or "", 0)
    return held.get(wanted, held[min(held)])


def _resampled(candles: Candles, asked: ResearchRequest) -> Candles:
    if asked.timeframe is None:
        return candles
    if asked.timeframe not in TIMEFRAMES:
        raise BadInput(f"timeframe {asked.timeframe!r} is not one of {', '.join(TIMEFRAMES)}")
    return resample(candles, TIMEFRAMES[asked.timeframe])
