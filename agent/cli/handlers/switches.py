"""The work of `agent kill | reset-kill | pause | unpause | stop`: one command each, and what it came to."""

from pathlib import Path
from typing import cast

from agent.account.dispatch import dispatch
from agent.cli.options import home_of
from agent.cli.output.streams import say, say_json
from domain.commands import Kill, Pause, ResetKill, Stop, Unpause
from domain.replies import KillSwitch, Paused, Stopping


def throw(command: Kill | ResetKill, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Throw or reset the kill switch."""
    agent_home = home_of(home)
    report = cast("KillSwitch", dispatch(agent_home, agent_home.latest(journal), command))
    if json:
        say_json(report)
    elif report.kill_switch is None:
        say("kill switch reset: entries are judged again")
    else:
        say(f"kill switch thrown: {report.kill_switch}. no entries until: agent reset-kill")
        if report.unjournaled:
            say(f"NOTE      {report.unjournaled}")


def hold(command: Pause | Unpause, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Hold the running agent, or let it go on."""
    agent_home = home_of(home)
    report = cast("Paused", dispatch(agent_home, agent_home.latest(journal), command))
    if json:
        say_json(report)
    elif report.paused:
        say("paused    no cycle runs until: agent unpause. What rests at the exchange stays")
    else:
        say("goes on   the next cycle comes when it is due")


def end(command: Stop, home: Path | None, journal: str | None, *, json: bool) -> None:
    """End the running agent."""
    agent_home = home_of(home)
    report = cast("Stopping", dispatch(agent_home, agent_home.latest(journal), command))
    if json:
        say_json(report)
    elif report.stopping:
        say("stopping  it ends after the cycle under way; positions keep their stops")
    else:
        say("nothing stops: no agent runs, or this very stop was carried out before")
