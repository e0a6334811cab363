"""A session stands beside the backtest of its own candles: equal where nothing happened, else explained."""

import random
from datetime import timedelta
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from agent.answers.report import TwinAnswer
from agent.reports.pairs import TradeSide, parts
from agent.reports.period import ReportPeriod
from agent.reports.report import reported
from domain.commands import ApplyParameters, Command, Kill, ResetKill
from domain.events import CycleDecided, OrderReported, OrdersIntended, SessionStarted
from domain.order import Side as Way
from domain.times import utc
from journal.memory import MemoryJournal
from tests.reports.lived import Session, candles, changed

SEEDS = (7, 11, 23)


def twin(journal: MemoryJournal, first: int = 0, last: int = 10**9) -> TwinAnswer:
    rows = [row for row in journal.page(0, 10**9) if row.kind == "cycle_decided"]
    begin, end = rows[min(first, len(rows) - 1)].at, rows[min(last, len(rows)) - 1].at
    answer = reported(journal, "x", ReportPeriod(utc(begin), utc(end) + timedelta(seconds=1))).answer.twin
    assert answer.why_not is None
    adds_up(answer)
    return answer


def adds_up(answer: TwinAnswer) -> None:
    assert Fraction(answer.session_pnl) - Fraction(answer.backtest_pnl) == Fraction(answer.difference)
    assert sum(Fraction(each.difference) for each in answer.pairs) == Fraction(answer.difference)
    assert len(answer.pairs) == answer.session_trades + answer.backtest_trades - answer.matched
    for each in answer.pairs:
        if each.session is not None and each.backtest is not None:
            made = (each.size, each.entry, each.exit, each.fees)
            assert sum(map(Fraction, made)) == Fraction(each.difference)
        else:
            assert each.why, "each lone trade is explained"


@pytest.fixture(scope="module")
def journal() -> MemoryJournal:
    return Session([candles()]).journal


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_session_is_its_own_backtest_trade_for_trade(seed: int) -> None:
    lived = Session([candles(900, seed), candles(900, seed + 1, "ETH-USDT")])
    answer = twin(lived.journal)
    assert answer.session_trades > 10
    assert answer.identical == answer.matched == answer.session_trades == answer.backtest_trades
    assert (answer.reasons, answer.unexplained, answer.stretches) == ({}, 0, 1)
    assert answer.session_pnl == reported(lived.journal, "x", whole(lived.journal)).answer.totals.pnl


def whole(journal: MemoryJournal) -> ReportPeriod:
    rows = [row for row in journal.page(0, 10**9) if row.kind == "cycle_decided"]
    return ReportPeriod(utc(rows[0].at), utc(rows[-1].at) + timedelta(seconds=1))


@pytest.mark.parametrize("seed", range(3))
def test_a_part_of_a_session_is_compared_behind_its_own_warm_up(seed: int, journal: MemoryJournal) -> None:
    chance = random.Random(seed)
    first = chance.randrange(300, 800)
    answer = twin(journal, first, first + chance.randrange(300, 600))
    assert answer.matched >= 2
    explained = [each for each in answer.pairs if each.why]
    # It begins with other cash to the unit, so quantities differ by a lot at most.
    assert answer.identical + len(explained) == len(answer.pairs)


def test_what_a_kill_kept_from_us_is_told_by_its_rule() -> None:
    asked: dict[int, Command] = {300: Kill(reason="look", key="k"), 700: ResetKill(reason="go on", key="r")}
    answer = twin(Session([candles()], asked=asked).journal)
    missing = [each for each in answer.pairs if each.session is None]
    assert len(missing) > 2
    assert any(each.why == "the session's gate denied it: kill_switch_active" for each in missing)
    assert answer.backtest_trades > answer.session_trades


def test_other_prices_and_fees_are_told_to_the_cash_unit(journal: MemoryJournal) -> None:
    def dearer(event: Any) -> Any:
        if not isinstance(event, OrderReported):
            return event
        fills = tuple(
            msgspec.structs.replace(each, price=each.price + 500, fee=each.fee * 2)
            if each.side is Way.BUY
            else each
            for each in event.receipt.fills
        )
        return msgspec.structs.replace(event, receipt=msgspec.structs.replace(event.receipt, fills=fills))

    answer = twin(changed(journal, dearer))
    assert answer.identical == 0
    assert answer.matched == answer.session_trades == answer.backtest_trades
    assert answer.reasons == {"other prices": answer.matched}
    for each in answer.pairs:
        assert Fraction(each.entry) == -Fraction(each.slippage) < 0, "it was lost to slippage"
        assert Fraction(each.fees) < 0 == Fraction(each.exit) == Fraction(each.size)
        assert "bp" in each.why


