"""Two paper accounts compared: pairs from when both trade as they do, silent on little, refused if unlike."""

from typing import Any

import pytest

from agent.cli.handlers.ab import pairs_lines, show_pairs
from agent.gate.pairs import PaperLife, compared, paper_life
from domain.commands import ChangeSettings
from domain.errors import BadInput
from domain.times import HOUR_MS, millis
from journal.memory import MemoryJournal
from learning.sequential import LEAST
from tests.agent.test_models import at_cycle
from tests.agent.world import ID, World, lively, wave

STEPS = wave(2_600)


def lived(name: str, change_at: int = 0, **more: Any) -> PaperLife:
    """Return a paper account that ran over the same candles; at a cycle somebody changed a setting."""
    world = World(STEPS, options=lively(**more), journal=MemoryJournal(ID))
    if change_at:
        at_cycle(world, change_at, ChangeSettings(given={"risk.max_positions": 2}, reason="to see"))
    world.run()
    return paper_life(name, world.journal, HOUR_MS)


@pytest.fixture(scope="module")
def one() -> PaperLife:
    return lived("one")


@pytest.fixture(scope="module")
def other() -> PaperLife:
    return lived("other", reasoning={"strategies": ("rsi",)})


def test_pairs_are_returns_of_the_same_stretches_and_the_newest_may_go_on(
    one: PaperLife, other: PaperLife
) -> None:
    report = compared(one, other, "1h", 0.05)
    assert LEAST <= report.pairs <= len(STEPS) // 60
    assert report.pairs == len(one.returns) - 1, "the first stretch began before the account did"
    assert report.verdict == "open"
    assert report.better is None
    assert report.mean == pytest.approx((report.first.mean or 0) - (report.second.mean or 0))
    assert report.differ == {"reasoning.strategies": ["rsi, sma", "rsi"]}
    text = "\n".join(pairs_lines(report))
    assert "no difference shown" in text
    assert "nothing is promoted by this" in text


def test_one_that_loses_everywhere_is_told_from_one_that_does_not(one: PaperLife) -> None:
    worse = one._replace(
        name="worse",
        returns={number: each - 0.001 - number % 7 * 1e-4 for number, each in one.returns.items()},
    )
    report = compared(one, worse, "1h", 0.05)
    assert (report.verdict, report.better) == ("shown", "one")
    assert report.decided_at is not None
    assert report.evidence >= report.evidence_needed == 20.0
    assert report.low is not None
    assert report.low > 0.0
    assert "one earns more, shown by 20" in "\n".join(pairs_lines(report))
    assert compared(worse, one, "1h", 0.05).better == "one"


def test_a_change_begins_the_test_anew_and_little_says_nothing(one: PaperLife) -> None:
    late = lived("late", change_at=1_900)
    report = compared(one, late, "1h", 0.05)
    assert report.why_since == "late: changed settings (risk.max_positions)"
    assert millis(report.since) >= late.since
    assert 0 < report.pairs < LEAST
    assert report.verdict == "silent"
    assert "too little to say" in "\n".join(pairs_lines(report))


def test_what_cannot_be_compared_is_refused(one: PaperLife, other: PaperLife, tmp_path: Any) -> None:
    strange = other._replace(settings={**other.settings, "symbols": ["ETH-USDT"]})
    with pytest.raises(BadInput, match=r"one has symbols BTC-USDT, other has ETH-USDT: they do not trade"):
        compared(one, strange, "1h", 0.05)
    live = MemoryJournal(ID)
    with pytest.raises(BadInput, match="journal none is of mode none: only paper"):
        paper_life("none", live, HOUR_MS)
    for names, every, alarm, why in (
        (("a", "b"), "3w", 0.05, "--every '3w' is not one of"),
        (("a", "b"), "1d", 0.9, "--alarm 0.9: must be from 0.001 to 0.5"),
        (("a", "a"), "1d", 0.05, "a is named twice"),
        (("a", "b"), "1d", 0.05, "journal a: not in"),
    ):
        with pytest.raises(BadInput, match=why):
            show_pairs(names, every, alarm, tmp_path, json=False)
