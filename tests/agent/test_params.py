"""Parameter versions: in force by their event alone, on evidence, the same live, restarted and replayed."""

import json
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.jobs.catalogue import BY_NAME, Occasion
from agent.notices import FILE, Notices
from agent.parameters import evidence, spoken
from agent.parameters import versions as params
from agent.parameters.evidence import EvidenceFile
from agent.settings.home import Busy, Home
from agent.settings.upkeep.reading import upkeep
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.commands import ApplyParameters, RollBackParameters
from domain.errors import BadInput, Unproven
from domain.events import (
    CommandAnswered,
    CommandReceived,
    CycleDecided,
    CycleEnded,
    Event,
    KillSwitchSet,
    OrdersIntended,
    ParametersSet,
)
from domain.times import utc
from journal.memory import MemoryJournal
from reasoning.minds import StrategyRunner
from reasoning.remembered import KEPT
from reasoning.settings import ReasoningSettings
from reasoning.strategies.registry import STRATEGIES
from reasoning.strategies.sma import SmaParams
from tests.agent.command import agent, start, told
from tests.agent.test_process import RUN, finish, running, until
from tests.agent.test_recovery import Cut, PulledOut
from tests.agent.test_replay import rewritten
from tests.agent.world import ID, START, World, ask, facts, folded, lively, wave
from tests.reasoning.samples import observation, walk

OWN = {"fast": 20, "slow": 50, "stop_ppm": 30_000}
NEW = {"fast": 5, "slow": 12, "stop_ppm": 30_000}


def wanted(
    strategy: str, given: Mapping[str, Any] | None = None, proof: Any = None, **more: Any
) -> ApplyParameters:
    return ApplyParameters(strategy=strategy, given=dict(given or {}), evidence=proof, **more)


FAST = wanted("sma", {"fast": 5, "slow": 12}, force=True, reason="a try")
AT = utc(START)


def proof(**changes: Any) -> dict[str, Any]:
    """Return the content of an evidence file that is good enough."""
    good: dict[str, Any] = {
        "strategy": "sma",
        "parameters": NEW,
        "data_fingerprint": "0123456789abcdef",
        "in_sample_sharpe": 1.4,
        "out_of_sample_sharpe": 0.55,
        "present": {"parameters": OWN, "in_sample_sharpe": 1.0, "out_of_sample_sharpe": 0.5},
        "trials": 120,
        "deflated_sharpe": 0.91,
        "pbo": 0.2,
        "source": "study night-run",
    }
    return good | changes


def with_sharpes(new: float, present: float) -> dict[str, Any]:
    return proof(
        out_of_sample_sharpe=new,
        present={"parameters": OWN, "in_sample_sharpe": 1.0, "out_of_sample_sharpe": present},
    )


def at_cycle(world: World, number: int, wish: ApplyParameters | RollBackParameters) -> None:
    """Have a person ask for parameters during a cycle, as the control port does."""

    def hear(event: Event) -> None:
        if isinstance(event, CycleEnded) and event.cycle_id == number:
            ask(world, wish)

    world.session.listeners.append(hear)


def tuned(count: int = 300, number: int = 120, journal: MemoryJournal | None = None) -> World:
    world = World(wave(count), journal=journal or MemoryJournal(ID))
    at_cycle(world, number, FAST)
    world.run()
    return world


def sma_says(world: World, cycle: int) -> str:
    decided = next(
        event for event in world.events if isinstance(event, CycleDecided) and event.cycle_id == cycle
    )
    return next(voice.reason for voice in decided.decisions[0].voices if voice.name == "sma")


def versions(world: World) -> list[ParametersSet]:
    return world.state.versions


def test_a_running_loop_takes_it_between_two_cycles_and_votes_with_it_at_the_next() -> None:
    world = tuned()
    events = [event for event in world.events if isinstance(event, CycleDecided | CycleEnded | ParametersSet)]
    place = next(index for index, event in enumerate(events) if isinstance(event, ParametersSet))
    before, after = events[place - 1], events[place + 1]
    assert isinstance(before, CycleEnded)
    assert before.cycle_id == 120
    assert isinstance(after, CycleDecided)
    assert "sma20" in sma_says(world, 120)
    assert "sma5" in sma_says(world, 121)
    assert "warming" not in sma_says(world, 121)


