"""`agent sandbox` as a person starts it: what it says, what it refuses, and that it ends."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from agent.cli.app import app
from domain.errors import BadInput

COMMAND = (sys.executable, "-c", "from agent.cli import main; main()", "sandbox")


def refused(*flags: str) -> str:
    """Return what the command complains of before it would start."""
    with pytest.raises(BadInput) as error:
        app(["sandbox", "--port", "0", *flags], standalone_mode=False)
    return str(error.value)


def test_a_refusal_is_one_line_and_an_exit_code() -> None:
    words = [*COMMAND, "--speed", "7"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: speed 7 plays candles of 60 s")
    assert len(done.stderr.splitlines()) == 1


@contextmanager
def running(*flags: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([*COMMAND, "--port", "0", *flags], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


def lines(process: subprocess.Popen[str], count: int) -> Sequence[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip() for _ in range(count)]


def candle_file(folder: Path, name: str, rows: int, step: int = 60) -> Path:
    body = [f"{1_600_000_000 + n * step},100,101,99,100,5" for n in range(rows)]
    path = folder / name
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *body]) + "\n")
    return path


def test_it_says_where_it_is_and_how_to_rehearse() -> None:
    with running("--speed", "60", "--balance", "USDT=500", "--balance", "BTC=1") as process:
        told = lines(process, 7)
    assert told[0].startswith("sandbox   http://127.0.0.1:")
    assert told[1].endswith("(random walk, seed 0), candles of 60 s played as 1s")
    assert told[2] == "account   500 USDT, 1 BTC; key sandbox-key"
    url = told[0].split()[1].rstrip(",")
    assert told[6].strip() == f"agent run --mode testnet --base-url {url} --symbol BTC-USDT --timeframe 1s"


def test_it_plays_a_file_to_its_end_and_stays_up(tmp_path: Path) -> None:
    path = candle_file(tmp_path, "ETH-USDT_1m_x.csv", 4)
    with running("--data", str(path), "--speed", "60") as process:
        told = lines(process, 8)
        url = told[0].split()[1].rstrip(",")
        status = requests.get(f"{url}/sandbox/status", timeout=60).json()
    assert told[1].startswith("market    ETH-USDT at ")
    assert told[1].endswith("(recorded), candles of 60 s played as 1s")
    assert told[7] == "market    the data has ended: prices stand still, orders are still taken"
    assert (status["standing_still"], status["candles_played"]) == (True, {"ETHUSDT": 2})


def test_json_is_for_machines_and_a_plan_is_in_force(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('seed = 7\n[[fault]]\nkind = "error"\nstatus = 502\npath = "/api/v3/ping"\n')
    with running("--json", "--faults", str(plan)) as process:
        assert process.stdout is not None
        told = "".join(iter(process.stdout.readline, "}\n")) + "}"
        found = json.loads(told)
        assert found["faults"] == 1
        assert requests.get(found["base_url"] + "/api/v3/ping", timeout=60).status_code == 502


def test_a_secret_of_the_user_s_own_is_not_shown() -> None:
    with running("--secret", "canary-7f3a") as process:
        assert "canary" not in "".join(lines(process, 7))


def test_what_cannot_be_is_refused_in_words(tmp_path: Path) -> None:
    assert "speed 7 plays candles of 60 s" in refused("--speed", "7")
    assert "--balance 'USDT' is not of the form ASSET=AMOUNT" in refused("--balance", "USDT")
    assert "symbol 'btc' is not of the form BASE-QUOTE" in refused("--symbols", "btc")
    assert "no such file" in refused("--data", "BTC-USDT_1m_nowhere.csv")


def test_a_plan_s_mistakes_are_all_named(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\nkind = "explode"\n[[fault]]\nkind = "delay"\nsecs = 3\n')
    told = refused("--faults", str(plan))
    assert told.count("fault ") == 3
    plan.write_text("[[fault\n")
    assert "is not TOML" in refused("--faults", str(plan))


@pytest.mark.parametrize(("name", "words"), [("noname.csv", "its name does not begin with a symbol")])
def test_a_file_without_a_symbol_in_its_name_is_refused(tmp_path: Path, name: str, words: str) -> None:
    assert words in refused("--data", str(candle_file(tmp_path, name, 10)))


def test_files_of_different_candles_are_refused(tmp_path: Path) -> None:
    one = candle_file(tmp_path, "BTC-USDT_1m_a.csv", 10)
    other = candle_file(tmp_path, "ETH-USDT_1h_a.csv", 10, 3_600)
    assert "candles of one length are needed" in refused("--data", str(one), "--data", str(other))


def test_a_model_server_says_where_it_is_and_takes_a_plan(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\nkind = "throttle"\nseconds = 9\n')
    with running("--model", "--faults", str(plan), "--json") as process:
        told = json.loads("".join(lines(process, 4)))
        asked = {"model": "m", "messages": [{"role": "user", "content": "-"}]}
        answer = requests.post(f"{told['base_url']}/chat/completions", json=asked, timeout=60)
    assert (told["faults"], answer.status_code) == (1, 429)


def test_a_model_server_takes_nothing_that_is_an_exchanges(tmp_path: Path) -> None:
    assert refused("--model", "--speed", "60") == "--speed: is of the exchange, and --model is none"
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\nkind = "clock"\noffset_ms = 7\n')
    assert refused("--model", "--faults", str(plan)).startswith("fault 1: kind 'clock' is unknown")
