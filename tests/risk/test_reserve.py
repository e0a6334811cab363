"""Entries of one cycle see one another: together they cannot pass a limit."""

from typing import Any

import pytest
from msgspec.structs import replace

from domain.decision import Action
from domain.money import to_cash
from domain.verdict import Approved, Denied, Verdict
from risk.case import Case
from risk.judge import judge, judge_all, reserve
from tests.risk.cases import INSTRUMENTS, PRICE, account, approved, case, held, holding, policy

SYMBOLS = ("BTCUSDT", "ETHUSDT", "GOLDUSDT", "SOLUSDT")
LOOSE = policy("paper", per_trade_loss=10**6, max_positions=9, max_trades_per_day=9)


def wanting(symbol: str, quantity: str, **risk: object) -> Case:
    limits: dict[str, Any] = {"per_trade_loss": 10**6, "max_positions": 9, "max_trades_per_day": 9, **risk}
    return replace(
        case(symbol), policy=policy("paper", fixed=quantity, **limits), client_id=f"b-0-7-{symbol}"
    )


def told(verdicts: tuple[Verdict, ...]) -> list[str]:
    return [verdict.reason if isinstance(verdict, Denied) else "" for verdict in verdicts]


def test_a_reservation_counts_the_entry_as_on_its_way() -> None:
    verdict = approved(judge(wanting("BTCUSDT", "0.01")))
    before = account()
    after = reserve(before, verdict, INSTRUMENTS)
    assert after.entries == {"BTCUSDT": to_cash(500)}
    assert after.entries_today == 1
    assert (before.entries, before.entries_today) == ({}, 0), "the account itself is never changed"
    again = reserve(after, verdict, INSTRUMENTS)
    assert again.entries == {"BTCUSDT": to_cash(1_000)}


def test_an_exit_reserves_nothing() -> None:
    own = holding(account(), held())
    verdict = approved(judge(replace(case(action=Action.SELL), account=own)))
    assert reserve(own, verdict, INSTRUMENTS) is own


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"total_exposure": "0.1"}, "portfolio_exposure"),
        ({"max_positions": 2}, "max_position_limit_reached"),
        ({"max_trades_per_day": 2}, "max_trades_per_day"),
    ],
)
def test_together_they_stop_at_the_limit(limits: dict[str, object], reason: str) -> None:
    cases = [wanting(symbol, "0.01", **limits) for symbol in reversed(SYMBOLS)]
    verdicts = judge_all(account(), cases)
    assert [verdict.symbol for verdict in verdicts] == list(SYMBOLS)
    assert told(verdicts) == ["", "", reason, reason]


def test_together_they_stop_at_the_cash() -> None:
    cases = [wanting(symbol, "0.099", total_exposure=1, concentration=1) for symbol in SYMBOLS[:3]]
    assert told(judge_all(account(), cases)) == ["", "", "portfolio_exposure"]
    poor = replace(account(), cash=to_cash("9918"))
    assert told(judge_all(poor, cases))[:2] == ["", "insufficient_cash"]


def test_a_second_entry_in_the_same_symbol_is_a_duplicate() -> None:
    cases = [wanting("BTCUSDT", "0.01"), wanting("BTCUSDT", "0.01")]
    assert told(judge_all(account(), cases)) == ["", "duplicate_position"]


def test_sized_entries_share_what_exposure_is_left() -> None:
    cases = [replace(case(symbol), policy=LOOSE) for symbol in SYMBOLS]
    verdicts = judge_all(account(), cases)
    values = [
        verdict.order.lots * PRICE * INSTRUMENTS[verdict.symbol].cash_factor
        for verdict in verdicts
        if isinstance(verdict, Approved)
    ]
    assert sum(values) <= to_cash(2_000)
    assert told(verdicts) == ["", "size_below_minimum", "size_below_minimum", "size_below_minimum"]