def test_what_was_folded_is_what_lived() -> None:
    world = tuned()
    state, mind = folded(world.options, world.journal)
    assert facts(state) == facts(world.state)
    assert mind == world.parts.mind
    assert [event.version for event in state.versions] == [1]


def test_a_session_with_a_version_replays_identically_and_only_with_it_at_its_place() -> None:
    world = tuned()
    assert replay(world.journal, None, FrozenClock()).difference is None
    rows = list(world.journal.rows())
    row = next(row for row in rows if isinstance(row.event, ParametersSet))
    assert isinstance(row.event, ParametersSet)
    other = msgspec.structs.replace(row.event, parameters=NEW | {"fast": 6})
    found = replay(rewritten(world.journal, {row.seq: other}), None, FrozenClock()).difference
    assert found is not None
    assert found.cycle_id == 121
    later = MemoryJournal(ID)
    order = [*rows[: row.seq - 1], *rows[row.seq : row.seq + 20], row, *rows[row.seq + 20 :]]
    for each in order:
        later.append(each.event)
    assert replay(later, None, FrozenClock()).difference is not None


def test_a_restart_goes_on_with_the_version_whatever_the_settings_say() -> None:
    journal = tuned().journal
    journal.reopen()
    changed = lively(reasoning=ReasoningSettings.model_validate({"sma": SmaParams(fast=30, slow=60)}))
    again = World(wave(40), journal=journal, options=changed, start=START + 400 * 60_000)
    again.run()
    assert "sma5" in sma_says(again, 301)
    assert replay(journal, 1, FrozenClock()).difference is None
    assert replay(journal, 2, FrozenClock()).difference is None
    back = params.event_of(RollBackParameters(reason="enough"), again.parts, AT)
    assert back.rolled_back_to == 0
    assert back.parameters == OWN | {"fast": 30, "slow": 60}
    journal.reopen()
    journal.append(back)
    third = World(wave(40), journal=journal, options=changed, start=START + 800 * 60_000)
    third.run()
    assert "sma30" in sma_says(third, 341)
    journal.reopen()
    fourth = World(wave(40), journal=journal, start=START + 1_200 * 60_000)
    fourth.run()
    assert "sma20" in sma_says(fourth, 381)


def test_a_session_in_which_the_strategy_has_no_voice_runs_without_it() -> None:
    journal = tuned().journal
    journal.reopen()
    alone = lively(reasoning=ReasoningSettings(strategies=("rsi",)))
    world = World(wave(40), journal=journal, options=alone, start=START + 400 * 60_000)
    world.run()
    assert spoken.view(world.state, world.parts.mind) == {}
    assert replay(journal, 2, FrozenClock()).difference is None
    with pytest.raises(BadInput, match="strategy 'sma' has no voice here; those that have: rsi"):
        params.event_of(FAST, world.parts, AT)


class Watched(Cut):
    """A journal whose process dies `after` transactions after the one with the version (before: negative)."""

    after = 10**9

    def append(self, *events: Event) -> None:
        if any(isinstance(event, ParametersSet) for event in events):
            self.room = max(0, self.after)
        elif self.after < 0 and isinstance(events[0], CycleDecided) and events[0].cycle_id == 120:
            self.room = 0
        super().append(*events)


@pytest.mark.parametrize("after", [-1, 0, 1, 2, 3, 20])
def test_a_run_cut_off_around_a_version_goes_on(after: int) -> None:
    journal = Watched(ID)
    journal.after = after
    with pytest.raises(PulledOut):
        tuned(200, journal=journal)
    journal.after = journal.room = 10**9
    journal.reopen()
    state, _ = folded(lively(), journal)
    assert [event.version for event in state.versions] == ([1] if after > 0 else [])
    world = World(wave(30), journal=journal, start=START + 400 * 60_000)
    world.run()
    assert ("sma5" if after > 0 else "sma20") in sma_says(world, world.state.cycle_id)
    state, mind = folded(world.options, journal)
    assert facts(state) == facts(world.state)
    assert mind == world.parts.mind
    for session in (1, 2):
        assert replay(journal, session, FrozenClock()).difference is None


