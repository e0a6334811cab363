"""What a soak must fail for: a flawless one passes, and each flaw fails its own judgement and no other."""

from collections.abc import Callable
from typing import Any

import pytest

from scripts.soak.evidence.gathered import Evidence, Seen
from scripts.soak.judge.judge import QUESTIONS, judge, passed
from scripts.soak.judge.limits import FAIL, MEANINGS, PASS, UNJUDGED, Limits
from scripts.soak.rig.faults import Phase
from scripts.soak.rig.sample import Sample
from tests.soak.world import OPEN, SAID, healthy, ms, summary, told

Spoil = Callable[[Evidence], Evidence]
WELL = healthy()


def failed(evidence: Evidence, limits: Limits | None = None) -> set[str]:
    return {each.name for each in judge(evidence, limits or Limits()) if each.verdict == FAIL}


def verdict(evidence: Evidence, name: str) -> str:
    return next(each.verdict for each in judge(evidence, Limits()) if each.name == name)


def resampled(change: Callable[[int, Sample], Sample]) -> Spoil:
    return lambda well: well._replace(
        samples=tuple(change(index, each) for index, each in enumerate(well.samples))
    )


def observing(change: Callable[[Evidence, Seen], Seen | None]) -> Spoil:
    def spoil(well: Evidence) -> Evidence:
        seen = (change(well, each) for each in well.digest.seen)
        return well._replace(digest=well.digest._replace(seen=tuple(each for each in seen if each)))

    return spoil


def phase_of(well: Evidence, fault: str) -> Phase:
    return next(phase for phase in well.phases if phase.fault == fault)


def inside(well: Evidence, seen: Seen, phase: Phase, margin: float = 0.0) -> bool:
    return phase.begins + margin <= well.moment(seen.at_ms) < phase.ends - margin


def silence_about(fault: str) -> Spoil:
    """Let the agent say no more than that its breaker is open, in the first phase of a fault."""
    return observing(
        lambda well, seen: seen._replace(refusals=OPEN) if inside(well, seen, phase_of(well, fault)) else seen
    )


def lost_under_slow(well: Evidence, seen: Seen) -> Seen:
    late = inside(well, seen, phase_of(well, "slow"))
    refused = seen._replace(source="cached", refusals="Unreachable: no complete answer within 1 s")
    return refused if late else seen


def lied_under_500(well: Evidence, seen: Seen) -> Seen:
    lied = inside(well, seen, phase_of(well, "500"), margin=4.0) and seen.symbol == "BTC-USDT"
    return seen._replace(source="live", provider="binance", fetched_ms=seen.at_ms + 5) if lied else seen


def stale_called_live(well: Evidence, seen: Seen) -> Seen:
    stale = seen.source == "live" and 5 < well.moment(seen.at_ms) < 7
    return seen._replace(fetched_ms=seen.at_ms - 2000) if stale else seen


def kept_too_long(well: Evidence, seen: Seen) -> Seen:
    return seen._replace(fetched_ms=seen.at_ms - 10_500) if seen.source == "cached" else seen


def never_open(_well: Evidence, seen: Seen) -> Seen:
    return seen._replace(refusals=seen.refusals.replace(OPEN, "Unreachable: no connection to 127.0.0.1"))


def lost_after_dead(well: Evidence, seen: Seen) -> Seen:
    """Leave one symbol on simulated data in the healthy phase after a fault."""
    after = well.phases[well.phases.index(phase_of(well, "dead")) + 1]
    lost = inside(well, seen, after) and seen.symbol == "ETH-USDT"
    return seen._replace(source="simulated", provider="simulated") if lost else seen


def slow_way_back(well: Evidence, seen: Seen) -> Seen:
    after = well.phases[well.phases.index(phase_of(well, "dead")) + 1]
    late = after.begins <= well.moment(seen.at_ms) < after.begins + 11
    return seen._replace(source="simulated", provider="simulated") if late else seen


