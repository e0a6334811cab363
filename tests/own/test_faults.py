"""A strategy of one's own that goes wrong: one clear error in research, one muted voice in the loop.

Machine code and Python find the same fault at the same candle, nothing is written outside its memory, and
no fault of its stops another voice, an exit or a protection.
"""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.settings.settings import Options
from agent.verify.lookahead import made_up, prove
from agent.verify.replay import replay
from agent.wiring.backtests import options_for, setup_of
from domain.errors import BadInput
from domain.events import CycleDecided, OrderReported
from domain.order import Side
from reasoning.kernels.strategy import QUIET, Indicator
from reasoning.minds import StrategyRunner
from reasoning.orientation import muted
from reasoning.own import OwnMemory, OwnStrategy, StrategyFault
from reasoning.remembered import Remembered
from reasoning.strategies.registry import STRATEGIES
from research.engine.backtest import BacktestVoice, Setup, backtest, events_of
from research.engine.compiler import compiled, plain
from research.engine.recording import Recording
from research.search.trials import TrialInputs, TrialRunner
from tests.agent.command import agent, told
from tests.agent.world import World, folded, lively, wave
from tests.own.faulty import WORDS, line_of, loaded, written
from tests.research import made

CANDLES = [made.walk("BTC-USDT", 900)]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> OwnStrategy[Any]:
    return loaded(tmp_path_factory.mktemp("home") / "strategies")


def setup(strategy: OwnStrategy[Any], kind: int, when: int = 30) -> Setup:
    base = setup_of(options_for(Options(), CANDLES))
    return replace(base, voices=(BacktestVoice(strategy, (kind, when)),))


@pytest.mark.parametrize("engine", [plain, compiled])
def test_both_engines_find_the_same_fault_at_the_same_line_and_candle(
    faulty: OwnStrategy[Any], engine: Any
) -> None:
    for kind, words in WORDS.items():
        wanted = setup(faulty, kind, when=300)
        with pytest.raises(StrategyFault) as raised:
            backtest(CANDLES, wanted, engine())
        said = str(raised.value)
        assert said.startswith("strategy faulty, faulty.py:"), said
        assert words in said
        assert said.endswith("at the candle of 2023-01-01 04:59:00 of BTC-USDT"), said
        line = line_of(kind)
        assert line is None or f"faulty.py:{line}: " in said
        assert str(pickle.loads(pickle.dumps(raised.value))) == said  # noqa: S301  # as worker processes do
    assert len(backtest(CANDLES, setup(faulty, 0), engine()).equity) == 650


def test_a_trial_of_a_sweep_finds_it_too_and_sound_ones_are_the_same_as_in_python(
    faulty: OwnStrategy[Any],
) -> None:
    bench = TrialRunner(TrialInputs(CANDLES, setup(faulty, 0), machine=True), setup(faulty, 0))
    assert bench.lean
    with pytest.raises(StrategyFault, match="memory index 1000, size 4, at the candle of"):
        bench.score(setup(faulty, 3).voices)
    sound = setup(faulty, 0)
    bench.score(sound.voices)
    told = [
        events_of(Recording(CANDLES, sound.instruments, sound.warmup, each), sound)
        for each in (plain(), compiled())
    ]
    assert told[0][0].tolist() == told[1][0].tolist()
    assert told[0][1].tolist() == told[1][1].tolist()


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_lookahead_says_it_in_one_line(faulty: OwnStrategy[Any], kind: int) -> None:
    with pytest.raises(BadInput) as raised:
        prove(faulty, (kind, 30), made_up(100))
    assert WORDS[kind] in str(raised.value)


def options(kind: int, when: int = 30) -> Options:
    reasoning = {"strategies": ["rsi", "faulty"], "custom": {"faulty": {"kind": kind, "when": when}}}
    return lively(reasoning=reasoning)


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_in_the_loop_the_voice_is_muted_and_everything_else_goes_on(
    faulty: OwnStrategy[Any], kind: int
) -> None:
    world = World(wave(200), options=options(kind))
    assert world.run() == "data exhausted"
    assert world.state.outcomes["failed"] == 0
    decided = [event for event in world.events if isinstance(event, CycleDecided)]
    assert muted(decided[28].decisions) == {}
    fault = muted(decided[29].decisions)["faulty"]
    assert WORDS[kind] in fault
    assert muted(decided[-1].decisions) == {"faulty": fault} == world.parts.mind.muted
    voices = [voice for each in decided[29:] for done in each.decisions for voice in done.voices]
    assert all(voice.vote == 0 for voice in voices if voice.name == "faulty")
    assert any(voice.vote for voice in voices if voice.name == "rsi"), "others speak on"
    state, mind = folded(options(kind), world.journal)
    assert mind == world.parts.mind, "a restart mutes it at the same candle"
    assert state.cycle_id == world.state.cycle_id
    assert replay(world.journal, None, world.clock).difference is None


