"""No row of training knows what a row of the test is judged by: every pair is looked at, one by one."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.times import HOUR_MS, millis, utc
from research.training.splits import TrainSplit, clear_of, forward_years, purged_folds, shuffled_folds

SPANS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60)), min_size=4, max_size=60)
EMBARGOES = st.integers(0, 50)


def times(spans: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of entries that lie at uneven times and overlap."""
    start = np.array(sorted(begins for begins, _ in spans), dtype=np.int64)
    return start, start + np.array([lasts for _, lasts in spans], dtype=np.int64)


def by_force(start: np.ndarray, end: np.ndarray, split: TrainSplit, embargo: int) -> list[bool]:
    """Say of each row whether it may be learned from, by walking over every instant the test knows of."""
    judged = [index for index in range(len(start)) if split.test[index]]
    first, last = min(start[index] for index in judged), max(end[index] for index in judged)
    barred = set(range(first, last + embargo + 1))
    after = set(range(last + embargo + 1, last + embargo + 2))
    kept = []
    for index in range(len(start)):
        mine = set(range(start[index], end[index] + 1))
        behind = start[index] in after or start[index] > last + embargo
        ahead = end[index] < first
        kept.append(not split.test[index] and (behind or ahead) and not (mine & barred))
    return kept


@given(SPANS, st.integers(2, 5), EMBARGOES)
@settings(max_examples=60, deadline=None)
def test_purged_folds_are_those_found_by_force(
    spans: list[tuple[int, int]], folds: int, embargo: int
) -> None:
    start, end = times(spans)
    splits = list(purged_folds(start, end, min(folds, len(start)), embargo))
    assert np.array([split.test for split in splits]).sum(axis=0).tolist() == [1] * len(start)
    for split in splits:
        assert split.train.tolist() == by_force(start, end, split, embargo)


def test_a_label_that_reaches_into_the_test_is_left_out() -> None:
    start = np.array([0, 8, 10, 12, 30, 31])
    end = np.array([5, 10, 11, 20, 40, 33])
    test = np.array([False, False, True, True, False, False])
    assert clear_of(start, end, test, 0).tolist() == [True, False, False, False, True, True]
    assert clear_of(start, end, test, 10).tolist() == [True, False, False, False, False, True]
    assert clear_of(start, end, ~test & test, 10).all()


def test_years_learn_from_what_had_ended_an_embargo_before() -> None:
    begins = [millis(datetime(2020, 1, 1, tzinfo=UTC)) + 36 * HOUR_MS * each for each in range(700)]
    start = np.array(begins)
    end = start + 30 * HOUR_MS
    years = dict(forward_years(start, end, 48 * HOUR_MS, least=100))
    assert list(years) == [2021, 2022]
    for year, split in years.items():
        opens = millis(datetime(year, 1, 1, tzinfo=UTC))
        assert (end[split.train] + 48 * HOUR_MS < opens).all()
        assert {utc(int(each)).year for each in start[split.test]} == {year}
        left_out = ~split.train & (start < opens)
        assert left_out.any()
        assert (end[left_out] + 48 * HOUR_MS >= opens).all()


def test_shuffled_folds_judge_each_row_once_and_leak() -> None:
    splits = list(shuffled_folds(100, 5, seed=1))
    assert np.array([split.test for split in splits]).sum(axis=0).tolist() == [1] * 100
    start = np.arange(100)
    leaking = [(split.train & ~clear_of(start, start + 3, split.test, 0)).sum() for split in splits]
    assert min(leaking) > 20
