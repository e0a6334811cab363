"""A checkpoint is the fold and nothing else: of every prefix, of every field, or it is not used."""

import dataclasses
import functools
import itertools
from pathlib import Path
from typing import Any

import pytest

from agent import wiring
from agent.state.checkpoint import FORMAT, GIVEN, Header, Resumed, blank, read, resumed, taken
from agent.state.checkpoints import LATEST, CheckpointName, Checkpoints, superfluous
from agent.state.keeper import SECONDS, Keeper
from agent.state.key import fold_key
from agent.state.ledger import Ledger
from agent.state.settled import Settled
from agent.state.state import State
from agent.verify.quicktest import FrozenClock
from domain.errors import JournalFault
from domain.events import ParametersSet, SessionEnded, SessionStarted
from domain.times import utc
from journal.memory import MemoryJournal
from reasoning.memories import SymbolMemory
from reasoning.minds import StrategyRunner
from reasoning.remembered import Remembered
from tests.agent.world import ID, START, World, facts, folded, lively, wave

OPTIONS = lively()
COST = wiring.one_way_cost_ppm(OPTIONS)


@functools.cache
def traded(count: int = 220) -> MemoryJournal:
    journal = MemoryJournal(ID)
    World(wave(count), journal=journal).run()
    return journal


def header(journal: MemoryJournal, seq: int) -> Header:
    started = next(row.event for row in journal.sessions())
    assert isinstance(started, SessionStarted)
    return Header(FORMAT, journal.journal_id, seq, journal.hash_at(seq), fold_key(OPTIONS), started)


def kept(folder: Path, journal: MemoryJournal, seq: int) -> Checkpoints:
    """Keep a checkpoint of a journal's first `seq` rows."""
    state, mind, *_ = blank(OPTIONS, COST)
    for row in journal.rows():
        if row.seq <= seq:
            state.apply(row.event)
    made = Checkpoints(folder)
    made.save(taken(header(journal, seq), state, mind))
    return made


def place(journal: MemoryJournal, seq: int) -> CheckpointName:
    return CheckpointName(journal.journal_id, seq, fold_key(OPTIONS))


class Prompt(Keeper):
    """One that waits for its files, so that none is left out."""

    def take(self, *arguments: Any) -> None:
        super().take(*arguments)
        self.close()


def same(fold: Resumed, state: State, mind: StrategyRunner) -> None:
    assert facts(fold.state) == facts(state)
    assert fold.mind == mind


def test_a_checkpoint_of_every_prefix_is_the_fold_and_goes_on_as_the_fold() -> None:
    journal = traded()
    rows = list(journal.rows())
    state, mind, *_ = blank(OPTIONS, COST)
    went_on = blank(OPTIONS, COST)
    for row in rows:
        state.apply(row.event)
        went_on.state.apply(row.event)
        # From here on the fold lives in what was read back, so an error of one row shows in all after it.
        kept_now = taken(header(journal, row.seq), went_on.state, went_on.mind)
        log = Settled.of(bytes(kept_now.log), kept_now.mark)
        went_on = resumed(read(kept_now.body, log), OPTIONS, COST)
        assert went_on.seq == row.seq
        same(went_on, state, mind)
    assert state.ledger.trades > 2
    assert state.vetoes


def test_a_strategy_given_other_parameters_speaks_with_them_after_a_checkpoint(tmp_path: Path) -> None:
    journal = MemoryJournal(ID)
    World(wave(60), journal=journal).run()
    journal.reopen()
    journal.append(ParametersSet(utc(START), 1, "rsi", {"period": 7}, "sharper", "operator"))
    World(wave(60), journal=journal, start=START + 3_600_000).run()
    seq = journal.head()[0]
    fold = resumed(kept(tmp_path, journal, seq).nearest(journal, fold_key(OPTIONS)), OPTIONS, COST)
    assert fold.seq == seq
    same(fold, *folded(OPTIONS, journal))


def test_every_field_of_the_account_is_carried() -> None:
    declared = {each.name for each in dataclasses.fields(State)} | {
        each.name for each in dataclasses.fields(Ledger)
    }
    fresh = State(OPTIONS.learning, COST)
    assert {*vars(fresh), *vars(fresh.ledger)} == declared
    # What was looked at ahead is not remembered: the step that is to come makes it anew.
    beside = {"speakers", "blocks", "symbol", "ahead", "informed"}
    assert set(SymbolMemory.__slots__) - beside == set(Remembered.__struct_fields__) - {"strategies"}
    assert declared > GIVEN


@pytest.mark.parametrize("part", ["state", "ledger"])
def test_a_fact_that_is_declared_nowhere_makes_no_checkpoint(part: str) -> None:
    journal = traded(5)
    state, mind = folded(OPTIONS, journal)
    vars(state if part == "state" else state.ledger)["forgotten"] = 1
    with pytest.raises(JournalFault, match="does not declare forgotten"):
        taken(header(journal, 1), state, mind)


def test_the_nearest_checkpoint_below_a_row_is_taken(tmp_path: Path) -> None:
    journal = traded(40)
    for seq in (5, 9, 20):
        checkpoints = kept(tmp_path, journal, seq)
    found = [checkpoints.nearest(journal, fold_key(OPTIONS), before) for before in (None, 20, 9, 5)]
    assert [each and each.header.seq for each in found] == [20, 9, 5, None]


