"""Trained models: in force by their event alone, under the law of advice, refused by the gate."""

import json
import math
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from msgspec import structs

from agent.account.client import AccountClient
from agent.answers.models import DriftRow
from agent.cli.handlers.meta_drift import notified
from agent.cli.handlers.why import lines as lines_of
from agent.explain.why import explain
from agent.models.drifted import drift_of, entries_of
from agent.models.gate import shortfalls
from agent.models.registry import Registry
from agent.models.sets import RAISE_CAP, event_of
from agent.notices import Notices
from agent.settings.home import Home
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.calibrator import Calibrator
from domain.commands import Command, DemoteModel, PromoteModel, RollBackModel
from domain.decision import Action, Edge
from domain.errors import BadInput, Unproven
from domain.events import CycleDecided, CycleEnded, Event, ModelSet
from domain.model import Arrays, Model, decoded, encoded, identity
from domain.order import Purpose
from domain.times import utc
from domain.verdict import Approved
from journal.memory import MemoryJournal
from reasoning.advised import Promoted
from reasoning.kernels.model import chance_of
from reasoning.models import BIAS, CALIBRATION, odds_of, unpacked
from tests.agent.command import agent, told
from tests.agent.trained import GOOD, POOR, model
from tests.agent.world import ID, START, World, ask, facts, folded, lively, wave
from tests.seeded import file_of

FORCE: Any = {"force": True, "reason": "to see"}
VOICE = "adviser:model.meta"


def world_in(home: Path, *models: Model, count: int = 300, steps: Any = None, **more: Any) -> World:
    """Return a session whose home has these models."""
    for each in models:
        Registry(Home(home).models).keep(each)
    return World(steps or wave(count), options=lively(home=home), journal=MemoryJournal(ID), **more)


def at_cycle(world: World, number: int, wish: Command) -> None:
    """Have a person ask for something during a cycle, as the control port does."""

    def hear(event: Event) -> None:
        if isinstance(event, CycleEnded) and event.cycle_id == number:
            ask(world, wish)

    world.session.listeners.append(hear)


def decided(world: World) -> list[CycleDecided]:
    return [event for event in world.events if isinstance(event, CycleDecided)]


