"""A report is a pure function of rows: same bytes, the account's own numbers, sums that add up."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import wiring
from agent.answers.report import PeriodReport
from agent.loop.noting import EVERY_SECONDS, ProcessNotes
from agent.reports.page import html
from agent.reports.period import ReportPeriod, first_at, span_of
from agent.reports.report import reported
from agent.reports.text import lines
from agent.settings.recorded import options_of
from agent.state.checkpoint import FORMAT, Header, taken
from agent.state.checkpoints import Checkpoints
from agent.state.key import fold_key
from agent.verify.replay import replay
from agent.views import session as views
from domain.commands import Pause, Unpause
from domain.errors import BadInput
from domain.events import CommandReceived, CycleDecided, ProcessNoted, SessionStarted
from domain.ports import Row
from domain.times import DAY_MS, MINUTE_MS, utc
from journal.history import History
from journal.memory import MemoryJournal
from tests.agent.world import ID, START, SYMBOL, World, folded, wave
from tests.serve.gathered import total
from tests.serve.test_mirror import eventful

WHOLE = ReportPeriod(utc(START), utc(START + 400 * MINUTE_MS))


def prefix(journal: History, last: int) -> MemoryJournal:
    """Return a journal of the first rows, with the same hashes."""
    made = MemoryJournal(journal.journal_id)
    for row in journal.rows():
        if row.seq > last:
            break
        made.append(row.event)
    return made


def minutes(first: int, last: int) -> ReportPeriod:
    return ReportPeriod(utc(START + first * MINUTE_MS), utc(START + last * MINUTE_MS))


def told(journal: History, period: ReportPeriod, kept: Checkpoints | None = None) -> PeriodReport:
    return reported(journal, "x", period, kept).answer


def keep(journal: History, folder: Path, rows: set[int]) -> Checkpoints:
    """Leave checkpoints of some rows behind, as a running agent does."""
    kept, started, begun = Checkpoints(folder), None, None
    for row in journal.rows():
        if isinstance(row.event, SessionStarted):
            options = options_of(row.event)
            if started is None or fold_key(options) != fold_key(options_of(started)):
                begun = wiring.parts(options, prefix(journal, row.seq - 1))
            started = row.event
        assert begun is not None
        begun.state.apply(row.event)
        if row.seq in rows and started is not None:
            header = Header(
                FORMAT, journal.journal_id, row.seq, row.hash, fold_key(options_of(started)), started
            )
            kept.save(taken(header, begun.state, begun.mind))
    return kept


@pytest.fixture(scope="module")
def journal() -> MemoryJournal:
    return eventful(3)


@pytest.mark.parametrize("seed", range(4))
def test_the_same_rows_give_the_same_bytes_whatever_comes_after_and_whatever_is_kept(
    seed: int, journal: MemoryJournal, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    head = journal.head()[0]
    kept = keep(journal, tmp_path, {chance.randrange(3, head) for _ in range(12)})
    for _ in range(4):
        first = chance.randrange(0, 300)
        period = minutes(first, first + chance.randrange(5, 120))
        span = span_of(journal, period)
        made = reported(journal, "x", period)
        body = msgspec.json.encode(made.answer)
        assert (made.answer.seq, made.answer.hash) == (span.last, journal.hash_at(span.last))
        assert msgspec.json.encode(told(journal, period, kept)) == body
        cut = prefix(journal, chance.randrange(span.last, head + 1))
        assert msgspec.json.encode(told(cut, period, kept)) == body
    assert html(made) == html(reported(journal, "x", period, kept))
    assert msgspec.json.decode(body, type=PeriodReport) == made.answer


@pytest.mark.parametrize("seed", range(3))
def test_its_account_is_what_status_says_at_that_row(seed: int, journal: MemoryJournal) -> None:
    chance = random.Random(seed)
    for _ in range(3):
        period = minutes(0, chance.randrange(20, 380))
        made = told(journal, period)
        rows = prefix(journal, made.seq)
        started = rows.last_session()
        assert started is not None
        assert isinstance(started.event, SessionStarted)
        state, _ = folded(options_of(started.event), rows)
        assert made.account == views.account(state)
        assert made.positions == views.positions(state)
        assert made.totals.trades == made.account.trades
        assert (made.totals.pnl, made.equity) == (total(t.pnl for t in made.trades), made.account.equity)
        assert made.profit == made.account.profit


@pytest.mark.parametrize("seed", range(4))
def test_sums_over_groups_and_over_periods_are_the_total(seed: int, journal: MemoryJournal) -> None:
    chance = random.Random(seed)
    cuts = [0, *sorted(chance.sample(range(10, 390), 3)), 400]
    whole, parts = told(journal, WHOLE), [told(journal, minutes(*pair)) for pair in pairwise(cuts)]
    assert whole.totals.trades > 10
    for report in (whole, *parts):
        for groups in (report.by_symbol, report.by_hour, report.by_regime, report.by_exit):
            assert total(row.pnl for row in groups) == report.totals.pnl
            assert sum(row.trades for row in groups) == report.totals.trades
        assert total(row.profit for row in report.days_told) == report.profit
        assert total(row.fees for row in report.costs[:-1]) == (report.totals.fees if report.costs else "0")
    for name in ("pnl", "fees", "slippage", "gross"):
        assert total(getattr(each.totals, name) for each in parts) == getattr(whole.totals, name)
    assert total(each.profit for each in parts) == whole.profit
    for count in ("cycles", "kill_switches", "breaker_open"):
        assert sum(getattr(each.health, count) for each in parts) == getattr(whole.health, count)
    assert sum(each.risk.entries for each in parts) == whole.risk.entries
    assert (
        denied(parts)
        == denied([whole])
        == {rule: count for rule, count in state_of(journal).vetoes.items() if count}
    )


def denied(reports: list[PeriodReport]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in (row for each in reports for row in each.vetoes if row.denied):
        counts[row.rule] = counts.get(row.rule, 0) + row.denied
    return counts


def state_of(journal: MemoryJournal) -> Any:
    started = journal.last_session()
    assert started is not None
    assert isinstance(started.event, SessionStarted)
    return folded(options_of(started.event), journal)[0]


def test_a_period_is_found_by_its_cycles_whatever_clock_the_rest_went_by(journal: MemoryJournal) -> None:
    rows = journal.page(0, journal.head()[0])
    timed = [row for row in rows if row.kind in ("cycle_decided", "cycle_ended")]
    for at in (0, timed[0].at, timed[40].at + 1, timed[-1].at, timed[-1].at + 1):
        later = [row for row in timed if row.at >= at]
        before = [row for row in timed if row.at < at]
        expected = (before[-1].seq + 1 if before else 1) if later else journal.head()[0] + 1
        assert first_at(journal, at) == expected


class CusumState(MemoryJournal):
    """Takes note of where reading began."""

    def rows(self, after: int = 0, without: tuple[bytes, ...] = ()) -> Iterator[Row]:
        self.begun = [*getattr(self, "begun", ()), after]
        return super().rows(after, without)


def test_a_period_late_in_a_long_journal_is_read_from_the_checkpoint_before_it(
    journal: MemoryJournal, tmp_path: Path
) -> None:
    watched = CusumState(ID)
    for row in journal.rows():
        watched.append(row.event)
    period = minutes(240, 250)
    after = span_of(watched, period).after
    kept = keep(journal, tmp_path, {after - 40, after - 10, after + 5})
    assert told(watched, period, kept) == told(journal, period)
    assert watched.begun[:2] == [after - 10, after]


def on_the_wall(journal: History) -> list[Any]:
    """Return a journal's events as if its sessions had gone by the clock, a cycle a minute."""
    events: list[Any] = [row.event for row in journal.rows()]
    slower = {"provider": "auto", "speed": None, "interval_seconds": 60.0}
    return [
        msgspec.structs.replace(each, settings={**each.settings, **slower})
        if isinstance(each, SessionStarted)
        else each
        for each in events
    ]