@pytest.mark.parametrize("percent", [0, 1])
def test_a_fee_that_is_rounded_otherwise_makes_no_other_trade(percent: int, journal: MemoryJournal) -> None:
    """As an exchange does, which rounds each fill's: it adds up, and a hundredth is another rate."""

    def rounded(event: Any) -> Any:
        if not isinstance(event, OrderReported):
            return event
        fills = tuple(
            msgspec.structs.replace(each, fee=each.fee + max(1, each.fee * percent // 100))
            for each in event.receipt.fills
        )
        return msgspec.structs.replace(event, receipt=msgspec.structs.replace(event.receipt, fills=fills))

    answer = twin(changed(journal, rounded))
    assert answer.matched == answer.session_trades > 2
    assert answer.identical == (0 if percent else answer.matched)
    assert answer.reasons == ({"other fees": answer.matched} if percent else {})
    assert Fraction(answer.difference) < 0


def test_cycles_that_did_not_happen_are_named(journal: MemoryJournal) -> None:
    """As after a crash: the next cycle is given the candles the others would have seen."""
    trade = reported(journal, "x", whole(journal)).answer.trades[2]
    closed = next(
        row.event.cycle_id
        for row in journal.rows()
        if isinstance(row.event, OrderReported) and row.event.receipt.client_id == trade.exit_id
    )
    lost: list[Any] = []

    def missed(event: Any) -> Any:
        cycle = getattr(event, "cycle_id", 0)
        if trade.entry_cycle <= cycle <= closed:
            if isinstance(event, CycleDecided):
                lost.extend(event.observations[0].candles)
            return None
        if isinstance(event, CycleDecided) and lost:
            first = event.observations[0]
            seen = msgspec.structs.replace(first, candles=(*lost, *first.candles))
            lost.clear()
            return msgspec.structs.replace(event, observations=(seen, *event.observations[1:]))
        return event

    answer = twin(changed(journal, missed))
    (missing,) = [each for each in answer.pairs if each.session is None]
    assert missing.why == "no cycle of the session decided on that candle"
    assert answer.unexplained == 1

    def by_the_clock(event: Any) -> Any:
        slower = {"provider": "auto", "speed": None, "interval_seconds": 60.0}
        if isinstance(event, SessionStarted):
            return msgspec.structs.replace(event, settings={**event.settings, **slower})
        return missed(event)

    answer = twin(changed(journal, by_the_clock))
    (missing,) = [each for each in answer.pairs if each.session is None]
    assert missing.why == "the session made no cycle then: no cycle"
    assert answer.unexplained == 0


def test_an_order_that_was_refused_is_told_by_its_answer(journal: MemoryJournal) -> None:
    trade = reported(journal, "x", whole(journal)).answer.trades[3]
    over: list[str] = []

    def refused(event: Any) -> Any:
        if isinstance(event, OrderReported) and event.receipt.client_id == trade.entry_id:
            receipt = msgspec.structs.replace(
                event.receipt, status="REJECTED", reason="-2010 too little", fills=(), filled=0
            )
            return msgspec.convert(
                msgspec.to_builtins(msgspec.structs.replace(event, receipt=receipt)), OrderReported
            )
        behind = getattr(event, "cycle_id", 0) > trade.entry_cycle and not over
        if isinstance(event, OrderReported) and event.receipt.client_id == trade.exit_id:
            over.append(trade.exit_id)
        if isinstance(event, CycleDecided) and behind:
            return msgspec.structs.replace(event, updates=())
        stop = isinstance(event, OrderReported) and event.cycle_id == trade.entry_cycle
        stop |= isinstance(event, OrdersIntended) and event.orders[0].client_id != trade.entry_id
        return (
            None
            if isinstance(event, OrderReported | OrdersIntended)
            and (behind or (stop and event.cycle_id == trade.entry_cycle))
            else event
        )

    answer = twin(changed(journal, refused))
    why = [each.why for each in answer.pairs if each.session is None]
    assert "its order was not filled: REJECTED, -2010 too little" in why


def test_new_parameters_begin_another_stretch() -> None:
    asked = {600: ApplyParameters(strategy="rsi", given={"period": 9}, force=True, reason="faster", key="p")}
    answer = twin(Session([candles()], asked=asked).journal)
    assert answer.stretches == 2
    assert answer.matched > 5


def test_without_a_cycle_or_with_a_strategy_that_is_gone_it_says_why_not(journal: MemoryJournal) -> None:
    later = whole(journal).until + timedelta(days=2)
    empty = reported(journal, "x", ReportPeriod(later, later + timedelta(days=1))).answer
    assert empty.twin.why_not == "no cycle ended in the period"
    assert reported(journal, "x", whole(journal), twin=False).answer.twin.why_not == "it was not asked for"

    def gone(event: Any) -> Any:
        if isinstance(event, SessionStarted):
            reasoning = {**event.settings["reasoning"], "strategies": ["gone"]}
            return msgspec.structs.replace(event, settings={**event.settings, "reasoning": reasoning})
        return event

    answer = reported(changed(journal, gone), "x", whole(journal)).answer.twin
    assert answer.why_not == "strategy gone cannot be loaded here"


@pytest.mark.parametrize("seed", range(50))
def test_the_parts_of_a_difference_add_up_whatever_the_trades(seed: int) -> None:
    chance = random.Random(seed)

    def side() -> TradeSide:
        lots, bought, sold = (chance.randrange(1, 10 ** chance.randrange(1, 16)) for _ in range(3))
        fees = chance.randrange(10**9)
        return TradeSide(
            0, 1, lots, bought, sold, fees, chance.randrange(10**9), sold - bought - fees, "signal"
        )

    ours, theirs = side(), side()
    made = parts(ours, theirs)
    assert sum(made[:4]) == ours.pnl - theirs.pnl
    same = parts(ours, ours)
    assert same == (0, 0, 0, 0, 0)
