"""The drilled scenario: a short session that buys, protects and sells, and the faults it is crossed with."""

import math
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from agent.settings.orders import OrderSettings
from agent.settings.settings import Options
from perception.settings import PerceptionSettings
from platforms.binance.settings import BinanceTradingSettings
from reasoning.settings import ReasoningSettings
from reasoning.strategies.rsi import RsiParams
from risk.settings import RiskSettings, SizingSettings

SYMBOL, NATIVE = "BTC-USDT", "BTCUSDT"
WARMUP = 66
CANDLES = 56
START_MS = 1_700_000_040_000
MINUTE_MS = 60_000

Fault = dict[str, Any]
NEW = {"method": "POST", "path": "/api/v3/order*"}
GONE = {"method": "DELETE", "path": "/api/v3/order*"}
ASKED = {"method": "GET", "path": "/api/v3/order"}

FAULTS: dict[str, list[Fault]] = {
    "none": [],
    "dropped after execution": [{"kind": "drop", "when": "after", "count": 2, **NEW}],
    "dropped before execution": [{"kind": "drop", "when": "before", "count": 2, **NEW}],
    "503 after execution": [{"kind": "error", "when": "after", "count": 2, **NEW}],
    "-1007 after execution": [{"kind": "unknown", "when": "after", "count": 2, **NEW}],
    "truncated answer": [{"kind": "truncate", "count": 2, **NEW}],
    "HTML after execution": [{"kind": "html", "when": "after", "count": 2, **NEW}],
    "executed late": [{"kind": "late", "seconds": 0.3, "count": 2, **NEW}],
    "lost": [{"kind": "lost", "seconds": 1, "count": 1, **NEW}],
    "partial, then dropped": [{"kind": "partial", "share": 0.4, "count": 2, **NEW}],
    "cancel unanswered": [{"kind": "drop", "when": "after", "count": 2, **GONE}],
    "queries fail": [
        {"kind": "drop", "when": "after", "count": 1, **NEW},
        {"kind": "error", "count": 4, **ASKED},
    ],
}
"""Faults of the sandbox by what happens; each strikes a counted number of requests."""

BEFORE, AFTER = "before execution", "after execution"


@dataclass(frozen=True)
class DrillCase:
    """One interrupted run.

    `point` is the failpoint at which the agent kills itself, counted from 1; 0 leaves it alone. With
    `waits` the agent is killed while it waits for the answer to its `message`-th new order or cancel,
    before or after that was executed. `again` kills the recovery too, at that point of its own. `fact` is
    what is not as expected, of `facts.FACTS`.
    """

    fault: str = "none"
    point: int = 0
    waits: str = ""
    message: int = 0
    again: int = 0
    fact: str = ""


def write_candles(path: Path) -> None:
    """Write the scenario's market: waves that make RSI cross its lines again and again."""
    lines = ["timestamp,open,high,low,close,volume"]
    before = 50_000.0
    for number in range(WARMUP + CANDLES):
        close = 50_000 * (1 + 0.006 * math.sin(number / 2.2)) + 7 * (number % 5)
        high, low = max(before, close) + 5, min(before, close) - 5
        time = START_MS + number * MINUTE_MS
        lines.append(f"{time},{before:.2f},{high:.2f},{low:.2f},{close:.2f},100")
        before = close
    path.write_text("\n".join(lines) + "\n")


def options(home: Path, data: Path, base_url: str, key: str) -> Options:
    """Return the settings of the drilled agent: quick windows, so that a proof of absence takes a second."""
    return Options(
        mode="testnet",
        home=home,
        symbols=(SYMBOL,),
        provider="recorded",
        data=(data,),
        speed="max",
        journal="drill",
        perception=PerceptionSettings(warmup_candles=WARMUP),
        reasoning=ReasoningSettings.model_validate(
            {"strategies": ("rsi",), "rsi": RsiParams(period=3, lower=40, upper=60)}
        ),
        risk=RiskSettings(
            min_confidence=40, max_trades_per_day=1000, cool_down_minutes=0, loss_streak=1000,
            daily_loss=Decimal(5000), per_trade_loss=Decimal(100),
        ),
        sizing=SizingSettings(min_confidence=40),
        orders=OrderSettings(reconcile_seconds=600, flatten_seconds=5),
        exchange=BinanceTradingSettings(
            base_url=base_url, api_key=SecretStr(key), api_secret=SecretStr(key), recv_window_ms=1000,
            margin_ms=200, not_founds=2, timeout_seconds=0.6, poll_seconds=0.1, user_data=False,
            max_clock_offset_ms=5000,
        ),
    )  # fmt: skip