@pytest.mark.parametrize("late", [FAST, None], ids=["parameters", "kill"])
def test_what_people_write_after_a_crash_is_not_of_the_session_that_crashed(
    late: ApplyParameters | None,
) -> None:
    journal = Cut(ID)
    world = World(wave(220), journal=journal)

    def pull(event: Event) -> None:
        if isinstance(event, OrdersIntended):
            journal.room = 0

    world.session.listeners.append(pull)
    with pytest.raises(PulledOut):
        world.run()
    journal.room = 10**9
    journal.reopen()
    state, mind = folded(lively(), journal)
    assert state.open_cycle is not None
    written = (
        KillSwitchSet(AT, True, "off", "operator") if late is None else params.event_of(late, world.parts, AT)
    )
    journal.append(written)
    assert replay(journal, 1, FrozenClock()).difference is None
    again = World(wave(30), journal=journal, start=START + 400 * 60_000)
    again.run()
    assert replay(journal, 1, FrozenClock()).difference is None
    assert replay(journal, 2, FrozenClock()).difference is None
    state, mind = folded(again.options, journal)
    assert facts(state) == facts(again.state)
    assert mind == again.parts.mind


SETTINGS = ReasoningSettings()


def test_a_retuned_strategy_says_what_one_that_always_had_the_parameters_says() -> None:
    candles = walk(300, seed=4)
    mind, always = (
        StrategyRunner(SETTINGS),
        StrategyRunner(ReasoningSettings.model_validate({"sma": SmaParams(**NEW)})),
    )
    for each in (mind, always):
        each.orient(observation(candles[:200]))
    assert mind.retune("sma", SmaParams(**NEW).packed()) == 0
    assert mind.candles_needed == always.candles_needed
    for candle in candles[200:]:
        assert mind.peek("BTC-USDT", candle) == always.peek("BTC-USDT", candle)
        ours, theirs = mind.orient(observation([candle])), always.orient(observation([candle]))
        assert ours == theirs
    assert mind != always  # what it says next is the same, what its settings are is not


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_to_be_given_what_it_has_changes_nothing(name: str) -> None:
    settings = ReasoningSettings(strategies=tuple(STRATEGIES))
    mind, twin = StrategyRunner(settings), StrategyRunner(settings)
    for each in (mind, twin):
        each.orient(observation(walk(600, seed=9)))
    mind.retune(name, mind.own(name))
    assert mind == twin
    own = settings.params(name)
    assert own.packed() == mind.own(name)
    assert type(own).model_validate(params.plain(own)) == own


def test_it_is_warmed_by_the_last_candles_of_the_series_and_says_what_it_waits_for() -> None:
    mind = StrategyRunner(SETTINGS)
    assert mind.retune("sma", SmaParams(fast=5, slow=100).packed()) == 100
    mind.orient(observation(walk(70, seed=1)))
    assert mind.retune("sma", SmaParams(fast=5, slow=100).packed()) == 30
    mind.orient(observation(walk(KEPT + 500, seed=1)))
    assert len(mind.memory()["BTC-USDT"]["recent"]) == KEPT
    assert mind.retune("sma", SmaParams(fast=5, slow=KEPT).packed()) == 0
    assert mind.retune("sma", SmaParams(fast=5, slow=5_000).packed()) == 3_000
    other = msgspec.structs.replace(observation(walk(10, seed=2)), series="another")
    mind.orient(msgspec.structs.replace(other, candles=tuple(walk(3_000, seed=2)[-10:])))
    assert len(mind.memory()["BTC-USDT"]["recent"]) == 10


def test_the_other_voices_and_other_symbols_notice_nothing() -> None:
    mind, twin = StrategyRunner(SETTINGS), StrategyRunner(SETTINGS)
    for each in (mind, twin):
        each.orient(observation(walk(200, seed=3)))
    mind.retune("sma", SmaParams(**NEW).packed())
    after, before = mind.memory()["BTC-USDT"], twin.memory()["BTC-USDT"]
    assert after["strategies"].pop("sma") != before["strategies"].pop("sma")
    assert after == before
    twin.retune("sma", SmaParams(**NEW | {"stop_ppm": 20_000}).packed())
    assert twin.memory() == mind.memory()
    assert twin != mind  # the next signal has another stop
    with pytest.raises(ValueError, match="not in"):
        mind.retune("nobody", ())


def made() -> World:
    """Return a world that has run, with the settings' own parameters in force."""
    world = World(wave(60))
    world.run()
    world.journal.reopen()
    return world


def adopt(world: World, wish: ApplyParameters | RollBackParameters) -> ParametersSet:
    event = params.event_of(wish, world.parts, AT + timedelta(minutes=1))
    world.session.record.write(event)
    return event


