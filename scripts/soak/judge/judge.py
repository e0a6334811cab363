"""The judgement of a soak: evidence in, verdicts out. Pure; every limit is an option of the command."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from scripts.soak.evidence.gathered import Evidence
from scripts.soak.judge import feed, resources
from scripts.soak.judge.limits import FAIL, UNJUDGED, Answer, Judgement, Limits, verdict_of


def judge(evidence: Evidence, limits: Limits) -> tuple[Judgement, ...]:
    """Answer every question."""
    return tuple(Judgement(name, question, *answer(evidence, limits)) for name, question, answer in QUESTIONS)


def passed(judgements: Sequence[Judgement]) -> bool:
    """Tell whether nothing failed; what could not be judged does not fail, and is shown as such."""
    return all(judgement.verdict != FAIL for judgement in judgements)


def _start(evidence: Evidence, limits: Limits) -> Answer:
    seconds, limit = evidence.start_seconds, f"within {limits.first_cycle_seconds:g} s"
    measured = f"after {seconds:.1f} s" if evidence.turns else f"none after {seconds:.1f} s"
    return verdict_of(bool(evidence.turns) and seconds <= limits.first_cycle_seconds), measured, limit


def _alive(evidence: Evidence, _limits: Limits) -> Answer:
    ending = evidence.ending
    measured = "until it was asked to stop" if ending.asked else f"ended by itself with code {ending.code}"
    return verdict_of(ending.asked), measured, "to the end"


def _cycles(evidence: Evidence, limits: Limits) -> Answer:
    healthy = [phase for phase in evidence.phases if not phase.fault]
    due = sum(phase.seconds for phase in healthy) / evidence.interval
    done = sum(len(evidence.between(evidence.turns, phase.begins, phase.ends)) for phase in healthy)
    share = done / due if due else 0.0
    measured = f"{len(evidence.turns)} in all; {done} of {due:.0f} in healthy phases ({share:.0%})"
    return verdict_of(share >= limits.cycle_share), measured, f"at least {limits.cycle_share:.0%}"


def _pauses(evidence: Evidence, limits: Limits) -> Answer:
    """Measure the longest time between two cycles, from the first one's start to the stop."""
    moments = [evidence.moment(turn.at_ms) for turn in evidence.turns] + [evidence.seconds]
    if len(moments) < 2:
        return FAIL, "no cycle at all", f"at most {limits.pause_seconds:g} s"
    longest, at = max((after - before, before) for before, after in pairwise(moments))
    measured = f"{longest:.1f} s, after second {max(at, 0.0):.0f}"
    return verdict_of(longest <= limits.pause_seconds), measured, f"at most {limits.pause_seconds:g} s"


def _records(evidence: Evidence, _limits: Limits) -> Answer:
    """Ask for one complete record of every cycle, in order and without a hole."""
    rows, cycles = evidence.digest.rows, evidence.digest.cycles
    printed = tuple(turn.cycle for turn in evidence.turns)
    whole = cycles == tuple(range(1, len(cycles) + 1)) and rows.get("cycle_decided") == len(cycles)
    measured = (
        f"{len(cycles)} in the journal, {len(printed)} printed, {len(evidence.garbage)} lines unreadable"
    )
    complete = bool(cycles) and whole and printed == cycles and not evidence.garbage
    return verdict_of(complete), measured, "the same, numbered from 1"


def _trades(evidence: Evidence, limits: Limits) -> Answer:
    summary = evidence.ending.summary
    trades = summary["account"]["trades"] if summary else 0
    measured, limit = f"{trades} closed", f"at least {limits.trades}"
    if trades < limits.trades and evidence.seconds < limits.trades_after_seconds:
        return UNJUDGED, f"{measured}, in a run under {limits.trades_after_seconds:g} s", limit
    return verdict_of(trades >= limits.trades), measured, limit


def _log(evidence: Evidence, _limits: Limits) -> Answer:
    return _none_of(evidence.log_problems)


def _stderr(evidence: Evidence, _limits: Limits) -> Answer:
    return _none_of(evidence.stderr_problems)


def _none_of(problems: tuple[str, ...]) -> Answer:
    shown = f"{len(problems)}: {problems[0][:300]}" if problems else "none"
    return verdict_of(not problems), shown, "none"


