"""The report of a soak: report.json for machines, report.html, in one file without any other, for people."""

import json
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from scripts.soak_evidence import Evidence
from scripts.soak_faults import FAULTS, Phase
from scripts.soak_judge import passed
from scripts.soak_limits import Judgement
from scripts.soak_page import PAGE
from scripts.soak_plot import Line, Stretch, plot, strip
from scripts.soak_progress import clock_text
from scripts.soak_resources import HOUR, settled
from scripts.soak_slope import theil_sen

Config = dict[str, Any]


def summary(evidence: Evidence, judgements: Sequence[Judgement], config: Config) -> dict[str, Any]:
    """Return the result as plain values: verdict, judgements, figures and what was run."""
    samples = evidence.samples
    told = evidence.ending.summary or {}
    return {
        "passed": passed(judgements),
        "judgements": [judgement._asdict() for judgement in judgements],
        "figures": {
            "seconds": round(evidence.seconds, 1),
            "start_seconds": round(evidence.start_seconds, 2),
            "cycles": len(evidence.turns),
            "trades": told.get("account", {}).get("trades"),
            "orders": evidence.digest.rows.get("order_settled", 0),
            "rss_first_mib": round(samples[0].rss, 1) if samples else None,
            "rss_last_mib": round(samples[-1].rss, 1) if samples else None,
            "rss_peak_mib": round(max(sample.rss for sample in samples), 1) if samples else None,
            "cpu_mean_percent": round(sum(sample.cpu for sample in samples) / len(samples), 1)
            if samples
            else None,
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
    return PAGE.format(
        verdict="passed" if good else "failed",
        headline=_headline(evidence, judgements),
        judgements="".join(map(_row, sorted(judgements, key=lambda each: each.verdict != "fail"))),
        plots="".join(_plots(evidence)),
        phases="".join(_phase_row(phase) for phase in evidence.phases if phase.fault),
        figures=_pairs(figures),
        account=_pairs(result["figures"]["account"] or {}),
        config=_pairs(result["config"]),
    )


def _headline(evidence: Evidence, judgements: Sequence[Judgement]) -> str:
    failed = [each.name for each in judgements if each.verdict == "fail"]
    if failed:
        return f"{len(failed)} of {len(judgements)} judgements failed: {', '.join(failed)}"
    faults = sum(1 for phase in evidence.phases if phase.fault)
    return (
        f"{clock_text(evidence.seconds)} minutes, {len(evidence.turns):,} cycles, {faults} faults: "
        f"nothing failed"
    )


def _row(judgement: Judgement) -> str:
    style = judgement.verdict.replace(" ", "-")
    cells = (judgement.name, judgement.question, judgement.measured, judgement.limit)
    told = "".join(f"<td>{escape(text)}</td>" for text in cells)
    return f'<tr><td><span class="{style}">{judgement.verdict}</span></td>{told}</tr>'


def _phase_row(phase: Phase) -> str:
    cells = (clock_text(phase.begins), f"{phase.seconds:.1f} s", phase.fault, FAULTS[phase.fault].meaning)
    return f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in cells)}</tr>"


def _pairs(values: dict[str, Any]) -> str:
    return "".join(
        f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{escape(_shown(value))}</td></tr>"
        for name, value in values.items()
    )


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return "-" if value is None else str(value)


def _plots(evidence: Evidence) -> list[str]:
    samples, phases, seconds = evidence.samples, evidence.phases, evidence.seconds
    memory = [Line("resident", [(each.at, each.rss) for each in samples])]
    if (trend := _trend(evidence)) is not None:
        memory.append(trend)
    return [
        strip("Where the data came from", _sources(evidence), seconds),
        plot("Memory", "MiB", memory, phases, seconds, from_zero=False),
        plot(
            "CPU", "% of one core", [Line("cpu", [(each.at, each.cpu) for each in samples])], phases, seconds
        ),
        plot(
            "Descriptors and threads",
            "count",
            [
                Line("descriptors", [(each.at, each.descriptors) for each in samples]),
                Line("threads", [(each.at, each.threads) for each in samples]),
            ],
            phases,
            seconds,
        ),
        plot(
            "Database",
            "MiB",
            [
                Line("file", [(each.at, each.database) for each in samples]),
                Line("write-ahead log", [(each.at, each.wal) for each in samples]),
            ],
            phases,
            seconds,
        ),
        plot("Cycles", "per second", [Line("cycles", _rate(evidence))], phases, seconds),
        plot(
            "Answers from outside",
            "seconds",
            [
                Line("agent status", [(each.at, each.command_seconds) for each in evidence.probes]),
                Line("control port", [(each.at, each.port_seconds) for each in evidence.probes]),
            ],
            phases,
            seconds,
        ),
        plot("Equity", "USDT", [Line("equity", _equity(evidence))], phases, seconds, from_zero=False),
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
        Stretch(phase.begins, phase.ends, "fault row", phase.fault)
        for phase in evidence.phases
        if phase.fault
    ]
    return [("faults", faults), *sorted(rows.items())]
