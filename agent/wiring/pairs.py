"""The pair list of a session: settings in, a lister out that measures by the exchange or by candles."""

from pathlib import Path

from agent.loop.session import Session
from agent.settings.settings import Options
from agent.wiring.folded import Parts
from agent.wiring.providers import public_market
from domain.ports import Clock
from perception import build
from perception.pairs.lister import PairLister, in_thread
from perception.pairs.settings import by_candles
from perception.pairs.sources import CandlePairs, ExchangePairs

PPM_OF_BP = 100


def seat_pairs(session: Session, parts: Parts, home: Path) -> PairLister | None:
    """Have a session list its pairs, where its settings want a list; close what is returned after use."""
    lister = pair_lister(parts, session.inbox.clock, home)
    if lister is not None:
        session.cycle.list_pairs = lister.news
        session.cycle.between = lister.ask
    return lister


def pair_lister(parts: Parts, clock: Clock, home: Path) -> PairLister | None:
    """Return who makes a session's pair lists, None where its settings want none."""
    options, state = parts.options, parts.state
    settings = options.pairlist
    if not settings.on:
        return None
    if by_candles(options.public()) is None:
        return PairLister(exchange_pairs(options, clock, home), settings, options.symbols, in_thread)
    spread_bp = options.paper.costs().spread / PPM_OF_BP
    candles = CandlePairs(lambda: state.pairs.tapes, settings, spread_bp)
    return PairLister(candles, settings, options.symbols)


def exchange_pairs(options: Options, clock: Clock, home: Path) -> ExchangePairs:
    """Return the exchange's tickers, under a guard of their own: where they fail, candles do not."""
    tickers = build.binance(public_market(options), options.perception, clock, home)
    return ExchangePairs(tickers, options.pairlist, clock)
