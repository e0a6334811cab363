"""A journal's trades, vetoes and equity take the shape of a backtest's, so that one page tells both."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.account import Trade
from domain.errors import BadInput
from domain.money import to_cash
from domain.times import DAY_MS, HOUR_MS
from research.engine.journaled import JournaledSession, JournaledTrade, Vetoed, result_of
from research.report.page import Report, html_report
from research.statistics.headline import limits_did
from research.statistics.metrics import metrics
from tests.research.made import instrument, walk
from tests.research.test_report import HOSTILE, Page

BEGIN = datetime(2023, 1, 1, tzinfo=UTC)


def trade(day: int, pnl: int, symbol: str = "BTC-USDT") -> Trade:
    opened = BEGIN + timedelta(days=day)
    bought, sold = to_cash(1_000), to_cash(1_000 + pnl)
    return Trade(
        symbol, opened, opened + timedelta(hours=12), "e", "x", 5, bought, sold,
        gross=sold - bought, fees=0, slippage=0, pnl=sold - bought,
    )  # fmt: skip


def session(**more: object) -> JournaledSession:
    begun = int(BEGIN.timestamp()) * 1000
    times, equity = [begun + day * DAY_MS for day in range(60)], [to_cash(10_000 + day) for day in range(60)]
    closed = [
        JournaledTrade(trade(20, 10), "stop"),
        JournaledTrade(trade(3, -5), HOSTILE),
        JournaledTrade(trade(40, 7), "flatten"),
    ]
    vetoed = [
        Vetoed(5, BEGIN, "BTC-USDT", "min_confidence"),
        Vetoed(6, BEGIN, "BTC-USDT", "nothing_to_reduce"),
    ]
    held = {
        "symbol": "BTC-USDT",
        "lots": 5,
        "bought": to_cash(900),
        "opened_ms": int(BEGIN.timestamp()) * 1000,
    }
    made = JournaledSession(
        symbols=("BTC-USDT",), timeframe_ms=HOUR_MS, opening_cash=to_cash(10_000), cash=to_cash(9_100),
        times_ms=times, equity=equity, trades=closed, vetoes=vetoed, open_positions=[held],
        strategies=("rsi",),
    )  # fmt: skip
    return JournaledSession(**{**vars(made), **more})


def test_a_session_has_the_figures_of_its_trades_and_its_equity() -> None:
    result = result_of(session())
    found = metrics(result)
    assert (found.trades, found.days) == (3, 60)
    assert found.win_rate == pytest.approx(2 / 3)
    assert [result.endings[each] for each in result.trades["ending"]] == [HOSTILE, "stop", "flatten"]
    assert result.vetoes["rule"].tolist()[1] == 0
    assert result.held == 60, "a position is open to the end"
    assert limits_did(result).entries == 4


def test_its_page_is_one_of_a_session_and_says_nothing_of_trials() -> None:
    result = result_of(session(candles=(walk("BTC-USDT", 60, DAY_MS),)))
    report = Report(
        result, metrics(result), tuple(result.candles), {"BTC-USDT": instrument("BTC-USDT")}, "1",
        "agent report", session=True, stopped=f"since then {HOSTILE}", said=(("Limits", "none cut"),),
        settings={"risk": {"daily_loss": "3%"}, "note": HOSTILE},
    )  # fmt: skip
    page = Page(html_report(report))
    assert page.stack == []
    assert "In this session it made 0.59 %" in page.text
    assert "trial" not in page.text.split("How each figure")[0].split("Figures")[0]
    for part in ("stopped", "since then", "none cut", "risk.daily_loss", "3%", "flatten"):
        assert part in page.text
    assert page.text.count(HOSTILE) >= 3


def test_a_symbol_that_is_not_named_is_refused() -> None:
    with pytest.raises(BadInput, match="ETH-USDT is not among the session's symbols: BTC-USDT"):
        result_of(session(trades=[JournaledTrade(trade(1, 1, "ETH-USDT"), "stop")]))
