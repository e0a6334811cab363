"""The inputs of every research command: settings, and candles cut and resampled as asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agent.cli.options import home_of, named, nested
from agent.cli.output.streams import mention
from agent.settings.grids import words
from agent.settings.load import load
from agent.settings.pairs import voices
from agent.settings.settings import Options
from agent.slippage.entries import with_laws
from agent.wiring.backtests import options_for
from domain.errors import BadInput
from domain.times import TIMEFRAMES
from perception.files.candles import ASKED
from perception.files.recognise import Reading
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


class Gathered(NamedTuple):
    """Settings, one series of candles per symbol with its warm-up in front, and what to say about them."""

    options: Options
    candles: list[Candles]
    notes: list[str]


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
    options = with_laws(options_for(settings, series), asked.home)
    lead = _lead(series, span, options)
    known = options.perception.model_copy(update={"warmup_candles": lead.warmup})
    options = options.model_copy(update={"perception": known})
    new = [name for name in options.instruments if name not in settings.instruments]
    grids = [words(name, options.instruments[name]) for name in new]
    return Gathered(options, lead.candles, [*grids, *lead.notes])


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