def _status(evidence: Evidence, limits: Limits) -> Answer:
    """Ask that another process was answered at once, also while a provider hung."""
    limit = f"port {limits.status_seconds:g} s, command {limits.command_seconds:g} s"
    if not evidence.probes:
        return UNJUDGED, "never asked", limit
    bad = [
        f"second {probe.at:.0f} ({probe.phase}): {probe.problem}"
        for probe in evidence.probes
        if probe.problem
    ]
    port = max(probe.port_seconds for probe in evidence.probes)
    command = max(probe.command_seconds for probe in evidence.probes)
    prompt = not bad and port <= limits.status_seconds and command <= limits.command_seconds
    middle = median(probe.command_seconds for probe in evidence.probes)
    figures = f"slowest port {port * 1000:.0f} ms, command {command:.1f} s (median {middle:.1f} s)"
    return verdict_of(prompt), "; ".join([f"{len(evidence.probes)} asked", figures, *bad[:3]]), limit


def _key(evidence: Evidence, _limits: Limits) -> Answer:
    """Ask that the canary key travelled to its venue and shows nowhere else."""
    if not evidence.key_sent:
        return FAIL, "the key was never sent, so nothing could have shown it", "sent, and nowhere else"
    traces = f"shown in {', '.join(evidence.key_traces[:5])}" if evidence.key_traces else "shown nowhere"
    measured = f"sent {evidence.key_sent} times, {traces}"
    return verdict_of(not evidence.key_traces), measured, "sent, and nowhere else"


def _budget(evidence: Evidence, _limits: Limits) -> Answer:
    asked, limit = evidence.second_requests, evidence.second_limit
    return verdict_of(asked <= limit), f"{asked} requests", f"at most {limit} a day"


def _shutdown(evidence: Evidence, limits: Limits) -> Answer:
    ending = evidence.ending
    reason = ending.summary["ended"] if ending.summary else "no summary"
    clean = ending.code == 0 and ending.seconds <= limits.stop_seconds and reason == "stopped"
    code = "had to be killed" if ending.code is None else f"code {ending.code}"
    measured = f"{code} after {ending.seconds:.1f} s, summary says {reason!r}"
    return verdict_of(clean), measured, f"code 0 within {limits.stop_seconds:g} s"


def _verify(evidence: Evidence, _limits: Limits) -> Answer:
    told = evidence.verify
    return verdict_of(told.code == 0), _said(told.out or told.err), "exit code 0"


def _replay(evidence: Evidence, _limits: Limits) -> Answer:
    told = evidence.replay
    return (
        verdict_of(told.code == 0),
        f"{_said(told.out or told.err)}, in {told.seconds:.1f} s",
        "exit code 0",
    )


def _said(text: str) -> str:
    return " | ".join(text.strip().splitlines()[:3])[:400]


QUESTIONS: tuple[tuple[str, str, Callable[[Evidence, Limits], Answer]], ...] = (
    ("start", "Was there a complete cycle soon?", _start),
    ("alive", "Did it run until it was asked to stop?", _alive),
    ("cycles", "Did it do the cycles that were due while all was well?", _cycles),
    ("pauses", "Did the loop keep turning, faults or not?", _pauses),
    ("records", "Has every cycle exactly one complete record?", _records),
    ("trades", "Were positions opened and closed?", _trades),
    ("log", "Is the log free of faults of ours?", _log),
    ("stderr", "Is the error output free of tracebacks?", _stderr),
    ("faults seen", "Did the agent record each fault as what it was?", feed.faults_seen),
    ("labels", "Was nothing labelled better than it was?", feed.labels),
    ("breaker", "Did the circuit breaker open?", feed.breaker),
    ("recovery", "Was every symbol live again soon after each fault?", feed.recovered),
    ("status", "Was another process answered at once, whatever hung?", _status),
    ("rss", "Did memory stay below its bound?", resources.rss),
    ("memory slope", "Is memory flat after warm-up?", resources.memory),
    ("descriptors", "Are open descriptors flat?", resources.descriptors),
    ("threads", "Are threads flat?", resources.threads),
    ("wal", "Is the write-ahead log bounded?", resources.wal),
    ("key", "Does the canary key show nowhere?", _key),
    ("budget", "Was the second provider's day respected?", _budget),
    ("shutdown", "Did SIGTERM end it in order, under a fault?", _shutdown),
    ("verify", "Is the journal intact?", _verify),
    ("replay", "Does the session replay identically?", _replay),
)
