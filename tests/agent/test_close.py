"""One position sold at once: by the law of the emergency stop, and with nothing else touched."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from agent.account.dispatch import dispatch
from agent.settings.home import Home
from domain.commands import ClosePosition, Flatten, Reconcile
from domain.errors import BadInput
from domain.events import FlattenAsked
from domain.order import Purpose
from domain.replies import Flattened, PositionClosed
from domain.times import utc
from tests.agent.command import agent, start, told
from tests.agent.held import Held
from tests.agent.test_account_cli import until
from tests.agent.test_orders import first_entry, reopened, venue, world
from tests.agent.test_recovery import CLOSES
from tests.agent.world import START, SYMBOL, ask
from tests.platforms.binance.world import served

BTC, ETH = "BTC-USDT", "ETH-USDT"
SIMULATED = ("run", "--provider", "simulated", "--speed", "max", "--cycles", "120")


def test_one_position_is_sold_and_journaled_and_entries_go_on(tmp_path: Path) -> None:
    agent(tmp_path, *SIMULATED)
    refused = agent(tmp_path, "close", "ETH-USDT", check=2).stderr
    assert "no position in 'ETH-USDT' to close: BTC-USDT is held" in refused
    done = told(tmp_path, "close", "BTC/USDT", "--reason", "before the news")
    assert done["flat"]
    status = told(tmp_path, "status")
    assert status["session"] == 2, "what was refused asked nothing of the account"
    assert (status["positions"], status["account"]["kill_switch"]) == ([], None)
    assert status["account"]["equity"] == status["account"]["cash"]
    assert done["profit"].startswith("-")
    trades, totals = told(tmp_path, "trades"), told(tmp_path, "lessons")["totals"]
    assert trades[-1]["exit"] == "operator"
    assert totals["trades"] == len(trades), "a sale counts before a cycle learns of it"
    assert Decimal(totals["pnl"]) == sum(Decimal(each["pnl"]) for each in trades)


def test_a_running_agent_sells_between_two_cycles_and_replays(tmp_path: Path) -> None:
    running = start(tmp_path, *SIMULATED[:3], "--speed", "20000", "--plain")
    try:
        until(lambda: bool(told(tmp_path, "positions")))
        done = agent(tmp_path, "close", BTC, "--reason", "now", check=None)
        assert (done.returncode, "the venue confirms it" in done.stdout) == (
            0,
            True,
        ) or "nothing" in done.stderr
        assert told(tmp_path, "status")["running"]
    finally:
        running.terminate()
        running.communicate(timeout=30)
    assert told(tmp_path, "replay")["difference"] is None


@pytest.fixture
def both() -> Iterator[Held]:
    with served(symbols=(BTC, ETH), prices={BTC: Decimal(50_000), ETH: Decimal(3_000)}) as server:
        held = Held(server, BTC, ETH)
        held.buy(BTC, "0.1")
        held.buy(ETH, "1")
        yield held
        held.venue.close()


def test_the_other_symbols_keep_their_positions_and_their_stops(both: Held) -> None:
    kept = both.stops(ETH)
    assert kept
    assert ask(both, ClosePosition(symbol=BTC, reason="enough")).flat
    assert (both.stops(BTC), int(both.there("BTC"))) == ([], 0)
    assert (both.stops(ETH), int(both.there("ETH"))) == (kept, 1)
    assert list(both.state.ledger.positions) == [ETH]
    assert both.state.kill_switch is None
    assert both.differences() == []
    with pytest.raises(BadInput, match=r"no position in 'BTC-USDT' to close: ETH-USDT is held"):
        ask(both, ClosePosition(symbol=BTC))


def test_it_says_what_is_left_where_the_venue_does_not_answer_and_leaves_no_position_bare() -> None:
    at = venue()
    made = world(at, CLOSES[: first_entry()])
    made.run()
    at.cancel_fails = 10**9
    again = world(at, [], journal=reopened(made))
    again.session.note_start()
    again.session.reconciler.settings = again.options.orders.model_copy(update={"flatten_seconds": 0.2})
    done = ask(again, ClosePosition(symbol=SYMBOL, reason="enough"), utc(START))
    assert list(done.positions) == [SYMBOL]
    assert any("no answer to the cancel" in each for each in done.problems)
    assert [s.order.purpose for s in again.state.ledger.open_orders.values() if s.order.symbol == SYMBOL] == [
        Purpose.PROTECT
    ]
    at.cancel_fails = 0
    assert ask(again, ClosePosition(symbol=SYMBOL, reason="again"), utc(START)).flat
    assert at.balances()["BTC"].free == 0
    asked = [row.event for row in again.journal.rows() if isinstance(row.event, FlattenAsked)]
    assert [(each.symbol, each.reason) for each in asked] == [(SYMBOL, "enough"), (SYMBOL, "again")]


@pytest.mark.parametrize("stop", ["close", "flatten"])
def test_a_home_that_cannot_be_written_keeps_nobody_from_selling(
    stop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent(tmp_path, *SIMULATED)

    def refuse(home: Home) -> None:
        raise BadInput(f"home {home.root}: not writable")

    monkeypatch.setattr(Home, "make", refuse)
    home = Home(tmp_path)
    command = ClosePosition(symbol=BTC, reason="x") if stop == "close" else Flatten(reason="x")
    done = dispatch(home, home.latest(), command)
    assert isinstance(done, Flattened | PositionClosed)
    assert done.flat
    with pytest.raises(BadInput, match="not writable"):
        dispatch(home, home.latest(), Reconcile())
