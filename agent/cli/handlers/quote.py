"""What `agent data quote` does."""

from contextlib import closing
from pathlib import Path
from typing import Any

from agent import wiring
from agent.cli.options import home_of
from agent.cli.output.streams import say, say_json
from agent.host.clock import SystemClock
from agent.settings.load import load
from domain.symbols import parts


def show_quote(symbol: str, config: Path | None, home: Path | None, *, json: bool) -> None:
    """Ask Alpha Vantage, within the day's budget, what a share or a pair costs, and say it."""
    settings = load({"home": home}, config)
    base, quote = parts(symbol) or (symbol, "")
    result: dict[str, Any]
    with closing(wiring.quotes(settings, SystemClock(), home_of(home).root)) as source:
        if quote:
            rate = source.exchange_rate(base, quote)
            result = {"price": rate.rate, "at": rate.at.isoformat(), "bid": rate.bid, "ask": rate.ask}
        else:
            price = source.quote(symbol)
            day = f"{price.day:%Y-%m-%d}"
            result = {"price": price.price, "at": day, "previous_close": price.previous_close}
    if json:
        say_json({"symbol": symbol, **result})
    else:
        more = "".join(f", {name.replace('_', ' ')} {value:g}" for name, value in _more(result).items())
        say(f"{symbol} {result['price']:g} at {result['at']}{more}")


def _more(result: dict[str, Any]) -> dict[str, float]:
    return {name: result[name] for name in ("bid", "ask", "previous_close") if result.get(name) is not None}
