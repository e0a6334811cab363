"""What a journal tells of its account, folded once more: trades, equity, the page, the list of journals."""

import csv
import io
import json
from pathlib import Path

import msgspec
import pytest

from agent.explain.session_report import page, told_of
from agent.views.history import ASKED, AccountHistory
from agent.views.trades import COLUMNS, TradeSelection, rows
from domain.commands import ClosePosition
from domain.errors import BadInput
from domain.money import from_cash
from domain.times import utc
from research.statistics.metrics import metrics
from tests.agent.command import agent, told
from tests.agent.test_orders import first_entry, reopened, venue
from tests.agent.test_orders import world as world_at
from tests.agent.test_recovery import CLOSES
from tests.agent.world import START, SYMBOL, World, ask, wave

SIMULATED = ("run", "--provider", "simulated", "--speed", "max", "--cycles")


def lived(cycles: int) -> World:
    made = World(wave(cycles))
    made.run()
    return made


@pytest.fixture(scope="module")
def world() -> World:
    return lived(600)


@pytest.fixture(scope="module")
def history(world: World) -> AccountHistory:
    return AccountHistory(candles=True).read(world.journal)


def test_the_fold_counts_what_the_loop_counted(world: World, history: AccountHistory) -> None:
    ledger, trades = world.state.ledger, [each.trade for each in history.trades]
    assert len(trades) == ledger.trades > 5
    assert sum(each.pnl for each in trades) == ledger.cash - ledger.opening_cash
    assert sum(each.fees for each in trades) == ledger.fees
    assert (history.opening, history.equity[-1]) == (ledger.opening_cash, ledger.equity)
    assert len(history.times_ms) == len(history.equity) == 600
    assert len(history.denials) == sum(world.state.vetoes.values())
    lessons = [lesson for event in world.events for lesson in getattr(event, "lessons", ())]
    told_of = [(each.exit, each.entry_cycle) for each in history.trades]
    assert told_of == [(each.exit, each.context.cycle_id) for each in lessons if each.kind == "trade"]


def test_a_session_of_its_own_has_its_own_trades_and_cycles(world: World, history: AccountHistory) -> None:
    last = world.state.session
    assert [each.trade for each in AccountHistory(last).read(world.journal).trades] == [
        each.trade for each in history.trades
    ]
    nothing = AccountHistory(last + 1).read(world.journal)
    assert (nothing.trades, nothing.sessions, len(nothing.times_ms)) == ([], [], 0)
    with pytest.raises(BadInput, match="there is no cycle to report"):
        told_of(nothing, world.options)


def test_trades_are_told_by_the_columns_and_filtered(history: AccountHistory) -> None:
    every = history.trades
    (first, *_), grid = list(rows(every)), every[0].instrument
    assert tuple(msgspec.to_builtins(first)) == COLUMNS
    assert first.pnl == f"{from_cash(every[0].trade.pnl, grid.cash_decimals).normalize():f}"
    assert float(first.gross) - float(first.fees) - float(first.slippage) == pytest.approx(float(first.pnl))
    middle = every[len(every) // 2].trade.closed_at
    before, after = TradeSelection(until=middle).of(every), TradeSelection(since=middle).of(every)
    assert [*before, *after] == every
    assert before
    assert TradeSelection(symbols=frozenset({"ETH-USDT"})).of(every) == []
    assert (
        TradeSelection(symbols=frozenset({SYMBOL}), exits=frozenset({"signal"}), last=2).of(every)
        == every[-2:]
    )
    assert TradeSelection(last=10**9).of(every) == every


def test_what_a_person_sold_is_told_apart() -> None:
    at = venue()
    made = world_at(at, CLOSES[: first_entry()])
    made.run()
    again = world_at(at, [], journal=reopened(made))
    with again.session.once("close: enough"):
        ask(again, ClosePosition(symbol=SYMBOL, reason="enough"), utc(START))
    assert [each.exit for each in AccountHistory().read(again.journal).trades] == [ASKED]


def test_the_page_of_a_run_is_that_of_a_backtest_with_its_own_figures(
    world: World, history: AccountHistory
) -> None:
    made = told_of(history, world.options)
    result, figures = made.result, made.figures
    text = page(made, history, world.options, "paper", "agent report")
    assert text.startswith("<!doctype html>")
    assert "paper, paper, session 1" in text
    assert figures == metrics(result)
    assert figures.trades == len(history.trades)
    assert (result.candles[0].symbol, len(result.candles[0])) == (SYMBOL, 600)
    assert float(result.candles[0].close[-1]) == pytest.approx(wave(600)[-1])
    assert result.equity[-1] / 10**result.cash_decimals == pytest.approx(10_000, rel=0.2)


def test_the_commands_tell_the_same(tmp_path: Path) -> None:
    agent(tmp_path, *SIMULATED, "500")
    account = told(tmp_path, "status")["account"]
    every = told(tmp_path, "trades")
    assert len(every) == account["trades"] > 1
    read = list(csv.DictReader(io.StringIO(agent(tmp_path, "trades", "--csv").stdout)))
    assert read == [{name: str(value) for name, value in each.items()} for each in every]
    none = agent(tmp_path, "trades", "--symbol", "XRP/USDT").stdout
    assert none == f"no closed trade of these; the journal has {len(every)} of BTC-USDT\n"
    shown = agent(tmp_path, "trades", "--symbol", "btc/usdt", "-n", "1").stdout.splitlines()
    assert shown[-1].startswith("1 trade, ")
    assert len(shown) == 3
    assert every[-1]["pnl"] in shown[1]
    (row,) = told(tmp_path, "journal", "list")
    assert (row["equity"], row["trades"], row["sessions"]) == (account["equity"], account["trades"], 1)
    assert row["rows"] == told(tmp_path, "journal", "verify")["rows"]
    out = tmp_path / "page.html"
    agent(tmp_path, "report", "--out", str(out))
    assert "</html>" in out.read_text()
    figures = json.loads(agent(tmp_path, "report", "--json").stdout)["figures"]
    assert figures["trades"] == account["trades"]
    (tmp_path / "journals" / "foreign.db").write_text("not a journal")
    assert "is no SQLite database" in agent(tmp_path, "journal", "list").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trades", "--csv", "--json"), "give one of them"),
        (("trades", "--since", "yesterday"), "--since yesterday: not a day such as 2026-11-28"),
        (("trades", "--since", "2026-02-30"), "--since 2026-02-30: not a day"),
        (("trades", "--since", "20260102", "--until", "20260101"), "is after --until"),
        (("trades", "--exit", "luck"), "--exit luck: not one of signal, stop, target"),
        (("trades", "--session", "9"), "--session 9: not in the journal, it holds 1 to 1"),
        (("report", "--session", "0"), "--session 0: not in the journal, it holds 1 to 1"),
        (("report", "--out", "/nowhere/page.html"), "--out /nowhere/page.html: there is no folder /nowhere"),
        (("report", "--out", "/"), "--out /: that is a folder"),
        (("report", "--out", "/proc/page.html"), "--out /proc/page.html: "),
    ],
)
def test_bad_wishes_are_told_with_what_is_meant(once_run: Path, words: tuple[str, ...], said: str) -> None:
    assert said in agent(once_run, *words, check=2).stderr


@pytest.fixture(scope="module")
def once_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    agent(home, *SIMULATED, "2")
    return home
