"""`agent mcp` over its input and output: a real process, asked by the library's own client."""

import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import psutil
import pytest
from mcp_types import CallToolResult

from agent.account.client import AccountClient
from agent.host.clock import SystemClock
from agent.mcp.codes import KillCodes
from agent.settings.home import Home
from domain.commands import Kill
from domain.events import CommandReceived, KillSwitchSet
from tests.agent.command import told
from tests.mcp.rig import CYCLES, NAME, Assistant, assistant, servers, text_of

READING = {"status", "why", "positions", "lessons", "ledger", "forecasts", "verify", "replay", "backtest"}


@pytest.fixture(scope="module")
def asked(home: Path) -> Iterator[Assistant]:
    with assistant(home, "--allow-kill") as opened:
        yield opened


def test_the_tools_are_a_closed_set_that_reads_but_for_a_kill(asked: Assistant) -> None:
    tools = asked.tools()
    assert set(tools) == READING | {"kill"}
    for name, tool in tools.items():
        hints = tool.annotations
        assert hints is not None
        assert hints.read_only_hint is (name != "kill")
        assert hints.destructive_hint is (name == "kill")
        assert hints.open_world_hint is False
        assert tool.input_schema["additionalProperties"] is False
    assert tools["kill"].input_schema["required"] == ["reason", "code"]
    assert "untrusted" in (asked.client.instructions or "")


def test_answers_are_those_of_the_command_line(home: Path, asked: Assistant) -> None:
    status = asked.told("status")
    command = told(home, "status")
    assert status["account"]["equity"] == command["account"]["equity"]
    assert status["journal"] == command["journal"]
    assert asked.told("positions")["positions"] == command["positions"]
    why, said = asked.told("why", cycle=7), told(home, "why", "7")
    assert (why["cycle"], why["path"], why["limits"]) == (7, said["path"], said["limits"])
    assert why["symbols"][0]["decision"]["untrusted_reason"] == said["symbols"][0]["decision"]["reason"]
    assert asked.told("ledger") == told(home, "ledger")
    assert asked.told("forecasts")["seq"] == told(home, "forecasts")["seq"]
    lessons = asked.told("lessons", last=1)
    assert lessons["totals"] == told(home, "lessons")["totals"]
    assert len(lessons["lessons"]) <= 1


def test_long_work_is_done_by_the_command_itself(asked: Assistant) -> None:
    assert asked.told("verify")["intact"] is True
    replayed = asked.told("replay", session=1)
    assert (replayed["cycles"], replayed["difference"]) == (CYCLES, None)
    tested = asked.told("backtest", symbol=["BTC-USDT"], strategy=["rsi"], uncompiled=True, last=0)
    assert (tested["strategies"], tested["trades"], tested["curve"]) == (["rsi"], [], None)
    assert tested["cycles"] > 300


def test_what_cannot_be_meant_is_refused_by_name(asked: Assistant) -> None:
    assert asked.refused("status", confirm="KILL") == "status: confirm: no such argument; there are: journal"
    assert "$.cycle" in asked.refused("why", cycle="seven")
    assert "$.last" in asked.refused("lessons", last=201)
    assert f"it holds 1 to {CYCLES}" in asked.refused("why", cycle=CYCLES + 1)
    assert "not in" in asked.refused("status", journal="nobody")
    assert "not a name" in asked.refused("verify", journal="../../etc")
    assert "home" in asked.refused("backtest", symbol=["BTC-USDT"], set=["home=/etc"])
    assert "is not a symbol" in asked.refused("backtest", symbol=["--config=/etc/passwd"])
    assert "is not in the catalogue" in asked.refused("backtest", symbol=["NOT-THERE"])
    assert "$.seconds" in asked.refused("backtest", symbol=["BTC-USDT"], seconds=601)


def test_a_kill_needs_the_code_of_the_operators_terminal(home: Path, asked: Assistant) -> None:
    assert "none that holds" in asked.refused("kill", reason="odd prices", code="2222-2222")
    name = Home(home).latest()
    code = KillCodes(Home(home), SystemClock()).make(name)
    assert "2 tries are left" in asked.refused("kill", reason="odd prices", code="2222-2222")
    assert told(home, "status")["account"]["kill_switch"] is None
    assert "reason" in asked.refused("kill", code=code)
    thrown = asked.told("kill", reason="odd prices\x1b[2J", code=code)
    assert thrown["untrusted_kill_switch"] == "odd prices[2J"
    assert "none that holds" in asked.refused("kill", reason="once more", code=code)
    assert told(home, "status")["account"]["kill_switch"] == "odd prices[2J"
    with AccountClient(Home(home), name).journal() as opened:
        events = [row.event for row in opened.tail(3)]
    assert [type(each).__name__ for each in events] == ["CommandReceived", "KillSwitchSet", "CommandAnswered"]
    assert isinstance(events[0], CommandReceived)
    assert isinstance(events[0].command, Kill)
    assert events[0].command.by == f"mcp:{NAME}"
    assert isinstance(events[1], KillSwitchSet)
    assert events[1].by == f"mcp:{NAME}"
    assert code not in (home / "mcp.log").read_text()


def test_of_many_calls_at_once_each_is_answered_and_one_piece_of_work_is_done(asked: Assistant) -> None:
    tools = ["status", "why", "positions", "ledger", "forecasts", "verify", "replay"]
    told: list[tuple[str, str]] = []

    async def one(tool: str) -> None:
        result = await asked.client.call_tool(tool, {})
        assert isinstance(result, CallToolResult)
        told.append((tool, text_of(result) if result.is_error else ""))

    async def many() -> None:
        async with anyio.create_task_group() as group:
            for tool in tools * 6:
                group.start_soon(one, tool)

    asked.portal.call(many)
    refused = [(tool, why) for tool, why in told if why]
    assert len(told) == 42
    assert {tool for tool, _ in refused} <= {"verify", "replay"}
    assert len(refused) == 11
    assert all("another piece of work is running" in why for _, why in refused)


def test_a_call_that_is_given_up_ends_its_work_and_the_next_is_served(asked: Assistant) -> None:
    async def given_up() -> None:
        with anyio.move_on_after(0.5):
            await asked.client.call_tool("verify", {})

    asked.portal.call(given_up)
    due = time.monotonic() + 60
    while servers()[0].children() and time.monotonic() < due:
        time.sleep(0.05)
    assert not servers()[0].children()
    assert asked.told("verify")["intact"] is True


def test_a_server_that_is_killed_takes_its_work_along(asked: Assistant) -> None:
    [server] = servers()
    for _ in range(20):  # one after the other: a single one may be over before somebody looks
        asked.portal.start_task_soon(asked.client.call_tool, "verify", {})
    children = _soon(server)
    assert children
    assert children[0].nice() >= 10
    server.kill()
    gone, alive = psutil.wait_procs(children, timeout=60)
    assert gone
    assert not alive


def _soon(server: psutil.Process) -> list[psutil.Process]:
    due = time.monotonic() + 60
    while time.monotonic() < due:
        children = server.children()
        if children and children[0].nice() >= 10:
            return children
        time.sleep(0.02)
    return []