@pytest.mark.parametrize(
    ("new", "present", "lacks"),
    [
        (0.55, 0.5, None),
        (0.549, 0.5, r"out-of-sample sharpe 0.549 is below the limit 0.55: 10% over 0.5"),
        (0.01, -1.0, None),
        (-0.5, -1.0, r"out-of-sample sharpe -0.5 is not above the limit 0"),
        (0.0, 0.0, r"out-of-sample sharpe 0 is not above the limit 0"),
        (-1.0, -1.0, r"(?s)-1 is below the limit -0.9.*not above the limit 0"),
    ],
)
def test_a_gain_out_of_sample_is_needed(new: float, present: float, lacks: str | None) -> None:
    world = made()
    wish = ApplyParameters(
        strategy="sma", given={"fast": "5", "slow": "12"}, evidence=with_sharpes(new, present)
    )
    if lacks is None:
        event = params.event_of(wish, world.parts, AT)
        assert (event.parameters, event.forced, event.by) == (NEW, False, "operator")
        return
    with pytest.raises(Unproven, match=lacks):
        params.event_of(wish, world.parts, AT)
    with pytest.raises(BadInput, match="a forced version needs a reason"):
        params.event_of(msgspec.structs.replace(wish, force=True), world.parts, AT)
    forced = params.event_of(msgspec.structs.replace(wish, force=True, reason=" why not "), world.parts, AT)
    assert (forced.forced, forced.reason) == (True, "why not")
    assert forced.evidence is not None
    assert forced.evidence.out_of_sample_sharpe == new


def test_without_evidence_it_is_refused_and_evidence_alone_is_enough() -> None:
    world = made()
    with pytest.raises(Unproven, match="no evidence of an out-of-sample gain of at least 10%"):
        params.event_of(wanted("sma", {"fast": 5}), world.parts, AT)
    event = params.event_of(wanted("sma", proof=proof(), force=True), world.parts, AT)
    assert (event.parameters, event.forced) == (NEW, False)  # it needed no force
    assert event.evidence is not None
    assert event.evidence.trials == 120
    assert event.evidence.present == OWN
    with pytest.raises(BadInput, match="no parameters: give --set NAME=VALUE, --evidence or --study"):
        params.event_of(wanted("sma"), world.parts, AT)


@pytest.mark.parametrize(
    ("changes", "given", "told_so"),
    [
        ({"strategy": "rsi"}, {}, "evidence is for strategy rsi, to be applied to sma"),
        ({}, {"fast": 6, "slow": 12}, "evidence is for fast=5 slow=12 .* to be applied is fast=6 slow=12"),
        ({"parameters": {"fast": 5, "slow": 12}}, NEW, "parameters leave out stop_ppm; name all of sma's"),
        ({"parameters": NEW | {"slow": 9_999}}, NEW, r"sma.slow = 9999: must be at most 5000"),
    ],
)
def test_evidence_for_something_else_is_refused_even_by_force(
    changes: dict[str, Any], given: dict[str, Any], told_so: str
) -> None:
    wish = ApplyParameters(
        strategy="sma", given=given or NEW, evidence=proof(**changes), force=True, reason="x"
    )
    with pytest.raises(BadInput, match=told_so):
        params.event_of(wish, made().parts, AT)


def test_evidence_against_other_parameters_than_those_in_force_is_not_enough() -> None:
    world = made()
    adopt(world, wanted("sma", {"fast": 6}, force=True, reason="first"))
    wish = wanted("sma", NEW, proof=proof())
    with pytest.raises(Unproven, match=r"compares with fast=20 slow=50 .* in force is fast=6 slow=50"):
        params.event_of(wish, world.parts, AT)


def test_bad_parameters_are_told_all_at_once() -> None:
    wish = ApplyParameters(
        strategy="sma", given={"fast": "1", "slow": "many", "foo": 3}, force=True, reason="x"
    )
    with pytest.raises(BadInput) as caught:
        params.event_of(wish, made().parts, AT)
    lines = str(caught.value).splitlines()
    assert lines[0] == "sma.fast = 1: must be at least 2"
    assert lines[1].startswith("sma.slow = many: must be a whole number")
    assert lines[2] == "sma.foo: no such parameter; known: fast, slow, stop_ppm"
    with pytest.raises(BadInput, match="sma: fast 60 is not below slow 50"):
        params.event_of(wanted("sma", {"fast": 60}, force=True, reason="x"), made().parts, AT)
    with pytest.raises(BadInput, match="sma has these parameters already: fast=20"):
        params.event_of(wanted("sma", OWN, force=True, reason="x"), made().parts, AT)