def test_one_that_does_not_fit_is_passed_over_in_silence(tmp_path: Path) -> None:
    journal, key = traded(40), fold_key(OPTIONS)
    longer = kept(tmp_path, journal, 20)
    shorter = MemoryJournal(ID)
    shorter.append(*[row.event for row in journal.rows() if row.seq <= 10])
    assert longer.nearest(shorter, key) is None, "of rows the journal does not have"
    shorter.append(*[row.event for row in journal.rows() if row.seq <= 12])
    assert longer.nearest(shorter, key) is None, "of a row that is another there"
    assert longer.nearest(journal, "another program") is None
    assert longer.nearest(journal, key) is not None
    file = tmp_path / place(journal, 20).name
    content = bytearray(file.read_bytes())
    for byte in (0, 40, len(content) - 1):
        content[byte] ^= 1
        file.write_bytes(content)
        assert longer.read(place(journal, 20)) is None, "one bit is another"
        content[byte] ^= 1
    file.write_bytes(content[:50])
    assert longer.nearest(journal, key) is None, "cut off"
    assert not file.exists()


def test_one_of_another_journal_is_removed(tmp_path: Path) -> None:
    checkpoints = kept(tmp_path, traded(10), 5)
    other = MemoryJournal("f" * 12)
    World(wave(10), journal=other).run()
    assert checkpoints.nearest(other, fold_key(OPTIONS)) is None
    kept(tmp_path, other, 3)
    assert checkpoints.sequences() == [3]


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    kept(tmp_path / "new", traded(10), 5)
    files = list((tmp_path / "new").iterdir())
    assert len(files) == 2, "a checkpoint and the log of what is settled"
    for file in files:
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_kept_of_many_is_spread_evenly_and_holds_the_latest() -> None:
    have: list[int] = []
    for seq in range(2_000, 600_001, 2_000):
        have = [each for each in (*have, seq) if each not in superfluous([*have, seq], 64)]
    gaps = [after - before for before, after in itertools.pairwise(have)]
    assert len(have) == 64
    assert have[-1] == 600_000
    assert max(gaps) <= 4 * 600_000 / 64


def test_a_running_session_leaves_checkpoints_that_are_the_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.state.keeper.ROWS", 1)
    world = World(wave(60))
    checkpoints = Checkpoints(tmp_path)
    world.session.keeper = Prompt(checkpoints, world.options, FrozenClock())
    world.run()
    assert len(checkpoints.sequences()) > 30
    for seq in checkpoints.sequences()[::4]:
        found = checkpoints.nearest(world.journal, fold_key(OPTIONS), seq + 1)
        prefix = MemoryJournal(ID)
        prefix.append(*[row.event for row in world.journal.rows() if row.seq <= seq])
        same(resumed(found, OPTIONS, COST), *folded(OPTIONS, prefix))


def test_a_fold_from_a_checkpoint_leaves_what_a_whole_fold_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.state.keeper.ROWS", 50)
    journal = traded()
    checkpoints = Checkpoints(tmp_path)
    first = wiring.parts(OPTIONS, journal, checkpoints=checkpoints)
    assert len(checkpoints.sequences()) > 5
    again = wiring.parts(OPTIONS, journal, checkpoints=checkpoints)
    same(Resumed(again.state, again.mind), first.state, first.mind)
    same(Resumed(again.state, again.mind), *folded(OPTIONS, journal))


class Moving(FrozenClock):
    """A clock that a test moves on."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_a_session_that_ends_leaves_the_fold_before_its_last_cycle_however_few_rows_there_are(
    tmp_path: Path,
) -> None:
    world = World(wave(30))
    checkpoints = Checkpoints(tmp_path)
    world.session.keeper = Keeper(checkpoints, world.options, FrozenClock())
    world.run()
    first = min(row.seq for row in world.journal.find_cycle(30))
    found = checkpoints.nearest(world.journal, fold_key(OPTIONS), first)
    assert found is not None
    assert found.header.seq == max(row.seq for row in world.journal.find_cycle(29)), "nothing is to be folded"
    prefix = MemoryJournal(ID)
    prefix.append(*[row.event for row in world.journal.rows() if row.seq < first])
    same(resumed(found, OPTIONS, COST), *folded(OPTIONS, prefix))
    assert checkpoints.sequences()[-1] == world.journal.head()[0], "and that of all of it, to begin at"


def test_an_agent_that_was_killed_left_a_checkpoint_of_its_last_minutes(tmp_path: Path) -> None:
    clock, state, mind = Moving(), *folded(OPTIONS, traded(20))
    journal, checkpoints = traded(20), Checkpoints(tmp_path)
    keeper = Prompt(checkpoints, OPTIONS, clock)
    keeper.take(journal, state, mind, header(journal, 1).started)
    first = checkpoints.sequences()
    more = MemoryJournal(ID)
    more.append(*[row.event for row in journal.rows()], SessionEnded(2, utc(START), "again"))
    for clock.seconds in (1.0, SECONDS - 1.0):
        keeper.look(more, state, mind, header(journal, 1).started)
        assert checkpoints.sequences() == first, "it is held in memory, for the last cycle"
    clock.seconds = SECONDS + 1.0
    keeper.look(more, state, mind, header(journal, 1).started)
    assert checkpoints.sequences() == [*first, more.head()[0]]
    clock.seconds *= 3
    keeper.look(more, state, mind, header(journal, 1).started)
    assert len(checkpoints.sequences()) == 2, "nothing is written of a journal that stands still"


def test_the_latest_checkpoints_stay_however_near_they_are_to_each_other() -> None:
    far = list(range(2_000, 130_000, 2_000))
    near = [130_001, 130_003, 130_007, 130_009]
    left = [each for each in (*far, *near) if each not in superfluous([*far, *near], 64)]
    assert left[-LATEST:] == near
    assert len(left) == 64
