"""Alpha Vantage: candles of shares, coins and currencies, quotes, exchange rates, and headlines with scores.

The `alpha_vantage` package knows the API's functions and builds the URLs; its one hook,
`_handle_api_call`, is where we take over: our base URL, our session, our reading of the answer. The
package never sees the key: it is given a stand-in, and the hook puts the key into the last URL.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from domain.candle import RawCandle
from domain.currencies import FIAT, foreign_exchange
from domain.observation import Headline
from domain.ports import CandleRequest
from perception.guard.cache import LATEST, within
from perception.guard.call import Fetch
from perception.guard.faults import Unasked
from perception.http.fetch import sound
from perception.providers.alpha_vantage import answers, faults, news
from perception.providers.alpha_vantage.answers import Document, ExchangeRate, SharePrice
from perception.providers.symbols import pair, timeframe_name
from perception.settings import AlphaVantageSettings

STAND_IN = "KEY"
WHOLE_SERIES = 100_000
"""As a limit: every row there is. A free key's compact series has 100."""
INTERVALS = {"1m": "1min", "5m": "5min", "15m": "15min", "30m": "30min", "1h": "60min"}
"""Our timeframes as its intraday intervals."""


@contextmanager
def without_pandas() -> Iterator[None]:
    """Keep the package from importing pandas, where that is installed, for answers we read as JSON: 90 MB."""
    held_back = "pandas" not in sys.modules
    if held_back:
        sys.modules["pandas"] = None  # type: ignore[assignment]  # the import system's word for "not there"
    try:
        yield
    finally:
        if held_back:
            del sys.modules["pandas"]