def test_a_rollback_goes_back_one_version_or_to_the_one_named() -> None:
    world = made()
    with pytest.raises(BadInput, match="no version was applied yet"):
        adopt(world, RollBackParameters(reason="x"))
    for fast in (5, 6, 7):
        adopt(world, wanted("sma", {"fast": fast}, force=True, reason=f"fast {fast}"))
    adopt(world, wanted("rsi", {"period": 7}, force=True, reason="rsi too"))
    found = [adopt(world, RollBackParameters(reason="back", strategy="sma")) for _ in range(3)]
    assert [(event.version, event.rolled_back_to) for event in found] == [(5, 2), (6, 1), (7, 0)]
    assert [event.parameters["fast"] for event in found] == [6, 5, 20]
    assert list(spoken.view(world.state, world.parts.mind)) == ["rsi"]
    with pytest.raises(BadInput, match="sma has the settings' own parameters; name the version"):
        adopt(world, RollBackParameters(reason="back", strategy="sma"))
    assert adopt(world, RollBackParameters(reason="to a rollback", version=5)).rolled_back_to == 2
    assert world.parts.mind.memory() == folded_again(world).memory()
    for wish, why in (
        (RollBackParameters(reason="x", version=5), "version 2 of sma is in force already"),
        (RollBackParameters(reason="x", version=99), "version 99 is not in the journal, it holds 1 to 8"),
        (RollBackParameters(reason="x", version=4, strategy="sma"), "version 4 is of rsi, not of sma"),
        (RollBackParameters(reason=" ", version=1), "a rollback needs a reason"),
    ):
        with pytest.raises(BadInput, match=why):
            adopt(world, wish)
    assert adopt(world, RollBackParameters(reason="the last one applied")).strategy == "sma"
    assert (
        adopt(world, RollBackParameters(reason="settings", version=0, strategy="rsi")).parameters["period"]
        == 14
    )


def folded_again(world: World) -> StrategyRunner:
    return folded(world.options, world.journal)[1]


def test_a_rollback_carries_the_evidence_of_what_it_brings_back() -> None:
    world = made()
    first = adopt(world, wanted("sma", proof=proof()))
    adopt(world, wanted("sma", {"fast": 6}, force=True, reason="x"))
    assert adopt(world, RollBackParameters(reason="back")).evidence == first.evidence


def test_the_list_tells_what_is_in_force() -> None:
    world = made()
    adopt(world, wanted("sma", proof=proof()))
    adopt(world, RollBackParameters(reason="back"))
    told_rows = params.rows(world.parts)
    assert [(row.version, row.strategy, row.active) for row in told_rows] == [
        (0, "rsi", True),
        (0, "sma", True),
        (1, "sma", False),
        (2, "sma", False),
    ]
    adopt(world, RollBackParameters(reason="again", version=1))
    assert [row.version for row in params.rows(world.parts) if row.active] == [0, 3]
    assert told_rows[2].evidence is not None
    assert told_rows[2].evidence.pbo == 0.2


def test_an_evidence_file_is_written_and_read_back(tmp_path: Path) -> None:
    good = EvidenceFile.model_validate(proof())
    path = evidence.study_file(tmp_path, "night-run")
    evidence.write(path, good, evidence.OWN)
    assert path == tmp_path / "studies" / "night-run.evidence.json"
    assert evidence.read(path) == good
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name]
    with pytest.raises(BadInput, match=r"study '\.\./x' is no name"):
        evidence.study_file(tmp_path, "../x")


def test_everything_wrong_with_an_evidence_file_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    bad = proof(trials=0, pbo=1.5, data_fingerprint="", extra=1, in_sample_sharpe="high")
    del bad["present"]
    path.write_text(json.dumps(bad))
    with pytest.raises(BadInput) as caught:
        evidence.read(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    for field in ("trials = 0", "pbo = 1.5", "data_fingerprint = ", "extra", "in_sample_sharpe", "present"):
        assert any(line.removeprefix(f"{path}: ").startswith(field) for line in lines), field
    assert len(lines) == 6


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b"version https://git-lfs.github.com/spec/v1",
     json.dumps(proof()).encode() + b" " * 1_000_000,
     json.dumps(proof(out_of_sample_sharpe=float("nan"))).encode(),
     json.dumps(proof(out_of_sample_sharpe=float("inf"))).encode()],
    ids=["empty", "cut", "list", "bytes", "lfs", "large", "nan", "inf"],
)  # fmt: skip
def test_a_file_that_is_no_evidence_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "found.json"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"found\.json: "):
        evidence.read(path)
    with pytest.raises(BadInput, match=r"missing\.json: cannot be read"):
        evidence.read(tmp_path / "missing.json")


