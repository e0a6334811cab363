"""`agent ab`: which of two paper accounts earns more, by a test that may be asked every day."""

from collections.abc import Iterator
from pathlib import Path

from agent.account.client import AccountClient
from agent.answers.gate import PairsAnswer
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from agent.gate.pairs import SHOWN, SILENT, PaperLife, compared, paper_life
from domain.errors import BadInput
from domain.times import TIMEFRAMES


def show_pairs(names: tuple[str, str], every: str, alarm: float, home: Path | None, *, json: bool) -> None:
    """Compare two journals and print it. Raises BadInput for what cannot be compared."""
    first, second = names
    if every not in TIMEFRAMES:
        raise BadInput(f"--every {every!r} is not one of {', '.join(TIMEFRAMES)}")
    if not 0.001 <= alarm <= 0.5:
        raise BadInput(f"--alarm {alarm:g}: must be from 0.001 to 0.5")
    if first == second:
        raise BadInput(f"{first} is named twice: an account is compared with another one")
    agent_home, lives = home_of(home), list[PaperLife]()
    for name in names:
        with AccountClient(agent_home, agent_home.latest(name)).journal() as opened:
            lives.append(paper_life(name, opened, TIMEFRAMES[every]))
    answer(compared(lives[0], lives[1], every, alarm), pairs_lines, json=json)


def pairs_lines(report: PairsAnswer) -> Iterator[str]:
    """Yield a comparison as people read it."""
    names = report.first.journal, report.second.journal
    yield f"ab        {_verdict(report)}"
    since = f"{report.since:%Y-%m-%dT%H:%M} UTC ({report.why_since})"
    yield f"pairs     {report.pairs} of {report.every} since {since}"
    for side in (report.first, report.second):
        mean = "nothing yet" if side.mean is None else f"{side.mean:+.4%} a pair, {side.earned:+.2%} in all"
        yield f"{side.journal:<10}{mean}"
    if report.mean is not None:
        ends = "no end known yet" if report.low is None or report.high is None else (
            f"{report.low:+.4%} to {report.high:+.4%}"
        )  # fmt: skip
        yield f"differ    {names[0]} less {names[1]}: {report.mean:+.4%} a pair ({ends})"
    yield (
        f"evidence  {report.evidence:.3g} of {report.evidence_needed:g}; wrong in "
        f"{report.false_alarm:.1%} of comparisons without a difference, however often it is looked at"
    )
    yield from (f"setting   {name}: {one} | {other}" for name, (one, other) in report.differ.items())
    if not report.differ:
        yield "setting   the same on both sides; what was put in force tells them apart, if anything"
    yield "next      nothing is promoted by this: agent params apply, agent meta promote"


def _verdict(report: PairsAnswer) -> str:
    if report.verdict == SILENT:
        return f"too little to say: {report.pairs} pairs, {report.pairs_needed} are needed"
    if report.verdict == SHOWN and report.decided_at is not None:
        return f"{report.better} earns more, shown by {report.decided_at:%Y-%m-%d}"
    return "no difference shown"
