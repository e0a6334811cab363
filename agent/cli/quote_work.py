"""What `agent data quote` does."""

from contextlib import closing
from pathlib import Path
from typing import Any

from agent.cli.options import home_of, say, say_json
from agent.clock import SystemClock
from agent.load import load
from domain.symbols import parts
from perception import network
from perception.network import GuardedAlphaVantage


def show_quote(symbol: str, config: Path | None, home: Path | None, *, json: bool) -> None:
    """Ask Alpha Vantage, within the day's budget, what a share or a pair costs, and say it."""
    settings, root = load({"home": home}, config), home_of(home).root
    source = network.alpha_vantage(settings.alpha_vantage, settings.perception, SystemClock(), root)
    with closing(source):
        found = _found(source, symbol)
    if json:
        say_json({"symbol": symbol, **found})
    else:
        more = "".join(f", {name.replace('_', ' ')} {value:g}" for name, value in _more(found).items())
        say(f"{symbol} {found['price']:g} at {found['at']}{more}")


def _found(source: GuardedAlphaVantage, symbol: str) -> dict[str, Any]:
    base, quote = parts(symbol) or (symbol, "")
    if quote:
        rate = source.exchange_rate(base, quote)
        return {"price": rate.rate, "at": rate.at.isoformat(), "bid": rate.bid, "ask": rate.ask}
    price = source.quote(symbol)
    return {"price": price.price, "at": f"{price.day:%Y-%m-%d}", "previous_close": price.previous_close}


def _more(found: dict[str, Any]) -> dict[str, float]:
    return {name: found[name] for name in ("bid", "ask", "previous_close") if found.get(name) is not None}
