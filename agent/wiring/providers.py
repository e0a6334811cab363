"""The network providers of a session: who is asked for candles and news, in which order."""

from collections.abc import Mapping
from pathlib import Path

from agent.settings.given import Settings
from agent.settings.home import Home
from agent.settings.settings import Options
from domain.errors import VenueFault
from domain.ports import CandleRequest, Clock
from domain.times import millis
from perception import build
from perception.chain import Guarded
from perception.headlines import Headlines
from perception.settings import BinanceSettings

STREAMS = {
    "live": "wss://stream.binance.com:9443",
    "testnet": "wss://stream.testnet.binance.vision",
    "demo": "wss://demo-stream.binance.com",
}
"""Where each endpoint's market streams answer."""


def live_providers(
    options: Options, clock: Clock, home: Home, beside: tuple[str, ...] = ()
) -> dict[str, Guarded]:
    """Return the network providers to ask, in order: for pairs the one that needs no key comes first."""
    wanted: list[str] = [options.provider]
    if options.remote:
        venue = _traded_market(options, clock, home, beside)
        return {venue.name: venue}
    if options.provider == "auto":
        pairs = any("-" in symbol for symbol in (*options.symbols, *beside))
        wanted = (["binance"] if pairs else []) + ["alpha_vantage"]
    providers: dict[str, Guarded] = {}
    if "binance" in wanted:
        providers["binance"] = build.binance(options.binance, options.perception, clock, home.root)
    if "alpha_vantage" in wanted and (options.alpha_vantage.api_key or options.provider != "auto"):
        settings = options.alpha_vantage
        providers["alpha_vantage"] = build.alpha_vantage(settings, options.perception, clock, home.root)
    return providers


def unreachable(options: Options, clock: Clock, home: Home, seconds: float) -> str:
    """Ask the network providers for the last candle, each within `seconds`; "" when one answers."""
    problems = []
    live = live_providers(options, clock, home)
    try:
        now_ms = millis(clock.now())
        step = options.timeframe_ms
        request = CandleRequest(options.symbols[0], step, now_ms - 2 * step, now_ms, 2)
        for name, provider in live.items():
            try:
                provider.candles(request, seconds)
            except VenueFault as fault:
                problems.append(f"{name}: {fault}")
            else:
                return ""
    finally:
        for provider in live.values():
            provider.close()
    return "; ".join(problems) or f"no provider has {options.symbols[0]} without a key"


def _traded_market(options: Options, clock: Clock, home: Home, beside: tuple[str, ...]) -> Guarded:
    """Return the market of the exchange that is traded: its stream, and REST behind it."""
    stream, exchange = options.stream, options.exchange
    rest = build.binance(public_market(options), options.perception, clock, home.root)
    if not options.streaming:
        return rest
    if "base_url" not in stream.model_fields_set:
        own = exchange.base_url and f"ws{exchange.base_url.removeprefix('http')}"
        stream = stream.model_copy(update={"base_url": own or STREAMS[exchange.endpoint]})
    symbols = (*options.symbols, *beside)
    return build.binance_stream(stream, rest, symbols, options.timeframe_ms, clock)


def public_market(options: Options) -> BinanceSettings:
    """Return where the exchange's public data are asked for: of the exchange that is traded, where one is."""
    report = options.binance
    if not options.remote or "base_url" in report.model_fields_set:
        return report
    return report.model_copy(update={"base_url": options.exchange.rest_url})


def quotes(settings: Settings, clock: Clock, home: Path) -> build.GuardedAlphaVantage:
    """Return who says what a share or a pair costs just now; `close` it after use."""
    return build.alpha_vantage(settings.alpha_vantage, settings.perception, clock, home)


def news_provider(
    options: Options, clock: Clock, home: Home, live: Mapping[str, Guarded]
) -> build.GuardedAlphaVantage | None:
    """Return who has the news, only Alpha Vantage: one guard and one day's budget for all it does."""
    if not options.perception.news.enabled or options.alpha_vantage.api_key is None:
        return None
    known = live.get("alpha_vantage")
    if isinstance(known, build.GuardedAlphaVantage):
        return known
    return build.alpha_vantage(options.alpha_vantage, options.perception, clock, home.root)


def headlines(news: build.GuardedAlphaVantage | None, options: Options) -> Headlines | None:
    """Return the headlines of who has the news, None where nobody has."""
    settings = options.perception.news
    if news is None:
        return None
    return Headlines(news, window_hours=settings.window_hours, limit=settings.limit)
