"""`agent params reload`: a running agent takes the studies that the settings name, on their evidence."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import structs

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.alerts import AlertKind, Severity
from agent.answers.journals import Reloaded, ReloadedRow
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.notices import FILE, Notices
from agent.parameters.evidence import EvidenceFile, read, study_file
from agent.parameters.reload import APPLIED, BY, NEW, REFUSED, reload_of
from agent.settings.home import Home
from agent.settings.upkeep.reading import upkeep
from domain.commands import ApplyParameters
from domain.errors import BadInput, Unproven


def reload_command(home: Path | None, journal: str | None, *, notify: bool, json: bool) -> None:
    """Have the running agent take what it has not taken yet, and print what became of each study."""
    agent_home = home_of(home)
    client = AccountClient(agent_home, journal)
    studies = upkeep(agent_home).jobs.parameters.studies
    running = agent_home.held(client.name)
    rows = [_taken(client, study) for study in studies] if running else []
    result = Reloaded(journal=client.name, running=running, rows=rows)
    if notify:
        _notify(agent_home, result)
    answer(result, _lines, json=json)


def _taken(client: AccountClient, study: str) -> ReloadedRow:
    """Have a study taken where it is new to the journal, which is read anew: one may build on another."""
    row = ReloadedRow(study=study, strategy=None, did=REFUSED, why="")
    try:
        proof = read(study_file(client.home.root, study))
    except BadInput as refused:
        return structs.replace(row, why=str(refused))
    result = reload_of(proof, client.parameters(), upkeep(client.home).gate.pbo)
    row = structs.replace(
        row, strategy=proof.strategy, did=result.did, why=result.why, version=result.version
    )
    return _applied(client, row, proof) if result.did == NEW else row


def _applied(client: AccountClient, row: ReloadedRow, proof: EvidenceFile) -> ReloadedRow:
    command = ApplyParameters(
        strategy=proof.strategy,
        evidence=proof.model_dump(mode="json"),
        reason=f"study {row.study}, named in jobs.parameters.studies",
        by=BY,
    )
    try:
        reply = dispatch(client.home, client.name, command)
    except (BadInput, Unproven) as refused:
        return structs.replace(row, did=REFUSED, why="; ".join(str(refused).splitlines()[:3]))
    return structs.replace(row, did=APPLIED, version=getattr(reply, "version", None))


def _notify(home: Home, result: Reloaded) -> None:
    """Tell people of what was applied or refused, once for each reason."""
    news = [each for each in result.rows if each.did in (APPLIED, REFUSED)]
    if not news:
        return
    notices = Notices(home.root / FILE)
    try:
        for each in news:
            mark = hashlib.sha256(f"{each.study} {each.version} {each.why}".encode()).hexdigest()[:12]
            notices.put(
                f"reload/{result.journal}/{each.did}/{mark}",
                AlertKind.DECAY,
                Severity.INFO if each.did == APPLIED else Severity.WARNING,
                result.journal,
                f"study {each.study} {each.did}",
                _line(each),
                SystemClock().now(),
            )
    finally:
        notices.close()


def _lines(result: Reloaded) -> Iterator[str]:
    if not result.running:
        yield f"{result.journal}: no agent runs; it takes parameters when one does"
    elif not result.rows:
        yield f"{result.journal}: jobs.parameters.studies names no study"
    for each in result.rows:
        yield f"{result.journal}: {_line(each)}"


def _line(row: ReloadedRow) -> str:
    whose = f" of {row.strategy}" if row.strategy else ""
    version = f" as version {row.version}" if row.version is not None else ""
    return f"study {row.study}{whose}: {row.did}{version}{f': {row.why}' if row.why else ''}"