def scores(world: World, action: Action) -> dict[int, float]:
    """Return the scores of the strategies' side in each cycle."""
    return {
        each.cycle_id: decision.score
        for each in decided(world)
        for decision in each.decisions
        if decision.action is action
    }


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a session in which a model that refuses everything listens from cycle 110 on."""
    world = world_in(tmp_path_factory.mktemp("home"), model(bias=-0.9))
    at_cycle(world, 110, PromoteModel(model="meta", **FORCE))
    world.run()
    return world


def test_it_is_asked_where_a_strategy_wants_to_buy_and_says_why(listening: World) -> None:
    spoken = [
        (each.cycle_id, decision, voice)
        for each in decided(listening)
        for decision in each.decisions
        for voice in decision.voices
        if voice.name == VOICE
    ]
    assert spoken
    for cycle_id, decision, voice in spoken:
        assert cycle_id > 110
        assert any(each.vote > 0 for each in decision.voices if each.name != VOICE)
        assert voice.vote == -1
        odds = sum(voice.parts.values())
        assert 100 * (1 - chance_of(odds)) == pytest.approx(voice.confidence, abs=1e-9)
        assert voice.parts[BIAS] == -0.9
    buying = [each for each in decided(listening) if each.cycle_id > 110]
    wanted = [
        each
        for each in buying
        if any(v.vote > 0 for d in each.decisions for v in d.voices if v.name != VOICE)
    ]
    assert len(spoken) == len(wanted)


def test_exits_are_as_without_it_and_entries_only_sink(listening: World) -> None:
    alone = World(wave(300), options=listening.options)
    alone.run()
    assert scores(alone, Action.SELL) == scores(listening, Action.SELL)
    without, with_it = scores(alone, Action.BUY), scores(listening, Action.BUY)
    assert set(with_it) < set(without), "it holds some back, and makes none"
    assert all(score <= without[cycle] for cycle, score in with_it.items())


def test_what_was_folded_is_what_lived_and_a_replay_needs_no_file(listening: World) -> None:
    (listening.options.home / "models" / "meta" / "1.json").unlink()
    state, mind = folded(listening.options, listening.journal)
    assert facts(state) == facts(listening.state)
    assert mind == listening.parts.mind
    replayed = replay(listening.journal, None, FrozenClock())
    assert replayed.difference is None
    assert replayed.cycles == 300


def test_why_shows_what_moved_it(listening: World) -> None:
    cycle = next(
        each.cycle_id
        for each in decided(listening)
        for d in each.decisions
        for v in d.voices
        if v.name == VOICE
    )
    told = explain(listening.journal, cycle)
    decision = told.symbols[0].decision
    assert decision is not None
    voice = next(each for each in decision.voices if each.name == VOICE)
    assert set(voice.parts) <= {BIAS, *model().inputs}
    assert voice.reason.startswith("analyst model.meta (p 0.")
    assert "most by" in voice.reason


def test_a_promoted_one_raises_by_its_points_at_most(tmp_path: Path) -> None:
    world = world_in(tmp_path, model(bias=9.0, figures=GOOD))
    at_cycle(world, 110, PromoteModel(model="meta"))
    world.run()
    alone = World(wave(300), options=world.options)
    alone.run()
    assert world.state.promoted() == {identity(model(bias=9.0, figures=GOOD)): Promoted(RAISE_CAP)}
    assert scores(alone, Action.SELL) == scores(world, Action.SELL)
    without, with_it = scores(alone, Action.BUY), scores(world, Action.BUY)
    assert set(with_it) == set(without)
    gains = [with_it[cycle] - without[cycle] for cycle in without]
    assert max(gains) == pytest.approx(RAISE_CAP)
    assert min(gains) >= 0.0


EDGED: Any = {
    "bias": 2.0, "figures": GOOD, "payoff": 1.2,
    "calibrator": Calibrator("Venn-Abers", 500, (0.2, 0.9), (0.3, 0.46), (0.6, 0.9), stepped=True),
}  # fmt: skip


@pytest.fixture(scope="module")
def edged(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a session in which a promoted model sees a thin edge from cycle 110 on."""
    world = world_in(tmp_path_factory.mktemp("home"), model(**EDGED), count=240)
    at_cycle(world, 110, PromoteModel(model="meta"))
    world.run()
    return world


def test_what_counts_is_the_calibrated_chance_and_its_parts_sum_to_it(edged: World) -> None:
    spoken = [
        v for each in decided(edged) for d in each.decisions for v in d.voices if v.name == VOICE and v.vote
    ]
    assert spoken
    for voice in spoken:
        raw = chance_of(sum(value for name, value in voice.parts.items() if name != CALIBRATION))
        meant = EDGED["calibrator"].chance(raw)
        assert voice.confidence == pytest.approx(100 * meant)
        assert chance_of(sum(voice.parts.values())) == pytest.approx(meant)
        assert CALIBRATION not in voice.reason


def test_a_promoted_models_edge_makes_entries_smaller_and_a_replay_the_same(edged: World) -> None:
    alone = World(wave(240), options=edged.options)
    alone.run()
    first = {each.cycle_id: _entry(each) for each in decided(alone)}
    sized = {each.cycle_id: _entry(each) for each in decided(edged)}
    cycle = next(number for number, entry in sized.items() if entry and number > 110 and first[number])
    with_it, without = sized[cycle], first[cycle]
    assert with_it is not None
    assert without is not None
    assert 0 < with_it.order.lots < without.order.lots
    assert "capped by edge" in with_it.sizing
    decision = next(each for each in decided(edged) if each.cycle_id == cycle).decisions[0]
    assert decision.edge == Edge(VOICE, 0.46, 1.2)
    told = "\n".join(lines_of(explain(edged.journal, cycle)))
    assert "edge      adviser:model.meta: p 0.4600 at least" in told
    assert "capped by edge" in told
    assert replay(edged.journal, None, FrozenClock()).difference is None


