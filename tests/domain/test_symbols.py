"""Symbols of any letters an exchange lists, and names without a dash by the quotes there are."""

import pytest

from domain.symbols import is_symbol, parts, readings, spelled, spelled_all


@pytest.mark.parametrize(
    ("symbol", "taken_apart"),
    [
        ("BTC-USDT", ("BTC", "USDT")),
        ("1000SATS-USDT", ("1000SATS", "USDT")),
        ("币安人生-USDT", ("币安人生", "USDT")),
        ("BROCCOLI714-FDUSD", ("BROCCOLI714", "FDUSD")),
        ("MSFT", ("MSFT", "")),
        ("BRK.B", ("BRK.B", "")),
        ("0050.TW", ("0050.TW", "")),
    ],
)
def test_a_symbol_is_a_pair_or_a_share_of_any_capital_letters(
    symbol: str, taken_apart: tuple[str, str]
) -> None:
    assert parts(symbol) == taken_apart


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "-USDT", "BTC-", "btc-usdt", "BTC_USDT", "BTC/USDT", "BTC USDT", "A-B-C", "A" * 21,
     "BTC\n", "a%2F", "-", "BTC-USDT&x=1", "BTC-US.DT", ".B"],
)  # fmt: skip
def test_what_means_something_to_a_shell_a_path_or_a_url_is_no_symbol(text: str) -> None:
    assert not is_symbol(text)
    assert parts(text) is None


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("BTCUSDT", ("BTC-USDT",)),
        ("ETHBTC", ("ETH-BTC",)),
        ("XBTUSD", ("BTC-USD",)),
        ("XDGEUR", ("DOGE-EUR",)),
        ("ETHXBT", ("ETH-BTC",)),
        ("BTCFDUSD", ("BTC-FDUSD",)),
        ("BTCTUSD", ("BTC-TUSD",)),
        ("USDCUSDT", ("USDC-USDT",)),
        ("币安人生USDT", ("币安人生-USDT",)),
        ("1000SATSUSDT", ("1000SATS-USDT",)),
        ("WUSDT", ("W-USDT",)),
        ("GBTC", ()),
        ("MSFT", ()),
        ("USDT", ()),
        ("BTTUSD", ("BT-TUSD", "BTT-USD")),
    ],
)
def test_a_name_is_split_by_the_quotes_there_are(name: str, pairs: tuple[str, ...]) -> None:
    assert readings(name) == pairs


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("BTC/USDT", "BTC-USDT"),
        ("btc/usdt", "BTC-USDT"),
        ("ETH_BTC", "ETH-BTC"),
        (" eth-usdt ", "ETH-USDT"),
        ("BTCUSDT", "BTC-USDT"),
        ("btcusdt", "BTC-USDT"),
        ("msft", "msft"),
        ("BRK.B", "BRK.B"),
        ("WBEUR", "WBEUR"),
        ("btc", "btc"),
        ("BTC/USDT/X", "BTC/USDT/X"),
        ("../x", "../x"),
        ("", ""),
    ],
)
def test_a_symbol_is_understood_as_people_write_it(text: str, symbol: str) -> None:
    assert spelled(text) == symbol
    assert spelled(symbol) == symbol


def test_several_are_a_list_or_a_text_with_commas() -> None:
    assert spelled_all("btc_usdt,MSFT") == spelled_all(["BTC/USDT", "MSFT"]) == ("BTC-USDT", "MSFT")
    assert (spelled_all(7), spelled_all([7])) == (7, (7,))