def test_a_position_of_a_muted_voice_keeps_its_stop_and_is_stopped(faulty: OwnStrategy[Any]) -> None:
    del faulty
    alone = options(1, when=33)
    alone = alone.model_copy(
        update={"reasoning": alone.reasoning.model_copy(update={"strategies": ("faulty",)})}
    )
    world = World([*(100.0 + place / 100 for place in range(60)), 99.0, 90.0, 90.0], options=alone)
    world.run()
    bought = [each for each in world.events if isinstance(each, OrderReported) and each.receipt.fills]
    assert bought[-1].cycle_id == 30, "the last entry; the voice fails three candles later"
    assert world.parts.mind.muted
    (trade,) = [fill for each in decisions(world) for receipt in each.updates for fill in receipt.fills]
    assert trade.side is Side.SELL
    assert not world.state.ledger.positions


def decisions(world: World) -> list[CycleDecided]:
    return [event for event in world.events if isinstance(event, CycleDecided)]


def test_new_parameters_give_a_muted_voice_its_say_again(faulty: OwnStrategy[Any]) -> None:
    mind = StrategyRunner(options(1).reasoning)
    world = World(wave(60), options=options(1))
    world.run()
    for each in decisions(world):
        mind.orient(each.observations[0])
    assert mind.muted
    mind.retune("faulty", (0, 0))
    assert not mind.muted
    mind.retune("faulty", (3, 5))
    assert "memory index 1000, size 4" in mind.muted["faulty"], "warmed by the candles kept, it fails at once"


def test_a_checkpoint_carries_who_is_muted_and_a_memory_that_stays_guarded(faulty: OwnStrategy[Any]) -> None:
    del faulty
    for kind, length in ((1, 60), (2, 25)):
        world = World(wave(length), options=options(kind))
        world.run()
        mind = world.parts.mind
        known = msgspec.msgpack.decode(msgspec.msgpack.encode(mind.memory()), type=dict[str, Remembered])
        twin = StrategyRunner(options(kind).reasoning)
        twin.resume(known)
        assert twin == mind
        assert bool(twin.muted) == (kind == 1)
        following = World(wave(length + 10), options=options(kind))
        following.run()
        for each in decisions(following)[length:]:
            twin.orient(each.observations[0])
        assert twin == following.parts.mind, "resumed, it fails at the same candle as one that never stopped"


def test_an_explanation_that_fails_says_so_and_the_vote_stands(faulty: OwnStrategy[Any]) -> None:
    packed = faulty.params.model_validate({"kind": 12}).packed()
    said = faulty.words(OwnMemory([30.0, 0.0]), packed, QUIET)
    assert said.startswith("no explanation: strategy faulty, faulty.py:")
    assert said.endswith("ZeroDivisionError: division by zero")
    assert faulty.words(OwnMemory([29.0, 0.0]), packed, QUIET) == "-1.0"


@pytest.mark.parametrize(
    ("text", "told_as"),
    [("half \ud800", "half \\ud800"), ("y" * 5_000, "y" * 4_000), (object, "of type type"), ("ü\n", "ü\n")],
    ids=["half a character", "long", "no text", "any other"],
)
def test_a_reason_that_no_journal_can_hold_ends_nothing(
    faulty: OwnStrategy[Any], monkeypatch: pytest.MonkeyPatch, text: Any, told_as: str
) -> None:
    def explain(*_given: Any) -> Any:
        return text

    monkeypatch.setitem(STRATEGIES, "faulty", replace(faulty, explain=explain))
    world = World(wave(60), options=options(0))
    assert world.run() == "data exhausted"
    decided = [event for event in world.events if isinstance(event, CycleDecided)]
    reasons = {voice.reason for voice in decided[-1].decisions[0].voices if voice.name == "faulty"}
    assert reasons == {told_as}