def _entry(event: CycleDecided) -> Approved | None:
    found = [
        each for each in event.verdicts if isinstance(each, Approved) and each.order.purpose is Purpose.ENTRY
    ]
    return found[0] if found else None


def test_one_that_only_listens_bounds_no_size(tmp_path: Path) -> None:
    world = world_in(tmp_path, model(**(EDGED | {"figures": POOR})), count=200)
    at_cycle(world, 110, PromoteModel(model="meta", **FORCE))
    world.run()
    assert any(v.name == VOICE for each in decided(world) for d in each.decisions for v in d.voices)
    assert all(d.edge is None for each in decided(world) for d in each.decisions)


def test_a_model_without_a_calibrator_has_the_bytes_it_had_before_there_were_any() -> None:
    text = encoded(model())
    assert b"calibrator" not in text
    assert b"payoff" not in text
    assert decoded(text, "here") == model()
    falling = Calibrator("x", 1, (0.5, 0.2), (0.1, 0.2), (0.1, 0.2))
    with pytest.raises(BadInput, match="its calibrator is no table that rises"):
        decoded(encoded(model(calibrator=falling)), "here")


def broken(event: ModelSet) -> list[ModelSet]:
    """Return an event whose model cannot be used, in every way it can be."""
    strange = encoded(model(inputs_version=99))
    loop = Arrays(roots=(0,), feature=(0,), threshold=(0.0,), left=(0,), right=(0,), value=(0.0,))
    round_ = encoded(model(kind="trees", arrays=loop))
    none = encoded(model(arrays=Arrays(bias=math.inf)))
    bodies = [b"none", event.body[:-9], zlib.compress(b"{}"), zlib.compress(encoded(model(bias=1.0)))]
    sets = [msgspec.structs.replace(event, body=body) for body in bodies]
    from hashlib import sha256  # noqa: PLC0415  # only here

    return sets + [
        msgspec.structs.replace(event, body=zlib.compress(text), identity=sha256(text).hexdigest())
        for text in (strange, round_, none, b"[]")
    ]


@pytest.mark.parametrize("way", range(8))
def test_one_that_cannot_be_used_is_silent_and_nothing_else_changes(way: int, listening: World) -> None:
    good = next(event for event in listening.events if isinstance(event, ModelSet))
    world = World(wave(200), options=listening.options)
    at_cycle_write(world, 110, broken(good)[way])
    world.run()
    alone = World(wave(200), options=listening.options)
    alone.run()
    for action in Action:
        assert scores(world, action) == scores(alone, action)
    voices = [v for each in decided(world) for d in each.decisions for v in d.voices if v.name == VOICE]
    assert voices
    assert {voice.vote for voice in voices} == {0}
    assert all("said nothing" in voice.reason for voice in voices)


def at_cycle_write(world: World, number: int, event: ModelSet) -> None:
    def hear(seen: Event) -> None:
        if isinstance(seen, CycleEnded) and seen.cycle_id == number:
            world.session.record.write(event)

    world.session.listeners.append(hear)


def test_what_it_has_not_seen_it_says_nothing_about(tmp_path: Path) -> None:
    short = model(strategies=("sma",), inputs=model().inputs[:-1], arrays=_cut(model().arrays))
    world = world_in(tmp_path, short)
    at_cycle(world, 60, PromoteModel(model="meta", **FORCE))
    world.run()
    reasons = {
        v.reason.rpartition("said nothing: ")[2]
        for each in decided(world)
        for d in each.decisions
        for v in d.voices
        if v.name == VOICE and not v.vote
    }
    assert "it has seen no entry of rsi" in reasons


def _cut(arrays: Arrays) -> Arrays:
    return Arrays(arrays.bias, arrays.center[:-1], arrays.scale[:-1], arrays.weights[:-1])


