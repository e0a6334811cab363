"""The report of a soak: report.json for machines, report.html, in one file without any other, for people."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

from domain.times import utc
from research.report import templates
from scripts.soak.evidence.gathered import Evidence
from scripts.soak.evidence.slope import theil_sen
from scripts.soak.judge.feed import faulty
from scripts.soak.judge.judge import passed
from scripts.soak.judge.limits import Judgement
from scripts.soak.judge.resources import HOUR, remark, settled
from scripts.soak.progress import clock_text
from scripts.soak.report.plot import TEMPLATES, Line, Stretch, plot, strip
from scripts.soak.rig.faults import FAULTS, Phase

Config = dict[str, Any]


def summary(evidence: Evidence, judgements: Sequence[Judgement], config: Config) -> dict[str, Any]:
    """Return the result as plain values: verdict, judgements, figures and what was run."""
    samples = evidence.samples
    told = evidence.ending.summary or {}
    return {
        "passed": passed(judgements),
        "remark": remark(evidence),
        "judgements": [judgement._asdict() for judgement in judgements],
        "figures": {
            "began": utc(evidence.began_ms).isoformat(timespec="seconds"),
            "seconds": round(evidence.seconds, 1),
            "start_seconds": round(evidence.start_seconds, 2),
            "cycles": len(evidence.turns),
            "trades": told.get("account", {}).get("trades"),
            "orders": evidence.digest.rows.get("order_reported", 0),
            "rss_first_mib": round(samples[0].rss, 1) if samples else None,
            "rss_last_mib": round(samples[-1].rss, 1) if samples else None,
            "rss_peak_mib": round(max(sample.rss for sample in samples), 1) if samples else None,
            "cpu_mean_percent": round(fmean(each.cpu for each in samples), 1) if samples else None,
            "stolen_mean_percent": round(fmean(each.stolen for each in samples), 1) if samples else None,
            "database_mib": round(samples[-1].database, 2) if samples else None,
            "account": told.get("account"),
        },
        "config": config,
    }


def document(evidence: Evidence, result: dict[str, Any]) -> dict[str, Any]:
    """Return the whole of report.json: the result, phases, samples and probes."""
    return {
        **result,
        "phases": [
            {"fault": phase.title, "begins": round(phase.begins, 2), "ends": round(phase.ends, 2)}
            for phase in evidence.phases
        ],
        "samples": [sample._asdict() for sample in evidence.samples],
        "probes": [probe._asdict() for probe in evidence.probes],
    }


def write(out: Path, evidence: Evidence, judgements: Sequence[Judgement], result: dict[str, Any]) -> None:
    """Write both reports into a folder. Raises OSError where that cannot be done."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document(evidence, result), indent=1, default=str)
    (out / "report.json").write_text(text + "\n", encoding="utf-8")
    (out / "report.html").write_text(page(evidence, judgements, result), encoding="utf-8")


def page(evidence: Evidence, judgements: Sequence[Judgement], result: dict[str, Any]) -> str:
    """Return the HTML report."""
    good = passed(judgements)
    figures = {name: value for name, value in result["figures"].items() if name != "account"}
    return templates.page(
        "soak.html.j2",
        folder=TEMPLATES,
        style=templates.style("tokens.css") + templates.style("soak.css", folder=TEMPLATES),
        verdict="passed" if good else "failed",
        headline=_headline(evidence, judgements),
        judgements=sorted(judgements, key=lambda each: each.verdict != "fail"),
        plots=list(_plots(evidence)),
        phases=[_phase_row(*each) for each in enumerate(faulty(evidence), 1)],
        figures=_pairs(figures),
        account=_pairs(result["figures"]["account"] or {}),
        config=_pairs(result["config"]),
    )


