"""Mode live and the gate: no entry on NO-GO, and no exit that it stands in the way of."""

from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest

from agent.answers.gate import GateAnswer
from agent.doctor.verdicts import KeptVerdicts, against_entries
from agent.gate.matrix import judged
from agent.settings.home import Home
from agent.settings.problems import BadSettings
from agent.verify.replay import replay
from domain.errors import BadInput
from domain.events import CycleDecided, SessionStarted
from domain.verdict import Denied
from journal.reader import open_held
from tests.gate.made import facts
from tests.law import scenario
from tests.law.scenario import BUY, FALL, SELL, Start, World, begin

STRATEGIES = ("rsi", "sma")
WORDS = "I know of the bad week and go on"


def verdict(journal: str = "law", *, bad: bool = True) -> GateAnswer:
    changes: dict[str, Any] = {"health__halts": ["KeyError"]} if bad else {}
    return msgspec.structs.replace(judged(facts(**changes)), journal=journal, strategies=list(STRATEGIES))


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    return begin(tmp_path_factory.mktemp("law"))


@pytest.fixture
def world(start: Start, tmp_path: Path) -> World:
    made = World(start, tmp_path / "home")
    KeptVerdicts(Home(made.home)).keep(verdict())
    return made


def events(world: World) -> list[object]:
    with open_held(Home(world.home).journal("law")) as journal:
        return [row.event for row in journal.rows()]


def test_a_start_on_no_go_with_open_positions_protects_and_sells_and_buys_nothing(world: World) -> None:
    acts = {1: {}, 2: {"BTC-USDT": SELL}, 3: {"SOL-USDT": BUY}, 4: {"ETH-USDT": FALL}, 5: {}}
    told = world.run(acts)
    assert told["positions"] == [], "BTC was sold by its signal, ETH by its stop"
    assert "gate: NO-GO for law" in told["account"]["blocked"][""]
    verdicts = [each for event in events(world) if isinstance(event, CycleDecided) for each in event.verdicts]
    denied = [each for each in verdicts if isinstance(each, Denied)]
    assert [(each.symbol, each.reason) for each in denied] == [("SOL-USDT", "entries_blocked")]
    assert world.review()["in_line"]
    seen = [event for event in events(world) if isinstance(event, CycleDecided)][-len(acts) :]
    script = partial(scenario.decided, acts, seen[0].cycle_id - 1)
    with (
        open_held(Home(world.home).journal("law")) as journal,
        mock.patch("agent.loop.cycle.decide", script),
    ):
        assert replay(journal, None, world.clock).difference is None, "what held entries back is journaled"


def test_the_emergency_stop_asks_no_gate(world: World) -> None:
    told = world.flatten()
    assert told["flat"]


def test_with_nothing_held_the_session_is_refused_and_nothing_is_asked_of_the_exchange(world: World) -> None:
    assert world.flatten()["flat"]
    asked = len(world.near.asked)
    with pytest.raises(BadSettings, match=r"gate: NO-GO for law.*halts.*--despite-gate"):
        world.run({1: {}})
    assert len(world.near.asked) == asked


def test_words_override_it_and_are_in_the_journal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = scenario.options
    monkeypatch.setattr(
        scenario,
        "options",
        lambda home, cycles: plain(home, cycles).model_copy(update={"despite_gate": WORDS}),
    )
    told = world.run({1: {}, 2: {}, 3: {"SOL-USDT": BUY}, 4: {}})
    assert "SOL-USDT" in {each["symbol"] for each in told["positions"]}
    started = [event for event in events(world) if isinstance(event, SessionStarted)]
    assert [each.settings.get("despite_gate") for each in started] == [None, WORDS]
    assert "the gate is overridden" in world.words()


@pytest.mark.parametrize("words", ["yes", "do it", " ", "y e"])
def test_an_override_is_a_sentence(words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="despite_gate"):
        type(scenario.options(tmp_path, 1))(despite_gate=words)


def test_which_verdict_counts(tmp_path: Path) -> None:
    home, kept = Home(tmp_path), KeptVerdicts(Home(tmp_path))
    assert against_entries(home, "live-1", STRATEGIES) == "", "nobody has asked yet"
    kept.keep(verdict("paper"))
    assert "NO-GO for paper" in against_entries(home, "live-1", STRATEGIES), "its strategies lived there"
    assert against_entries(home, "live-1", ("momentum",)) == ""
    kept.keep(verdict("live-1", bad=False))
    assert against_entries(home, "live-1", STRATEGIES) == "", "its own verdict comes first"
    before = kept.keep(verdict("live-1"))
    assert before is not None
    assert before.allows_live
    assert "NO-GO for live-1" in against_entries(home, "live-1", STRATEGIES)
    (tmp_path / "gate" / "live-1.json").write_text("{")
    assert "cannot be read" in against_entries(home, "live-1", STRATEGIES)
    with pytest.raises(BadInput, match="cannot be read"):
        kept.of("live-1")