def test_a_fault_s_own_words_are_bounded_can_be_written_and_are_the_same_again(
    faulty: OwnStrategy[Any],
) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    def said(fault: Exception) -> str:
        def fails(*_given: Any) -> Any:
            raise fault

        memory = faulty.blank(packed)
        with pytest.raises(StrategyFault) as caught:
            replace(faulty, step=fails).take(memory, packed, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0)
        return str(caught.value).split(": ", 1)[1]

    packed = faulty.pack(faulty.params())
    assert said(ValueError("half \ud800")) == "ValueError: half \\ud800"
    assert said(ValueError(f"of <it at {hex(id(faulty))}>")) == "ValueError: of <it at 0x...>"
    assert len(said(ValueError("y" * 5_000))) < 400
    assert said(Mute()) == "Mute"
    assert said(IndexError("memory index 4, size 4")) == "memory index 4, size 4"


def test_a_size_a_warm_up_and_parameters_that_are_none_are_told(faulty: OwnStrategy[Any]) -> None:
    for broken, words in (
        (replace(faulty, size=lambda _packed: -1), "-1 is no whole number from 0 to 10000000"),
        (replace(faulty, size=lambda _packed: 10**12), "1000000000000 is no whole number from 0 to 10000000"),
        (replace(faulty, size=lambda packed: packed[9]), "IndexError: tuple index out of range"),
    ):
        with pytest.raises(StrategyFault, match=words):
            broken.blank((0, 0))
    with pytest.raises(StrategyFault, match="is no whole number from 0 to 1000000"):
        replace(faulty, warmup=lambda _packed: 2.5).warmup_for((0, 0))  # type: ignore[arg-type,return-value]


def test_a_memory_has_its_size_and_no_other_places() -> None:
    memory = OwnMemory([0.0] * 3)
    memory[2] = 1
    assert (memory[2], memory, len(memory)) == (1.0, [0.0, 0.0, 1.0], 3)
    for index in (-1, 3, -(10**9), 10**9):
        with pytest.raises(IndexError, match=f"memory index {index}, size 3"):
            memory[index]
        with pytest.raises(IndexError, match=f"memory index {index}, size 3"):
            memory[index] = 1.0
    with pytest.raises(TypeError):
        memory[0:2] = [1.0] * 9


def run(home: Path, *words: str) -> str:
    return agent(home, "run", "--provider", "simulated", "--speed", "max", "--plain", *words).stdout


def test_an_operator_hears_of_it_and_sells_whatever_the_file_has_become(tmp_path: Path) -> None:
    path = written(tmp_path / "strategies", "mine")
    (tmp_path / "config.toml").write_text(
        '[reasoning]\nstrategies = ["mine"]\n[reasoning.custom.mine]\nkind = 1\nwhen = 300\n'
        "[risk]\ncool_down_minutes = 0\ndaily_loss = 10000\nmax_trades_per_day = 1000\n"
    )
    said = run(tmp_path, "--cycles", "100")
    fault = "strategy mine, mine.py:36: memory index 4, size 4, at the candle of "
    assert f"voice mine is muted: {fault}" in said
    assert fault in agent(tmp_path, "status").stdout
    assert fault in (tmp_path / "agent.log").read_text()
    assert "identical" in agent(tmp_path, "replay").stdout
    path.write_text("while True:\n    pass\n")
    flat = told(tmp_path, "flatten", "--reason", "the file loops for ever")
    assert flat["flat"]
    path.write_text("raise SystemExit(3)\n")
    assert "mine.py: line 1: SystemExit: 3" in agent(tmp_path, "config", "show", check=2).stderr
    assert agent(tmp_path, "reconcile", "--json").returncode == 0
    assert "muted" not in agent(tmp_path, "status").stdout
    change = ("--set", "kind=0", "--force", "--reason", "x")
    refused = agent(tmp_path, "params", "apply", "--strategy", "mine", *change, check=2)
    assert "cannot be loaded" in refused.stderr


def test_lines_that_fail_or_are_none_are_left_out_and_the_vote_stands(faulty: OwnStrategy[Any]) -> None:
    def wild(_memory: Any, _packed: Any) -> Any:
        return (
            Indicator("sound", 5.0, on_price=True),
            Indicator("odd", float("nan"), on_price=True),
            Indicator(object, 5.0, on_price=True),  # type: ignore[arg-type]  # a user's slip
            "no line",
        )

    def fails(_memory: Any, _packed: Any) -> Any:
        raise ZeroDivisionError

    packed = faulty.pack(faulty.params())
    memory = faulty.blank(packed)
    assert replace(faulty, indicators=wild).drawn(memory, packed) == (Indicator("sound", 5.0, on_price=True),)
    assert replace(faulty, indicators=fails).drawn(memory, packed) == ()
    assert faulty.drawn(memory, packed) == ()
