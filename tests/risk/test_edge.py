"""A size by a promoted voice's edge: a quarter of Kelly's share, and never more than without it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decision import Edge
from domain.kelly import kelly
from domain.money import to_cash
from risk.facts import AccountFacts, Entry
from risk.judge import judge
from risk.limits import Limits, Sizing
from risk.sizing import BY_EDGE, BY_FIXED, KELLY, Size, edge_ppm, size_entry
from tests.risk.cases import approved, case, denied
from tests.risk.test_sizing import BOOKS, ENTRY, LIMIT, OPEN, PLENTY, SIZING, entries

SIZINGS = [
    Sizing(fixed=0, risk_ppm=10_000, min_confidence=0.0),
    Sizing(fixed=0, risk_ppm=10_000, min_confidence=0.0, stake=to_cash(500)),
    Sizing(fixed=0, risk_ppm=10_000, min_confidence=0.0, stake_ppm=250_000),
    Sizing(fixed=1, risk_ppm=0, min_confidence=0.0),
]
CHANCES = st.floats(0.0, 1.0) | st.floats(allow_nan=True, allow_infinity=True)
PAYOFFS = st.floats(1e-3, 1e3) | st.floats(allow_nan=True, allow_infinity=True)


def test_it_is_a_quarter_of_kellys_share() -> None:
    assert KELLY == 0.25
    assert kelly(0.6, 1.0) == pytest.approx(0.2)  # the textbook's even bet: p - q
    assert kelly(0.4, 2.0) == pytest.approx(0.1)
    assert edge_ppm(0.6, 1.0) == 49_999  # 5 % less what a binary fraction leaves: rounded down
    assert edge_ppm(0.5, 1.0) == 0
    assert edge_ppm(0.2, 1.0) == 0
    assert edge_ppm(1.0, 1.0) == 250_000


def edged(chance: float, payoff: float) -> Entry:
    return ENTRY._replace(chance=chance, payoff=payoff)


def test_a_thin_edge_bounds_the_loss_at_the_stop_and_none_buys_nothing() -> None:
    cap = to_cash(10_000) * edge_ppm(0.51, 1.0) // 1_000_000
    size = size_entry(edged(0.51, 1.0), PLENTY, OPEN, SIZING)
    assert (size.bound, size.cap) == (BY_EDGE, cap)
    assert 0 < size.lots < size_entry(ENTRY, PLENTY, OPEN, SIZING).lots
    none = size_entry(edged(0.5, 1.0), PLENTY, OPEN, SIZING)
    assert (none.lots, none.bound, none.cap) == (0, BY_EDGE, 0)
    assert size_entry(edged(0.99, 1.0), PLENTY, OPEN, SIZING) == size_entry(ENTRY, PLENTY, OPEN, SIZING)


@settings(deadline=None)
@given(
    entry=entries(), book=BOOKS, limits=LIMIT, how=st.sampled_from(SIZINGS), chance=CHANCES, payoff=PAYOFFS,
    more=st.floats(0.0, 1.0),
)  # fmt: skip
def test_never_larger_than_without_never_below_nothing_and_rising_with_the_chance(
    entry: Entry, book: AccountFacts, limits: Limits, how: Sizing, chance: float, payoff: float, more: float
) -> None:
    entry = entry._replace(fixed_lots=7)
    without = size_entry(entry, book, limits, how)
    size = size_entry(entry._replace(chance=chance, payoff=payoff), book, limits, how)
    assert 0 <= size.lots <= without.lots
    if not payoff > 0.0 or how.fixed:
        assert size == without, "without an edge that is proven nothing changes, and a fixed quantity stands"
    elif not kelly(chance, payoff) > 0.0:
        assert size.lots == 0, "an entry that loses on average is not made"
    if 0.0 <= chance <= 1.0:
        surer = entry._replace(chance=min(1.0, chance + more), payoff=payoff)
        assert size_entry(surer, book, limits, how).lots >= size.lots
    assert size_entry(entry._replace(payoff=0.0), book, limits, how) == without


def with_edge(edge: Edge | None) -> Any:
    base = case()
    return replace(base, decision=replace(base.decision, edge=edge))


def test_the_gate_sizes_by_the_decisions_edge_and_says_so() -> None:
    plain = approved(judge(with_edge(None)))
    small = approved(judge(with_edge(Edge("adviser:model.meta", 0.5004, 1.0))))
    assert small.order.lots < plain.order.lots
    assert "capped by edge" in small.sizing
    assert "(p 0.500 at least, gains 1.00 of losses)" in small.sizing
    sure = approved(judge(with_edge(Edge("adviser:model.meta", 0.99, 2.0))))
    assert sure == plain
    none = denied(judge(with_edge(Edge("adviser:model.meta", 0.4, 1.0))))
    assert none.checks[0].passed
    assert "capped by edge 0.00" in none.detail


def test_a_fixed_quantity_stands() -> None:
    entry = edged(0.1, 1.0)._replace(fixed_lots=7)
    assert size_entry(entry, PLENTY, OPEN, SIZING._replace(fixed=1)) == Size(7, BY_FIXED, 0, 0)
