"""Judgements of what the process held: memory, descriptors, threads and the write-ahead log."""

from statistics import fmean

from scripts.soak.evidence.gathered import Evidence
from scripts.soak.evidence.slope import growth, theil_sen
from scripts.soak.judge.limits import FAIL, UNJUDGED, Answer, Limits, verdict_of
from scripts.soak.rig.sample import Sample

HOUR = 3600.0
WARM_SHARE, WARM_SECONDS, WARM_CYCLES = 0.25, 300.0, 250
STOLEN_PERCENT = 20.0
LEAST_SAMPLES, LEAST_SECONDS = 10, 60.0


def settled(evidence: Evidence) -> list[Sample]:
    """Return the samples after the warm-up: the first quarter of the run, at most 5 minutes, 250 cycles.

    In it libraries are imported at their first use, caches fill and the allocator finds its size; the
    agent keeps its latest 200 decisions for those who ask, and they too must be there first.
    """
    warm = min(evidence.seconds * WARM_SHARE, WARM_SECONDS)
    return [each for each in evidence.samples if each.at >= warm and each.cycles >= WARM_CYCLES]


def remark(evidence: Evidence) -> str:
    """Return a warning when the machine was hardly there, or ""."""
    stolen = fmean(each.stolen for each in evidence.samples) if evidence.samples else 0.0
    if stolen < STOLEN_PERCENT:
        return ""
    return f"the machine's host gave {stolen:.0f} % of it to others: what fails by the clock may be its doing"


def rss(evidence: Evidence, limits: Limits) -> Answer:
    """Measure the largest resident memory."""
    if not evidence.samples:
        return FAIL, "no sample", f"at most {limits.rss_mib:g} MiB"
    peak = max(sample.rss for sample in evidence.samples)
    return verdict_of(peak <= limits.rss_mib), f"peak {peak:.1f} MiB", f"at most {limits.rss_mib:g} MiB"


def memory(evidence: Evidence, limits: Limits) -> Answer:
    """Measure the slope of RSS; a short run may not show more than the noise an allocator makes."""
    samples = settled(evidence)
    points = [(sample.at / HOUR, sample.rss) for sample in samples]
    span = points[-1][0] - points[0][0] if points else 0.0
    if len(points) < LEAST_SAMPLES or span * HOUR < LEAST_SECONDS:
        measured = f"{len(points)} samples over {span * HOUR:.0f} s after warm-up"
        return UNJUDGED, measured, f"judged from {LEAST_SAMPLES} samples over {LEAST_SECONDS:g} s on"
    trend = theil_sen(points)
    limit = max(limits.slope_mib_per_hour, limits.noise_mib / trend.span)
    measured = (
        f"{trend.slope:+.2f} MiB/h over {trend.span * 60:.1f} min ({trend.slope * trend.span:+.2f} MiB)"
    )
    return verdict_of(trend.slope <= limit), measured, f"at most {limit:.1f} MiB/h"


def descriptors(evidence: Evidence, limits: Limits) -> Answer:
    """Measure the growth of open descriptors."""
    return _flat([sample.descriptors for sample in _calm(evidence)], limits.descriptor_growth)


def threads(evidence: Evidence, limits: Limits) -> Answer:
    """Measure the growth of threads."""
    return _flat([sample.threads for sample in _calm(evidence)], limits.thread_growth)


def _calm(evidence: Evidence) -> list[Sample]:
    """Return samples of healthy phases: under a fault a few threads and sockets hang on purpose."""
    return [sample for sample in settled(evidence) if sample.phase == "healthy"]


def _flat(values: list[int], limit: float) -> Answer:
    bound = f"growth at most {limit:g}"
    if len(values) < 4:
        return UNJUDGED, f"{len(values)} healthy samples after warm-up, the least is 4", bound
    grown = growth(values)
    measured = f"{grown:+g} from first to last quarter; {min(values)} to {max(values)} in healthy phases"
    return verdict_of(grown <= limit), measured, bound


def wal(evidence: Evidence, limits: Limits) -> Answer:
    """Measure the largest write-ahead log."""
    largest = max((sample.wal for sample in evidence.samples), default=0.0)
    return (
        verdict_of(largest <= limits.wal_mib),
        f"largest {largest:.1f} MiB",
        f"at most {limits.wal_mib:g} MiB",
    )
