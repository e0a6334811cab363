"""The mirror says what the journal says: account, trades, lessons and why, however the rows come."""

import itertools
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.answers.agents import Page
from agent.answers.chart import MarkerKind
from agent.answers.learned import PerformanceAnswer
from agent.answers.stream import StreamEvent
from agent.explain.why import explain
from agent.serve.mirror import curve, queries
from agent.serve.mirror.folded import Misfit
from agent.serve.mirror.ingest import StreamLine
from agent.serve.mirror.mirror import Mirror, RawRow
from agent.serve.mirror.tables import STRETCHES
from agent.views import forecasts
from agent.views import session as views
from agent.views.history import AccountHistory
from agent.views.trades import rows as trade_rows
from domain.commands import ApplyParameters, ClosePosition, Command, Flatten, Kill, ResetKill
from domain.errors import BadInput, Unreachable
from domain.events import CycleDecided, CycleEnded, SessionStarted
from domain.money import cash_text
from journal.memory import MemoryJournal
from journal.verify import Verified, verify
from reasoning.settings import ReasoningSettings
from tests.agent.world import ID, SYMBOL, Step, folded, lively, wave
from tests.serve.gathered import performance_answer, total
from tests.serve.mirrored import after, mirror_of, raw, session

OTHER = lively(reasoning=ReasoningSettings(vote_threshold=15))


def eventful(seed: int) -> MemoryJournal:
    """Return a journal of two sessions with a fault, a kill, closes and a flatten; settings may change."""
    chance = random.Random(seed)
    journal = MemoryJournal(ID)
    steps: list[Step] = wave(260 + chance.randrange(60), period=chance.choice((20, 40)))
    steps[chance.randrange(30, 200)] = Unreachable("no route")
    asked: dict[int, Command] = {
        chance.randrange(60, 120): Kill(reason="look", key="a"),
        chance.randrange(121, 140): ResetKill(reason="go on", key="b"),
        chance.randrange(20, 50): ApplyParameters(
            strategy="rsi", given={"period": chance.randrange(6, 13)}, force=True, reason="faster"
        ),
        **{
            number: ClosePosition(symbol=SYMBOL, reason="now")
            for number in chance.sample(range(150, 250), 30)
        },
    }
    session(journal, steps, asked)
    more = wave(80 + chance.randrange(60), period=15)
    last: dict[int, Command] = {len(steps) + 70: Flatten(reason="over", by="night")}
    session(journal, more, last, options=chance.choice((None, OTHER)), start=after(steps))
    return journal


@pytest.fixture(scope="module")
def journal() -> MemoryJournal:
    return eventful(3)


@pytest.fixture(scope="module")
def mirror(journal: MemoryJournal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    made = mirror_of(journal, tmp_path_factory.mktemp("mirror"))
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(4))
def test_a_mirror_tells_what_the_command_line_tells_of_the_same_journal(seed: int, tmp_path: Path) -> None:
    chance, journal = random.Random(seed), eventful(seed)
    last = journal.head()[0]
    mirror = mirror_of(
        journal, tmp_path, batch=chance.choice((1, 7, 100, 5000)), reopen_at=chance.randrange(1, last)
    )
    options = mirror.options
    assert options is not None
    state, mind = folded(options, journal)
    assert queries.account(mirror) == views.account(state)
    assert queries.positions(mirror) == views.positions(state)
    assert mirror.parts is not None
    assert mirror.parts.mind == mind
    history = AccountHistory().read(journal)
    trades = list(trade_rows(history.trades))
    assert len(trades) > 5
    assert every(queries.trades, mirror) == trades[::-1]
    lessons = views.lessons(journal, options.learning)
    assert every(queries.lessons, mirror) == lessons.lessons[::-1]
    same_performance(queries.performance(mirror), performance_answer(trades, lessons, spoke(journal), "USDT"))
    assert queries.forecasts(mirror) == forecasts.of_journal("x", journal)
    assert sum(each.count for each in queries.forecasts(mirror).voices) > 5
    assert [point.equity for point in queries.equity(mirror, 5000).points] == [
        cash_text(worth) for worth in history.equity
    ]
    assert queries.equity(mirror, 5000).opening_cash == cash_text(history.opening)
    assert state.versions
    for cycle in (*chance.sample(range(15, 60), 6), *chance.sample(range(1, state.cycle_id + 1), 8)):
        assert queries.why(mirror, cycle) == explain(journal, cycle), cycle
    with mirror.records() as records:
        assert verify(records) == verify(journal) == Verified(*journal.head())
        pages = [records.page(after, 1)[0] for after in range(last)]
        assert pages == journal.page(0, last)
    mirror.close()