class _Whole(dict[str, Document]):
    """Gives the whole document for any key: picking one, the package raises KeyError or wants pandas."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document

    def __missing__(self, key: str) -> Document:
        return self._document


class AlphaVantageProvider:
    """One key's view of Alpha Vantage. Errors never hold the key.

    Free keys give the latest 100 candles of a series; intraday equities are regular hours only.
    """

    name = "alpha_vantage"

    def __init__(self, settings: AlphaVantageSettings, fetch: Fetch) -> None:
        self._settings = settings
        self._fetch = fetch
        base = settings.base_url
        self._url = base if urlsplit(base).path.endswith("/query") else f"{base}/query"

    def missing(self) -> str:
        """Return "no key is set" without one."""
        return "" if self._settings.api_key else "no alpha vantage key is set (ALPHA_VANTAGE_API_KEY)"

    def widened(self, request: CandleRequest) -> CandleRequest:
        """Return the request for the whole series: a call gives all of it, whatever is wanted."""
        return request._replace(since_ms=0, now_ms=LATEST, limit=WHOLE_SERIES)

    def candles(self, request: CandleRequest) -> tuple[RawCandle, ...]:
        """Return candles oldest first. Raises Refused, NoData, RateLimited, BadAnswer, Unreachable."""
        base, quote = pair(request.symbol)
        timeframe = timeframe_name(request.timeframe_ms)
        if timeframe not in INTERVALS and timeframe != "1d":
            raise Unasked(f"alpha vantage has no {timeframe} candles, only {', '.join(INTERVALS)} and 1d")
        market = self._settings.quotes.get(quote, quote)
        document = self._series(base, market, timeframe)
        return within(answers.candles(document, market), request)

    def _series(self, base: str, market: str, timeframe: str) -> Document:
        if not market:
            return self._equity(base, timeframe)
        if foreign_exchange(base, market):
            return self._foreign(base, market, timeframe)
        return self._crypto(base, market, timeframe)

    def _foreign(self, base: str, market: str, timeframe: str) -> Document:
        pair_ = {"from_symbol": base, "to_symbol": market}
        if timeframe == "1d":
            return self._ask(self._api.rates.get_currency_exchange_daily, **pair_)
        interval = INTERVALS[timeframe]
        return self._ask(self._api.rates.get_currency_exchange_intraday, interval=interval, **pair_)

    def _crypto(self, base: str, market: str, timeframe: str) -> Document:
        if timeframe == "1d":
            return self._ask(self._api.crypto.get_digital_currency_daily, symbol=base, market=market)
        interval = INTERVALS[timeframe]
        return self._ask(self._api.crypto.get_crypto_intraday, symbol=base, market=market, interval=interval)

    def _equity(self, symbol: str, timeframe: str) -> Document:
        if timeframe == "1d":
            series = self._api.series
            adjusted = self._settings.adjusted_daily
            return self._ask(series.get_daily_adjusted if adjusted else series.get_daily, symbol=symbol)
        interval = INTERVALS[timeframe]
        return self._ask(
            self._api.series.get_intraday, symbol=symbol, interval=interval, extended_hours="false"
        )

    def exchange_rate(self, base: str, quote: str) -> ExchangeRate:
        """Return the rate of one currency in another, coins included. Raises as `candles` does."""
        pair(f"{base}-{quote}")
        ask = self._api.rates.get_currency_exchange_rate
        return answers.exchange_rate(self._ask(ask, from_currency=base, to_currency=quote))

    def quote(self, symbol: str) -> SharePrice:
        """Return what a share cost last. Raises as `candles` does, Refused for a pair."""
        base, quote = pair(symbol)
        if quote:
            raise Unasked(f"alpha vantage quotes shares like MSFT; for {symbol} ask its exchange rate")
        return answers.share_price(self._ask(self._api.series.get_quote_endpoint, symbol=base))

    def headlines(self, symbol: str, since: datetime, limit: int) -> tuple[Headline, ...]:
        """Return headlines about `symbol` published after `since`, newest first, with its own scores."""
        base, quote = pair(symbol)
        ticker = f"{'FOREX' if base in FIAT else 'CRYPTO'}:{base}" if quote else base
        document = self._ask(
            self._api.news.get_news_sentiment,
            tickers=ticker,
            time_from=f"{since.astimezone(UTC):%Y%m%dT%H%M}",
            limit=50 if limit <= 50 else 1000,
        )
        return news.headlines(document, ticker, since, limit)

    def close(self) -> None:
        """Close kept connections."""
        self._fetch.close()

    def _ask(self, function: Callable[..., Any], **parameters: str | int) -> Document:
        if self.missing():
            raise Unasked(self.missing())
        document: Document = function(**parameters)[0]
        return document

    def _answer(self, url: str) -> _Whole:
        """Do what the package's hook is for: carry out the call it has built the URL of."""
        key = self._settings.api_key
        secret = key.get_secret_value() if key else ""
        query = [(name, value) for name, value in parse_qsl(urlsplit(url).query) if name != "apikey"]
        answer = self._fetch.get(f"{self._url}?{urlencode([*query, ('apikey', secret)], safe=':')}")
        return _Whole(faults.read(sound(answer).body, secret, dict(query).get("function", "")))

    @cached_property
    def _api(self) -> SimpleNamespace:
        """The package's clients with our hook; imported here, as most runs never use it."""
        with without_pandas():
            from alpha_vantage.alphaintelligence import AlphaIntelligence  # noqa: PLC0415  # see above
            from alpha_vantage.cryptocurrencies import CryptoCurrencies  # noqa: PLC0415  # see above
            from alpha_vantage.foreignexchange import ForeignExchange  # noqa: PLC0415  # see above
            from alpha_vantage.timeseries import TimeSeries  # noqa: PLC0415  # see above

        hook = {"_handle_api_call": lambda _, url: self._answer(url)}
        built = {
            name: type(f"Hooked{kind.__name__}", (kind,), hook)(key=STAND_IN)
            for name, kind in (
                ("crypto", CryptoCurrencies),
                ("news", AlphaIntelligence),
                ("rates", ForeignExchange),
                ("series", TimeSeries),
            )
        }
        return SimpleNamespace(**built)
