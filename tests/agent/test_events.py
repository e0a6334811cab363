"""Events as they are read: none missed behind a snapshot, each with its row, by threads and by tasks."""

import asyncio
import re
import threading
import time
from pathlib import Path

import pytest

import agent as public
from agent import Agent, Settings
from agent.views.events import KEPT, Events
from domain.events import CycleEnded, Event, KillSwitchSet
from domain.times import utc
from journal.reader import open_reader
from tests.shared import ROOT

DOCUMENTED = Path(__file__).parent.parent / "documented"
EVENT = KillSwitchSet(utc(0), active=True, reason="x", by="operator")


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))


def made(**more: object) -> Agent:
    values = {"provider": "simulated", "interval_seconds": 0, "journal": "one"} | more
    return Agent(Settings(**values))  # type: ignore[arg-type]  # as given


def numbered(events: Events, until: int) -> list[tuple[int, Event]]:
    found = []
    for event in events:
        found.append((events.seq, event))
        if isinstance(event, CycleEnded) and event.cycle_id == until:
            break
    return found


def test_each_event_is_told_with_its_row_in_the_journal_and_none_is_missed(tmp_path: Path) -> None:
    for cycles in (30, 60):  # the second session goes on where the first ended
        agent = made(cycles=30)
        agent.start()
        began = agent.status()
        assert began.seq is not None
        told = numbered(agent.events(after=began.seq), cycles)
        agent.join(60)
        with open_reader(tmp_path / "journals" / "one.db") as journal:
            rows = {row.seq: row.event for row in journal.rows()}
        assert [seq for seq, _ in told] == list(range(told[0][0], told[-1][0] + 1))
        assert told[0][0] == began.seq + 1
        assert all(rows[seq] == event for seq, event in told)


def test_a_status_contains_all_that_its_number_says() -> None:
    with made() as agent:
        for _ in range(20):
            told = agent.status()
            after = numbered(agent.events(after=told.seq), told.cycle + 1)
            cycles = [event.cycle_id for _, event in after if isinstance(event, CycleEnded)]
            assert cycles == list(range(cycles[0], told.cycle + 2)), "each is told once"
            assert cycles[0] <= told.cycle + 1, "no cycle lies between"
        agent.kill("drill")
        assert agent.status().account.kill_switch == "drill"


def test_async_for_lets_other_tasks_go_on_and_ends_with_the_agent() -> None:
    async def read() -> tuple[int, int]:
        beats, cycles = 0, 0

        async def beat() -> None:
            nonlocal beats
            while True:
                beats += 1
                await asyncio.sleep(0.005)

        with made(cycles=20, interval_seconds=0.02) as agent:
            other = asyncio.create_task(beat())
            async for event in agent.events(after=0):
                cycles += isinstance(event, CycleEnded)
            other.cancel()
        return beats, cycles

    beats, cycles = asyncio.run(asyncio.wait_for(read(), 60))
    assert cycles == 20
    assert beats > 20


def test_a_task_that_is_cancelled_while_it_waits_leaves_nothing_behind() -> None:
    events = Events()

    async def read() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(events), 0.05)
        events.put(1, EVENT)
        assert await anext(events) == EVENT

    asyncio.run(read())
    events.put(2, EVENT)  # its loop has ended
    assert next(events) == EVENT
    assert events.seq == 2


def test_a_reader_that_falls_behind_loses_the_oldest_and_one_that_closes_ends() -> None:
    with Events() as events:
        for number in range(KEPT + 5):
            events.put(number, EVENT)
        assert events.lost == 5
        assert (next(events), events.seq) == (EVENT, 5)
        waiting = threading.Thread(target=lambda: list(events))
        waiting.start()
        events.close()
        waiting.join(60)
        assert not waiting.is_alive()
    assert list(events) == []


def test_what_is_not_kept_any_more_is_refused_and_an_ended_agent_tells_the_rest() -> None:
    agent = made(cycles=3)
    agent.start()
    agent.join(60)
    assert [event.cycle_id for event in agent.events(after=0) if isinstance(event, CycleEnded)] == [1, 2, 3]
    assert list(agent.events()) == []
    again = made(cycles=1)
    again.start()
    (cycle,) = (event for event in again.events(after=again.began) if isinstance(event, CycleEnded))
    assert cycle.cycle_id == 4
    with pytest.raises(ValueError, match="the oldest event kept is"):
        again.events(after=0)
    again.join(60)


def test_a_reader_that_is_given_up_is_forgotten() -> None:
    with made(interval_seconds=0.01) as agent:
        for _ in range(5):
            next(agent.events())
        due = time.monotonic() + 60
        while len(agent._subscribers) > 1 and time.monotonic() < due:
            time.sleep(0.01)
        assert len(agent._subscribers) <= 1


def test_what_the_pages_show_in_python_is_type_checked() -> None:
    """The files in tests/documented are what `make types` checks, and are what the pages show."""
    shown = {}
    for page in (ROOT / "README.md", ROOT / "docs" / "how-to" / "python-api.md"):
        blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
        for number, block in enumerate(blocks, 1):
            shown[f"{page.stem.lower().replace('-', '_')}_{number}.py"] = block
    there = {file.name: file.read_text() for file in DOCUMENTED.glob("*.py") if file.name != "__init__.py"}
    assert there == shown, "write the block to the file of that name"


def test_what_is_public_is_typed_and_documented() -> None:
    page = (ROOT / "docs" / "how-to" / "python-api.md").read_text()
    for name in public.__all__:
        assert getattr(public, name)
    methods = [name for name, value in vars(Agent).items() if callable(value) and not name.startswith("_")]
    assert [name for name in methods if f"`{name}(" not in page] == []
    rooms = [
        "advice",
        "agent",
        "domain",
        "journal",
        "learning",
        "perception",
        "platforms",
        "reasoning",
        "research",
        "risk",
    ]
    assert [room for room in rooms if not (ROOT / room / "py.typed").is_file()] == []