@pytest.mark.parametrize("seed", range(4))
def test_every_sum_of_trades_is_the_accounts_after_any_row_whoever_closed_them(
    seed: int, tmp_path: Path
) -> None:
    chance, journal = random.Random(seed), eventful(seed)
    last, wanted = journal.head()[0], spoke(journal)
    mirror = Mirror(tmp_path / "x.db", "x")
    mirror.begin(journal.journal_id)
    operator = 0
    while mirror.head < last:
        mirror.take(raw(journal.page(mirror.head, chance.randrange(1, 40))))
        account, told = queries.account(mirror), queries.performance(mirror)
        trades = every(queries.trades, mirror)
        operator = sum(each.exit == "operator" for each in trades)
        for name in ("trades", "wins"):
            parts = sum(getattr(row, name) for row in told.by_symbol)
            assert getattr(told.totals, name) == getattr(account, name) == parts
        assert len(trades) == account.trades
        listed = total(each.pnl for each in trades)
        assert told.totals.pnl == listed == total(row.pnl for row in told.by_symbol)
        for name in ("gross", "fees", "slippage"):
            summed = total(getattr(each, name) for each in trades)
            assert getattr(told.totals, name) == getattr(account, name) == summed
        for group in told.by_voice:
            own = [each for each in trades if group.name in wanted[each.entry_cycle, each.symbol]]
            assert (group.trades, group.pnl) == (len(own), total(each.pnl for each in own))
    assert operator
    mirror.close()


def spoke(journal: MemoryJournal) -> dict[tuple[int, str], set[str]]:
    """Return who voted to buy what in which cycle."""
    return {
        (row.event.cycle_id, decision.symbol): {each.name for each in decision.voices if each.vote > 0}
        for row in journal.rows()
        if isinstance(row.event, CycleDecided)
        for decision in row.event.decisions
    }


def every(query: Callable[..., Page[Any]], mirror: Mirror) -> list[Any]:
    """Read all pages of a list."""
    result: list[Any] = []
    cursor: str | None = None
    while True:
        page = query(mirror, cursor=cursor, limit=7)
        result += page.items
        cursor = page.next
        if cursor is None:
            return result


def same_performance(answer: PerformanceAnswer, want: PerformanceAnswer) -> None:
    for name in ("by_symbol", "by_hour", "by_voice", "by_exit"):
        ours, theirs = getattr(answer, name), getattr(want, name)
        assert [(row.name, row.trades, row.wins, Decimal(row.pnl)) for row in ours] == [
            (row.name, row.trades, row.wins, Decimal(row.pnl)) for row in theirs
        ], name
        assert [row.mean_result for row in ours] == pytest.approx([row.mean_result for row in theirs])
    for name in ("voices", "rules", "totals"):
        ours, theirs = (msgspec.to_builtins(getattr(each, name)) for each in (answer, want))
        assert ours.keys() == theirs.keys()
        for key in ours:
            assert ours[key] == pytest.approx(theirs[key]), (name, key)


def test_each_row_is_told_once_in_order_and_again_from_any_number(
    journal: MemoryJournal, tmp_path: Path
) -> None:
    mirror = Mirror(tmp_path / "x.db", "x")
    mirror.begin(ID)
    lines: list[StreamLine] = []
    leave = mirror.subscribe(lines.extend)
    mirror.take(raw(journal.page(0, 300)))
    leave()
    mirror.take(raw(journal.page(300, 50)))
    assert [line.seq for line in lines] == list(range(1, 301))
    assert mirror.events(0, 1000)[:300] == lines
    assert [line.seq for line in mirror.events(340, 1000)] == list(range(341, 351))
    for line in lines:
        event = msgspec.json.decode(line.body, type=StreamEvent)
        assert (event.seq, event.kind, event.agent) == (line.seq, line.kind, "x")
    kinds = frozenset({"order_reported", "session_started"})
    some = mirror.events(0, 3, kinds)
    assert some == [line for line in lines if line.kind in kinds][:3]
    mirror.close()


