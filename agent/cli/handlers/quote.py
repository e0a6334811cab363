"""What `agent data quote` does."""

from contextlib import closing
from pathlib import Path
from typing import Any

from agent import wiring
from agent.cli.options import home_of, say, say_json
from agent.host.clock import SystemClock
from agent.settings.load import load
from domain.symbols import parts


def show_quote(symbol: str, config: Path | None, home: Path | None, *, json: bool) -> None:
    """Ask Alpha Vantage, within the day's budget, what a share or a pair costs, and say it."""
    settings = load({"home": home}, config)
    base, quote = parts(symbol) or (symbol, "")
    found: dict[str, Any]
    with closing(wiring.quotes(settings, SystemClock(), home_of(home).root)) as source:
        if quote:
            rate = source.exchange_rate(base, quote)
            found = {"price": rate.rate, "at": rate.at.isoformat(), "bid": rate.bid, "ask": rate.ask}
        else:
            price = source.quote(symbol)
            day = f"{price.day:%Y-%m-%d}"
            found = {"price": price.price, "at": day, "previous_close": price.previous_close}
    if json:
        say_json({"symbol": symbol, **found})
    else:
        more = "".join(f", {name.replace('_', ' ')} {value:g}" for name, value in _more(found).items())
        say(f"{symbol} {found['price']:g} at {found['at']}{more}")


def _more(found: dict[str, Any]) -> dict[str, float]:
    return {name: found[name] for name in ("bid", "ask", "previous_close") if found.get(name) is not None}
