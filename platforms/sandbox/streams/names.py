"""Market streams: names, and what each tells of a market event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from platforms.sandbox.exchange.klines import Bar
from platforms.sandbox.exchange.market import MarketEvent, SandboxMarket
from platforms.sandbox.exchange.numbers import down, plain
from platforms.sandbox.requests.market_ops import best

Json = dict[str, Any]


@dataclass(frozen=True)
class Stream:
    """A stream's name taken apart: symbol in capitals, kind, and the interval of a kline stream."""

    symbol: str
    kind: str
    interval: str = ""


def parse(name: str) -> Stream | None:
    """Take a stream's name apart, or return None for one that does not exist."""
    symbol, at, kind = name.partition("@")
    if not at or not symbol:
        return None
    if kind.startswith("kline_"):
        return Stream(symbol.upper(), "kline", kind.removeprefix("kline_"))
    return Stream(symbol.upper(), kind) if kind in _TELLERS else None


def messages(stream: Stream, event: MarketEvent) -> list[Json]:
    """Return what a stream says of an event, in order."""
    if event.market.rules.symbol != stream.symbol:
        return []
    if stream.kind == "kline":
        return _klines(stream, event)
    return _TELLERS[stream.kind](event) if event.prints else []


def _klines(stream: Stream, event: MarketEvent) -> list[Json]:
    results = [
        _kline(event, stream, bar, final=True) for name, bar in event.closed if name == stream.interval
    ]
    series = event.market.series.get(stream.interval)
    if series and event.prints:
        results.append(_kline(event, stream, series.bars[-1], final=False))
    return results


def _kline(event: MarketEvent, stream: Stream, bar: Bar, *, final: bool) -> Json:
    answer = {
        "t": bar.time,
        "T": bar.end,
        "s": stream.symbol,
        "i": stream.interval,
        "f": bar.first_id,
        "L": bar.last_id,
        "o": plain(bar.open),
        "c": plain(bar.close),
        "h": plain(bar.high),
        "l": plain(bar.low),
        "v": plain(bar.volume),
        "n": bar.trades,
        "x": final,
        "q": plain(down(bar.quote)),
        "V": plain(bar.taker_volume),
        "Q": plain(down(bar.taker_quote)),
        "B": "0",
    }
    return {"e": "kline", "E": event.time, "s": stream.symbol, "k": answer}


def _trades(event: MarketEvent) -> list[Json]:
    return [
        {
            "e": "trade",
            "E": event.time,
            "s": event.market.rules.symbol,
            "t": done.id,
            "p": plain(done.price),
            "q": plain(done.quantity),
            "T": done.time,
            "m": done.buyer_maker,
            "M": True,
        }
        for done in event.prints
    ]


def _aggregates(event: MarketEvent) -> list[Json]:
    rows = _trades(event)
    return [row | {"e": "aggTrade", "a": row["t"], "f": row["t"], "l": row["t"]} for row in rows]


def _book_ticker(event: MarketEvent) -> list[Json]:
    report = best(event.market)
    sides = {"b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty"}
    return [{"u": event.prints[-1].id, "s": report["symbol"], **{k: report[v] for k, v in sides.items()}}]


def _mini(event: MarketEvent) -> list[Json]:
    return [_day(event.market, event.time)]


def _day(market: SandboxMarket, now: int) -> Json:
    bar = market.day(now)
    return {
        "e": "24hrMiniTicker",
        "E": now,
        "s": market.rules.symbol,
        "c": plain(bar.close),
        "o": plain(bar.open),
        "h": plain(bar.high),
        "l": plain(bar.low),
        "v": plain(bar.volume),
        "q": plain(down(bar.quote)),
    }


_TELLERS: dict[str, Callable[[MarketEvent], list[Json]]] = {
    "trade": _trades,
    "aggTrade": _aggregates,
    "bookTicker": _book_ticker,
    "miniTicker": _mini,
}
