"""The work of `agent adviser ...`."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import msgspec

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.forecasts import AdviserRow, PromotionAnswer, PromotionRule
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from domain.advice import VOICE
from domain.commands import DemoteAdviser, PromoteAdviser, RollBackAdviser
from domain.errors import BadInput
from domain.replies import AdviserInForce
from learning.promotion import SkillProof, measured, shortfalls, warnings

REFUSED = 1


class PromoteRequest(NamedTuple):
    """The arguments of `agent adviser promote`."""

    adviser: str
    cap: float
    trials: int
    dry_run: bool
    reason: str
    key: str


def list_sets(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print every promotion and demotion."""
    answer(AccountClient(home_of(home), journal).advisers(), _sets, json=json)


def _sets(rows: Sequence[AdviserRow]) -> Iterator[str]:
    if not rows:
        yield "adviser   none was ever promoted: each may only lower entries"
    for row in rows:
        mark, state = "*" if row.active else " ", "promoted" if row.promoted else "demoted"
        when = f"{row.at:%Y-%m-%dT%H:%M:%S}"
        yield f"{mark} {row.version:>3} {row.adviser:<16}{state} by {row.by}, {when}: {row.reason}"
    if rows:
        yield "* in force"


def promote_adviser(asked: PromoteRequest, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Measure an adviser's forecasts and promote it, or say what they lack."""
    client = AccountClient(home_of(home), journal)
    report = _proof(client, asked)
    if asked.dry_run:
        answer(_told(report), _gate_lines, json=json)
        if shortfalls(report):
            sys.exit(REFUSED)
        return
    command = PromoteAdviser(
        adviser=asked.adviser,
        identity=report.identity,
        evidence=msgspec.to_builtins(report),
        raise_cap=asked.cap,
        reason=asked.reason,
        key=asked.key,
    )
    set_adviser(command, home, journal, json=json)


def _proof(client: AccountClient, asked: PromoteRequest) -> SkillProof:
    """Return the proof of an adviser as it is now: its latest identity, the earlier ones counted as tries."""
    from agent.gate.proof import proof

    done = [each for each in client.resolved() if each.forecast.voice == VOICE + asked.adviser]
    if not done:
        raise BadInput(f"adviser {asked.adviser!r} has no forecast whose outcome is known; agent forecasts")
    identity = max(done, key=lambda each: each.forecast.at).forecast.identity
    tried = {each.forecast.identity for each in done}
    mine = [each for each in done if each.forecast.identity == identity]
    return proof(VOICE + asked.adviser, identity, mine, max(asked.trials, len(tried)))


def _told(report: SkillProof) -> PromotionAnswer:
    return PromotionAnswer(
        proof=report,
        passes=not shortfalls(report),
        rules=[PromotionRule(**each._asdict()) for each in measured(report)],
        warnings=warnings(report),
    )


def _gate_lines(result: PromotionAnswer) -> Iterator[str]:
    yield f"gate      {result.proof.voice}: {'passes' if result.passes else 'refused'}"
    for row in result.rules:
        value = "unknown" if row.value is None else f"{row.value:.6g}"
        yield f"  {'pass' if row.passed else 'FAIL'}    {row.name} {value}, must be {row.limit}"
    yield from (f"warning   {each}" for each in result.warnings)


def set_adviser(
    command: PromoteAdviser | DemoteAdviser | RollBackAdviser,
    home: Path | None,
    journal: str | None,
    *,
    json: bool,
) -> None:
    """Carry out a command on an adviser and say what is in force."""
    agent_home = home_of(home)
    reply = cast("AdviserInForce", dispatch(agent_home, agent_home.latest(journal), command))
    answer(reply, _reply_lines, json=json)


def _reply_lines(reply: AdviserInForce) -> Iterator[str]:
    state = f"promoted, raises by {reply.raise_cap:g} at most" if reply.promoted else "only lowers entries"
    yield f"version {reply.version} of adviser {reply.adviser}: {state}"
    yield f"taken by  {'the running agent, at its next cycle' if reply.running else 'the next run'}"
