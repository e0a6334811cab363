"""Soak the agent: a real process under provider faults for as long as you like, measured and judged."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.host.clock import SystemClock
from agent.settings.version import code_version
from scripts.soak.evidence.gathered import Evidence
from scripts.soak.judge.judge import judge, passed
from scripts.soak.judge.limits import MEANINGS, Judgement, Limits
from scripts.soak.progress import progress_for
from scripts.soak.report import report
from scripts.soak.rig.faults import FAULTS, Timing, schedule
from scripts.soak.rig.run import Plan, Soak

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

EXAMPLES = """examples:
  python -m scripts.soak                                    30 minutes, every fault, report in soak-report/
  python -m scripts.soak --minutes 3                        a short one: shorter phases, every fault once
  python -m scripts.soak --minutes 5 --faults dripping,500  two faults only
  python -m scripts.soak --minutes 480 --slope-mib-per-hour 2 --json > result.json
  make soak MINUTES=30 ARGS="--seed 7"

exit code: 0 every judgement passed, 1 one failed, 2 the command line is wrong, 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak as asked, write the report, print the result; return the exit code."""
    options = parse(arguments)
    folder = Path(tempfile.mkdtemp(prefix="boyd-soak-"))
    plan = plan_of(options, folder)
    limits = Limits(**{name: getattr(options, name) for name in Limits._fields})
    try:
        with progress_for(plan.seconds) as progress:
            evidence = Soak(plan, SystemClock(), progress).run()
    except KeyboardInterrupt:
        print(f"interrupted; what there is lies in {folder}", file=sys.stderr)
        return INTERRUPTED
    judgements = judge(evidence, limits)
    return finish(options, plan, limits, evidence, judgements)


def finish(
    options: argparse.Namespace,
    plan: Plan,
    limits: Limits,
    evidence: Evidence,
    judgements: tuple[Judgement, ...],
) -> int:
    """Write the report, print the result, keep the agent's home after a failure; return the exit code."""
    good = passed(judgements)
    folder = plan.home.parent
    keep = options.keep or not good
    config = config_of(plan, limits, folder if keep else None)
    result = report.summary(evidence, judgements, config)
    report.write(options.out, evidence, judgements, result)
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps(result, indent=1, default=str))
    else:
        for line in lines(judgements, options.out, folder if keep else None, result["remark"]):
            print(line)
    return OK if good else FAILED


def lines(judgements: Sequence[Judgement], out: Path, kept: Path | None, remark: str) -> list[str]:
    """Return the result as lines for people."""
    rows = [
        f"{each.verdict:<10} {each.name:<13} {each.measured} (limit: {each.limit})" for each in judgements
    ]
    where = [f"report     {out / 'report.html'} and report.json"]
    home = [f"kept       {kept} (home, journal and error output)"] if kept else []
    machine = [f"remark     {remark}"] if remark else []
    return [*rows, *where, *home, *machine, "soak       " + ("passed" if passed(judgements) else "FAILED")]


def plan_of(options: argparse.Namespace, folder: Path) -> Plan:
    """Return the plan the options ask for; everything the agent leaves goes below `folder`."""
    timing = Timing(options.timeout_seconds, 1.5 * options.timeout_seconds, retry_after=2)
    seconds = options.minutes * 60
    longest = max(phase.seconds for phase in schedule(options.seed, seconds, options.faults))
    return Plan(
        seconds=seconds,
        seed=options.seed,
        provider=options.provider,
        interval=options.interval,
        faults=tuple(options.faults),
        timing=timing,
        # So that within one fault the data goes from live to cached to simulated.
        cached_seconds=round(longest / 2, 1),
        sample_seconds=options.sample_seconds,
        second_limit=options.alpha_vantage_requests,
        stop_seconds=options.stop_seconds,
        home=folder / "home",
        errors=folder / "stderr.txt",
    )


def config_of(plan: Plan, limits: Limits, kept: Path | None) -> dict[str, Any]:
    """Return what was run, as the report shows it."""
    return {
        "code": code_version(),
        "python": sys.version.split()[0],
        "minutes": plan.seconds / 60,
        "seed": plan.seed,
        "provider": plan.provider,
        "interval": plan.interval,
        "faults": list(plan.faults),
        **plan.timing._asdict(),
        "cached_seconds": plan.cached_seconds,
        "sample_seconds": plan.sample_seconds,
        "alpha_vantage_requests": plan.second_limit,
        "kept": str(kept) if kept else None,
        **{f"limit_{name}": value for name, value in limits._asdict().items()},
    }


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, checked together; a wrong one ends the program with code 2 and the reason."""
    parser = _parser()
    options = parser.parse_args(arguments)
    unknown = [name for name in options.faults if name not in FAULTS]
    if unknown or len(set(options.faults)) < len(options.faults):
        parser.error(f"--faults {','.join(options.faults)}: each once, of {', '.join(FAULTS)}")
    try:
        schedule(options.seed, options.minutes * 60, options.faults)
    except ValueError as error:
        parser.error(f"--minutes {options.minutes:g}: {error}")
    if options.out.exists() and not options.out.is_dir():
        parser.error(f"--out {options.out}: is a file, not a folder")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.soak",
        usage="python -m scripts.soak [--minutes N] [--seed N] [--faults A,B] [--out DIR] [--json] "
        "[options and limits]",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--minutes", type=_above(0), default=30.0, help="how long (default 30)")
    add("--seed", type=_whole, default=1, help="of market, faults and their order (default 1)")
    add(
        "--faults",
        type=lambda text: text.split(","),
        default=list(FAULTS),
        metavar="A,B",
        help=f"of {', '.join(FAULTS)}",
    )
    add("--provider", choices=("binance", "auto"), default="binance", help="auto: alpha vantage steps in too")
    add("--interval", type=_above(0.01), default=0.25, help="seconds between cycles (default 0.25)")
    add("--timeout-seconds", type=_above(0.05), default=1.0, help="a provider's deadline (default 1)")
    add("--sample-seconds", type=_above(0.1), default=1.0, help="seconds between samples (default 1)")
    add("--alpha-vantage-requests", type=_whole, default=25, help="the second provider's day (default 25)")
    add("--out", type=Path, default=Path("soak-report"), help="folder of the report (default soak-report/)")
    add("--keep", action="store_true", help="keep the agent's home also when all is well")
    add("--json", action="store_true", help="print the result as JSON")
    limits = parser.add_argument_group("limits")
    for name, default in Limits()._asdict().items():
        flag = f"--{name.replace('_', '-')}"
        limits.add_argument(
            flag, type=_above(0), default=default, metavar="N", help=f"{MEANINGS[name]} (default {default:g})"
        )
    return parser


def _above(least: float) -> Any:
    def number(text: str) -> float:
        value = float(text)
        if not least <= value <= 1e6:
            raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and 1000000")
        return value

    return number


def _whole(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 1000000")
    return value
