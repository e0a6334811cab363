"""Each kind of the table is told where it is so and only there, as grave as the table says, with its help."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec
import pytest
import yaml

from agent.alerts.channel import AlertKind, Message, Severity
from agent.alerts.notes import noted
from agent.alerts.rows import told
from agent.alerts.table import BY_KIND, TABLE, runbook
from agent.alerts.text import digest
from agent.alerts.watch import (
    AGENT_KINDS,
    HOME_KINDS,
    AdviceBudget,
    AgentKnown,
    Condition,
    HomeKnown,
    of_agent,
    of_home,
)
from agent.answers.account import LEFT_ALONE, StreamRow
from agent.answers.agents import Alarm, AlarmKind, FillRow, Headroom
from agent.answers.stream import Body, DecidedBody, NoteBody, ReportBody, SessionBody, StreamEvent
from agent.notices import NoticeRow
from agent.orders.differences import ADOPT
from agent.settings.upkeep.alerts import AlertSettings
from domain.times import utc
from tests.agent.alerts.rig import NOW, message
from tests.shared import ROOT

SETTINGS = AlertSettings()
SLOW = "BTC-USDT takes no entry: our clock is 9 ms off"
BEGAN = SessionBody(session=2, mode="paper", symbols=["BTC-USDT"], version="1")
WELL = AgentKnown(name="paper", now=NOW, running=True, alarms=(), at=NOW, last_fill=NOW, trading_since=NOW)
HOME = HomeKnown(NOW, 1 << 40)


def row(kind: str, body: Body) -> list[Message]:
    event = StreamEvent(agent="paper", seq=12, kind=kind, at=NOW, body=body)
    return [each.message for each in told("a1b2c3d4e5f6", kind, msgspec.json.encode(event))]


def report(status: str, *fills: FillRow) -> ReportBody:
    return ReportBody(
        cycle=3,
        client_id="a1b2c3d4-3-1",
        symbol="BTC-USDT",
        status=status,
        reason="no answer",
        fills=[*fills],
    )


def fill(side: str) -> FillRow:
    return FillRow(
        trade_id="1", client_id="a1b2c3d4-3-1", seq=12, cycle=3, at=NOW, symbol="BTC-USDT", side=side,
        quantity="0.1", price="60000", reference="60000", fee="6",
    )  # fmt: skip


def decided(*reports: ReportBody) -> DecidedBody:
    return DecidedBody(cycle=3, market=[], decisions=[], blocked={}, reports=[*reports])


def kill(*, active: bool) -> NoteBody:
    return NoteBody(text="kill switch thrown by anna: enough", fields={"active": active})


def notice(kind: AlertKind) -> list[Message]:
    severity = BY_KIND[kind].severity
    return [
        noted(
            NoticeRow(
                seq=4, key="k", kind=kind, severity=severity, agent=None, title="t", body="a\nb", at=NOW
            )
        ).message
    ]


def alarm(kind: AlarmKind, text: str, **more: object) -> list[Condition]:
    return agent(alarms=[Alarm(kind=kind, text=text)], **more)


def agent(**more: object) -> list[Condition]:
    return list(of_agent(WELL._replace(**more), SETTINGS))  # type: ignore[arg-type]


def used(rule: str, share: float) -> list[Condition]:
    line = Headroom(
        rule=rule, symbol=None, meaning="", unit="quote", measured="80", limit="100", used=share, passed=True
    )
    return agent(headroom=[line])


def billed(alarm: str) -> list[Message]:
    return row("advice_answered", NoteBody(text="question 3 cost 0.01 USD", fields={"alarm": alarm}))


def budget(share: float) -> list[Condition]:
    return agent(budgets=[AdviceBudget("day, USD", "0.8", "1", share)])


def stream(*, live: bool) -> list[Condition]:
    silent = StreamRow(
        connected=True, live=live, messages=1, malformed=0, dropped=0, revised=0, reconnects=0,
        message_age=130.0, backfills=0, backfill_failures=0,
    )  # fmt: skip
    return agent(streams={"binance_stream": silent})


Found = Sequence[Message | Condition]


class Case(NamedTuple):
    """What tells of a kind, and what is just not it."""

    there: Callable[[], Found]
    absent: Callable[[], Found] = list


CASES: dict[AlertKind, Case] = {
    AlertKind.AGENT_DEAD: Case(
        lambda: alarm(AlarmKind.DEAD, "its process is gone", running=False),
        lambda: alarm(AlarmKind.DEAD, "its process is gone", running=False, at=NOW - timedelta(days=8)),
    ),
    AlertKind.HALTED: Case(lambda: alarm(AlarmKind.HALTED, "halted: the journal is full", running=False)),
    AlertKind.KILL_SWITCH: Case(lambda: row("kill_switch_set", kill(active=True))),
    AlertKind.NAKED_POSITION: Case(lambda: agent(naked=["BTC-USDT"]), lambda: agent(naked=[])),
    AlertKind.ORDER_NEEDS_OPERATOR: Case(
        lambda: row("cycle_decided", decided(report("NEEDS_OPERATOR"))),
        lambda: row("cycle_decided", decided()),
    ),
    AlertKind.ORDER_UNKNOWN: Case(
        lambda: row("order_reported", report("UNKNOWN")), lambda: row("order_reported", report("NEW"))
    ),
    AlertKind.RECONCILE_DIFFERENCE: Case(
        lambda: alarm(AlarmKind.HALTED, f"halted: the account differs: {ADOPT}", running=False),
        lambda: alarm(AlarmKind.IN_DOUBT, "order x of BTC-USDT is UNKNOWN"),
    ),
    AlertKind.NO_CYCLE: Case(lambda: alarm(AlarmKind.STALE, "no cycle for 200 s, where one is due")),
    AlertKind.DISK: Case(lambda: home(free_bytes=199 << 20), lambda: home(free_bytes=201 << 20)),
    AlertKind.CLOCK: Case(
        lambda: [*home(leap_seconds=-40.0), *home(now=utc(0)), *alarm(AlarmKind.BLOCKED, SLOW)],
        lambda: home(leap_seconds=29.0),
    ),
    AlertKind.BACKUP_FAILED: Case(lambda: notice(AlertKind.BACKUP_FAILED)),
    AlertKind.CHANNEL_DEAD: Case(lambda: notice(AlertKind.CHANNEL_DEAD)),
    AlertKind.ESCALATION: Case(lambda: notice(AlertKind.ESCALATION)),
    AlertKind.DAILY_LOSS: Case(
        lambda: used("daily_loss_limit_exceeded", 0.8), lambda: used("daily_loss_limit_exceeded", 0.79)
    ),
    AlertKind.DRAWDOWN: Case(lambda: used("max_drawdown", 0.81), lambda: used("max_drawdown", 0.5)),
    AlertKind.UNJUDGED: Case(
        lambda: alarm(AlarmKind.UNJUDGED, "BTC-USDT: its custom exit is not judged: it is gone")
    ),
    AlertKind.BREAKER_OPEN: Case(lambda: alarm(AlarmKind.BREAKER, "binance: circuit breaker open")),
    AlertKind.STREAM_SILENT: Case(lambda: stream(live=False), lambda: stream(live=True)),
    AlertKind.SIMULATED: Case(lambda: alarm(AlarmKind.SIMULATED, "BTC-USDT: the data are simulated")),
    AlertKind.STALE: Case(lambda: alarm(AlarmKind.STALE, "BTC-USDT: on kept answers of binance")),
    AlertKind.BLOCKED: Case(lambda: alarm(AlarmKind.BLOCKED, "BTC-USDT takes no entry: BREAK")),
    AlertKind.PAIR_LIST: Case(lambda: alarm(AlarmKind.PAIR_LIST, "the pair list: it does not stand")),
    AlertKind.CYCLES_FAIL: Case(lambda: agent(failed_cycles=4), lambda: agent(failed_cycles=3)),
    AlertKind.NO_TRADE: Case(
        lambda: agent(last_fill=NOW - timedelta(hours=72), trading_since=NOW - timedelta(days=9)),
        lambda: agent(last_fill=NOW - timedelta(days=9), trading_since=NOW - timedelta(hours=71)),
    ),
    AlertKind.ADVICE_BUDGET: Case(
        lambda: [*budget(0.8), *agent(unasked="the budget of the day is 1 USD"), *billed("tells 9 tokens")],
        lambda: [*budget(0.79), *billed("")],
    ),
    AlertKind.DECAY: Case(lambda: notice(AlertKind.DECAY)),
    AlertKind.JOB_FAILED: Case(lambda: notice(AlertKind.JOB_FAILED)),
    AlertKind.GATE: Case(lambda: notice(AlertKind.GATE)),
    AlertKind.SETTINGS_CHANGED: Case(
        lambda: row("settings_changed", NoteBody(text="anna changed settings", reason="a try")),
        lambda: row("command_received", NoteBody(text="anna asked for Pause")),
    ),
    AlertKind.SESSION: Case(
        lambda: row("session_started", BEGAN),
        lambda: row("session_ended", SessionBody(session=2, reason="fault: the account differs")),
    ),
    AlertKind.FILL: Case(
        lambda: row("order_reported", report("FILLED", fill("BUY"))),
        lambda: row("cycle_decided", decided(report("NEW"))),
    ),
    AlertKind.SUMMARY: Case(lambda: notice(AlertKind.SUMMARY)),
    AlertKind.NOTICE: Case(lambda: notice(AlertKind.NOTICE)),
    AlertKind.DIGEST: Case(lambda: [digest([message(1), message(2)], "had gathered")]),
    AlertKind.TEST: Case(lambda: notice(AlertKind.TEST)),
}  # fmt: skip


def home(**more: object) -> list[Condition]:
    return list(of_home(HOME._replace(**more), SETTINGS))  # type: ignore[arg-type]


def test_the_table_has_every_kind_once_in_its_order_and_so_has_this_test() -> None:
    assert [each.kind for each in TABLE] == list(AlertKind)
    assert CASES.keys() == set(AlertKind)


@pytest.mark.parametrize("kind", AlertKind)
def test_a_kind_is_told_where_it_is_so_and_not_beside_it(kind: AlertKind) -> None:
    found = CASES[kind].there()
    assert found
    assert {each.kind for each in found} == {kind}
    for each in found:
        if isinstance(each, Message):
            assert each.severity is BY_KIND[kind].severity
            asked = each.severity is Severity.CRITICAL and kind is not AlertKind.CHANNEL_DEAD
            assert each.acknowledgeable is asked
        else:
            assert kind in AGENT_KINDS | HOME_KINDS, "an incident of it would never end"
    assert kind not in {each.kind for each in CASES[kind].absent()}


def test_an_agent_and_a_home_that_are_well_are_told_nothing_of() -> None:
    assert agent() == []
    assert home() == []
    assert agent(driven=True, last_fill=None, trading_since=NOW - timedelta(days=9)) == []


def test_each_position_s_exit_is_told_apart_and_a_list_waits_for_the_cycle_that_asks_for_it() -> None:
    text = "its custom exit is not judged: it is gone"
    two = [Alarm(kind=AlarmKind.UNJUDGED, text=f"{each}: {text}") for each in ("BTC-USDT", "ETH-USDT")]
    assert [each.subject for each in agent(alarms=two)] == ["BTC-USDT", "ETH-USDT"]
    due = [
        alarm(AlarmKind.PAIR_LIST, "the pair list: old", interval_seconds=each)[0].seconds
        for each in (0.0, 60.0, 3600.0)
    ]
    assert due == [300.0, 300.0, 10_800.0]


def test_a_fault_over_a_symbol_is_told_at_once_for_it_may_be_gone_with_the_next_candle() -> None:
    (condition,) = alarm(AlarmKind.UNJUDGED, f"ETH-USDT: {LEFT_ALONE}: KeyError: 'x'")
    assert (condition.kind, condition.subject, condition.seconds) == (AlertKind.UNJUDGED, "ETH-USDT", 0.0)


def test_a_reset_of_the_kill_switch_is_told_and_is_no_concern() -> None:
    (reset,) = row("kill_switch_set", kill(active=False))
    assert (reset.severity, reset.acknowledgeable) == (Severity.INFO, False)


def test_fills_say_what_was_traded_at_which_price() -> None:
    (one,) = row("order_reported", report("FILLED", fill("SELL")))
    assert one.title == "sold 0.1 BTC-USDT at 60000 (fee 6)"
    (two,) = row("cycle_decided", decided(report("FILLED", fill("BUY"), fill("BUY"))))
    assert two.title == "2 fills of BTC-USDT"
    assert len(two.lines) == 3


def test_a_row_with_several_things_to_tell_gives_each_an_id_of_its_own() -> None:
    found = row("cycle_decided", decided(report("UNKNOWN", fill("BUY")), report("FILLED", fill("SELL"))))
    assert [each.id for each in found] == ["a1b2c3d4-12", "a1b2c3d4-12.2", "a1b2c3d4-12.3"]


def test_every_kind_that_asks_for_something_leads_to_a_heading_of_the_runbook() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text()
    titles = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    for each in TABLE:
        assert not each.heading or each.heading in titles, each.kind
        assert each.heading or each.severity is not Severity.CRITICAL
    assert runbook(AlertKind.HALTED) == "docs/runbook.md#it-ended"


ONLY_PROMETHEUS = {
    "BoydServeDown", "BoydMirrorBehind", "BoydCallsRefused", "BoydCyclesSlow", "BoydProviderSilent",
    "BoydStreamDrops", "BoydStreamReconnects",
}  # fmt: skip
"""What nobody but Prometheus tells: of the server itself, and of rates over time."""

LASTING = {AlertKind.ORDER_UNKNOWN, AlertKind.ORDER_NEEDS_OPERATOR}
"""Telling by rows, at once; Prometheus only sees that it lasts."""


def test_what_prometheus_means_too_is_as_grave_there_lasts_as_long_and_leads_to_the_same_help() -> None:
    groups = yaml.safe_load((ROOT / "ops" / "prometheus" / "boyd.rules.yml").read_text())["groups"]
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    named = {name: each for each in TABLE for name in each.rules}
    assert named.keys() | ONLY_PROMETHEUS == rules.keys()
    for name, each in named.items():
        rule = rules[name]
        assert rule["labels"]["severity"] == each.severity, name
        assert rule["annotations"]["runbook"] == runbook(each.kind), name
        if each.kind not in LASTING:
            length = {"s": 1, "m": 60}[rule.get("for", "0s")[-1]] * int(rule.get("for", "0s")[:-1])
            assert length == each.seconds, name


def test_every_alarm_of_the_overview_is_told() -> None:
    assert {alarm for each in TABLE for alarm in each.alarms} == set(AlarmKind)
    defaults = {
        AlertKind.BREAKER_OPEN: 60 * SETTINGS.breaker_minutes,
        AlertKind.STREAM_SILENT: 60 * SETTINGS.silent_minutes,
    }
    assert {kind: BY_KIND[kind].seconds for kind in defaults} == defaults