SIMULATED = ("run", "--provider", "simulated", "--speed", "max", "--plain")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a session that has ended."""
    made_home = tmp_path_factory.mktemp("params")
    agent(made_home, *SIMULATED, "--cycles", "120")
    return made_home


def test_the_command_applies_lists_and_rolls_back_where_no_agent_runs(home: Path) -> None:
    found = home / "found.json"
    found.write_text(json.dumps(with_sharpes(0.54, 0.5)))
    sets = ("params", "apply", "--strategy", "sma", "--set", "fast=5", "--set", "slow=12")
    refused = agent(home, *sets, "--evidence", str(found), check=1)
    assert "out-of-sample sharpe 0.54 is below the limit 0.55" in refused.stderr
    assert "no evidence" in agent(home, *sets, check=1).stderr
    assert "sma.slow" in agent(home, *sets[:-1], "slow=9999", "--force", "--reason", "x", check=2).stderr
    assert "not like fast=10" in agent(home, *sets[:-1], "slow", check=2).stderr
    assert "fast is given twice" in agent(home, *sets, "--set", "fast=6", check=2).stderr
    both = ("--study", "night-run", "--evidence", str(found))
    assert "--evidence and --study were both given" in agent(home, *sets, *both, check=2).stderr
    assert "left no evidence" in agent(home, *sets, "--study", "night-run", check=2).stderr
    assert {row["version"] for row in told(home, "params", "list")} == {0}
    evidence.write(evidence.study_file(home, "night-run"), EvidenceFile.model_validate(proof()), 0o600)
    applied = told(home, *sets, "--study", "night-run")
    assert (applied["version"], applied["parameters"], applied["running"]) == (1, NEW, False)
    assert told(home, "status")["parameters"]["sma"]["version"] == 1
    agent(home, *SIMULATED, "--cycles", "20")
    why = told(home, "why", "121")
    assert why["parameters"]["sma"]["parameters"] == NEW
    assert told(home, "why", "120")["parameters"] == {}
    assert "params    sma version 1: fast=5 slow=12" in agent(home, "why").stdout
    assert "params    sma version 1: fast=5 slow=12" in agent(home, "status").stdout
    for session in ("1", "2"):
        assert told(home, "replay", "--session", session)["difference"] is None
    assert told(home, "params", "rollback", "--reason", "worse")["rolled_back_to"] == 0
    assert told(home, "status")["parameters"] == {}
    listed = agent(home, "params", "list").stdout
    assert "back to version 0" in listed
    assert "120 trials, deflated sharpe 0.91, pbo 0.2, from study night-run, data 0123456789ab" in listed
    assert told(home, "journal", "verify")["intact"]


def test_no_version_is_written_while_somebody_else_has_the_account(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.account.running.ENDING_SECONDS", 0.1)
    place = Home(home)
    name = place.latest()
    before = len(told(home, "params", "list"))
    with place.lock(name), pytest.raises(Busy, match="is not to be reached"):
        dispatch(place, name, FAST)
    assert len(told(home, "params", "list")) == before


def test_a_running_agent_takes_a_version_at_its_next_cycle_and_refuses_with_its_own_words(
    tmp_path: Path,
) -> None:
    process = start(tmp_path, *RUN)
    until(lambda: running(tmp_path))
    sets = ("params", "apply", "--strategy", "sma", "--set", "fast=5", "--set", "slow=12")
    assert "no evidence" in agent(tmp_path, *sets, check=1).stderr
    assert "has no voice here" in agent(tmp_path, *sets[:3], "nobody", *sets[4:], check=2).stderr
    applied = told(tmp_path, *sets, "--force", "--reason", "from another terminal")
    assert (applied["running"], applied["forced"], applied["waits_candles"]) == (True, True, 0)
    cycle = told(tmp_path, "status")["cycle"]
    assert told(tmp_path, "status")["parameters"]["sma"]["parameters"] == NEW
    until(until_cycle(tmp_path, cycle + 3))
    assert [row["version"] for row in told(tmp_path, "params", "list")] == [0, 0, 1]
    takes_the_studies_of_the_settings_once(tmp_path)
    process.send_signal(signal.SIGTERM)
    out, _ = finish(process)
    assert "parameters of sma set by operator, version 1: fast=5 slow=12" in out
    assert told(tmp_path, "replay")["difference"] is None
    with AccountClient(Home(tmp_path)).journal() as journal:
        asked = CommandReceived | CommandAnswered
        events = [row.event for row in journal.rows() if not isinstance(row.event, asked)]
    place = next(index for index, event in enumerate(events) if isinstance(event, ParametersSet))
    assert isinstance(events[place - 1], CycleEnded)
    decided = events[place + 1]
    assert isinstance(decided, CycleDecided)
    reasons = " ".join(voice.reason for voice in decided.decisions[0].voices)
    assert "sma5" in reasons or "no new candle" in reasons


RSI = {"period": 14, "lower": 30.0, "upper": 70.0, "stop_ppm": 30_000}


def takes_the_studies_of_the_settings_once(home: Path) -> None:
    """Have the job reload a running agent, as the scheduler would."""

    def study(name: str, sharpe: float, strategy: str = "rsi", **more: Any) -> None:
        present = {"parameters": RSI, "in_sample_sharpe": 1.0, "out_of_sample_sharpe": 1.0}
        values = {"parameters": {**RSI, "period": 9}, "data_fingerprint": "f" * 12, "trials": 9}
        made = {
            **values,
            "strategy": strategy,
            "in_sample_sharpe": 2.0,
            "out_of_sample_sharpe": sharpe,
            **more,
        }
        proof = EvidenceFile.model_validate({**made, "present": present, "source": f"study {name}"})
        evidence.write(evidence.study_file(home, name), proof, mode=0o600)

    def reloaded() -> list[list[Any]]:
        settings = Occasion(Home(home), upkeep(Home(home)).jobs, AT)
        answers = [told(home, *words) for words in BY_NAME["parameters"].commands(settings)]
        rows = [each for answer in answers for each in answer["rows"]]
        return [[each["study"], each["did"], each["version"], each["why"]] for each in rows]

    assert reloaded() == [], "nothing is named, nothing is run"
    study("lucky", 1.5, pbo=0.8)
    study("weak", 1.05)
    study("better", 1.2, pbo=0.2)
    study("stranger", 1.5, "momentum")
    names = ["lucky", "weak", "better", "stranger", "none"]
    (home / "config.toml").write_text(f"[jobs.parameters]\nstudies = {json.dumps(names)}\n")
    lucky, weak, better, stranger, none = reloaded()
    assert lucky == ["lucky", "refused", None, "probability of backtest overfitting 0.8, limit gate.pbo 0.5"]
    assert weak[:3] == ["weak", "refused", None]
    assert "1.05 is below the limit 1.1" in weak[3]
    assert better == ["better", "applied", 2, ""]
    assert stranger[1] == "no voice"
    assert none[1] == "refused"
    version = told(home, "params", "list")[-1]
    assert (version["by"], version["forced"], version["parameters"]["period"]) == ("parameters", False, 9)
    assert version["reason"] == "study better, named in jobs.parameters.studies"
    study("weak", 1.5, parameters={**RSI, "period": 8})
    study("none", 1.5)
    second = reloaded()
    assert second[4] == ["none", "in force", 2, "another version has the same parameters"]
    assert second[2] == ["better", "in force", 2, ""]
    assert "in force is" in second[1][3], "it compares with parameters that are not in force any more"
    agent(home, "params", "rollback", "--strategy", "rsi", "--reason", "no good")
    (home / "config.toml").write_text('[jobs.parameters]\nstudies = ["better"]\n')
    assert reloaded() == [["better", "taken before", 2, "another version came after it"]]
    told_of = Notices(home / FILE)
    titles = [each.title for each in told_of.after(0, 100)]
    told_of.close()
    assert [titles.count(f"study {name} refused") for name in ("lucky", "weak", "none")] == [1, 2, 1]
    assert titles.count("study better applied") == 1


def until_cycle(place: Path, number: int) -> Callable[[], bool]:
    return lambda: told(place, "status")["cycle"] >= number
