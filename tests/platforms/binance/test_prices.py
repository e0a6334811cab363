"""The price of one symbol that has none of a kind stops no other's."""

from decimal import Decimal
from typing import Any

from platforms.binance.platform import BinancePlatform
from platforms.binance.prices import Prices
from tests.perception.manual_clock import ManualClock
from tests.platforms.binance.scripted import Asked, Scripted, Told


def test_a_symbol_without_a_reference_price_takes_its_average_and_others_keep_theirs(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    def reference(asked: Asked) -> Any:
        if asked.params["symbol"] == "OLDUSDT":
            return Told({"code": -2043, "msg": "This symbol doesn't have a reference price."}, 404)
        return {"symbol": "BTCUSDT", "referencePrice": "48000.00", "timestamp": 0}

    exchange.on("GET", "referencePrice", reference)
    prices = Prices(venue.wire, clock)
    prices.ask("OLDUSDT", 5)
    prices.ask("BTCUSDT", 5)
    assert (prices.get("OLDUSDT"), prices.get("BTCUSDT")) == (Decimal("50000.00"), Decimal("48000.00"))


def test_an_exchange_without_reference_prices_is_asked_once(
    exchange: Scripted, venue: BinancePlatform, clock: ManualClock
) -> None:
    prices = Prices(venue.wire, clock)
    prices.ask("BTCUSDT", 5)
    prices.ask("BTCUSDT", 5)
    assert exchange.count("GET", "referencePrice") == 1
