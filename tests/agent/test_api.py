"""The Python API: one agent, asked from many threads."""

import threading
import time
from pathlib import Path

import pytest

from agent import Agent, Settings
from agent.account.asking import ask
from agent.account.client import AccountClient
from agent.account.control import ControlServer
from agent.account.dispatch import dispatch
from agent.account.requests import NotListening, Request
from agent.loop.inbox import ENDED, NotRunning
from agent.settings.home import Busy, Home
from domain.commands import ApplyParameters, Kill
from domain.errors import BadInput, LocalFault
from domain.events import CycleEnded, Event, KillSwitchSet, SessionEnded, SessionStarted


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))


def settings(**more: object) -> Settings:
    return Settings(**({"provider": "simulated", "interval_seconds": 0} | more))  # type: ignore[arg-type]


def until(agent: Agent, cycle: int) -> None:
    due = time.monotonic() + 300
    while agent.status().cycle < cycle:
        assert time.monotonic() < due, agent.status()
        time.sleep(0.01)


def test_it_runs_its_cycles_and_tells_why_it_ended() -> None:
    agent = Agent(settings(cycles=5))
    agent.start()
    assert agent.join(300) == "cycles"
    assert agent.status().cycles == 5
    assert len(agent.decisions(3)) == 3


def test_events_come_in_order_and_end_with_the_session() -> None:
    agent = Agent(settings(cycles=20))
    with pytest.raises(NotRunning, match=r"call start\(\) before events\(\)"):
        agent.events()
    agent.start()
    seen: list[Event] = []
    reader = threading.Thread(target=lambda: seen.extend(agent.events(after=0)))
    reader.start()
    reader.join(300)
    agent.join(300)
    assert isinstance(seen[0], SessionStarted)
    assert isinstance(seen[-1], SessionEnded)
    ended = [event.cycle_id for event in seen if isinstance(event, CycleEnded)]
    assert ended == list(range(1, 21))


def stands_still(agent: Agent) -> int:
    """Return the cycle an agent stands at, waited for: the one under way ends first."""
    due, before = time.monotonic() + 60, -1
    while before != (cycle := agent.status().cycle):
        assert time.monotonic() < due
        before = cycle
        time.sleep(0.3)
    return cycle


def test_pause_holds_the_loop_and_unpause_lets_it_go_on() -> None:
    with Agent(settings()) as agent:
        until(agent, 3)
        agent.pause()
        held = stands_still(agent)
        assert agent.status().paused
        agent.unpause()
        until(agent, held + 2)


def test_kill_acts_at_once_survives_a_restart_and_is_reset_by_hand() -> None:
    with Agent(settings()) as agent:
        until(agent, 2)
        agent.kill("drill")
        assert agent.status().account.kill_switch == "drill"
        until(agent, agent.status().cycle + 2)
    with Agent(settings()) as agent:
        assert agent.status().account.kill_switch == "drill"
        agent.reset_kill("drill over")
        assert agent.status().account.kill_switch is None
    with Agent(settings(cycles=1)) as agent:
        agent.join(300)
        assert agent.status().account.kill_switch is None


def test_flatten_leaves_nothing_and_a_cycle_under_way_enters_nothing_after_it() -> None:
    with Agent(settings()) as agent:
        until(agent, 30)
        assert agent.flatten("enough").flat
        assert agent.positions() == []
        until(agent, agent.status().cycle + 5)
        assert agent.positions() == []
        assert agent.status().account.kill_switch == "enough"
        with pytest.raises(ValueError, match="reason"):
            agent.flatten(" ")


def test_parameters_given_from_python_count_from_the_next_cycle_on() -> None:
    with Agent(settings()) as agent:
        until(agent, 2)
        wish = ApplyParameters(strategy="rsi", given={"period": 9}, force=True, reason="a try")
        assert agent.apply_parameters(wish).version == 1
        assert agent.status().parameters["rsi"].parameters["period"] == 9


def test_a_kill_is_in_the_journal_before_any_later_cycle() -> None:
    with Agent(settings()) as agent:
        events = agent.events()
        until(agent, 2)
        threading.Thread(target=agent.kill, args=("from a thread",)).start()
        for event in events:
            if isinstance(event, KillSwitchSet):
                assert (event.active, event.reason, event.by) == (True, "from a thread", "operator")
                break


def test_it_answers_many_threads_while_it_runs() -> None:
    faults: list[BaseException] = []

    def ask(agent: Agent, number: int) -> None:
        try:
            for _ in range(20):
                status = agent.status()
                assert status.running
                agent.positions()
                agent.decisions(5)
                if number == 0:
                    assert agent.why().symbols
        except BaseException as error:  # noqa: BLE001 -- whatever a thread meets fails the test
            faults.append(error)

    with Agent(settings(interval_seconds=0.01)) as agent:
        until(agent, 1)
        threads = [threading.Thread(target=ask, args=(agent, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
    assert faults == []


def test_two_agents_never_share_an_account() -> None:
    with Agent(settings(interval_seconds=0.05)) as first:
        until(first, 1)
        second = Agent(settings())
        with pytest.raises(Busy, match="in use by another agent"):
            second.start()
        assert first.status().running


def test_it_says_so_when_it_does_not_run() -> None:
    agent = Agent(settings(cycles=1))
    with pytest.raises(NotRunning):
        agent.status()
    with pytest.raises(NotRunning):
        agent.kill("too early")
    agent.start()
    agent.join(300)
    with pytest.raises(NotRunning, match="has ended"):
        agent.kill("too late")
    with pytest.raises(LocalFault, match="started already"):
        agent.start()


def test_a_kill_needs_a_reason_and_why_a_cycle_that_exists() -> None:
    with Agent(settings(interval_seconds=0.01)) as agent:
        until(agent, 1)
        with pytest.raises(ValueError, match="needs a reason"):
            agent.kill(" ")
        with pytest.raises(BadInput, match="cycle 99999 is not in the journal"):
            agent.why(99999)


def test_bad_options_are_raised_where_it_was_started(tmp_path: Path) -> None:
    agent = Agent(Settings(provider="recorded", data=(tmp_path / "BTC-USDT_1m.csv",)))
    with pytest.raises(BadInput, match="no such file"):
        agent.start()


def test_an_agent_that_has_ended_meanwhile_is_not_there(tmp_path: Path) -> None:
    def gone(_request: Request) -> None:
        raise NotRunning(ENDED)

    server = ControlServer(tmp_path / "x.sock", gone)
    server.start()
    try:
        with pytest.raises(NotListening, match="the agent has ended"):
            ask(tmp_path / "x.sock", Kill())
    finally:
        server.close()


def test_a_kill_for_an_agent_that_is_ending_waits_until_it_has_let_go(tmp_path: Path) -> None:
    agent = Agent(settings(cycles=1))
    agent.start()
    agent.join(300)
    home, has_it = Home(tmp_path), threading.Event()
    name = home.latest()

    def ending() -> None:
        with home.lock(name):
            has_it.set()
            time.sleep(0.5)

    threading.Thread(target=ending, daemon=True).start()
    has_it.wait(60)
    dispatch(home, name, Kill(reason="enough"))
    with AccountClient(home, name).journal() as journal:
        last = [row.event for row in journal.rows() if isinstance(row.event, KillSwitchSet)][-1]
    assert last.active
