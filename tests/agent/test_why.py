"""Why: every cycle can be explained, down to what would have turned it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.account.opened import OpenedAccount
from agent.answers.cycle import Explanation, SymbolAnswer
from agent.cli.handlers.why import lines
from agent.explain import why
from agent.explain.why import explain
from agent.settings.folding import NOT_READ, FoldSettings, RecordedFoldSettings, fold_settings_of
from agent.settings.recorded import options_of
from agent.settings.settings import Options
from agent.telegram.texts import cycle as texts
from agent.views.session import decision
from domain.errors import BadInput, Unreachable
from domain.events import CycleDecided, CycleEnded, Event, SessionStarted, SettingsChanged
from domain.times import utc
from domain.verdict import Approved, Denied
from journal.memory import MemoryJournal
from tests.agent.world import ID, World, lively, wave
from tests.shared import ROOT


@pytest.fixture(scope="module")
def journal() -> MemoryJournal:
    steps = wave(400)
    steps[30] = Unreachable("no route")
    journal = MemoryJournal(ID)
    World(steps, journal=journal).run()
    return journal


def cycles_with(journal: MemoryJournal, kind: type) -> list[CycleDecided]:
    events = [row.event for row in journal.rows()]
    return [
        event
        for event in events
        if isinstance(event, CycleDecided) and any(isinstance(verdict, kind) for verdict in event.verdicts)
    ]


def only(told: Explanation) -> SymbolAnswer:
    (symbol,) = told.symbols
    return symbol


def test_the_last_cycle_is_explained_unless_another_is_named(journal: MemoryJournal) -> None:
    assert explain(journal, None).cycle == 400
    assert explain(journal, 7).cycle == 7


def test_sources_ages_and_votes_are_told(journal: MemoryJournal) -> None:
    told = only(explain(journal, 120))
    seen = told.seen
    assert (seen.source, seen.candle_age_seconds, seen.price_age_seconds) == ("recorded", 60.0, 0.0)
    assert seen.not_served_by == {"other": "down"}
    assert told.decision is not None
    assert {voice.name for voice in told.decision.voices} == {"rsi", "sma"}


def test_the_close_that_would_have_turned_a_hold_does_turn_it(journal: MemoryJournal) -> None:
    told = only(explain(journal, 120))
    assert told.decision is not None
    assert told.decision.action == "HOLD"
    turning = told.would_have_turned_it
    assert turning is not None
    assert turning.kind == "close"
    assert turning.close is not None
    held, turned = decision_at(120, float(turning.close), 0), decision_at(120, float(turning.close), 1)
    assert turned == turning.action != "HOLD"
    assert held == "HOLD"


def decision_at(cycle: int, close: float, exactly: int) -> str:
    """Run the same market with another close in one cycle; 0: one tick nearer to what it was."""
    steps = wave(400)[:cycle]
    steps[30] = Unreachable("no route")
    was = float(steps[-1])  # type: ignore[arg-type]  # a close
    nearer = 0.0 if exactly else (0.01 if was > close else -0.01)
    steps[-1] = round(close + nearer, 2)
    world = World(steps)
    world.run()
    event = [each for each in world.events if isinstance(each, CycleDecided)][-1]
    return str(event.decisions[0].action)


def test_an_approved_entry_tells_every_rule_and_the_fate_of_its_orders(journal: MemoryJournal) -> None:
    entry = cycles_with(journal, Approved)[0]
    told = explain(journal, entry.cycle_id)
    verdict = only(told).verdict
    assert verdict is not None
    assert verdict.approved
    assert len(verdict.checks) >= 15
    assert all(check.rule and check.passed for check in verdict.checks)
    kinds = [order.what for order in told.orders]
    assert kinds == ["ENTRY BUY MARKET", "PROTECT SELL STOP"]
    assert told.orders[0].fills
    assert told.orders[1].states[0].status == "NEW"
    assert told.orders[1].states[-1].status in ("CANCELLED", "FILLED")


def test_a_denied_entry_tells_what_each_failed_rule_measured(journal: MemoryJournal) -> None:
    denied = cycles_with(journal, Denied)[0]
    told = only(explain(journal, denied.cycle_id))
    verdict, turning = told.verdict, told.would_have_turned_it
    assert verdict is not None
    assert turning is not None
    assert not verdict.approved
    assert turning.kind == "limits"
    assert (verdict.reason or "?") in turning.text or verdict.detail


def test_a_failed_cycle_tells_its_error(journal: MemoryJournal) -> None:
    told = explain(journal, 31)
    assert told.outcome == "failed"
    assert told.error is not None
    assert told.error.message == "no route"


def test_a_cycle_that_is_not_there_is_refused(journal: MemoryJournal) -> None:
    with pytest.raises(BadInput, match="cycle 401 is not in the journal, it holds 1 to 400"):
        explain(journal, 401)
    with pytest.raises(BadInput, match="it holds none yet"):
        explain(MemoryJournal(ID), None)


def test_explaining_changes_nothing(journal: MemoryJournal) -> None:
    before = journal.head()
    assert explain(journal, 200) == explain(journal, 200)
    assert journal.head() == before


def test_settings_of_the_session_are_used_not_todays() -> None:
    journal = MemoryJournal(ID)
    World(wave(100), journal=journal, options=lively(symbols=("BTC-USDT",))).run()
    assert explain(journal, 50).symbols[0].decision is not None


READ = [name for name, each in vars(FoldSettings).items() if isinstance(each, property)]
LIVE = {"mode": "live", "provider": "binance", "account": "1", "exchange": {"endpoint": "live"}}


@pytest.mark.parametrize("name", RecordedFoldSettings.model_fields)
def test_a_setting_that_an_explanation_reads_is_read_as_among_all_settings(name: str) -> None:
    alone, among = RecordedFoldSettings.model_fields[name], Options.model_fields[name]
    assert alone.annotation == among.annotation
    assert alone.metadata == among.metadata
    assert alone.get_default(call_default_factory=True) == among.get_default(call_default_factory=True)
    assert alone.validate_default == among.validate_default


def test_each_setting_is_read_or_known_as_one_that_is_not() -> None:
    assert NOT_READ | RecordedFoldSettings.model_fields.keys() == Options.model_fields.keys()
    assert NOT_READ.isdisjoint(RecordedFoldSettings.model_fields)


@pytest.mark.parametrize("lost", [(), ("risk",), ("daily_loss", "max_positions"), ("min_notional",)])
@pytest.mark.parametrize(
    "given",
    [
        {},
        LIVE,
        {"mode": "testnet", "provider": "binance", "timeframe": "1h", "sizing": {"stake": "5%"}},
        {"symbols": "ETH-BTC", "entries": {"order": "limit", "worst": "0.003"}, "paper": {"cash": "0.5"}},
        {"pairs": {"BTC-USDT": {"risk": {"concentration": "0.1"}, "reasoning": {"rsi": {"period": 21}}}}},
        {"instruments": {"BTC-USDT": {"tick_size": "0.5", "step_size": "0.01"}}, "learning": {"rate": 0.1}},
    ],
)
def test_a_journal_s_settings_come_to_the_same_read_alone_and_among_all(
    given: dict[str, Any], lost: tuple[str, ...]
) -> None:
    started = SessionStarted(1, utc(0), "paper", "old", _without(Options(**given).public(), lost), (), 0)
    alone, among = fold_settings_of(started), options_of(started)
    assert isinstance(alone, RecordedFoldSettings)
    assert {name: getattr(alone, name) for name in READ} == {name: getattr(among, name) for name in READ}


def _without(settings: Any, lost: tuple[str, ...]) -> Any:
    """Return settings as an older version recorded them, which had some not."""
    if not isinstance(settings, dict):
        return settings
    return {name: _without(value, lost) for name, value in settings.items() if name not in lost}


@pytest.mark.parametrize("settings", [{"risk": {"max_positions": "many"}, "moon": 1}, {"of_tomorrow": 1}])
def test_settings_of_another_version_are_refused_as_ever(settings: dict[str, Any]) -> None:
    started = SessionStarted(3, utc(0), "paper", "old", settings, (), 0)
    with pytest.raises(BadInput) as whole:
        options_of(started)
    with pytest.raises(BadInput) as alone:
        fold_settings_of(started)
    assert str(alone.value) == str(whole.value)


def test_an_explanation_is_the_same_text_whatever_part_of_the_settings_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(wave(150), journal=MemoryJournal(ID))
    change = SettingsChanged(
        utc(0), {"risk.min_confidence": 100}, {}, {"risk.min_confidence": 40}, "less", "x"
    )

    def change_once(event: Event) -> None:
        if isinstance(event, CycleEnded) and event.cycle_id == 60:
            world.session.record.write(change)

    world.session.listeners.append(change_once)
    world.run()
    numbers = range(1, 151, 12)
    alone = [explain(world.journal, number) for number in numbers]
    assert {each.limits["risk"]["min_confidence"] for each in alone} == {40, 100}
    monkeypatch.setattr(why, "fold_settings_of", options_of)
    among = [explain(world.journal, number) for number in numbers]
    assert [msgspec.json.encode(each) for each in alone] == [msgspec.json.encode(each) for each in among]
    assert [list(lines(each)) for each in alone] == [list(lines(each)) for each in among]


def test_who_asks_why_imports_no_model_of_settings_it_does_not_read(tmp_path: Path) -> None:
    with OpenedAccount(lively(home=tmp_path, cycles=3)) as launch:
        launch.run()
    heavy = {"agent.settings.settings", "advice.settings", "perception.settings", "typer"}
    asked = "import sys; from agent.cli.direct import run_direct; run_direct(['why'])"
    done = subprocess.run(
        [sys.executable, "-c", f"{asked}; print({heavy} & set(sys.modules))"],
        cwd=ROOT, env=os.environ | {"AGENT_HOME": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "set()"


def test_prices_in_a_reason_are_told_in_the_quote_and_recorded_in_ticks() -> None:
    journal = MemoryJournal(ID)
    reasoning = {"strategies": ["fvg", "rsi"], "fvg": {"wing": 1, "min_gap": 0.0001, "min_reward_risk": 0}}
    world = World(wave(80), journal=journal, options=lively(reasoning=reasoning))
    heard: dict[int, str] = {}

    def hear(event: Event) -> None:
        if isinstance(event, CycleDecided):
            (row,) = decision(event, world.parts.grid, world.parts.mind)
            heard[event.cycle_id] = row.told

    world.session.listeners.append(hear)
    world.run()
    decided = [row.event for row in journal.rows() if isinstance(row.event, CycleDecided)]
    in_ticks = [each for each in decided if "ticks" in each.decisions[0].reason]
    assert in_ticks
    assert not [told for told in heard.values() if "ticks" in told]
    for event in in_ticks[:2]:
        explained = explain(journal, event.cycle_id)
        symbol, recorded = only(explained), event.decisions[0]
        assert symbol.decision is not None
        assert symbol.decision.reason == recorded.reason
        assert symbol.decision.voices == list(recorded.voices)
        assert symbol.decision.voices_in_quote.keys() == {"fvg"}
        assert " USDT" in symbol.decision.told == heard[event.cycle_id]
        assert not [line for line in lines(explained) if "ticks" in line]
        assert not [line for line in texts.why(explained) if "ticks" in line]


def test_the_close_that_would_have_turned_it_is_told_without_ticks() -> None:
    journal = MemoryJournal(ID)
    reasoning = {"strategies": ["fvg"], "fvg": {"wing": 1, "min_gap": 0.0001, "min_reward_risk": 0}}
    World(wave(40), journal=journal, options=lively(reasoning=reasoning)).run()
    turned = [only(explain(journal, cycle)).would_have_turned_it for cycle in range(20, 40, 2)]
    told = [each.text for each in turned if each is not None and "stop " in each.text]
    assert told
    assert all(" USDT" in text and "ticks" not in text for text in told)
