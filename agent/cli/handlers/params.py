"""The work of `agent params ...`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agent.account.client import Reader
from agent.cli.options import home_of, say, say_json
from agent.host.clock import SystemClock
from agent.host.shown import words
from agent.parameters import evidence
from agent.parameters.evidence import EvidenceFile
from agent.parameters.versions import Apply, Rollback, Wish
from domain.errors import BadInput

Row = dict[str, Any]


class Asked(NamedTuple):
    """What `agent params apply` was given; `sets` are texts such as `fast=10`."""

    strategy: str
    sets: Sequence[str]
    evidence: Path | None
    study: str | None
    force: bool
    reason: str


def list_versions(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print every version, the settings' own first."""
    told = Reader(home_of(home), journal).parameters()
    if json:
        say_json(told)
        return
    for row in told:
        mark = "*" if row["active"] else " "
        say(f"{mark} {row['version']:>3} {row['strategy']:<16}{words(row['parameters'])}")
        for text in _details(row):
            say(f"      {text}")
    say("* in force")


def apply_parameters(asked: Asked, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Put parameters in force, or say what their evidence lacks."""
    proof = _evidence(asked, home)
    wish = Apply(
        strategy=asked.strategy,
        given=_given(asked.sets),
        evidence=None if proof is None else proof.model_dump(mode="json"),
        force=asked.force,
        reason=asked.reason,
    )
    _carry_out(wish, home, journal, json=json)


def roll_back(
    version: int | None,
    strategy: str | None,
    reason: str,
    home: Path | None,
    journal: str | None,
    *,
    json: bool,
) -> None:
    """Put an earlier version in force again."""
    _carry_out(Rollback(reason, version, strategy), home, journal, json=json)


def _carry_out(wish: Wish, home: Path | None, journal: str | None, *, json: bool) -> None:
    told = Reader(home_of(home), journal).set_parameters(wish, SystemClock())
    if json:
        say_json(told)
        return
    say(f"version {told['version']} of {told['strategy']}: {words(told['parameters'])}")
    for text in _details(told):
        say(f"  {text}")
    when = "the running agent, at its next cycle" if told["running"] else "the next run; no agent runs now"
    say(f"taken by  {when}")
    if told["waits_candles"]:
        say(f"warm-up   {told['strategy']} is silent for {told['waits_candles']} more candles")


def _evidence(asked: Asked, home: Path | None) -> EvidenceFile | None:
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


def _given(sets: Sequence[str]) -> Row:
    """Turn `fast=10` into `{"fast": "10"}`; the strategy's own model knows what is a number."""
    given: Row = {}
    problems = []
    for text in sets:
        name, found, value = text.partition("=")
        if not found or not name:
            problems.append(f"--set {text!r} is not like fast=10")
        elif name in given:
            problems.append(f"--set {name} is given twice")
        given[name] = value
    if problems:
        raise BadInput("\n".join(problems))
    return given


def _details(row: Row) -> list[str]:
    """Say of a version when, by whom and why, and what spoke for it."""
    if not row["version"]:
        return []
    notes = ["forced"] if row["forced"] else []
    if row["rolled_back_to"] is not None:
        notes.append(f"back to version {row['rolled_back_to']}")
    told = [f"{', '.join([*notes, row['at'][:19], 'by ' + row['by']])}: {row['reason']}"]
    if row["evidence"]:
        told.extend(_figures(row["evidence"]))
    return told


def _figures(proof: Row) -> list[str]:
    found = (proof["in_sample_sharpe"], proof["out_of_sample_sharpe"])
    before = (proof["present_in_sample_sharpe"], proof["present_out_of_sample_sharpe"])
    notes = [f"{proof['trials']} trials"]
    for name, title in (("deflated_sharpe", "deflated sharpe"), ("pbo", "pbo")):
        if proof[name] is not None:
            notes.append(f"{title} {proof[name]:g}")
    if proof["source"]:
        notes.append(f"from {proof['source']}")
    notes.append(f"data {proof['data_fingerprint'][:12]}")
    return [
        "sharpe    in sample {:g}, out of sample {:g}".format(*found),
        "before    in sample {:g}, out of sample {:g}, with ".format(*before) + words(proof["present"]),
        f"study     {', '.join(notes)}",
    ]
