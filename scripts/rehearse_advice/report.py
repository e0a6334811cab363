"""A rehearsal told in lines, and the time of its replay."""

import time
from collections import Counter
from collections.abc import Sequence

from advice.settings import AdviceSettings
from agent.host.clock import StoppedClock, SystemClock
from agent.verify.replay import replay
from domain.decision import Action
from domain.events import AdviceAnswered, AdviceAsked, Event
from scripts.rehearse_advice.judge import decisions
from scripts.rehearse_advice.rig import Rehearsed

PASSES = 3


def report(advised: Rehearsed, advice: AdviceSettings) -> list[str]:
    """Return what happened, in lines."""
    answered = [each for each in advised.events if isinstance(each, AdviceAnswered)]
    why = Counter(each.why[:60] if each.advice is None or each.late else "advice" for each in answered)
    spend, cap = advised.parts.state.spend, advice.caps.session
    counted = Counter(each.action for each in decisions(advised.events))
    return [
        f"cycles     {advised.session.done:,}, {_advised(advised.events):,} of them advised",
        f"decided    {counted[Action.BUY]:,} entries, {counted[Action.SELL]:,} to sell",
        f"questions  {len(answered):,}, {spend.alarms} alarms; {_dictated(answered)} dictated by headlines",
        f"spent      {spend.total.micro_usd:,} of {cap:,} micro-USD, {spend.total.tokens:,} tokens",
        *(f"  {count:>5}  {words}" for words, count in why.most_common(30)),
    ]


def _advised(events: list[Event]) -> int:
    return len({each.cycle_id for each in events if isinstance(each, AdviceAsked)})


def _dictated(answered: Sequence[AdviceAnswered]) -> int:
    """Return how many answers are ones that no scripted model gives by itself."""
    return sum(each.advice is not None and not 0.2 <= each.advice.probability <= 0.8 for each in answered)


def timed(advised: Rehearsed, plain: Rehearsed) -> tuple[float, float]:
    """Return ms of processor of a replayed cycle with advice and without; the best of passes in turn."""
    clock = StoppedClock(SystemClock())
    times: list[list[float]] = [[], []]
    for _ in range(PASSES):
        for place, made in enumerate((advised, plain)):
            begun = time.process_time()
            replay(made.journal, None, clock)
            times[place].append(time.process_time() - begun)
    return 1e3 * min(times[0]) / advised.session.done, 1e3 * min(times[1]) / plain.session.done
