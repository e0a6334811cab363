"""`agent data`, as a user meets it: real processes, a venue on the loopback, one line for bad input."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from domain.candle import RawCandle
from domain.times import MINUTE_MS, TIMEFRAMES, millis
from perception.files.candles import HEADER
from tests.agent.command import agent, start, told
from tests.perception import server as scripted
from tests.perception.server import Exchange, ScriptedServer
from tests.perception.venues import KLINES, QUERY, alpha_vantage, klines, recorded
from tests.research.made import walk
from tests.seeded import halted, saved, seeded
from tests.shared import ROOT

FIRST = millis(datetime(2023, 1, 1, tzinfo=UTC))


def files(folder: Path) -> tuple[Path, Path]:
    """Write minutes with a halt and a gap, and days of a share with a misprint; return the files."""
    minutes = halted(replace(walk("BTC-USDT", 2_000), volume=np.ones(2_000)), 1_000)
    shares = seeded("SPY", "1d", 500)
    shares.high[300] = shares.high[299:302].max() * 1.3
    paths = saved(folder, minutes, shares)
    return Path(paths[0]), Path(paths[1])


def market(count: int) -> list[RawCandle]:
    return [
        RawCandle(FIRST + place * MINUTE_MS, 100.0, 101.0, 99.0, 100.0 + place % 2, 1.0)
        for place in range(count)
    ]


def written(path: Path, candles: list[RawCandle]) -> Path:
    path.write_text("\n".join([HEADER, *(",".join(map(str, row)) for row in candles)]) + "\n")
    return path


@pytest.fixture
def venue() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.on(KLINES, klines({"BTCUSDT": recorded(market(3000))}))
        yield server


def test_files_are_imported_listed_and_checked(tmp_path: Path) -> None:
    minutes, shares = files(tmp_path)
    done = agent(tmp_path, "data", "import", str(minutes), str(shares)).stdout
    assert f"{minutes.name}: 1920 new candles" in done
    assert "SPY        1d        500 candles  2020-01-0" in done
    again = told(tmp_path, "data", "import", str(minutes))
    assert [(row["new"], row["known"], row["candles"]) for row in again] == [(0, 1920, 1920)]
    bitcoin, spy = told(tmp_path, "data", "list")
    assert (bitcoin["symbol"], bitcoin["timeframe"]) == ("BTC-USDT", "1m")
    assert (bitcoin["first"], bitcoin["last"]) == ("2023-01-01T00:00:00Z", "2023-01-02T09:19:00Z")
    assert spy["sources"][0]["name"] == shares.name
    listed = agent(tmp_path, "data", "list").stdout
    assert f"1920 candles from {minutes.name}, " in listed


def test_check_tells_what_is_there_and_exits_1_for_what_makes_a_backtest_wrong(tmp_path: Path) -> None:
    minutes, shares = files(tmp_path)
    agent(tmp_path, "data", "import", str(minutes), str(shares))
    good = agent(tmp_path, "data", "check", "BTC-USDT").stdout
    assert "BTC-USDT 1m: 1920 candles" in good
    assert "2023-01-01 17:52 to 2023-01-01 19:11: 80 candles missing" in good
    assert "SPY" not in good
    bad = agent(tmp_path, "data", "check", "SPY", check=1).stdout
    assert re.search(r"2021-0\d-\d\d 00:00: high [0-9.]+ is \d\d% above both neighbours", bad)
    everything = agent(tmp_path, "data", "check", check=1).stdout
    assert "BTC-USDT 1m:" in everything
    assert "SPY 1d:" in everything
    of_file = agent(tmp_path, "data", "check", str(shares), "--json", check=1).stdout
    assert '"kind": "bad_print"' in of_file
    assert agent(tmp_path, "data", "check", str(minutes)).stdout.splitlines()[1:] == good.splitlines()[1:]


def test_an_empty_catalogue_says_how_to_fill_it(tmp_path: Path) -> None:
    for command in ("list", "check"):
        assert (
            "the catalogue is empty; fill it with: agent data import"
            in agent(tmp_path, "data", command).stdout
        )
        assert told(tmp_path, "data", command) == []
    assert list(tmp_path.iterdir()) == []


def test_a_symbol_may_be_given_and_the_home_too(tmp_path: Path) -> None:
    file = written(tmp_path / "prices.csv", market(20))
    refused = agent(tmp_path, "data", "import", str(file), check=2).stderr
    assert refused == (
        f"error: {file}: the name does not begin with a symbol such as BTC-USDT; add --symbol\n"
    )
    agent(tmp_path, "data", "import", str(file), "--symbol", "ETH-USDT", "--home", str(tmp_path / "h"))
    assert (tmp_path / "h" / "candles" / "ETH-USDT" / "1m.parquet").is_file()
    assert not (tmp_path / "candles").exists()
    assert "no flaw found" in agent(tmp_path, "data", "check", str(file), "--symbol", "ETH-USDT").stdout


def test_a_bad_file_is_one_line_and_exit_2_and_those_before_it_are_in(tmp_path: Path) -> None:
    good = written(tmp_path / "BTC-USDT_1m_a.csv", market(20))
    bad = written(tmp_path / "BTC-USDT_1m_b.csv", [*market(30), market(1)[0]])
    done = agent(tmp_path, "data", "import", str(good), str(bad), check=2)
    assert "BTC-USDT_1m_a.csv: 20 new candles" in done.stdout
    assert done.stderr == (
        f"error: {bad}: line 32: time 2023-01-01T00:00:00+00:00 is before the last candle's "
        "2023-01-01T00:29:00+00:00; oldest first\n"
    )
    assert told(tmp_path, "data", "list")[0]["candles"] == 20
    other = written(tmp_path / "BTC-USDT_1m_c.csv", [row._replace(close=99.5) for row in market(40)])
    refused = agent(tmp_path, "data", "import", str(other), check=2).stderr
    assert "close 99.5 of BTC-USDT 1m at 2023-01-01T00:00:00Z differs from the catalogue's 100.0" in refused
    assert told(tmp_path, "data", "list")[0]["candles"] == 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "ETH-USDT"), "ETH-USDT is neither a candle file nor in the catalogue; there are: none"),
        (("check", "absent.csv"), "absent.csv: no such file"),
        (("import", "absent.csv"), "absent.csv: no such file"),
        (("download", "BTC-USDT", "--timerange", "2023"), "timerange '2023' is not like 20230101-20230601"),
        (
            ("download", "BTC-USDT", "--timerange", "20230101-", "--timeframe", "2m"),
            f"--timeframe '2m' is not one of {', '.join(TIMEFRAMES)}",
        ),
        (("download", "../x", "--timerange", "20230101-"), "symbol '../x' is not like BTC-USDT or MSFT"),
        (("download", "BTC-USDT", "--timerange", "29990101-"), "no candle of the range is closed yet"),
    ],
)
def test_wrong_words_are_one_line_and_exit_2(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = agent(tmp_path, "data", *words, check=2)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "candles").exists()


def test_a_damaged_catalogue_file_is_one_line_and_exit_2(tmp_path: Path) -> None:
    agent(tmp_path, "data", "import", str(written(tmp_path / "BTC-USDT_1m_a.csv", market(500))))
    path = tmp_path / "candles" / "BTC-USDT" / "1m.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    for command in ("list", "check"):
        assert f"error: {path}: is damaged or cut short" in agent(tmp_path, "data", command, check=2).stderr


def test_download_fills_the_catalogue_and_goes_on_where_it_was(tmp_path: Path, venue: ScriptedServer) -> None:
    env = {"AGENT_BINANCE__BASE_URL": venue.url}
    words = ("data", "download", "BTC-USDT", "--timerange", "20230101-20230102")
    assert agent(tmp_path, *words, env=env).stdout == "BTC-USDT 1m: 1440 new candles, 1440 in the range\n"
    more = (*words[:-1], "20230101-20230103", "--json")
    assert '"new": 1440,\n  "requests": 2,\n  "held": 2880' in agent(tmp_path, *more, env=env).stdout
    assert [asked.query["interval"] for asked in venue.asked] == ["1m"] * 4
    assert agent(tmp_path, "data", "check", "BTC-USDT").stdout.splitlines()[1] == "  no flaw found"
    assert told(tmp_path, "data", "list")[0]["sources"][0]["name"] == "binance"


def test_a_venue_that_fails_is_one_line_and_exit_1(tmp_path: Path, venue: ScriptedServer) -> None:
    env = {"AGENT_BINANCE__BASE_URL": venue.url, "AGENT_PERCEPTION__RETRY__ATTEMPTS": "1"}
    venue.on(
        KLINES, scripted.one_after_another(klines({"BTCUSDT": recorded(market(3000))}), scripted.html(502))
    )
    words = ("data", "download", "BTC-USDT", "--timerange", "20230101-20230102")
    done = agent(tmp_path, *words, env=env, check=1)
    assert "1000 new candles are kept, run it again to go on" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    venue.on(KLINES, klines({"BTCUSDT": recorded(market(3000))}))
    assert "440 new candles, 1440 in the range" in agent(tmp_path, *words, env=env).stdout


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_keeps_what_came_and_exits_130(tmp_path: Path, venue: ScriptedServer) -> None:
    env = {"AGENT_BINANCE__BASE_URL": venue.url}
    second = scripted.silent()
    asked: list[subprocess.Popen[str]] = []

    def interrupting(exchange: Exchange) -> None:
        asked[0].send_signal(signal.SIGINT)
        second(exchange)

    venue.on(KLINES, scripted.one_after_another(klines({"BTCUSDT": recorded(market(3000))}), interrupting))
    command = start(tmp_path, "data", "download", "BTC-USDT", "--timerange", "20230101-20230102", env=env)
    asked.append(command)
    _, errors = command.communicate(timeout=60)
    assert command.returncode == 130, errors
    assert "Traceback" not in errors
    assert told(tmp_path, "data", "list")[0]["candles"] == 1000


def test_help_shows_examples_and_loads_nothing_heavy(tmp_path: Path) -> None:
    for command in ("import", "list", "check", "download"):
        assert f"agent data {command}" in " ".join(agent(tmp_path, "data", command, "--help").stdout.split())
    heavy = "{'polars', 'numpy', 'research', 'rich.progress', 'requests'}"
    code = f"import sys, agent.cli.app; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_quote_is_what_alpha_vantage_says_of_a_share_or_a_pair(
    tmp_path: Path, venue: ScriptedServer
) -> None:
    env = {"AGENT_ALPHA_VANTAGE__BASE_URL": venue.url, "ALPHA_VANTAGE_API_KEY": "a-key-of-the-test"}
    share = {"05. price": "412.30", "07. latest trading day": "2026-11-27", "08. previous close": "410.00"}
    rate = {
        "5. Exchange Rate": "1.0871", "6. Last Refreshed": "2026-11-27 20:00:00", "7. Time Zone": "UTC",
        "8. Bid Price": "1.0870", "9. Ask Price": "-",
    }  # fmt: skip
    answers: dict[str, bytes | dict[str, object]] = {
        "GLOBAL_QUOTE": {"Global Quote": share},
        "CURRENCY_EXCHANGE_RATE": {"Realtime Currency Exchange Rate": rate},
    }
    venue.on(QUERY, alpha_vantage(answers))
    said = agent(tmp_path, "data", "quote", "MSFT", env=env).stdout
    assert said == "MSFT 412.3 at 2026-11-27, previous close 410\n"
    told_rate = json.loads(agent(tmp_path, "data", "quote", "eur/usd", "--json", env=env).stdout)
    assert told_rate == {
        "symbol": "EUR-USD", "price": "1.0871", "at": "2026-11-27T20:00:00Z", "bid": "1.087", "ask": None,
        "previous_close": None,
    }  # fmt: skip
    found = json.loads(agent(tmp_path, "doctor", "--json", check=None, env=env).stdout)
    (budget,) = [each for each in found if each["subject"] == "alpha_vantage budget"]
    assert (budget["level"], budget["what"].split(" requests")[0]) == ("ok", "2 of 25")
    refused = agent(tmp_path, "data", "quote", "MSFT", check=1)
    assert refused.stderr == "error: no alpha vantage key is set (ALPHA_VANTAGE_API_KEY)\n"
