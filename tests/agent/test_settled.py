"""What is settled is never forgotten, and is found again in any prefix of its log, and in no other log."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import wiring
from agent.settings.version import FOLD
from agent.state.checkpoint import FORMAT, Header, TakenCheckpoint, taken
from agent.state.checkpoints import Checkpoints
from agent.state.key import fold_key
from agent.state.settled import RECORD, Settled
from domain.events import SessionStarted
from domain.order import TERMINAL, OrderStatus
from journal.memory import MemoryJournal
from tests.agent.world import ID, World, folded, lively, wave

ROOT = Path(__file__).parents[2]
NAMES = st.text(max_size=3)
ENDS = st.tuples(NAMES, st.sampled_from(sorted(TERMINAL)))
FILLS = st.tuples(NAMES, NAMES)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(ENDS, FILLS), max_size=20))
def test_whatever_is_settled_is_known_as_a_dict_and_a_set_know_it_at_every_mark(
    steps: list[tuple[str, OrderStatus | str]],
) -> None:
    settled, ended, fills = Settled(), dict[str, OrderStatus](), set[tuple[str, str]]()
    for name, what in steps:
        if isinstance(what, OrderStatus):
            settled.end(name, what)
            ended[name] = what
        else:
            settled.count(name, what)
            fills.add((name, what))
        mark = settled.mark()
        again = Settled.of(bytes(settled.log[: mark.records * RECORD]), mark)
        for each in (settled, again):
            assert each.fills == len(fills)
            assert sum(each.ended.values()) == len(ended)
            assert all(each.status(known) is status for known, status in ended.items())
            assert all(each.counts(*fill) for fill in fills)
            assert each.status("never") is None
            assert not each.counts("never", "")
        assert again == settled


def test_a_long_log_that_was_read_tells_the_same_by_going_through_it_and_by_its_buckets() -> None:
    settled = Settled()
    for number in range(1_000):
        settled.end(f"order {number}", OrderStatus.FILLED)
    for number in range(0, 1_000, 7):
        settled.end(f"order {number}", OrderStatus.CANCELLED)  # once more: the last counts
    again = Settled.of(bytes(settled.log), settled.mark())
    names = [f"order {number}" for number in range(0, 1_100, 4)]
    known = [settled.status(name) for name in names]
    assert len(set(known)) == 3
    assert [again.status(name) for name in names] == known
    again.ready()
    assert [again.status(name) for name in names] == known


def test_two_names_that_read_alike_together_are_two_fills() -> None:
    settled = Settled()
    settled.count("a1", "23")
    assert not settled.counts("a12", "3")
    assert settled.status("a1") is None


def test_a_log_with_one_other_bit_or_another_length_is_none() -> None:
    settled = Settled()
    settled.end("a", OrderStatus.FILLED)
    settled.count("a", "1")
    mark, log = settled.mark(), bytes(settled.log)
    for wrong in (log[:-1], log + b"\0", log[:-1] + bytes((log[-1] ^ 1,)), log[RECORD:]):
        with pytest.raises(ValueError, match="another one"):
            Settled.of(wrong, mark)


@functools.cache
def traded() -> MemoryJournal:
    journal = MemoryJournal(ID)
    World(wave(220), journal=journal).run()
    return journal


@functools.cache
def marks() -> list[TakenCheckpoint]:
    """Return a checkpoint of a session that traded, at each of its rows."""
    options, journal, result = lively(), traded(), []
    started = next(row.event for row in journal.sessions())
    assert isinstance(started, SessionStarted)
    state, mind = folded(options, MemoryJournal(ID))
    for row in journal.rows():
        state.apply(row.event)
        header = Header(FORMAT, ID, row.seq, row.hash, fold_key(options), started)
        each = taken(header, state, mind)
        result.append(each._replace(settled=Settled.of(bytes(each.log), each.mark)))
    return result


def test_the_log_beside_checkpoints_is_only_added_to_and_made_anew_where_it_was_taken_away(
    tmp_path: Path,
) -> None:
    journal = traded()
    ours, other = Checkpoints(tmp_path), Checkpoints(tmp_path)
    for number, each in enumerate(marks()[::4]):
        (other if number % 7 == 3 else ours).save(each)  # two processes that fold the same rows
        if number == 90:
            (log,) = tmp_path.glob("*.settled")
            log.unlink()
    found = ours.nearest(journal, fold_key(lively()))
    assert found is not None
    assert found.settled is not None
    assert found.settled.fills > 2
    assert found.header.seq == marks()[::4][-1].header.seq
    (log,) = tmp_path.glob("*.settled")
    assert log.stat().st_size == found.mark.records * RECORD
    log.write_bytes(log.read_bytes()[:-1])
    earlier = Checkpoints(tmp_path).nearest(journal, fold_key(lively()))
    assert earlier is not None
    assert earlier.header.seq < found.header.seq, "the torn end belongs to the later ones alone"
    log.unlink()
    before_any = Checkpoints(tmp_path).nearest(journal, fold_key(lively()))
    assert before_any is not None
    assert before_any.mark.records == 0
    latest = Checkpoints(tmp_path).latest()
    assert latest is not None
    assert latest.settled is not None, "an emergency does without it"


def test_a_checkpoint_does_not_grow_with_the_orders_before_it() -> None:
    sizes = [len(each.body) for each in marks()]
    state, mind = folded(lively(), MemoryJournal(ID))
    for number in range(10_000):
        state.ledger.settled.end(f"{number}", OrderStatus.FILLED)
        state.ledger.settled.count(f"{number}", "1")
    *_, last = marks()
    many = taken(last.header, state, mind)
    assert len(many.body) < max(sizes) + 100


def test_of_another_program_only_the_latest_is_kept(tmp_path: Path) -> None:
    checkpoints, *_, last = Checkpoints(tmp_path), *marks()
    for seq, key in ((3, "a" * 28), (5, "b" * 28), (7, "c" * 28)):
        header = Header(FORMAT, ID, seq, last.header.hash, key, last.header.started)
        checkpoints.save(last._replace(header=header))
    (tmp_path / "000000000012").write_bytes(b"of a former form")
    checkpoints.keep_only("a" * 12)
    assert [(each.seq, each.key[0]) for each in checkpoints.places()] == [(3, "a"), (7, "c")]
    assert len(list(tmp_path.iterdir())) == 4


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def file_of(module: str) -> Path | None:
    place = ROOT.joinpath(*module.split("."))
    return next((each for each in (place / "__init__.py", place.with_suffix(".py")) if each.is_file()), None)


def test_all_that_has_a_part_in_a_fold_is_in_its_version() -> None:
    """A source that decided what rows come to, and were not in the key, would let an old fold be believed."""
    seen, waiting = set[Path](), ["agent.state.state", "agent.state.fold", "journal.codec", "reasoning.minds"]
    while waiting:
        path = file_of(waiting.pop())
        if path is not None and path not in seen and (ROOT / "tests") not in path.parents:
            seen.add(path)
            waiting += imported(path)
    within = {path.relative_to(ROOT).as_posix() for path in seen}
    assert len(within) > 40
    strange = sorted(name for name in within if not name.startswith(FOLD))
    assert strange == []


def test_the_key_names_what_an_order_costs() -> None:
    cheap = lively(paper={"taker_fee": "0"})
    assert wiring.one_way_cost_ppm(cheap) != wiring.one_way_cost_ppm(lively())
    assert fold_key(cheap) != fold_key(lively())
    assert fold_key(cheap)[:12] == fold_key(lively())[:12]


def test_a_log_that_was_read_answers_alike_before_and_after_its_buckets_are_made() -> None:
    settled = Settled()
    for number in range(200):
        settled.end(f"a{number}", OrderStatus.FILLED)
        settled.count(f"a{number}", "1")
    settled.end("a7", OrderStatus.CANCELLED)  # it ended anew: the last counts
    lazy, ready = (Settled.of(bytes(settled.log), settled.mark()) for _ in range(2))
    ready.ready()
    for each in (lazy, ready):
        each.end("late", OrderStatus.EXPIRED)
        each.count("late", "9")
    for number in range(0, 200, 3):  # more questions than are answered without buckets
        for name in (f"a{number}", f"b{number}"):
            assert lazy.status(name) == ready.status(name) == settled.status(name)
            assert lazy.counts(name, "1") == ready.counts(name, "1") == settled.counts(name, "1")
        assert lazy.status("late") == ready.status("late") == OrderStatus.EXPIRED
        assert lazy.status("a7") == ready.status("a7") == OrderStatus.CANCELLED
    assert lazy == ready
    assert lazy.log == ready.log
