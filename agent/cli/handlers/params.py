"""The work of `agent params ...`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from msgspec import convert

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.journals import ParameterVersion
from agent.cli.options import assigned, home_of
from agent.cli.output.streams import answer, say, say_json
from agent.host.shown import words
from agent.parameters import evidence
from agent.parameters.evidence import EvidenceFile
from domain.commands import ApplyParameters, RollBackParameters
from domain.errors import BadInput
from domain.evidence import Evidence
from domain.replies import ParametersInForce

Row = dict[str, Any]


class ApplyRequest(NamedTuple):
    """The arguments of `agent params apply`; `sets` are texts such as `fast=10`."""

    strategy: str
    sets: Sequence[str]
    evidence: Path | None
    study: str | None
    force: bool
    reason: str
    key: str = ""


def list_versions(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print every version, the settings' own first."""
    answer(AccountClient(home_of(home), journal).parameters(), _versions, json=json)


def _versions(report: Sequence[ParameterVersion]) -> Iterator[str]:
    for row in report:
        mark = "*" if row.active else " "
        yield f"{mark} {row.version:>3} {row.strategy:<16}{words(row.parameters)}"
        yield from (f"      {text}" for text in _details(row))
    yield "* in force"


def apply_parameters(asked: ApplyRequest, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Put parameters in force, or say what their evidence lacks."""
    proof = _evidence(asked, home)
    command = ApplyParameters(
        strategy=asked.strategy,
        given=assigned(asked.sets, "fast=10"),
        evidence=None if proof is None else proof.model_dump(mode="json"),
        force=asked.force,
        reason=asked.reason,
        key=asked.key,
    )
    put_in_force(command, home, journal, json=json)


def put_in_force(
    command: ApplyParameters | RollBackParameters, home: Path | None, journal: str | None, *, json: bool
) -> None:
    """Put parameters, or an earlier version again, in force and say what was."""
    agent_home = home_of(home)
    report = cast("ParametersInForce", dispatch(agent_home, agent_home.latest(journal), command))
    if json:
        say_json(report)
        return
    say(f"version {report.version} of {report.strategy}: {words(report.parameters)}")
    for text in _details(convert(report, ParameterVersion, from_attributes=True)):
        say(f"  {text}")
    when = "the running agent, at its next cycle" if report.running else "the next run; no agent runs now"
    say(f"taken by  {when}")
    if report.waits_candles:
        say(f"warm-up   {report.strategy} is silent for {report.waits_candles} more candles")


def _evidence(asked: ApplyRequest, home: Path | None) -> EvidenceFile | None:
    if asked.evidence is not None and asked.study is not None:
        raise BadInput("--evidence and --study were both given; give one")
    if asked.evidence is not None:
        return evidence.read(asked.evidence)
    if asked.study is None:
        return None
    path = evidence.study_file(home_of(home).root, asked.study)
    if not path.is_file():
        known = sorted(
            each.name.removesuffix(".evidence.json") for each in path.parent.glob("*.evidence.json")
        )
        raise BadInput(
            f"study {asked.study} left no evidence in {path.parent}; there are: {', '.join(known) or 'none'}"
        )
    return evidence.read(path)


def _details(row: ParameterVersion) -> list[str]:
    """Say of a version when, by whom and why, and what spoke for it."""
    if row.at is None:
        return []
    notes = ["forced"] if row.forced else []
    if row.rolled_back_to is not None:
        notes.append(f"back to version {row.rolled_back_to}")
    answer = [f"{', '.join([*notes, f'{row.at:%Y-%m-%dT%H:%M:%S}', f'by {row.by}'])}: {row.reason}"]
    return answer + (_figures(row.evidence) if row.evidence else [])


def _figures(proof: Evidence) -> list[str]:
    notes = [f"{proof.trials} trials"]
    if proof.deflated_sharpe is not None:
        notes.append(f"deflated sharpe {proof.deflated_sharpe:g}")
    if proof.pbo is not None:
        notes.append(f"pbo {proof.pbo:g}")
    if proof.source:
        notes.append(f"from {proof.source}")
    notes.append(f"data {proof.data_fingerprint[:12]}")
    inside, outside = proof.present_in_sample_sharpe, proof.present_out_of_sample_sharpe
    return [
        f"sharpe    in sample {proof.in_sample_sharpe:g}, out of sample {proof.out_of_sample_sharpe:g}",
        f"before    in sample {inside:g}, out of sample {outside:g}, with {words(proof.present)}",
        f"study     {', '.join(notes)}",
    ]
