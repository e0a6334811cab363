"""The work of `agent config change`."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from agent.account.dispatch import dispatch
from agent.cli.options import home_of, needed
from agent.cli.output.changed import value_words
from agent.cli.output.streams import answer
from domain.commands import ChangeSettings
from domain.replies import SettingsInForce


def change_settings(command: ChangeSettings, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Change settings that may change while an agent runs, and say what each was before."""
    needed(command.reason)
    agent_home = home_of(home)
    report = cast("SettingsInForce", dispatch(agent_home, agent_home.latest(journal), command))
    answer(report, _lines, json=json)


def _lines(report: SettingsInForce) -> Iterator[str]:
    for name, value in report.given.items():
        before, now = value_words(report.before.get(name)), value_words(value)
        way = "allows more" if name in report.looser else "allows less" if name in report.tighter else ""
        yield f"setting   {name} from {before} to {now}{f': {way}' if way else ''}"
    when = "the running agent, at its next cycle" if report.running else "the next run; no agent runs now"
    yield f"taken by  {when}"
    if report.changed:
        yield "stands    until taken back (--back NAME), or a run whose settings say something new"
