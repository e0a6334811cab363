"""The metrics: true to the state they are read from, in the words Prometheus expects, and bounded."""

import re
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.parser import text_string_to_metric_families

from agent import wiring
from agent.answers.account import StreamRow, Timing, Vitals
from agent.answers.agents import Alarm, AlarmKind
from agent.answers.stream import LiveState
from agent.host.stopwatch import BOUNDS
from agent.serve.fleet.fleet import Fleet
from agent.serve.fleet.watched import Watched
from agent.serve.metrics.exposition import Exposition, Told
from agent.serve.metrics.facts import AgentFacts, ServerFacts
from agent.serve.metrics.look import Look, Traffic
from agent.serve.metrics.table import BEFORE_IT_IS_READ, DURATIONS, METRICS, OWN
from agent.views.headroom import headroom
from agent.views.latest import Latest
from domain.events import OrderReported
from domain.order import OrderStatus
from tests.agent.world import SYMBOL, World, wave

STREAM = StreamRow(
    connected=True, live=True, messages=70, malformed=2, dropped=3, revised=0, reconnects=4,
    message_age=0.5, backfills=1, backfill_failures=0,
)  # fmt: skip
COUNTS = [1, 2, 3, *[0] * (len(BOUNDS) - 3), 4]
TIMING = Timing(bounds=list(BOUNDS), counts=COUNTS, seconds=12.5)
SERVER = ServerFacts(
    version="1.2", python="3.11", disk_free_bytes=10**9, requests={("/api/v1/agents", "2xx"): 5},
    refused={"token": 6}, stream_clients=7, stream_dropped=1, work={"running": 1},
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    made = World(wave(400))
    made.run()
    return made


def facts(world: World, **more: Any) -> AgentFacts:
    latest, state = Latest(), world.state
    for event in world.events:
        latest.apply(event)
    policy = wiring.policy_of(world.options, state.ledger.instruments)
    at = state.at
    assert at is not None
    account, grid = state.ledger.account(state.kill_switch), state.ledger.instruments
    rows = headroom(account, grid, policy, latest.seen, latest.judged, at)
    values: dict[str, Any] = {
        "name": "paper", "running": True, "state": state, "mode": "paper", "timeframe": "1m",
        "live": LiveState(agent="paper", running=True, state="REASONING", cycle=400, paused=False),
        "vitals": Vitals(streams={"binance_stream": STREAM}, timings={"cycle": TIMING}),
        "policy": policy, "providers": latest.providers(at),
        "headroom": rows,
        "sources": {symbol: seen.source for symbol, seen in latest.seen.items()},
        "alarms": [Alarm(kind=AlarmKind.BREAKER, text="binance: circuit breaker open")],
        "rows": 900, "bytes": 4096, "cycle_age_seconds": 1.0, "interval_seconds": 60.0,
    }  # fmt: skip
    return AgentFacts(**(values | more))


def scraped(*agents: AgentFacts, server: ServerFacts = SERVER) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return samples by name and label values, the labels in the order of their names."""
    body, media = Exposition(lambda: Told(agents, server)).text()
    assert media.startswith("text/plain")
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_each_value_is_that_of_the_state_it_was_read_from(world: World) -> None:
    told, ledger = scraped(facts(world)), world.state.ledger
    unit = 10**ledger.cash_decimals
    assert told["boyd_equity", ("paper",)] == pytest.approx(ledger.equity / unit)
    assert told["boyd_orders_intended_total", ("paper",)] == ledger.intended > 0
    assert told["boyd_trades_total", ("paper", "won")] == ledger.wins
    assert told["boyd_trades_total", ("paper", "lost")] == ledger.trades - ledger.wins
    for outcome in ("held", "denied", "executed", "failed", "interrupted"):
        assert told["boyd_cycles_total", ("paper", outcome)] == world.state.outcomes[outcome]
    assert sum(value for (name, _), value in told.items() if name == "boyd_cycles_total") == 400
    assert sum(value for (name, _), value in told.items() if name == "boyd_vetoes_total") == sum(
        world.state.vetoes.values()
    )
    receipts = [each.receipt for each in world.events if isinstance(each, OrderReported)]
    filled = {each.client_id for each in receipts if each.status is OrderStatus.FILLED}
    assert told["boyd_orders_done_total", ("paper", "FILLED")] >= len(filled) > 0
    assert told["boyd_state", ("paper", "REASONING")] == 1
    assert told["boyd_state", ("paper", "IDLE")] == 0
    assert told["boyd_alarm", ("paper", "breaker")] == 1
    assert told["boyd_alarm", ("paper", "dead")] == 0
    assert told["boyd_loss_today_limit", ("paper",)] == 5000
    assert told["boyd_data_source", ("paper", "recorded", SYMBOL)] == 1
    assert told["boyd_stream_dropped_total", ("paper", "binance_stream")] == 3
    assert told["boyd_api_requests_total", ("2xx", "/api/v1/agents")] == 5
    assert told["boyd_build_info", ("3.11", "1.2")] == 1


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0; escaping=allow-utf-8"])
def test_the_text_is_that_of_the_librarys_encoders(accept: str, world: World) -> None:
    odd = facts(world, name='one "two"\\three\nfour', interval_seconds=float("inf"), rows=10**15 + 1)
    exposition = Exposition(lambda: Told([facts(world), odd], SERVER))
    worded = GaugeMetricFamily("worded", 'a "meaning" \\ of\ntwo lines', value=float("nan"))
    families = [*exposition.registry.collect(), worded]
    registry = cast("CollectorRegistry", SimpleNamespace(collect=lambda: families))
    encode, media = choose_encoder(accept)
    exposition.registry = registry
    assert exposition.text(accept) == (encode(registry), media)


def test_durations_are_counted_up_to_each_bound_and_summed(world: World) -> None:
    told = scraped(facts(world))
    assert told["boyd_cycle_seconds_bucket", ("paper", "0.0005")] == 1
    assert told["boyd_cycle_seconds_bucket", ("paper", "0.001")] == 3
    assert told["boyd_cycle_seconds_bucket", ("paper", "30.0")] == 6
    assert told["boyd_cycle_seconds_bucket", ("paper", "+Inf")] == 10
    assert told["boyd_cycle_seconds_count", ("paper",)] == 10
    assert told["boyd_cycle_seconds_sum", ("paper",)] == 12.5
    assert ("boyd_decision_to_wire_seconds_count", ("paper",)) not in told


def test_names_and_units_follow_the_conventions(world: World) -> None:
    body, _ = Exposition(lambda: Told([facts(world)], SERVER)).text()
    text = body.decode()
    assert "_created" not in text
    for family in text_string_to_metric_families(text):
        assert re.fullmatch(r"boyd_[a-z0-9_]+", family.name), family.name
        assert family.documentation, family.name
        for sample in family.samples:
            assert (family.type == "counter") == sample.name.endswith("_total"), sample.name
            assert not re.search(r"_(ms|minutes|percent|kb|mb)(_|$)", sample.name), sample.name


def test_every_metric_of_the_table_is_told_and_none_twice(world: World) -> None:
    timings = {"cycle": TIMING, "decision_to_wire": TIMING}
    told = {name for name, _ in scraped(facts(world, vitals=Vitals(streams={"s": STREAM}, timings=timings)))}
    names = [*(each.name for each in METRICS), *(each.name for each in OWN)]
    assert len(set(names)) == len(names)
    assert set(names) <= told
    assert {f"{each.name}_count" for each in DURATIONS} <= told


def test_labels_are_bounded_whatever_is_told_of_an_agent(world: World) -> None:
    odd: Sequence[Alarm] = [Alarm(kind=AlarmKind.BLOCKED, text=f"reason {number}") for number in range(500)]
    server = SERVER._replace(refused={"token": 1})
    plain, full = scraped(facts(world)), scraped(facts(world, alarms=odd), server=server)
    assert plain.keys() == full.keys()
    assert len(plain) < 250
    assert not any("reason" in label for _, labels in full for label in labels)


def test_an_agent_that_never_ran_and_one_that_ended_are_told_too(world: World) -> None:
    empty = World([])
    never = AgentFacts(name="never", running=False, state=empty.state)
    ended = facts(world, name="ended", running=False, live=None, vitals=Vitals())
    told = scraped(never, ended)
    assert told["boyd_agent_up", ("never",)] == told["boyd_agent_up", ("ended",)] == 0
    assert told["boyd_equity", ("never",)] == 0
    assert ("boyd_loss_today_limit", ("never",)) not in told
    assert all(told["boyd_state", ("ended", state)] == 0 for state in ("IDLE", "EXECUTION"))
    assert told["boyd_cycles_total", ("ended", "held")] == world.state.outcomes["held"]


def test_nothing_is_counted_of_a_journal_before_it_is_read_to_its_end(world: World) -> None:
    names = {name for name, _ in scraped(facts(world, read=False, vitals=Vitals(), behind=7))}
    assert {name for name in names if name.startswith("boyd_")} >= BEFORE_IT_IS_READ
    assert not {each.name for each in METRICS} - BEFORE_IT_IS_READ & names


class Fake(NamedTuple):
    """A journal as a look sees it."""

    name: str
    mirror: Any
    looked: threading.Event


def test_a_journal_counts_as_read_from_its_end_on_and_anew_where_it_was_begun_anew() -> None:
    look = Look(cast("Fleet", None), Traffic())
    mirror, looked = SimpleNamespace(head=0, behind=0, journal_id=""), threading.Event()
    watched = cast("Watched", Fake("a", mirror, looked))
    assert not look.read(watched)
    looked.set()
    assert not look.read(watched)  # one that starts has no journal: it would be told at 0, and jump
    mirror.journal_id = "j"
    for head, behind, read in (
        (0, 90, False),
        (50, 40, False),
        (90, 0, True),
        (95, 3, True),
        (10, 88, False),
    ):
        mirror.head, mirror.behind = head, behind
        assert look.read(watched) is read, (head, behind)
    mirror.head, mirror.behind = 98, 0
    assert look.read(watched)