def test_the_gate_refuses_with_each_value_and_limit() -> None:
    assert shortfalls(model(figures=GOOD)) == []
    poor = msgspec.structs.replace(POOR, forecasts=399, months=5, gain_low=-0.1, deflated=None)
    text = "\n".join(shortfalls(model(figures=poor)))
    for part in (
        "forecasts 399: must be at least 400",
        "months 5: must be at least 6",
        "skill, lower end -0.01: must be above 0",
        "result of taken -0.002: must be above 0",
        "deflated Sharpe ratio, 3 tried unknown",
        "gain over the strategies alone, lower end -0.1: must be above 0",
    ):
        assert part in text
    for field in ("skill_low", "taken_low", "gain_low"):
        worse = msgspec.structs.replace(GOOD, **{field: 0.0})
        assert len(shortfalls(model(figures=worse))) == 1, field


def adopt(world: World, wish: PromoteModel | DemoteModel | RollBackModel) -> ModelSet:
    """Put in force what is asked for, as whoever has the account does."""
    event = event_of(wish, world.parts, utc(START))
    world.session.record.write(event)
    return event


def test_promotion_rollback_and_demotion(tmp_path: Path) -> None:
    world = world_in(tmp_path, model(), model(bias=2.0, figures=GOOD, version=2), count=5)
    with pytest.raises(Unproven, match="does not pass the gate:\nskill"):
        adopt(world, PromoteModel(model="meta", version=1))
    with pytest.raises(BadInput, match="needs a reason"):
        adopt(world, PromoteModel(model="meta", version=1, force=True))
    listens = adopt(world, PromoteModel(model="meta", version=1, **FORCE))
    assert (listens.version, listens.promoted, listens.raise_cap, listens.forced) == (1, False, 0.0, True)
    assert adopt(world, PromoteModel(model="meta")).promoted
    with pytest.raises(BadInput, match="in force already"):
        adopt(world, PromoteModel(model="meta"))
    low = adopt(world, DemoteModel(model="meta", reason="worse", evidence={"brier": 0.3}))
    assert (low.version, low.promoted, low.model_version, low.evidence) == (3, False, 2, {"brier": 0.3})
    with pytest.raises(BadInput, match="nothing to demote"):
        adopt(world, DemoteModel(model="meta"))
    back = adopt(world, RollBackModel(version=1, reason="as it was"))
    assert (back.version, back.model_version, back.rolled_back_to) == (4, 1, 1)
    again = adopt(world, RollBackModel(version=2, reason="forward"))
    assert (again.model_version, again.promoted, again.raise_cap) == (2, False, 0.0), "it is judged anew"
    none = adopt(world, RollBackModel(version=0, reason="no model"))
    assert (none.model_version, none.rolled_back_to) == (0, 0)
    assert not world.parts.mind.models
    assert world.state.promoted() == {}
    with pytest.raises(BadInput, match="needs a reason: --reason"):
        adopt(world, RollBackModel(version=1))
    with pytest.raises(BadInput, match="name the set to go back to, 1 to 6"):
        adopt(world, RollBackModel(reason="and now"))
    assert [bool(each.body) for each in world.state.models] == [False] * 6, "bodies of the past are not kept"


