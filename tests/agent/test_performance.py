"""What trading came to, gathered by symbol, hour, voice and ending: nothing lost, nothing counted twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from agent.answers.journals import TradeRow
from agent.answers.learned import LessonRow, Lessons, TotalsAnswer
from agent.views.performance import performance_answer

DAY = datetime(2026, 11, 28, tzinfo=UTC)
NOTHING = TotalsAnswer(
    trades=0,
    wins=0,
    win_rate=None,
    profit_factor=None,
    mean_result=None,
    pnl="0",
    gross="0",
    fees="0",
    slippage="0",
)


def trade(symbol: str, pnl: str, hour: int, exit_: str = "signal") -> TradeRow:
    opened = DAY + timedelta(hours=hour, minutes=7)
    return TradeRow(
        symbol=symbol,
        session=1,
        entry_cycle=1,
        opened=opened,
        closed=opened + timedelta(hours=1),
        held_minutes=60,
        quantity="1",
        entry_price="1",
        exit_price="1",
        bought="1",
        sold="1",
        gross="0",
        fees="0",
        slippage="0",
        pnl=pnl,
        earned=0.01,
        exit=exit_,
        entry_id="a",
        exit_id="b",
    )


def lesson(voices: dict[str, int], pnl: str, kind: str = "trade") -> LessonRow:
    return LessonRow(
        kind=kind,
        symbol="BTC-USDT",
        entry_cycle=1,
        learned_at=DAY,
        result=0.02,
        exit="signal",
        held_minutes=1,
        pnl=pnl,
        rule=None,
        regime="calm",
        voices=voices,
    )


def lessons(*rows: LessonRow) -> Lessons:
    return Lessons(voices={}, rules={}, totals=NOTHING, lessons=list(rows))


def test_trades_are_gathered_by_symbol_by_the_hour_of_entry_and_by_ending() -> None:
    answer = performance_answer(
        [trade("BTC-USDT", "1.10", 7), trade("ETH-USDT", "-0.2", 7), trade("BTC-USDT", "0.90", 23, "stop")],
        lessons(),
        "USDT",
    )
    assert [(row.name, row.trades, row.wins, row.pnl) for row in answer.by_symbol] == [
        ("BTC-USDT", 2, 2, "2.00"),
        ("ETH-USDT", 1, 0, "-0.2"),
    ]
    assert [(row.name, row.pnl) for row in answer.by_hour] == [("07", "0.90"), ("23", "0.90")]
    assert [row.name for row in answer.by_exit] == ["signal", "stop"]


def test_a_voice_has_the_trades_it_spoke_for_and_no_veto() -> None:
    answer = performance_answer(
        [],
        lessons(
            lesson({"rsi": 1, "sma": 0}, "3"),
            lesson({"rsi": 1, "sma": 1}, "-1"),
            lesson({"sma": 1}, "9", "veto"),
        ),
        "USDT",
    )
    assert [(row.name, row.trades, row.pnl) for row in answer.by_voice] == [("rsi", 2, "2"), ("sma", 1, "-1")]


@given(st.lists(st.tuples(st.sampled_from("AB"), st.decimals("-999", "999", places=8), st.integers(0, 23))))
def test_every_gathering_adds_up_to_the_same_to_the_last_digit(
    rows: list[tuple[str, Decimal, int]],
) -> None:
    answer = performance_answer([trade(name, f"{pnl:f}", hour) for name, pnl, hour in rows], lessons(), None)
    whole = sum(pnl for _, pnl, _ in rows)
    for gathered in (answer.by_symbol, answer.by_hour, answer.by_exit):
        assert sum(Decimal(row.pnl) for row in gathered) == whole
        assert sum(row.trades for row in gathered) == len(rows)
