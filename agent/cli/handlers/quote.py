"""The work of `agent data quote`."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from agent import wiring
from agent.answers.data import Quoted
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.settings.load import load
from agent.views.session import decimal
from domain.symbols import parts


def show_quote(symbol: str, config: Path | None, home: Path | None, *, json: bool) -> None:
    """Ask Alpha Vantage, within the day's budget, what a share or a pair costs, and say it."""
    settings = load({"home": home}, config)
    base, quote = parts(symbol) or (symbol, "")
    with closing(wiring.quotes(settings, SystemClock(), home_of(home).root)) as source:
        if quote:
            rate = source.exchange_rate(base, quote)
            report = Quoted(
                symbol=symbol,
                price=_text(rate.rate),
                at=f"{rate.at:%Y-%m-%dT%H:%M:%SZ}",
                bid=_known(rate.bid),
                ask=_known(rate.ask),
            )
        else:
            price = source.quote(symbol)
            report = Quoted(
                symbol=symbol,
                price=_text(price.price),
                at=f"{price.day:%Y-%m-%d}",
                previous_close=_known(price.previous_close),
            )
    answer(report, _lines, json=json)


def _lines(report: Quoted) -> Iterator[str]:
    more = (("bid", report.bid), ("ask", report.ask), ("previous close", report.previous_close))
    text = "".join(f", {name} {value}" for name, value in more if value is not None)
    yield f"{report.symbol} {report.price} at {report.at}{text}"


def _text(value: float) -> str:
    """Return a price as the decimal it was written as."""
    return decimal(Decimal(repr(value)))


def _known(value: float | None) -> str | None:
    return None if value is None else _text(value)
