"""The work of `agent kill --code`: a code for one kill by an assistant, shown to a person alone."""

import sys
from pathlib import Path

from agent.cli.options import home_of
from agent.cli.output.streams import say
from agent.host.clock import SystemClock
from agent.mcp.codes import LASTS, TRIES, KillCodes
from domain.errors import BadInput


def show_code(home: Path | None, journal: str | None, reason: str | None, *, json: bool) -> None:
    """Show a code on the terminal. Raises BadInput where a program would read it."""
    if reason is not None:
        raise BadInput("--reason goes with a kill: with --code the assistant gives its own")
    if json or not sys.stdout.isatty():
        raise BadInput("--code shows its code on a terminal only: a program that can read it asks nobody")
    agent_home = home_of(home)
    name = agent_home.latest(journal)
    code = KillCodes(agent_home, SystemClock()).make(name)
    say(f"code      {code}")
    bounds = f"within {LASTS.total_seconds() / 60:g} minutes, {TRIES} tries"
    say(f"          for one kill of journal {name} over agent mcp --allow-kill, {bounds}")