def test_an_end_is_told_with_the_equity_after_it(journal: MemoryJournal, mirror: Mirror) -> None:
    history = AccountHistory().read(journal)
    told = [
        msgspec.json.decode(line.body, type=StreamEvent).body
        for line in mirror.events(0, 10_000, frozenset({"cycle_ended"}))
    ]
    assert [getattr(body, "equity", "") for body in told] == [cash_text(each) for each in history.equity]


def test_cycles_are_found_by_outcome_rule_symbol_and_time(journal: MemoryJournal, mirror: Mirror) -> None:
    ended = {row.event.cycle_id: row.event for row in journal.rows() if isinstance(row.event, CycleEnded)}
    whole = every(queries.cycles, mirror)
    assert [row.cycle for row in whole] == sorted(ended, reverse=True)

    def numbers(**filters: Any) -> list[int]:
        found = queries.cycles(mirror, queries.RowFilters(**filters), limit=500)
        return [row.cycle for row in found.items]

    for outcome in ("held", "denied", "executed", "failed"):
        want = [number for number in sorted(ended, reverse=True) if ended[number].outcome == outcome]
        assert numbers(outcome=outcome) == want
        assert want
        assert numbers(outcome=outcome, symbol=SYMBOL) == want or outcome == "failed"
    rules = mirror.state.vetoes
    assert rules
    for rule, count in rules.items():
        found = numbers(rule=rule)
        assert len(found) == count
        assert found == numbers(rule=rule, symbol=SYMBOL, outcome=None)
    assert numbers(symbol="ETH-USDT") == numbers(rule="no such rule") == []
    at = ended[100].at
    assert numbers(since=at)[-1] == 100
    assert numbers(until=at)[0] == 99


def test_orders_stand_as_the_ledger_has_them(mirror: Mirror) -> None:
    ledger = mirror.state.ledger
    orders = every(queries.orders, mirror)
    assert len(orders) == ledger.intended > 20
    for order in orders:
        standing = ledger.open_orders.get(order.client_id)
        status = standing.status if standing else ledger.ended(order.client_id)
        assert (order.status, order.open) == (status, standing is not None)
    fills = every(queries.fills, mirror)
    assert len(fills) == ledger.settled.fills
    assert all(ledger.settled.counts(fill.client_id, fill.trade_id) for fill in fills)
    assert not queries.orders(mirror, only_open=True).items


def test_a_chart_has_the_candles_the_agent_saw_and_marks_what_it_did(
    journal: MemoryJournal, mirror: Mirror
) -> None:
    history = AccountHistory(candles=True).read(journal)
    chart = queries.chart(mirror, SYMBOL, 2000)
    want = {candle.time: candle for candle, _ in history.candles[SYMBOL]}
    assert [candle.close for candle in chart.candles] == [
        views.decimal(mirror.grid[SYMBOL].price(want[time].close)) for time in sorted(want)
    ]
    kinds = [marker.kind for marker in chart.markers]
    fills = every(queries.fills, mirror)
    assert sum(kind is not MarkerKind.VETO for kind in kinds) == len(fills)
    assert set(kinds) >= {MarkerKind.ENTRY, MarkerKind.EXIT, MarkerKind.STOP, MarkerKind.VETO}
    assert [marker.at for marker in chart.markers] == sorted(marker.at for marker in chart.markers)
    early = queries.chart(mirror, SYMBOL, 10, until=chart.candles[50].time)
    assert early.candles == chart.candles[40:50]
    with pytest.raises(BadInput, match="'DOGE-USDT': not traded here; traded are: BTC-USDT"):
        queries.chart(mirror, "DOGE-USDT")


def test_a_curve_of_cycles_that_are_not_to_be_read_yet_is_empty(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curve, "_ENDED", f"{curve._ENDED} AND cycle < 0")
    assert queries.equity(mirror, 10).points == []


def test_a_thinned_curve_keeps_the_ends_the_lowest_and_the_highest(mirror: Mirror) -> None:
    every_point = queries.equity(mirror, 5000).points
    for count in (10, 20, 200):
        points = queries.equity(mirror, count).points
        assert len(points) <= count
        assert (points[0], points[-1]) == (every_point[0], every_point[-1])
        for pick in (min, max):
            extreme = pick(Decimal(point.equity) for point in every_point)
            assert extreme in {Decimal(point.equity) for point in points}
    assert len(every_point) > STRETCHES[0] * 20  # so the coarse curves are of stretches