def of(*events: Any) -> MemoryJournal:
    made = MemoryJournal(ID)
    made.append(*events)
    return made


def test_time_down_is_what_cycles_were_due_and_did_not_end() -> None:
    begun, two = START + 150 * MINUTE_MS, MemoryJournal(ID)
    World(wave(30), journal=two).run()
    two.reopen()
    World(wave(60), journal=two, start=begun).run()
    journal = of(*on_the_wall(two))
    period = ReportPeriod(utc(START), utc(begun + 61 * MINUTE_MS))
    health = told(journal, period).health
    (gap,) = health.gaps
    # One cycle a minute: the first is a minute after the start.
    assert (gap.begin, gap.end, gap.why) == (utc(START + 31 * MINUTE_MS), utc(begun + MINUTE_MS), "stopped")
    assert health.hours_up == pytest.approx(90 / 60, abs=0.02)
    assert health.longest_hours == pytest.approx(1.0, abs=0.02)
    assert health.share_up == pytest.approx(90 / 210, abs=0.01)
    late = told(journal, ReportPeriod(period.since, period.until + timedelta(days=1))).health
    assert late.gaps[-1].end == period.until + timedelta(days=1), "it does not run any more"
    assert late.hours_up == health.hours_up


def test_a_pause_is_no_time_down() -> None:
    whole = World(wave(40))
    whole.run()
    events, until = [], utc(START + 161 * MINUTE_MS)
    for each in on_the_wall(whole.journal):
        late = getattr(each, "cycle_id", 0) > 30 and hasattr(each, "at")
        event = msgspec.structs.replace(each, at=each.at + timedelta(minutes=120)) if late else each
        if isinstance(event, CycleDecided) and event.cycle_id == 31:
            asked = event.at - timedelta(minutes=121)
            events.append(CommandReceived(asked, Pause(reason="lunch", key="p")))
            events.append(CommandReceived(event.at, Unpause(key="u")))
        events.append(event)
    health = told(of(*events), ReportPeriod(utc(START), until)).health
    (gap,) = health.gaps
    assert gap.why == "paused"
    assert gap.hours == pytest.approx(2.0)
    assert health.share_up == 1.0
    assert health.longest_hours > health.hours_up
    assert health.commands == {"Pause": 1, "Unpause": 1}


