"""Writes the tables of routes, metrics, alerts, jobs and the gate into their pages, from the code itself.

A test fails when a page is behind. After a change: `python -m docs.tables`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

HOW_TO = Path(__file__).with_name("how-to")


def routes() -> str:
    """Return every route of the API, those of one area together."""
    from agent.serve.app import table  # noqa: PLC0415  # the server is an extra

    rows = sorted(table(), key=lambda each: each.tag)  # stable: as the code has them within one
    return _table(
        ("route", "token", "what it does"),
        [(f"`{each.method} {each.path}`", str(each.scope), each.summary) for each in rows],
    )


def metrics() -> str:
    """Return every metric with its labels."""
    from agent.serve.metrics.table import DURATIONS, METRICS, OWN  # noqa: PLC0415

    plain = [(each.name, each.kind, ("agent", *each.labels), each.meaning) for each in METRICS]
    timed = [(each.name, "histogram", ("agent",), each.meaning) for each in DURATIONS]
    own = [(each.name, each.kind, each.labels, each.meaning) for each in OWN]
    return _table(
        ("metric", "kind", "labels", "what it is"),
        [
            (f"`{name}`", kind, ", ".join(f"`{label}`" for label in labels) or "none", meaning)
            for name, kind, labels, meaning in (*plain, *timed, *own)
        ],
    )


def alerts() -> str:
    """Return every alert with what it says and where it leads."""
    import yaml  # noqa: PLC0415

    groups = yaml.safe_load((HOW_TO.parent.parent / "ops" / "prometheus" / "boyd.rules.yml").read_text())
    rules = [rule for group in groups["groups"] for rule in group["rules"]]
    return _table(
        ("alert", "severity", "after", "leads to"),
        [
            (
                rule["alert"],
                rule["labels"]["severity"],
                rule.get("for", "at once"),
                f"[runbook](../{rule['annotations']['runbook'].removeprefix('docs/')})",
            )
            for rule in rules
        ],
    )


def kinds() -> str:
    """Return every kind of message with its severity, when it is told, and where it leads."""
    from agent.alerts.table import TABLE, runbook  # noqa: PLC0415

    sources = {"journal": "a row of the journal", "notice": "a notice", "watch": "at once"}
    rows = []
    for each in TABLE:
        when = f"after {each.seconds:g} s" if each.seconds else sources[each.source]
        same = ", ".join([*each.alarms, *each.rules])
        leads = f"[runbook](../{runbook(each.kind).removeprefix('docs/')})" if each.heading else ""
        rows.append((f"`{each.kind}`", each.severity.value, each.meaning, when, same, leads))
    return _table(("kind", "severity", "what it says", "told", "on the page, in Prometheus", "help"), rows)


def decisions() -> str:
    """Return the gate's matrix: where any rule of some areas stands so, the verdict and the next step."""
    from agent.gate.matrix import DECISIONS  # noqa: PLC0415

    return _table(
        ("any rule of", "stands", "verdict", "next"),
        [
            (
                ", ".join(each.areas) if len(each.areas) < 3 else "any area",
                str(each.standing or "all pass"),
                f"**{each.verdict}**",
                each.next_step,
            )
            for each in DECISIONS
        ],
    )


def failures() -> str:
    """Return the gate's rules with what each failure means and what to do then."""
    from agent.gate.rules import RULES  # noqa: PLC0415

    return _table(
        ("rule", "area", "measures", "where it fails", "do"),
        [(f"`{each.name}`", str(each.area), each.meaning, each.failure, each.remedy) for each in RULES],
    )


def jobs() -> str:
    """Return the jobs with their schedules, as they are until somebody sets them otherwise."""
    from agent.jobs.catalogue import JOBS  # noqa: PLC0415
    from agent.settings.upkeep.jobs import JobsSettings  # noqa: PLC0415

    rows = []
    for each in JOBS:
        given = each.settings(JobsSettings())
        rows.append((f"`{each.name}`", each.what, f"`{given.schedule}`", "on" if given.on else "off"))
    return _table(("job", "what it does", "when (UTC)", "at first"), rows)


WRITTEN = {
    "alerts.md": {"kinds": kinds},
    "http-api.md": {"routes": routes},
    "jobs.md": {"jobs": jobs},
    "monitoring.md": {"metrics": metrics, "alerts": alerts},
    "gate.md": {"decisions": decisions, "failures": failures},
}


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(name: str) -> str:
    """Return a page with its tables as the code has them."""
    text = (HOW_TO / name).read_text()
    for what, made in WRITTEN[name].items():
        begin, end = f"<!-- {what}: written by docs/tables.py -->", f"<!-- end of {what} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        body = f"{begin}\n\n{made()}\n\n{end}"
        text = pattern.sub(lambda _, body=body: body, text)  # type: ignore[misc]
    return text


def main() -> None:
    """Write the pages."""
    for name in WRITTEN:
        (HOW_TO / name).write_text(page(name))


if __name__ == "__main__":
    main()