def paused(well: Evidence) -> Evidence:
    """Let the loop stand still for 20 seconds and then do what it missed."""
    turns = (
        turn._replace(at_ms=ms(100)) if 100 <= well.moment(turn.at_ms) < 120 else turn for turn in well.turns
    )
    return well._replace(turns=tuple(turns))


def ended(well: Evidence, **changes: Any) -> Evidence:
    return well._replace(ending=well.ending._replace(**changes))


def probed(well: Evidence, **changes: Any) -> Evidence:
    return well._replace(probes=(*well.probes[:-1], well.probes[-1]._replace(**changes)))


FLAWS: list[tuple[str, str, Spoil]] = [
    ("start", "no cycle for 16 s", lambda well: well._replace(start_seconds=16.0)),
    ("alive", "ended by itself", lambda well: ended(well, asked=False)),
    ("cycles", "only two fifths of the cycles due", lambda well: well._replace(interval=0.8)),
    ("pauses", "stood still for 20 s", paused),
    (
        "records",
        "one cycle without a record",
        lambda well: well._replace(digest=well.digest._replace(cycles=well.digest.cycles[:-1])),
    ),
    (
        "records",
        "a cycle recorded twice",
        lambda well: well._replace(digest=well.digest._replace(cycles=(1, *well.digest.cycles))),
    ),
    ("records", "a line that is no JSON", lambda well: well._replace(garbage=("oops",))),
    ("trades", "no trade in half an hour", lambda well: ended(well, summary=summary(trades=0))),
    ("log", "a fault of ours in the log", lambda well: well._replace(log_problems=("error: KeyError",))),
    ("stderr", "a traceback", lambda well: well._replace(stderr_problems=("Traceback",))),
    ("faults seen", "dead mistaken", silence_about("dead")),
    ("faults seen", "rate limit mistaken", silence_about("rate-limit")),
    ("faults seen", "data lost under a slow venue", observing(lost_under_slow)),
    ("labels", "called live under a fault", observing(lied_under_500)),
    ("labels", "called live, fetched before the cycle", observing(stale_called_live)),
    ("labels", "cached beyond its age", observing(kept_too_long)),
    ("breaker", "never opened", observing(never_open)),
    ("recovery", "one symbol never live again", observing(lost_after_dead)),
    ("recovery", "live again after 11 s", observing(slow_way_back)),
    ("status", "port answered after 3 s", lambda well: probed(well, port_seconds=3.0)),
    ("status", "command took 40 s", lambda well: probed(well, command_seconds=40.0)),
    ("status", "no agent answered", lambda well: probed(well, problem="no agent answers")),
    ("rss", "one peak", resampled(lambda index, each: each._replace(rss=130.0) if index == 200 else each)),
    (
        "memory slope",
        "15 MiB an hour",
        resampled(lambda _, each: each._replace(rss=each.rss + 15 * each.at / 3600)),
    ),
    (
        "memory slope",
        "15 MiB an hour under wild noise",
        resampled(
            lambda i, each: each._replace(rss=60 + 15 * each.at / 3600 + (40.0 if i % 5 == 0 else 0.0))
        ),
    ),
    (
        "descriptors",
        "one more with each minute",
        resampled(lambda _, each: each._replace(descriptors=each.descriptors + int(each.at // 60))),
    ),
    (
        "threads",
        "one more with each five minutes",
        resampled(lambda _, each: each._replace(threads=each.threads + int(each.at // 300))),
    ),
    ("wal", "never checkpointed", resampled(lambda _, each: each._replace(wal=each.at / 60))),
    ("key", "in the log", lambda well: well._replace(key_traces=("agent.log",))),
    ("key", "never sent, so nothing proved", lambda well: well._replace(key_sent=0)),
    ("budget", "asked 26 times", lambda well: well._replace(second_requests=26)),
    ("shutdown", "had to be killed", lambda well: ended(well, code=None)),
    ("shutdown", "code 1", lambda well: ended(well, code=1)),
    ("shutdown", "took 9 s", lambda well: ended(well, seconds=9.0)),
    ("shutdown", "for another reason", lambda well: ended(well, summary=summary() | {"ended": "fault"})),
    ("verify", "broken", lambda well: well._replace(verify=told(1, "broken: row 7"))),
    ("replay", "different", lambda well: well._replace(replay=told(1, "different after 9 events"))),
]


def test_a_flawless_soak_passes_every_judgement() -> None:
    judgements = judge(WELL, Limits())
    assert {each.verdict for each in judgements} == {PASS}
    assert passed(judgements)


@pytest.mark.parametrize(("name", "flaw", "spoil"), FLAWS, ids=[f"{name}: {flaw}" for name, flaw, _ in FLAWS])
def test_a_flaw_fails_its_own_judgement_and_no_other(name: str, flaw: str, spoil: Spoil) -> None:
    judgements = judge(spoil(WELL), Limits())
    assert {each.name for each in judgements if each.verdict == FAIL} == {name}, flaw
    assert not passed(judgements)


def test_every_judgement_has_a_flaw_it_fails_for() -> None:
    assert {name for name, _, _ in FLAWS} == {name for name, _, _ in QUESTIONS}


def test_every_limit_says_what_it_bounds() -> None:
    assert set(MEANINGS) == set(Limits._fields)


def test_noise_and_the_steps_of_the_warm_up_are_no_leak() -> None:
    def warming(_index: int, each: Sample) -> Sample:
        return each._replace(rss=each.rss - 20 if each.at < 300 else each.rss)

    def noisy(index: int, each: Sample) -> Sample:
        return each._replace(rss=each.rss + (15.0 if index % 9 == 0 else 0.0))

    assert failed(resampled(warming)(WELL)) == set()
    assert failed(resampled(noisy)(WELL)) == set()


def test_the_latest_decisions_an_agent_keeps_are_no_leak() -> None:
    def filling(_index: int, each: Sample) -> Sample:
        return each._replace(rss=70 + min(each.cycles, 250) / 25)

    def starved(_index: int, each: Sample) -> Sample:
        return filling(0, each._replace(cycles=int(each.at * 250 / 1500)))

    assert failed(resampled(filling)(WELL)) == set()
    assert failed(resampled(starved)(WELL)) == set()


def test_a_cycle_that_was_under_way_when_the_fault_began_counts() -> None:
    def early(well: Evidence, seen: Seen) -> Seen:
        dead = phase_of(well, "dead")
        if inside(well, seen, dead):
            return seen._replace(refusals=OPEN)
        met = dead.begins - 2 <= well.moment(seen.at_ms) < dead.begins
        return (
            seen._replace(source="cached", fetched_ms=seen.at_ms - 2000, refusals=SAID["dead"])
            if met
            else seen
        )

    assert failed(observing(early)(WELL)) == set()


def test_a_short_run_may_show_the_noise_of_an_allocator_but_not_more() -> None:
    def growing(mib: float) -> Evidence:
        well = healthy(180.0, ("500", "dead"))
        samples = (each._replace(rss=70 + mib * each.at / 180) for each in well.samples)
        return well._replace(samples=tuple(samples))

    assert failed(growing(mib=3.5)) == set()
    assert failed(growing(mib=6.0)) == {"memory slope"}


def test_what_a_short_run_cannot_show_is_not_judged_and_said_so() -> None:
    short = healthy(30.0, ("500",))
    short = ended(short, summary=summary(trades=0))
    assert verdict(short, "trades") == UNJUDGED
    assert verdict(short, "memory slope") == UNJUDGED
    assert passed(judge(short, Limits()))


def test_limits_are_what_is_judged_by() -> None:
    assert failed(WELL, Limits(rss_mib=70, trades=13, stop_seconds=1)) == {"rss", "trades", "shutdown"}


def test_an_agent_that_never_ran_a_cycle_fails_without_an_error_of_the_judge() -> None:
    empty = WELL.digest._replace(seen=(), rows={}, cycles=())
    nothing = WELL._replace(phases=(), turns=(), samples=(), probes=(), digest=empty, key_sent=0)
    nothing = ended(nothing, code=1, asked=False, summary=None)
    assert {"start", "alive", "cycles", "pauses", "records", "trades", "rss", "key"} <= failed(nothing)