def test_weights_over_time_end_at_the_weights_now(mirror: Mirror) -> None:
    beliefs = queries.beliefs(mirror)
    assert beliefs.weights == {name: mirror.state.beliefs.weight(name) for name in beliefs.weights}
    latest = {each.voice: each.weight for each in beliefs.history}
    assert latest
    assert latest.items() <= beliefs.weights.items() | latest.items()
    assert any(weight != 1 for weight in latest.values())


def test_a_row_that_does_not_follow_is_refused_whole(journal: MemoryJournal, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "x.db", "x")
    mirror.begin(ID)
    rows = raw(journal.page(0, 40))
    mirror.take(rows[:10])
    other = rows[14]._replace(payload=rows[14].payload.replace(b"1", b"2", 1))
    for wrong in ([rows[11]], [*rows[10:14], other], [RawRow(11, rows[10].payload, bytes(32))], rows[:3]):
        with pytest.raises(Misfit):
            mirror.take(wrong)
        assert mirror.head == 10
        assert len(mirror.events(0, 1000)) == 10
    mirror.take(rows[10:])
    assert queries.account(mirror) == views.account(folded(lively(), _first(journal, 40))[0])
    mirror.close()


def _first(journal: MemoryJournal, count: int) -> MemoryJournal:
    part = MemoryJournal(ID)
    part.append(*(row.event for row in itertools.islice(journal.rows(), count)))
    return part


def test_a_mirror_of_another_journal_program_or_in_pieces_is_made_anew(
    journal: MemoryJournal, tmp_path: Path
) -> None:
    path = tmp_path / "x.db"
    mirror_of(journal, tmp_path).close()
    mirror = Mirror(path, "x")
    mirror.begin("0" * 12)
    assert (mirror.head, mirror.journal_id, mirror.events(0, 10)) == (0, "0" * 12, [])
    mirror.close()
    path.write_bytes(b"no database at all, and long enough to be read as one" * 100)
    mirror = mirror_of(journal, tmp_path)
    assert mirror.head == journal.head()[0]
    mirror.close()


def test_a_fault_on_the_way_leaves_mirror_and_fold_as_they_were(
    journal: MemoryJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = mirror_of(_first(journal, 200), tmp_path)
    before = queries.account(mirror), mirror.head, mirror.parts

    def full(*_given: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Mirror, "_keep", full)
        with pytest.raises(OSError, match="full"):
            mirror.take(raw(journal.page(200, 100)))
    assert (queries.account(mirror), mirror.head) == before[:2]
    mirror.take(raw(journal.page(200, 10_000)))
    options = mirror.options
    assert options is not None
    assert queries.account(mirror) == views.account(folded(options, journal)[0])
    mirror.close()


def test_of_settings_of_another_version_the_account_is_told_all_the_same(
    journal: MemoryJournal, tmp_path: Path
) -> None:
    other = MemoryJournal(ID)
    for row in journal.rows():
        event = row.event
        if isinstance(event, SessionStarted):
            event = msgspec.structs.replace(event, settings=event.settings | {"of_tomorrow": 1})
        other.append(event)
    mirror = mirror_of(other, tmp_path, batch=300)
    history = AccountHistory().read(journal)
    assert queries.account(mirror) == views.account(history.state)
    assert every(queries.trades, mirror) == list(trade_rows(history.trades))[::-1]
    assert mirror.problem is not None
    assert "settings of another version" in mirror.problem
    with pytest.raises(BadInput, match="settings of another version"):
        queries.why(mirror, 100)
    assert queries.chart(mirror, SYMBOL).candles
    mirror.close()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cursor": "x"}, "cursor 'x': not one that a page gave"),
        ({"cursor": "9" * 30}, "not one that a page gave"),
        ({"limit": 0}, "limit 0: must be from 1 to 500"),
        ({"limit": 501}, "limit 501: must be from 1 to 500"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(mirror: Mirror, wrong: dict[str, Any], words: str) -> None:
    asked: tuple[Callable[..., Page[Any]], ...] = (
        queries.cycles,
        queries.orders,
        queries.fills,
        queries.trades,
    )
    for query in (*asked, queries.lessons):
        with pytest.raises(BadInput, match=words):
            query(mirror, **wrong)
