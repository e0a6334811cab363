"""A slippage model comes of a journal's own fills, and says when it knows too little."""

import json
from collections.abc import Iterator
from decimal import Decimal
from math import sin
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import wiring
from agent.answers.slippage import SlippageAnswer, SlippageCheckAnswer
from agent.settings.home import Home
from agent.slippage.fitted import in_use
from agent.slippage.kept import SlippageModels
from agent.slippage.measured import LATE, MeasuredOrders
from domain.candle import Candle
from domain.errors import BadInput
from domain.events import OrdersIntended, SessionStarted
from domain.impact import Impact
from domain.observation import Observation
from domain.order import OrderType
from domain.slippage import SlippageModel, SymbolSlippage
from journal.sql import open_journal
from learning.slippage import LEAST, PaidOrder, law_of, slippage_of
from platforms.paper.settings import PaperSettings
from tests.agent.command import agent, told
from tests.agent.world import ID, SYMBOL, Script, World, lively, wave

TRUE = Impact(0.05, 0.5)
CHEAP = PaperSettings(slippage=Decimal(0), spread=Decimal("0.0001"))


class Busy(Script):
    """A script whose volume and range come and go."""

    def observe(self, symbol: str, after: Candle | None, now: Any) -> Observation:
        seen = super().observe(symbol, after, now)
        busy = 1.0 + 0.8 * sin(self.index / 60)
        wild = round(40 * (1.5 + sin(self.index / 90)))
        candles = tuple(
            each._replace(volume=1_000.0 * busy, high=each.high + wild, low=each.low - wild)
            for each in seen.candles
        )
        return Observation(
            **{name: getattr(seen, name) for name in seen.__struct_fields__} | {"candles": candles}
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a journal whose market orders paid by a law that is known."""
    root = tmp_path_factory.mktemp("home")
    known = Home(root)
    known.make()
    with open_journal(known.journal("mine"), ID) as journal:
        steps = wave(1_500, period=24)
        world = World(
            steps,
            options=lively(paper=CHEAP, home=root),
            journal=journal,
            platform=lambda parts: wiring.paper_platform(parts, {SYMBOL: TRUE}),
            observer=Busy(steps),
        )
        assert world.run() == "data exhausted"
    return root


def test_a_fit_finds_the_law_the_fills_were_made_by(home: Path) -> None:
    report = told(home, "slippage", "fit", "--name", "law")
    answer = msgspec.convert(report, SlippageAnswer)
    assert json.loads(msgspec.json.encode(answer)) == report == told(home, "slippage", "show", "law")
    (symbol,) = report["model"]["symbols"]
    assert symbol["symbol"] == SYMBOL
    assert symbol["quote"]["orders"] >= LEAST
    assert symbol["base"] == pytest.approx(TRUE.base, rel=0.1)
    assert symbol["growth"] == pytest.approx(TRUE.growth, rel=0.1)
    for row in symbol["bins"]:
        assert row["expected"] == pytest.approx(row["measured"], rel=0.05)
    assert symbol["opened"]["orders"] > 0
    assert report["model"]["configured_ppm"] == 50
    shown = agent(home, "slippage", "show", "law:1").stdout
    assert report["sha256"][:16] in shown
    assert "expected by the model" in shown
    again = told(home, "slippage", "fit", "--name", "law")
    assert again["model"]["version"] == 2
    assert again["model"]["fingerprint"] == report["model"]["fingerprint"]


def test_a_backtest_takes_the_dearer_of_model_and_settings_and_says_so(home: Path, tmp_path: Path) -> None:
    told(home, "slippage", "fit")
    rows = "\n".join(_candles())
    file = tmp_path / "BTC-USDT_1m.csv"
    file.write_text(f"timestamp,open,high,low,close,volume\n{rows}\n")
    words = ("backtest", "--strategy", "rsi", "--data", str(file), "--uncompiled")
    plain = told(home, *words, "--set", "paper.slippage=0")
    dear = told(home, *words, "--set", "paper.slippage=0", "--slippage", "fills", "--verify")
    assert dear["verified"]["identical"]
    assert plain["slippage"] is None
    assert Decimal(dear["slippage"]["paid"]) > Decimal(dear["slippage"]["configured"])
    assert "paper account" in " ".join(dear["notes"])
    high = ("--set", "paper.slippage=0.1")
    assert told(home, *words, *high)["equity"] == told(home, *words, *high, "--slippage", "fills")["equity"]
    wrong = agent(home, *words, "--slippage", "other", check=2).stderr
    assert "no slippage model 'other'" in wrong
    wrong = agent(home, *words, "--timeframe", "5m", "--slippage", "fills", check=2).stderr
    assert "1m" in wrong
    assert "5m" in wrong


def _candles() -> Iterator[str]:
    close = 100.0
    for index, now in enumerate(wave(500, period=24)):
        price = float(str(now))
        high, low = max(close, price) + 0.5, min(close, price) - 0.5
        yield f"{1_700_000_040 + 60 * index},{close:.2f},{high:.2f},{low:.2f},{price:.2f},1000"
        close = price


def test_too_few_fills_say_nothing_and_nothing_is_kept(tmp_path: Path) -> None:
    known = Home(tmp_path)
    known.make()
    with open_journal(known.journal("few"), ID) as journal:
        steps = wave(200)
        assert World(steps, options=lively(home=tmp_path), journal=journal).run() == "data exhausted"
    done = agent(tmp_path, "slippage", "fit", check=1)
    assert "not enough fills: " in done.stdout
    assert f"of {LEAST}" in done.stdout
    assert not (tmp_path / "slippage").exists()
    assert "no slippage model 'fills'" in agent(tmp_path, "slippage", "show", check=2).stderr


def test_a_model_is_held_against_fills_it_was_not_made_of(home: Path) -> None:
    path = Path(told(home, "slippage", "fit", "--name", "own")["file"])
    own = told(home, "slippage", "check", "own")
    assert own["symbols"][0]["note"] == f"not enough fills: 0 of {LEAST}", "its own fills are no proof of it"
    model, _ = SlippageModels(Home(home).slippage).find(str(path))
    other = msgspec.structs.replace(model, name="elsewhere", version=1, journal_id="0" * 12)
    SlippageModels(Home(home).slippage).keep(other)
    report = told(home, "slippage", "check", "elsewhere")
    answer = msgspec.convert(report, SlippageCheckAnswer)
    assert json.loads(msgspec.json.encode(answer)) == report
    (symbol,) = answer.symbols
    assert symbol.orders >= LEAST
    assert symbol.measured_ppm == pytest.approx(symbol.taken_ppm, rel=0.05)
    half = msgspec.structs.replace(
        other.symbols[0], base=other.symbols[0].base / 2, growth=other.symbols[0].growth / 2
    )
    SlippageModels(Home(home).slippage).keep(msgspec.structs.replace(other, version=2, symbols=(half,)))
    done = agent(home, "slippage", "check", "elsewhere", check=1)
    assert "orders paid more than a backtest takes" in done.stdout


def test_a_file_that_was_edited_is_not_used(home: Path) -> None:
    path = Path(told(home, "slippage", "fit", "--name", "edited")["file"])
    path.chmod(0o600)
    kept = json.loads(path.read_text())
    kept["model"]["symbols"][0]["growth"] = 0.0
    path.write_text(json.dumps(kept))
    models = SlippageModels(Home(home).slippage)
    with pytest.raises(BadInput, match=r"digest .* name another version, or fit one with"):
        models.find("edited")
    path.write_text("{}")
    with pytest.raises(BadInput, match=r"is no slippage model: .* name another version, or fit one with"):
        models.find("edited")
    path.rename(path.with_suffix(".old"))
    assert "edited" not in models.names(), "a folder without a version is no name to be told"


def test_what_is_no_folder_is_named_where_a_model_is_to_be_kept(tmp_path: Path) -> None:
    (tmp_path / "fills").touch()
    with pytest.raises(BadInput, match="fills: is no folder; move it away"):
        SlippageModels(tmp_path).keep(msgspec.structs.replace(_model(()), name="fills"))
    with pytest.raises(BadInput, match=r"no slippage model 'fills'.* there are: none; fit one with"):
        SlippageModels(tmp_path).find("fills")


def test_only_orders_with_a_quote_of_their_cycle_are_measured(home: Path) -> None:
    with open_journal(Home(home).journal("mine"), ID) as journal:
        events = [row.event for row in journal.rows()]
    (begun,) = (each for each in events if isinstance(each, SessionStarted))
    late = MeasuredOrders()
    sent = 0
    for event in events:
        told_of = event
        if isinstance(event, OrdersIntended):
            market = [each for each in event.orders if each.type is OrderType.MARKET]
            sent += len(market)
            orders = tuple(_other(each) for each in event.orders)
            told_of = OrdersIntended(event.cycle_id, event.at, orders, event.sending_at)
        late.take(told_of)
    assert begun.settings["timeframe"] == "1m"
    assert late.left_out == {LATE: sent}
    assert all(each.quote is None for each in late.symbols())


def _other(order: Any) -> Any:
    fields = {name: getattr(order, name) for name in order.__struct_fields__}
    return type(order)(**fields | {"reference": order.reference + 1})


def paid(count: int, share: Any, cost: Any) -> list[PaidOrder]:
    return [PaidOrder(str(i), share(i), 1_000.0, 1_000.0 * cost(share(i)), None) for i in range(count)]


def test_neither_number_is_ever_below_zero() -> None:
    better = law_of(paid(60, lambda i: 0.001 * (1 + i), lambda share: -0.5 - share))
    assert (better.base, better.growth) == (0.0, 0.0)
    falling = law_of(paid(60, lambda i: 0.001 * (1 + i), lambda share: 0.5 - share))
    assert falling.growth == 0.0
    assert falling.base > 0
    steep = law_of(paid(60, lambda i: 0.001 * (1 + i), lambda share: max(0.0, 9 * share**0.5 - 0.2)))
    assert steep.base == 0.0
    assert steep.growth > 0


def test_sizes_that_are_alike_show_no_growth() -> None:
    alike = slippage_of("A", paid(60, lambda i: 0.001 * (1 + i / 60), lambda share: 2 * share**0.5), [])
    assert alike.enough
    assert alike.growth == 0.0
    assert "too alike" in alike.note


def _model(symbols: tuple[SymbolSlippage, ...]) -> SlippageModel:
    return SlippageModel(
        name="m", version=1, timeframe_ms=60_000, journal="j", journal_id=ID, seq=1, mode="live",
        code_version="1", fingerprint="", configured_ppm=None, left_out={}, symbols=symbols,
    )  # fmt: skip


def test_a_symbol_without_enough_fills_costs_what_is_configured_and_says_so() -> None:
    rows = paid(60, lambda i: 0.001 * (1 + i), lambda share: 1 + share**0.5)
    model = _model((slippage_of("A-USDT", rows, []), slippage_of("B-USDT", rows[:49], [])))
    used = in_use(model, ("A-USDT", "B-USDT", "C-USDT"), 60_000)
    assert list(used.impacts) == ["A-USDT"]
    assert used.notes == [
        "B-USDT: not enough fills: 49 of 50; the configured costs",
        "C-USDT: no fills; the configured costs",
    ]
    with pytest.raises(BadInput, match="it knows none of B-USDT"):
        in_use(model, ("B-USDT",), 60_000)
    with pytest.raises(BadInput, match="it reads candles of 1m, those here are of 1h"):
        in_use(model, ("A-USDT",), 3_600_000)