def _headline(evidence: Evidence, judgements: Sequence[Judgement]) -> str:
    failed = [each.name for each in judgements if each.verdict == "fail"]
    if failed:
        told = f"{len(failed)} of {len(judgements)} judgements failed: {', '.join(failed)}"
        return "; ".join([told, *filter(None, [remark(evidence)])])
    faults = len(faulty(evidence))
    return (
        f"{clock_text(evidence.seconds)} minutes, {len(evidence.turns):,} cycles, {faults} faults: "
        f"nothing failed"
    )


def _phase_row(number: int, phase: Phase) -> tuple[str, ...]:
    return (
        str(number),
        clock_text(phase.begins),
        f"{phase.seconds:.1f} s",
        phase.fault,
        FAULTS[phase.fault].meaning,
    )


def _pairs(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), _shown(value)) for name, value in values.items()]


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return "-" if value is None else str(value)


def _plots(evidence: Evidence) -> Iterator[str]:
    phases, seconds = evidence.phases, evidence.seconds
    trend = _trend(evidence)
    memory = [*_held(evidence, rss="resident"), *([trend] if trend else [])]
    cpu = _held(evidence, cpu="agent, of one core", stolen="machine, stolen by its host")
    counts = _held(evidence, descriptors="descriptors", threads="threads")
    sizes = _held(evidence, database="file", wal="write-ahead log")
    answers = _asked(evidence, command_seconds="agent status", port_seconds="control socket")
    yield strip("Where the data came from", _sources(evidence), seconds)
    yield plot("Memory", "MiB", memory, phases, seconds, from_zero=False)
    yield plot("CPU", "%", cpu, phases, seconds)
    yield plot("Descriptors and threads", "count", counts, phases, seconds)
    yield plot("Database", "MiB", sizes, phases, seconds)
    yield plot("Cycles", "per second", [Line("cycles", _rate(evidence))], phases, seconds)
    yield plot("Answers from outside", "seconds", answers, phases, seconds)
    yield plot("Equity", "USDT", [Line("equity", _equity(evidence))], phases, seconds, from_zero=False)


def _held(evidence: Evidence, **fields: str) -> list[Line]:
    """Return a line for each named field of the samples."""
    return [
        Line(title, [(each.at, getattr(each, field)) for each in evidence.samples])
        for field, title in fields.items()
    ]


def _asked(evidence: Evidence, **fields: str) -> list[Line]:
    """Return a line for each named field of the probes."""
    return [
        Line(title, [(each.at, getattr(each, field)) for each in evidence.probes])
        for field, title in fields.items()
    ]


def _trend(evidence: Evidence) -> Line | None:
    points = [(each.at, each.rss) for each in settled(evidence)]
    if len(points) < 2:
        return None
    trend = theil_sen(points)
    ends = [(at, trend.at(at)) for at in (points[0][0], points[-1][0])]
    return Line(f"trend {trend.slope * HOUR:+.2f} MiB/h", ends, dashed=True)


def _rate(evidence: Evidence) -> list[tuple[float, float]]:
    return [
        (after.at, (after.cycles - before.cycles) / (after.at - before.at))
        for before, after in pairwise(evidence.samples)
    ]


def _equity(evidence: Evidence) -> list[tuple[float, float]]:
    return [(evidence.moment(turn.at_ms), turn.equity) for turn in evidence.turns]


def _sources(evidence: Evidence) -> list[tuple[str, list[Stretch]]]:
    """Return, by symbol, the stretches in which its data came from one source; the faults on top."""
    rows: dict[str, list[Stretch]] = {}
    for seen in evidence.digest.seen:
        at = evidence.moment(seen.at_ms)
        row = rows.setdefault(seen.symbol.split("-")[0], [])
        if row:
            row[-1] = row[-1]._replace(ends=at)
        if not row or row[-1].style != seen.source:
            row.append(Stretch(at, at, seen.source, seen.source))
    faults = [
        Stretch(phase.begins, phase.ends, "fault row", phase.fault, str(number))
        for number, phase in enumerate(faulty(evidence), 1)
    ]
    return [("faults", faults), *sorted(rows.items())]
