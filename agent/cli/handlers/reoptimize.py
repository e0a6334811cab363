"""`agent reoptimize`: other parameters are offered, put in force on evidence, and taken back when refuted."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.alerts import AlertKind, Severity
from agent.answers.gate import Reoptimized, ReoptimizedRow
from agent.cli.handlers.period import PeriodRequest, period_of
from agent.cli.handlers.search import search_bar, search_home
from agent.cli.options import home_of
from agent.cli.output.compile_bar import compiling_told
from agent.cli.output.streams import answer
from agent.gate.reoptimize import (
    APPLIED,
    BY,
    OFFERED,
    ROLLED_BACK,
    Found,
    SearchedAccount,
    Study,
    considered,
    known,
)
from agent.host.shown import words
from agent.notices import FILE, Notices
from agent.parameters.evidence import study_file, write
from agent.reports.report import reported
from agent.settings.upkeep.gate import GateSettings
from agent.settings.upkeep.reading import upkeep
from domain.commands import ApplyParameters, RollBackParameters
from domain.errors import BadInput, Unproven


class ReoptimizeRequest(NamedTuple):
    """The arguments of `agent reoptimize`."""

    strategies: tuple[str, ...]
    days: int | None
    trials: int | None
    as_of: str | None
    apply: bool
    notify: bool
    json: bool


def reoptimize_command(home: Path | None, journal: str | None, asked: ReoptimizeRequest) -> None:
    """Look for better parameters of each strategy, test those on trial, and print what was done."""
    agent_home = home_of(home)
    settings = upkeep(agent_home).gate
    if asked.trials is not None:
        settings = settings.model_copy(update={"reoptimize_trials": asked.trials})
    client = AccountClient(agent_home, journal)
    account, seq, journal_id = _seen(client, settings, asked)
    rows = [_done(client, account, name, settings, asked) for name in _named(account, asked.strategies)]
    result = Reoptimized(journal=client.name, seq=seq, rows=rows)
    if asked.notify:
        _notify(client, result, journal_id, account)
    answer(result, reoptimize_lines, json=asked.json)


def _seen(
    client: AccountClient, settings: GateSettings, asked: ReoptimizeRequest
) -> tuple[SearchedAccount, int, str]:
    """Return what the account saw, its last row and its journal's id."""
    days = settings.reoptimize_days if asked.days is None else asked.days
    request = PeriodRequest(days, None, None, asked.as_of, None, text=False, json=True, backtest=False)
    with client.resting() as records:
        done = reported(records, client.name, period_of(records, request), client.checkpoints, twin=False)
        return known(records, done), done.answer.seq, done.answer.journal_id


def _named(account: SearchedAccount, asked: tuple[str, ...]) -> tuple[str, ...]:
    voices = account.rules.options.reasoning.strategies
    strangers = [each for each in asked if each not in voices]
    if strangers:
        raise BadInput(f"--strategy {strangers[0]}: has no voice here; those that have: {', '.join(voices)}")
    return asked or voices


def _done(
    client: AccountClient,
    account: SearchedAccount,
    name: str,
    settings: GateSettings,
    asked: ReoptimizeRequest,
) -> ReoptimizedRow:
    study = _study(client, account, name, settings)
    with compiling_told(), search_bar(f"study {study.name}", settings.reoptimize_trials) as done:
        result = considered(account, name, settings, study, done)
    if result.evidence is not None:
        write(study_file(client.home.root, study.name), result.evidence, mode=0o600)
    if result.row.did == ROLLED_BACK:
        return _rolled_back(client, result)
    if result.row.did == OFFERED and (asked.apply or settings.reoptimize_applies):
        return _applied(client, result, study)
    return result.row


def _study(client: AccountClient, account: SearchedAccount, name: str, settings: GateSettings) -> Study:
    """Return a study of its own for these candles, this account and this many trials."""
    fingerprints = [each.fingerprint for each in account.candles]
    about = repr((client.name, name, settings.reoptimize_trials, account.rules.parameters, fingerprints))
    mark = hashlib.sha256(about.encode()).hexdigest()[:8]
    title = f"reoptimize-{name[:24]}-{account.period.until:%Y%m%d}-{mark}"
    return Study(title, f"sqlite:///{search_home(client.home.root) / f'{title}.db'}")


def _applied(client: AccountClient, result: Found, study: Study) -> ReoptimizedRow:
    """Put what was found in force, on its evidence; where that is no longer enough it is offered still."""
    assert result.evidence is not None  # noqa: S101 -- nothing is offered without
    command = ApplyParameters(
        strategy=result.row.strategy,
        evidence=result.evidence.model_dump(mode="json"),
        reason=f"re-optimised: {result.row.why}"[:1_000],
        by=BY,
        key=study.name,
    )
    try:
        reply = dispatch(client.home, client.name, command)
    except (BadInput, Unproven) as refused:
        return structs.replace(result.row, why=f"{result.row.why}; not applied: {refused}")
    return structs.replace(result.row, did=APPLIED, version=getattr(reply, "version", None))


def _rolled_back(client: AccountClient, result: Found) -> ReoptimizedRow:
    command = RollBackParameters(
        version=result.back_to,
        strategy=result.row.strategy,
        reason=result.row.why[:1_000],
        by=BY,
        key=f"refuted-{result.row.strategy}-{result.row.version}",
    )
    dispatch(client.home, client.name, command)
    return result.row


def _notify(client: AccountClient, result: Reoptimized, journal_id: str, account: SearchedAccount) -> None:
    """Tell people of what is offered, was applied or taken back, once a row."""
    news = [each for each in result.rows if each.did in (OFFERED, APPLIED, ROLLED_BACK)]
    if not news:
        return
    notices = Notices(client.home.root / FILE)
    try:
        for each in news:
            notices.put(
                f"reoptimize/{journal_id}/{result.seq}/{each.strategy}/{each.did}",
                AlertKind.DECAY,
                Severity.INFO,
                client.name,
                f"parameters of {each.strategy} {each.did}",
                "\n".join(_row_lines(each)),
                account.period.until,
            )
    finally:
        notices.close()


def reoptimize_lines(result: Reoptimized) -> Iterator[str]:
    """Yield what was found for each strategy, and how to put in force what is offered."""
    for each in result.rows:
        yield from _row_lines(each)


def _row_lines(row: ReoptimizedRow) -> Iterator[str]:
    yield f"{row.strategy:<10}{row.did}: {row.why}"
    yield f"  in force {words(row.present)}"
    if row.proposed:
        yield f"  other    {words(row.proposed)}"
    if row.did == OFFERED:
        yield f"  apply    agent params apply {row.strategy} --study {row.study}"
