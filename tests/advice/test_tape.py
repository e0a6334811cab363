"""Tapes: written and read to the byte, found by the question's digest, labelled by the guard, or refused."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as with_

from advice.settings import AdviceSettings
from advice.tape import AdviceTape, key_of, read, written
from agent.host.clock import SystemClock
from agent.settings.settings import Options
from agent.verify.asked_past import BudgetReached, Consulted, ask_past
from agent.verify.taped import run_taped
from agent.wiring.backtests import options_for, setup_of
from domain.advice import Advice
from domain.errors import BadInput
from domain.times import HOUR_MS, utc
from journal.memory import MemoryJournal
from research.engine.backtest import backtest
from research.engine.compiler import plain
from tests.advice.asked import CANDLE, advice
from tests.advice.fakes import Model, chat, council, settings
from tests.advice.fakes import written as written_
from tests.agent.world import lively
from tests.research.made import walk

CLOSED = utc(CANDLE + HOUR_MS)


def piece(after: float = 1.0, **more: Any) -> Advice:
    told: dict[str, Any] = {"question_sha256": "ab" * 32, "answered_at": CLOSED + timedelta(seconds=after)}
    return advice(**(told | more))


def tape(*pieces: Advice) -> AdviceTape:
    return AdviceTape(HOUR_MS, pieces)


def test_what_is_written_is_read_and_the_same_whatever_the_order() -> None:
    pieces = [
        piece(),
        piece(adviser="doubt"),
        piece(candle_ms=CANDLE + HOUR_MS),
        piece(question_sha256="c" * 64),
    ]
    content = written(tape(*pieces))
    assert written(tape(*reversed(pieces))) == content
    assert read(content, "t").pieces == {key_of(each): each for each in pieces}


def test_of_two_answers_to_one_question_the_first_is_kept_and_what_nobody_gave_is_not() -> None:
    first, second = piece(1.0, vote=-1), piece(2.0, vote=1)
    assert list(tape(second, first).pieces.values()) == [first]
    assert not tape(piece(question_sha256=""), advice()).pieces


def test_a_piece_is_for_its_own_question_alone() -> None:
    one = tape(piece())
    other = key_of(piece(question_sha256="c" * 64))
    assert one.get(other) is None
    assert one.has_another(other)
    assert not one.has_another(key_of(piece(adviser="doubt")))


def broken(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content
    return content.replace(old, new, 1)


CONTENT = written(tape(piece(), piece(adviser="doubt")))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "t: is no tape of advice"),
        (b"{}\n", "t: is no tape of advice"),
        (b"\xff\xfe\n", "t: is no tape of advice"),
        (CONTENT.replace(b'"version":1', b'"version":2'), "of version 2, known is"),
        (CONTENT.rsplit(b"\n", 2)[0] + b"\n", "1 pieces of advice, its head says 2: it is cut short"),
        (broken(CONTENT, b'"vote":1', b'"vote":-1'), "the digest differs"),
        (broken(CONTENT, b'"vote":1', b'"vote":"x"'), "t: line 2: "),
    ],
)
def test_a_tape_that_is_not_as_it_was_written_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(BadInput) as error:
        read(content, "t")
    assert words in str(error.value)


def test_the_guard_labels_and_refuses_and_takes_no_label_off() -> None:
    chosen = settings(model={"cutoff": "2022-01-01"})
    assert tape(piece(1.0)).ruled(chosen).retrospective == 0
    assert tape(piece(7_200.0)).ruled(chosen).retrospective == 1
    assert tape(piece(1.0, retrospective=True)).ruled(chosen).retrospective == 1
    knows = settings(model={"cutoff": "2026-02-01"})
    assert tape(piece(1.0)).ruled(knows).retrospective == 0
    with pytest.raises(
        BadInput, match="1 of 1 pieces of advice are refused; the first: macro, BTC-USDT: the"
    ):
        tape(piece(7_200.0)).ruled(knows)
    with pytest.raises(BadInput, match="'doubt', which is no adviser of the settings; known: macro"):
        tape(piece(adviser="doubt")).ruled(chosen)


START = 1_740_787_200_000
CANDLES = [walk("BTC-USDT", 600, seed=4, start=START)]


def options_of(chosen: AdviceSettings | None) -> Options:
    told = lively(**({"advice": chosen} if chosen else {}))
    return options_for(told, CANDLES)


@pytest.fixture(scope="module")
def made() -> tuple[AdviceTape, Model, MemoryJournal, AdviceSettings]:
    """A retrospective tape of one that is against whatever it is asked, over candles after its cutoff."""
    chosen, model, journal = (
        settings("macro", "doubt=critic"),
        Model(chat(written_(-1, 0.1))),
        MemoryJournal("a" * 12),
    )
    options = options_of(chosen)
    tape_, spend = ask_past(options, CANDLES, council(model, SystemClock(), chosen), journal)
    assert spend.total.asked == len(model.asked) > 0
    return tape_, model, journal, chosen


def test_without_a_word_against_it_an_advised_backtest_is_the_plain_one() -> None:
    chosen = settings(model={"cutoff": "2015-01-01"})
    options = options_of(chosen)
    silent, _ = ask_past(
        options, CANDLES, council(Model(chat("no")), SystemClock(), chosen), MemoryJournal("a" * 12)
    )
    history, lacking = run_taped(options, CANDLES, silent)
    result = backtest(CANDLES, setup_of(options_of(None)), plain())
    assert lacking.asked > 0
    assert not lacking.missing
    assert list(history.equity) == result.equity.tolist()


def test_a_tape_plays_the_same_run_again_and_is_labelled(made: Any) -> None:
    tape_, _, _, chosen = made
    assert tape_.retrospective == len(tape_.pieces) > 0
    history, lacking = run_taped(options_of(chosen), CANDLES, read(written(tape_), "t"))
    assert not lacking.missing
    assert history.trades
    for each in history.trades:
        assert each.context is not None
        assert {"adviser:macro", "adviser:doubt"} <= {voice.name for voice in each.context.voices}


def test_what_was_paid_for_is_not_asked_again(made: Any) -> None:
    tape_, model, journal, chosen = made
    before = len(model.asked)
    again, _ = ask_past(options_of(chosen), CANDLES, council(model, SystemClock(), chosen), journal)
    assert written(again) == written(tape_)
    assert len(model.asked) == before


def test_what_is_missing_is_counted_and_asked_nobody(made: Any) -> None:
    tape_, model, _, chosen = made
    pieces = list(tape_.pieces.values())
    other = [with_(each, question_sha256="0" * 64) for each in pieces[-4:-2]]
    before = len(model.asked)
    _, lacking = run_taped(
        options_of(chosen), CANDLES, AdviceTape(tape_.timeframe_ms, [*pieces[:-4], *other])
    )
    words = lacking.told("tape")
    assert words.startswith(f"tape: 4 of {len(pieces)} pieces of advice are missing; the first: of ")
    assert "2 were given to another question" in words
    assert len(model.asked) == before


def test_a_cap_ends_it_and_keeps_what_was_answered() -> None:
    chosen = settings(day_usd="0.0036")
    journal, model = MemoryJournal("a" * 12), Model(chat(written_()))
    with pytest.raises(BudgetReached, match="the same command goes on from there"):
        ask_past(options_of(chosen), CANDLES, council(model, SystemClock(), chosen), journal)
    assert len(model.asked) == len(Consulted(row.event for row in journal.rows()).answers) > 0


def test_a_model_that_may_know_the_candles_is_asked_nothing() -> None:
    chosen, model = settings(model={"cutoff": "2025-01-15"}), Model(chat(written_()))
    with pytest.raises(
        BadInput, match=r"advice\.models\.m: its cutoff is 2025-01-15, .*--timerange 20250416-"
    ):
        ask_past(options_of(chosen), CANDLES, council(model, SystemClock(), chosen), MemoryJournal("a" * 12))
    assert model.asked == []
