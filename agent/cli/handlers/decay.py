"""`agent decay`: whether a strategy earns less than it did, told to people and acted on where set so."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.alerts import AlertKind, Severity
from agent.answers.gate import DecayAnswer
from agent.cli.handlers.period import PeriodRequest, period_report
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from agent.gate.decay import DECAYED, MAX_TRADES, STEADY, decay
from agent.notices.notices import FILE, Notices
from agent.settings.upkeep.gate import GateSettings
from agent.settings.upkeep.reading import upkeep
from domain.commands import ChangeSettings

FOUND = 1
BY = "decay"


class DecayRequest(NamedTuple):
    """The arguments of `agent decay`."""

    days: int | None
    as_of: str | None
    notify: bool
    json: bool


def show_decay(home: Path | None, journal: str | None, asked: DecayRequest) -> None:
    """Test a journal for decay and print it; with `notify` people are told, and entries paused if set so."""
    agent_home = home_of(home)
    settings = upkeep(agent_home).gate
    client = AccountClient(agent_home, journal)
    days = settings.decay_days if asked.days is None else asked.days
    request = PeriodRequest(days, None, None, asked.as_of, None, text=False, json=True, backtest=False)
    done = period_report(client, request)
    found = decay(done, settings)
    if asked.notify:
        found = acted(client, settings, found, done.answer.journal_id)
    answer(found, decay_lines, json=asked.json)
    if found.verdict == DECAYED and not asked.notify:
        sys.exit(FOUND)


def acted(client: AccountClient, settings: GateSettings, found: DecayAnswer, journal_id: str) -> DecayAnswer:
    """Tell people of decay that began or is over, and pause entries if so set, once an alarm."""
    notices, key = Notices(client.home.root / FILE), f"decay/{journal_id}"
    try:
        if found.verdict == DECAYED:
            title = f"decay: {len(found.reasons)} of {len(found.tests)} tests"
            body = "\n".join([*found.reasons, found.next_step])
            notices.open(key, AlertKind.DECAY, Severity.WARNING, client.name, title, body, found.until)
        elif found.verdict == STEADY:
            notices.end(key, "no decay any more", found.until)
    finally:
        notices.close()
    if found.verdict == DECAYED and settings.decay_pauses and not found.paused:
        return _paused(client, found)
    return found


def _paused(client: AccountClient, found: DecayAnswer) -> DecayAnswer:
    """Pause entries by the limit that no exit asks; once an alarm, whoever takes it back."""
    began = min(each.since for each in found.tests if each.since is not None)
    command = ChangeSettings(
        given={MAX_TRADES: 0},
        reason=f"decay: {'; '.join(found.reasons)}"[:1_000],
        by=BY,
        key=f"decay-{began:%Y%m%dT%H%M%S}",
    )
    dispatch(client.home, client.name, command)
    return msgspec.structs.replace(found, paused=True)


def decay_lines(found: DecayAnswer) -> Iterator[str]:
    """Yield the tests as people read them, with how often each is wrong and what it can see."""
    span = f"{found.since:%Y-%m-%d} to {found.until:%Y-%m-%d} UTC"
    yield f"decay     {found.verdict}, {found.journal}, {span}, row {found.seq}"
    for each in found.tests:
        state = each.silent or ("ALARM" if each.alarm else "steady")
        yield (
            f"{each.name:<13} {state}: {each.rolling} of the latest, {each.before} before, "
            f"{each.value:.1f} of {each.limit:.1f} after {each.count} {each.unit}s"
        )
    first = found.tests[0]
    yield (
        f"power     each test is wrong once in {first.false_alarm} results, and sees a loss of "
        f"{first.shift:g} deviations after {first.seen_after} on average"
    )
    if found.paused:
        yield f"paused    no entry is made: {MAX_TRADES} = 0; agent config change --back {MAX_TRADES}"
    yield from (f"why       {each}" for each in found.reasons)
    yield f"next      {found.next_step}"