def test_the_registry_gives_away_only_what_it_wrote(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    path = registry.keep(model())
    assert registry.read("meta") == model()
    with pytest.raises(BadInput, match="never written again"):
        registry.keep(model())
    kept = json.loads(path.read_text())
    kept["model"]["base"] = 0.9
    path.write_text(json.dumps(kept))
    with pytest.raises(BadInput, match=r"its digest is .* written was .* not used"):
        registry.read("meta")
    (tmp_path / "meta" / "2.json").write_text("{")
    assert [str(each).rpartition("/")[2][:6] for each in registry.all()] == ["1.json", "2.json"]
    with pytest.raises(BadInput, match="no version 9; it has 1, 2"):
        registry.read("meta", 9)
    with pytest.raises(BadInput, match="no model 'other'"):
        registry.read("other")
    with pytest.raises(BadInput, match="a name is of a-z"):
        registry.read("../up")


def test_drift_reads_what_the_model_read(listening: World) -> None:
    event = next(event for event in listening.events if isinstance(event, ModelSet))
    read = unpacked(event)
    entries = list(entries_of(listening.events, VOICE, read))
    spoken = [v for each in decided(listening) for d in each.decisions for v in d.voices if v.name == VOICE]
    odds = [odds_of(read.arrays, row) for row in entries]
    assert odds == pytest.approx([sum(voice.parts.values()) for voice in spoken])
    (row,) = drift_of(listening.journal, listening.state.models)
    assert (row.entries, row.alarms, row.moved) == (len(spoken), [], {}), "too few to say anything"
    assert row.outcomes == sum(
        any(v.name == VOICE for v in lesson.context.voices)
        for each in listening.events
        if isinstance(each, CycleEnded)
        for lesson in each.lessons
    )


def test_people_are_told_once_of_a_model_that_drifts_and_when_it_does_no_more(tmp_path: Path) -> None:
    Home(tmp_path).make()
    client = cast("AccountClient", SimpleNamespace(home=Home(tmp_path), name="paper"))
    well = DriftRow(
        name="meta", version=2, promoted=False, entries=90, entries_needed=50, outcomes=60, outcomes_needed=9,
        moved={}, behind=1.0, behind_limit=9.0, alarms=[],
    )  # fmt: skip
    bad = structs.replace(well, alarms=["rsi moved by 0.31"], demoted=True)
    for row in (well, bad, bad, well):
        notified(client, "a1b2c3d4e5f6", [row])
    notices = Notices(Home(tmp_path).notices)
    began, ended = notices.after(0, 10)
    notices.close()
    assert (began.kind, began.agent, began.title) == ("decay", "paper", "model meta version 2 drifts")
    assert began.body == "rsi moved by 0.31\nit only lowers entries now"
    assert (ended.title, ended.over) == ("model meta drifts no more", True)


def test_a_backtest_names_the_models_it_asked_and_says_if_they_know_its_candles(tmp_path: Path) -> None:
    trained = msgspec.structs.replace(model().trained, first=utc(0), last=utc(2_000_000_000_000))
    Registry(Home(tmp_path).models).keep(model(timeframe_ms=3_600_000, trained=trained))
    Registry(Home(tmp_path).models).keep(model(name="late", timeframe_ms=3_600_000))
    file = str(file_of(tmp_path, "seeded/1h/BTC-USDT", 700))
    asked = "backtest", "--strategy", "rsi", "--strategy", "sma", "--data", file, "--uncompiled", "--verify"
    answer = told(tmp_path, *asked, "--model", "meta:1", "--model", "late")
    assert [(each["name"], each["in_sample"], each["promoted"]) for each in answer["models"]] == [
        ("meta", True, False), ("late", False, False),
    ]  # fmt: skip
    assert answer["verified"]["identical"] is True
    for words, why in (
        (("--model", "meta:x"), "a version is a number"),
        (("--model", "meta", "--model", "meta:1"), "meta is asked for twice"),
        (("--model", "none"), "no model 'none'"),
        (("--models-in-force",), "there is no journal"),
    ):
        assert why in agent(tmp_path, *asked, *words, check=2).stderr
    text = agent(tmp_path, *asked, "--model", "meta").stdout
    assert "IN-SAMPLE: meta version 1" in text


def test_a_model_of_other_candles_is_refused_by_their_names(tmp_path: Path) -> None:
    world = world_in(tmp_path, model(timeframe_ms=3_600_000), count=1)
    with pytest.raises(BadInput, match="trained on candles of 1h, this account looks at 1m; train one"):
        adopt(world, PromoteModel(model="meta", **FORCE))


def test_models_on_the_command_line(tmp_path: Path) -> None:
    Registry(Home(tmp_path).models).keep(model(timeframe_ms=3_600_000))
    (row,) = told(tmp_path, "meta", "list")
    assert (row["name"], row["version"], row["standing"]) == ("meta", 1, "")
    assert "result of taken -0.002: must be above 0" in row["refused"]
    assert "version is a number" in agent(tmp_path, "meta", "promote", "meta:x", check=2).stderr
    text = agent(tmp_path, "meta", "list").stdout
    assert "gate      refused:" in text
    assert "skill, lower end -0.01: must be above 0" in text
