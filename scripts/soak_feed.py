"""Judgements of the data's way through the faults: recorded, labelled, broken off, taken up again."""

import re
from collections import Counter
from collections.abc import Iterator

from scripts.soak_evidence import Evidence, Seen
from scripts.soak_faults import FAULTS, Phase
from scripts.soak_limits import UNJUDGED, Answer, Limits, verdict_of

SETTLE_SECONDS = 1.0
"""An answer that was on its way when a fault began may still arrive for so long."""


def faulty(evidence: Evidence) -> list[Phase]:
    """Return the phases under a fault."""
    return [phase for phase in evidence.phases if phase.fault]


def within(evidence: Evidence, begins: float, ends: float) -> list[Seen]:
    """Return the observations of cycles that began in a stretch of the run."""
    return [seen for seen in evidence.digest.seen if begins <= evidence.moment(seen.at_ms) < ends]


def live(seen: Seen) -> bool:
    """Tell whether an observation is labelled as fresh from the venue under test."""
    return seen.source == "live" and seen.provider == "binance"


def faults_seen(evidence: Evidence, _limits: Limits) -> Answer:
    """Ask that each fault was recorded by its own name, and a slow venue borne without loss."""
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
    if reason:
        return any(re.search(reason, each.refusals) for each in seen)
    return any(live(each) for each in seen) and not any(each.refusals for each in seen)


def labels(evidence: Evidence, _limits: Limits) -> Answer:
    """Ask that nothing was called live while the venue gave nothing, nor kept beyond its age."""
    sources = Counter(seen.source for seen in evidence.digest.seen)
    wrong = list(_mislabelled(evidence))
    counts = ", ".join(f"{name} {count}" for name, count in sorted(sources.items())) or "no observation"
    measured = f"{len(wrong)} wrong of {sources.total()} ({counts})"
    return verdict_of(bool(sources) and not wrong), "; ".join([measured, *wrong[:3]]), "none wrong"


def _mislabelled(evidence: Evidence) -> Iterator[str]:
    barren = [phase for phase in faulty(evidence) if FAULTS[phase.fault].reason]
    for seen in evidence.digest.seen:
        at, fetched = evidence.moment(seen.at_ms), evidence.moment(seen.fetched_ms)
        where = f"{seen.symbol} at second {at:.1f}"
        if live(seen) and seen.fetched_ms < seen.at_ms:
            yield f"{where} is called live, fetched {at - fetched:.1f} s before"
        if live(seen) and any(phase.begins + SETTLE_SECONDS < fetched < phase.ends for phase in barren):
            yield f"{where} is called live under a fault"
        if seen.source == "cached" and at - fetched > evidence.cached_seconds:
            yield f"{where} is cached, {at - fetched:.1f} s old, limit {evidence.cached_seconds:g} s"


def breaker(evidence: Evidence, _limits: Limits) -> Answer:
    """Ask that the breaker opened in each phase that lasts long enough and can open it."""
    strong = [phase for phase in faulty(evidence) if FAULTS[phase.fault].opens]
    opened = [
        evidence.moment(seen.at_ms)
        for seen in evidence.digest.seen
        if re.search(r"circuit breaker (half-)?open", seen.refusals)
    ]
    refused = f"{len(opened)} observations found it open"
    if not strong:
        return UNJUDGED, f"{refused}; no fault that opens it was injected", "opens"
    hit = sum(1 for phase in strong if any(phase.begins <= at < phase.ends for at in opened))
    return verdict_of(hit == len(strong)), f"{refused}, in {hit} of {len(strong)} phases", "each such phase"


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
