"""freqtrade's API server on this machine, asked the same way: its own Python, its bot in dry-run, no network.

`--freqtrade PYTHON` names the Python of an environment with freqtrade in it
(`python -m venv ft && ft/bin/pip install freqtrade==2026.9`).
"""

import json
import socket
import subprocess
import time
from base64 import b64encode
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil

from benchmarks.candles import ROOT
from benchmarks.figures import Figure, Section
from benchmarks.loop.memory import MB
from benchmarks.processes import Failed
from benchmarks.serve.processes import asked, spread

PYTHON: Path | None = None
ASKED = 500
SCRIPT = ROOT / "benchmarks" / "engines" / "freqtrade_api.py"
CONFIG: dict[str, Any] = {
    "max_open_trades": 1, "stake_currency": "USDT", "stake_amount": 100, "dry_run": True,
    "dry_run_wallet": 10_000, "timeframe": "5m", "trading_mode": "spot",
    "exchange": {
        "name": "binance", "key": "", "secret": "", "pair_whitelist": ["BTC/USDT"], "pair_blacklist": [],
    },
    "entry_pricing": {"price_side": "same", "use_order_book": False},
    "exit_pricing": {"price_side": "same", "use_order_book": False},
    "pairlists": [{"method": "StaticPairList"}],
    "bot_name": "beside", "initial_state": "stopped", "force_entry_enable": False,
    "internals": {"process_throttle_secs": 5},
}  # fmt: skip


def peer(folder: Path) -> Section:
    """Start freqtrade's bot with its server and ask `ping` and `status`. Raises Failed without one."""
    if PYTHON is None:
        raise Failed("name a Python with freqtrade: --freqtrade PYTHON")
    home = folder / "freqtrade"
    home.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = {
        "enabled": True, "listen_ip_address": "127.0.0.1", "listen_port": port, "verbosity": "error",
        "enable_openapi": False, "jwt_secret_key": "a" * 40, "CORS_origins": [], "username": "u",
        "password": "p",
    }  # fmt: skip
    (home / "config.json").write_text(json.dumps(CONFIG | {"api_server": server}))
    made = [str(PYTHON), "-m", "freqtrade", "create-userdir", "--userdir", str(home / "user_data")]
    subprocess.run(made, check=True, capture_output=True)
    began = time.perf_counter()
    words = [str(PYTHON), str(SCRIPT), str(home / "config.json"), str(home / "user_data")]
    with (home / "log").open("w+") as log:
        bot = psutil.Popen(words, cwd=home, stdout=log, stderr=subprocess.STDOUT)
        try:
            return _measured(bot, port, began, home / "log")
        finally:
            bot.terminate()
            bot.wait(30)


def _measured(bot: psutil.Popen, port: int, began: float, log: Path) -> Section:
    _answers(bot, port, log)
    start = time.perf_counter() - began
    time.sleep(2)
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    token = _login(connection)
    figures = [Figure("freqtrade: until it answers", "s", (start,))]
    figures.append(Figure("freqtrade: resident, idle", "MB", (bot.memory_info().rss / MB,)))
    for path in ("/api/v1/ping", "/api/v1/status"):
        took = []
        for _ in range(ASKED):
            sent = time.perf_counter()
            asked(connection, path, token)
            took.append((time.perf_counter() - sent) * 1000)
        figures.append(Figure(f"freqtrade GET {path}: p50", "ms", (spread(took, 0.5),)))
        figures.append(Figure(f"freqtrade GET {path}: p99", "ms", (spread(took, 0.99),)))
    connection.close()
    note = "its bot stands still and holds nothing, so status is an empty list; one connection, one asker"
    return Section("freqtrade", "freqtrade's API server on the same machine", tuple(figures), (note,))


def _answers(bot: psutil.Popen, port: int, log: Path) -> None:
    due = time.monotonic() + 120
    while time.monotonic() < due and bot.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            asked(connection, "/api/v1/ping", "")
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise Failed(f"freqtrade does not answer:\n{log.read_text()[-2000:]}")


def _login(connection: HTTPConnection) -> str:
    basic = b64encode(b"u:p").decode()
    connection.request("POST", "/api/v1/token/login", headers={"Authorization": f"Basic {basic}"})
    return str(json.loads(connection.getresponse().read())["access_token"])