class Hourly:
    """A clock on which every look is an hour later."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return utc(START)

    def monotonic(self) -> float:
        self.passed += EVERY_SECONDS
        return self.passed

    def sleep(self, seconds: float) -> None:
        """Pass."""


class Stream:
    reconnects, dropped = 3, 0


def test_the_process_is_noted_each_hour_and_no_decision_rests_on_it() -> None:
    plain, noted = World(wave(120)), World(wave(120))
    noted.session.notes = ProcessNotes(Hourly(), lambda: {"binance": Stream()})
    plain.run()
    noted.run()
    notes = [event for event in noted.events if isinstance(event, ProcessNoted)]
    assert len(notes) == 120
    assert [event for event in noted.events if not isinstance(event, ProcessNoted)] == plain.events
    assert replay(noted.journal, None, Hourly()).difference is None
    health = told(noted.journal, minutes(0, 121)).health
    assert health.reconnects == 3
    assert health.memory is not None
    assert health.memory.notes == 120
    assert health.memory.first == notes[0].memory > 10_000_000
    assert health.memory.slope is not None
    assert told(plain.journal, minutes(0, 121)).health.memory is None
    assert any("memory not noted" in line for line in lines(told(plain.journal, minutes(0, 121))))


def test_a_note_that_cannot_be_made_ends_no_session() -> None:
    world = World(wave(20))
    world.session.notes = ProcessNotes(Hourly(), lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert world.run() == "data exhausted"


def test_an_empty_period_says_so_and_one_before_the_journal_is_refused(journal: MemoryJournal) -> None:
    nothing = told(journal, ReportPeriod(utc(START + 9 * DAY_MS), utc(START + 10 * DAY_MS)))
    assert (nothing.totals.trades, nothing.health.cycles, nothing.profit) == (0, 0, "0")
    assert "no cycle ended in the period" in nothing.notes
    assert "No cycle ended" in html(
        reported(journal, "x", ReportPeriod(utc(START + 9 * DAY_MS), utc(START + 10 * DAY_MS)))
    )
    with pytest.raises(BadInput, match="no session before"):
        told(journal, ReportPeriod(utc(0), utc(1)))


def test_trades_beyond_their_limit_are_named() -> None:
    world = World([*wave(60), *(40.0 - step for step in range(20))])
    world.run()
    started, *rest = on_the_wall(world.journal)
    settings = {**started.settings, "risk": {**started.settings["risk"], "per_trade_loss": "20"}}
    journal = of(msgspec.structs.replace(started, settings=settings), *rest)
    report = told(journal, minutes(0, 82))
    lost = [each for each in report.trades if float(each.pnl) < -20]
    assert len(lost) == 1
    (broken,) = report.risk.breaks
    assert f"{SYMBOL} lost {-float(lost[0].pnl):.2f}, limit 20.00" in broken
