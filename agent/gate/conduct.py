"""The rules of conduct: whether the agent ran, kept to its limits and left nothing open."""

from agent.gate.facts import GateFacts, Measured, passed, unknown

LEAST_NOTES = 24
"""Hourly notes of the process that a slope of its memory is believed from."""
MB = 1_000_000


def uptime(facts: GateFacts) -> Measured:
    """Measure the hours up."""
    health, limit = facts.report.health, facts.settings.uptime_hours
    words = f"at least {limit:g} h"
    due = health.hours_up / health.share_up if health.share_up else 0.0
    value = f"{health.hours_up:.1f} h"
    power = "counts time with cycles as they were due; a gap is over three intervals"
    if health.hours_up < limit and due < limit:
        return unknown(words, f"it has lived {due:.1f} h of the period", value, power)
    return passed(value, words, holds=health.hours_up >= limit, why=_gaps(facts), power=power)


def _gaps(facts: GateFacts) -> str:
    gaps = [each for each in facts.report.health.gaps if each.why != "paused"]
    if not gaps:
        return "no gap"
    worst = max(gaps, key=lambda each: each.hours)
    return f"{len(gaps)} gaps, the longest {worst.hours:.1f} h from {worst.begin:%Y-%m-%d %H:%M}"


def availability(facts: GateFacts) -> Measured:
    """Measure the share of time up."""
    share, limit = facts.report.health.share_up, facts.settings.availability
    words = f"at least {limit:.2%}"
    if share is None:
        return unknown(words, "no cycle ended in the period")
    return passed(f"{share:.3%}", words, holds=share >= limit, why=_gaps(facts))


def cycles(facts: GateFacts) -> Measured:
    """Measure the share of cycles that ended without a failure."""
    health, limit = facts.report.health, facts.settings.cycles_done
    words = f"at least {limit:.2%}"
    if not health.cycles:
        return unknown(words, "no cycle ended in the period")
    failed = health.outcomes.get("failed", 0) + health.outcomes.get("interrupted", 0)
    share = 1 - failed / health.cycles
    worst = max(health.faults, key=lambda each: each.count, default=None)
    why = f"{failed} of {health.cycles} failed" + (f", most by {worst.kind}" if worst else "")
    return passed(f"{share:.3%}", words, holds=share >= limit, why=why)


def halts(facts: GateFacts) -> Measured:
    """Count the halts, the crashes and the failures that are ours."""
    health = facts.report.health
    ours = [each for each in health.faults if each.ours]
    count = len(health.halts) + health.crashes + sum(each.count for each in ours)
    why = "; ".join([*health.halts[-1:], *(f"{each.kind}: {each.message}" for each in ours[:1])])
    if not why:
        why = f"{health.crashes} sessions wrote no end" if health.crashes else "none"
    return passed(str(count), "none", holds=not count, why=why)


def data(facts: GateFacts) -> Measured:
    """Measure the share of what was seen that was made up."""
    sources = facts.report.health.sources
    words, total = "no made-up data", sum(sources.values())
    if not total:
        return unknown(words, "nothing was seen in the period")
    made_up = sources.get("simulated", 0) / total
    value = f"{made_up:.2%} simulated"
    if made_up:
        return unknown(words, "what was earned on made-up data proves nothing", value)
    return passed(value, words, holds=True)


def reconnects(facts: GateFacts) -> Measured:
    """Measure the lost connections of streams a day."""
    health, limit = facts.report.health, facts.settings.reconnects_per_day
    words = f"at most {limit:g} a day"
    if health.reconnects is None:
        return unknown(words, "the process notes them once an hour; none was noted in the period")
    days = max(health.hours_up / 24, 1 / 24)
    rate = health.reconnects / days
    return passed(
        f"{rate:.1f} a day", words, holds=rate <= limit, why=f"{health.reconnects} in {days:.1f} days"
    )


def memory(facts: GateFacts) -> Measured:
    """Measure the growth of the process's memory a day."""
    known, limit = facts.report.health.memory, facts.settings.memory_mb_per_day
    words, power = f"at most {limit:g} MB a day", "least squares over the longest session's hourly notes"
    if known is None or known.slope is None or known.notes < LEAST_NOTES:
        notes = 0 if known is None else known.notes
        return unknown(words, f"{notes} hourly notes, least {LEAST_NOTES}", power=power)
    slope = known.slope / MB
    why = f"{known.last / MB:.0f} MB at the end, at most {known.largest / MB:.0f}"
    return passed(f"{slope:+.2f} MB a day", words, holds=slope <= limit, why=why, power=power)


def limits(facts: GateFacts) -> Measured:
    """Count what went beyond a limit."""
    breaks = facts.report.risk.breaks
    power = "a stop that is gapped through counts: it is what happens with real money too"
    return passed(
        str(len(breaks)), "none", holds=not breaks, why=breaks[-1] if breaks else "none", power=power
    )


def kill_switches(facts: GateFacts) -> Measured:
    """Count how often the kill switch was thrown."""
    count, limit = facts.report.health.kill_switches, facts.settings.kill_switches
    return passed(str(count), f"fewer than {limit + 1}", holds=count <= limit)


def audit(facts: GateFacts) -> Measured:
    """Look whether the journal is whole and nothing is open that nobody knows of."""
    health, words = facts.report.health, "chain whole, nothing in doubt"
    bare = [f"{each} has no stop" for each in health.bare]
    doubts = [*([facts.broken] if facts.broken else []), *health.contradictions, *health.unresolved, *bare]
    if not doubts and facts.broken is None:
        return unknown(words, "the journal was not verified")
    value = f"{len(doubts)} in doubt" if doubts else f"{facts.report.seq} rows"
    return passed(
        value, words, holds=not doubts, why=doubts[0] if doubts else "every row is what was written"
    )
