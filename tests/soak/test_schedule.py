"""The schedule of faults: repeatable, without gaps, a recovery after each, every fault in its turn."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.soak.rig.faults import FAULTS, SHORTEST_SECONDS, schedule

NAMES = tuple(FAULTS)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 10**6), st.floats(9, 10_000), st.sets(st.sampled_from(NAMES), min_size=1))
def test_phases_fill_the_run_and_a_healthy_one_follows_each_fault(
    seed: int, seconds: float, names: set[str]
) -> None:
    phases = schedule(seed, seconds, sorted(names))
    assert phases[0].begins == 0
    assert phases[-1].ends == pytest.approx(seconds)
    assert all(before.ends == after.begins for before, after in pairwise(phases))
    assert [bool(phase.fault) for phase in phases] == [index % 2 == 1 for index in range(len(phases))]
    assert len(phases) >= 3
    assert min(phase.seconds for phase in phases) >= SHORTEST_SECONDS * 0.99


def test_the_same_seed_gives_the_same_schedule_and_another_another() -> None:
    assert schedule(7, 1800, NAMES) == schedule(7, 1800, NAMES)
    assert schedule(7, 1800, NAMES) != schedule(8, 1800, NAMES)


def test_no_fault_comes_again_before_every_other_came() -> None:
    faults = [phase.fault for phase in schedule(3, 1800, NAMES) if phase.fault]
    counts = Counter(faults[: len(NAMES)])
    assert counts == Counter(NAMES)
    assert max(Counter(faults).values()) - min(Counter(faults).values()) <= 1


def test_three_minutes_hold_every_fault() -> None:
    assert {phase.fault for phase in schedule(1, 180, NAMES)} == {"", *NAMES}


def test_a_run_too_short_for_a_fault_is_refused_with_the_least() -> None:
    with pytest.raises(ValueError, match="8 s is too short for a fault, the least is 9 s"):
        schedule(1, 8.0, ("500",))
