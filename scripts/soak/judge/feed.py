"""Judgements of the data's way through the faults: recorded, labelled, broken off, taken up again."""

import re
from collections import Counter
from collections.abc import Iterator

from scripts.soak.evidence.gathered import Evidence, Seen
from scripts.soak.judge.limits import UNJUDGED, Answer, Limits, verdict_of
from scripts.soak.rig.faults import FAULTS, Phase

SETTLE_SECONDS = 1.0
"""An answer that was on its way when a fault began may still arrive for so long."""
LONGEST_CYCLE_SECONDS = 60.0


def faulty(evidence: Evidence) -> list[Phase]:
    """Return the phases under a fault."""
    return [phase for phase in evidence.phases if phase.fault]


def within(evidence: Evidence, begins: float, ends: float) -> list[Seen]:
    """Return the observations of cycles that began in a stretch of the run."""
    return evidence.between(evidence.digest.seen, begins, ends)


def live(seen: Seen) -> bool:
    """Tell whether an observation is labelled as fresh from the venue under test."""
    return seen.source == "live" and seen.provider == "binance"


def faults_seen(evidence: Evidence, _limits: Limits) -> Answer:
    """Ask that each fault was recorded by its own name, and that a slow venue was mostly waited for."""
    phases = faulty(evidence)
    missed = [f"{phase.fault} at second {phase.begins:.0f}" for phase in phases if not _told(evidence, phase)]
    kinds = sorted({phase.fault for phase in phases})
    left_out = sorted(set(evidence.faults) - set(kinds))
    measured = f"{len(phases) - len(missed)} of {len(phases)} phases, {len(kinds)} kinds"
    notes = [f"missed: {', '.join(missed)}"] if missed else []
    if left_out:
        notes.append(f"no time for: {', '.join(left_out)}")
    return verdict_of(bool(phases) and not missed), "; ".join([measured, *notes]), "every phase"


def _told(evidence: Evidence, phase: Phase) -> bool:
    seen = within(evidence, phase.begins, phase.ends)
    reason = FAULTS[phase.fault].reason
    if not reason:
        return 2 * sum(live(each) for each in seen) > len(seen)
    return any(re.search(reason, each.refusals) for each in [*_under_way(evidence, phase), *seen])


def _under_way(evidence: Evidence, phase: Phase) -> list[Seen]:
    """Return the observations of the cycle that was under way when a phase began: it meets the fault too."""
    before = within(evidence, phase.begins - LONGEST_CYCLE_SECONDS, phase.begins)
    return [seen for seen in before if seen.at_ms == before[-1].at_ms]


def labels(evidence: Evidence, _limits: Limits) -> Answer:
    """Ask that nothing was called live while the venue gave nothing, nor kept beyond its age."""
    sources = Counter(seen.source for seen in evidence.digest.seen)
    wrong = list(_mislabelled(evidence))
    counts = ", ".join(f"{name} {count}" for name, count in sorted(sources.items())) or "no observation"
    measured = f"{len(wrong)} wrong of {sources.total()} ({counts})"
    return verdict_of(bool(sources) and not wrong), "; ".join([measured, *wrong[:3]]), "none wrong"


def _mislabelled(evidence: Evidence) -> Iterator[str]:
    for seen in evidence.digest.seen:
        age = (seen.at_ms - seen.fetched_ms) / 1000
        if live(seen) and age > 0:
            yield f"{_where(evidence, seen)} is called live, fetched {age:.1f} s before"
        if seen.source == "cached" and age > evidence.cached_seconds:
            yield f"{_where(evidence, seen)} is cached, {age:.1f} s old, limit {evidence.cached_seconds:g} s"
    for phase in faulty(evidence):
        # One that set out before the fault is live in good faith.
        barren = phase.begins + SETTLE_SECONDS if FAULTS[phase.fault].reason else phase.ends
        for seen in within(evidence, phase.begins, phase.ends):
            if live(seen) and barren < evidence.moment(seen.fetched_ms) < phase.ends:
                yield f"{_where(evidence, seen)} is called live under {phase.fault}"


def _where(evidence: Evidence, seen: Seen) -> str:
    return f"{seen.symbol} at second {evidence.moment(seen.at_ms):.1f}"


def breaker(evidence: Evidence, _limits: Limits) -> Answer:
    """Ask that the breaker opened in each phase that lasts long enough and can open it."""
    strong = [phase for phase in faulty(evidence) if FAULTS[phase.fault].opens]
    if not strong:
        return UNJUDGED, "no fault that opens it was injected", "each such phase"
    opened = [_found_open(within(evidence, phase.begins, phase.ends)) for phase in strong]
    hit = sum(1 for count in opened if count)
    measured = f"{sum(opened)} observations found it open, in {hit} of {len(strong)} phases"
    return verdict_of(hit == len(strong)), measured, "each such phase"


def _found_open(seen: list[Seen]) -> int:
    return sum(1 for each in seen if re.search(r"circuit breaker (half-)?open", each.refusals))


def recovered(evidence: Evidence, limits: Limits) -> Answer:
    """Measure the longest way back to live data of any symbol after any fault."""
    limit = f"at most {limits.recover_seconds:g} s"
    waits = list(_ways_back(evidence))
    if not waits:
        return UNJUDGED, "no fault was injected", limit
    never = [what for what, seconds in waits if seconds is None]
    slowest = max(((seconds, what) for what, seconds in waits if seconds is not None), default=(0.0, "none"))
    measured = f"{len(waits)} ways back, the longest {slowest[0]:.1f} s ({slowest[1]})"
    if never:
        measured += f"; never: {', '.join(never[:5])}"
    return verdict_of(not never and slowest[0] <= limits.recover_seconds), measured, limit


def _ways_back(evidence: Evidence) -> Iterator[tuple[str, float | None]]:
    """Yield, for each fault and symbol, the seconds from the fault's end to the first live answer."""
    symbols = sorted({seen.symbol for seen in evidence.digest.seen})
    for index, phase in enumerate(evidence.phases):
        if not phase.fault:
            continue
        later = evidence.phases[index + 1 :]
        until = later[0].ends if later else evidence.seconds
        fresh = [seen for seen in within(evidence, phase.begins, until) if live(seen)]
        for symbol in symbols:
            back = [
                evidence.moment(seen.fetched_ms)
                for seen in fresh
                if seen.symbol == symbol and evidence.moment(seen.fetched_ms) >= phase.ends
            ]
            yield f"{symbol} after {phase.fault}", min(back) - phase.ends if back else None
