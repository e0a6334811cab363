"""The words of `agent mcp` and `agent kill --code`: who is shown a code, and who is told what to mend."""

import os
import pty
import re
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from agent.host.clock import SystemClock
from agent.mcp.codes import KillCodes
from agent.settings.home import Home
from domain.commands import Command
from tests.agent.command import AGENT, agent, environment


def test_a_terminal_is_shown_a_code_that_holds(home: Path) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", 0) as screen:
        words = [str(AGENT), "kill", "--code"]
        done = subprocess.run(words, env=environment(home), stdout=theirs, timeout=60, check=False)
        os.close(theirs)
        lines = screen.read(4096).decode().splitlines()
    assert done.returncode == 0
    assert "within 5 minutes, 3 tries" in lines[1]
    assert KillCodes(Home(home), SystemClock()).use(lines[0].split()[1]) == Home(home).latest()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("kill", "--code"), "on a terminal only"),
        (("kill", "--code", "--json"), "on a terminal only"),
        (("kill", "--code", "--reason", "odd"), "--reason goes with a kill"),
        (("kill",), "--reason is needed"),
        (("mcp", "--port", "8502"), "--port goes with --http"),
        (("mcp", "--json"), "--json goes with --http"),
        (("mcp", "--journal", "nobody"), "journal nobody: not in"),
        (("mcp", "--http", "--token-file", "/dev/null"), "/dev/null is not a file"),
    ],
)
def test_what_cannot_be_meant_is_said_and_kills_nothing(
    home: Path, words: tuple[str, ...], complaint: str
) -> None:
    done = agent(home, *words, check=2)
    assert complaint in done.stderr
    assert not done.stdout
    assert not (home / "kill-code.json").exists()


def test_nothing_else_imports_the_library_and_no_tool_does_more_than_block_entries() -> None:
    root = Path(__file__).parents[2]
    libraries = ("import mcp", "from mcp", "import mcp_types", "from mcp_types")
    rooms = [path for path in root.iterdir() if (path / "__init__.py").is_file() and path.name != "tests"]
    users = {
        path.relative_to(root).as_posix()
        for room in rooms
        for path in room.rglob("*.py")
        for line in path.read_text().splitlines()
        if line.strip().startswith(tuple(f"{each}{end}" for each in libraries for end in (" ", ".")))
    }
    assert users == {f"agent/mcp/{name}.py" for name in ("http", "server", "stdio")}
    commands = {each.__name__ for each in get_args(Command)} - {"Kill"}
    assert len(commands) > 10
    for path in (root / "agent" / "mcp").glob("*.py"):
        assert not [name for name in commands if re.search(rf"\b{name}\b", path.read_text())], path
