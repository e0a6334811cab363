"""`agent decay`: whether a strategy earns less than it did, told to people and acted on where set so."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.alerts import AlertKind, Severity
from agent.answers.gate import DecayAnswer, DecayTest
from agent.cli.handlers.period import PeriodRequest, period_report
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from agent.gate.decay import DECAYED, MAX_TRADES, STEADY, decay
from agent.notices import FILE, Notices
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
    result = decay(done, settings)
    if asked.notify:
        result = acted(client, settings, result, done.answer.journal_id)
    answer(result, decay_lines, json=asked.json)
    if result.verdict == DECAYED and not asked.notify:
        sys.exit(FOUND)


def acted(client: AccountClient, settings: GateSettings, result: DecayAnswer, journal_id: str) -> DecayAnswer:
    """Tell people of decay that began or is over, and pause entries if so set, once an alarm."""
    notices, key = Notices(client.home.root / FILE), f"decay/{journal_id}"
    try:
        if result.verdict == DECAYED:
            title = f"decay: {len(result.reasons)} of {len(result.tests)} tests"
            body = "\n".join([*result.reasons, result.next_step])
            notices.open(key, AlertKind.DECAY, Severity.WARNING, client.name, title, body, result.until)
        elif result.verdict == STEADY:
            notices.end(key, "no decay any more", result.until)
    finally:
        notices.close()
    if result.verdict == DECAYED and settings.decay_pauses and not result.paused:
        return _paused(client, result)
    return result


def _paused(client: AccountClient, result: DecayAnswer) -> DecayAnswer:
    """Pause entries by the limit that no exit asks; once an alarm, whoever takes it back."""
    began = min(each.since for each in result.tests if each.since is not None)
    command = ChangeSettings(
        given={MAX_TRADES: 0},
        reason=f"decay: {'; '.join(result.reasons)}"[:1_000],
        by=BY,
        key=f"decay-{began:%Y%m%dT%H%M%S}",
    )
    dispatch(client.home, client.name, command)
    return msgspec.structs.replace(result, paused=True)


def decay_lines(result: DecayAnswer) -> Iterator[str]:
    """Yield the tests as people read them, with how often each is wrong and what it can see."""
    span = f"{result.since:%Y-%m-%d} to {result.until:%Y-%m-%d} UTC"
    yield f"decay     {result.verdict}, {result.journal}, {span}, row {result.seq}"
    for each in result.tests:
        state = each.silent or ("ALARM" if each.alarm else "steady")
        yield f"{each.name:<13} {state}" + ("" if each.silent else _measured(each))
    first = result.tests[0]
    yield (
        f"power     each test is wrong once in {first.false_alarm} results, and sees a loss of "
        f"{first.shift:g} deviations after {first.seen_after} on average"
    )
    if result.paused:
        yield f"paused    no entry is made: {MAX_TRADES} = 0; agent config change --back {MAX_TRADES}"
    yield from (
        f"why       {each}" for each in result.reasons if any(not test.silent for test in result.tests)
    )
    yield f"next      {result.next_step}"


def _measured(test: DecayTest) -> str:
    before = "nothing" if test.before is None else test.before
    return (
        f": {test.rolling} of the latest, {before} before, "
        f"{test.value:.1f} of {test.limit:.1f} after {test.count} {test.unit}s"
    )
