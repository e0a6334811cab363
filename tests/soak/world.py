"""A soak in which all went well, made up from its plan; tests spoil one thing of it at a time."""

from typing import Any

from scripts.soak.evidence.gathered import Digest, Ending, Evidence, Seen
from scripts.soak.rig.faults import FAULTS, Phase, schedule
from scripts.soak.rig.probe import Probe
from scripts.soak.rig.process import Told, Turn
from scripts.soak.rig.sample import Sample

BEGAN_MS = 1_800_000_000_000
SECONDS = 1800.0
INTERVAL = 2.0
SYMBOLS = ("BTC-USDT", "ETH-USDT")
KEPT_SECONDS = 10.0
SAID = {
    "slow": "",
    "silent": "Unreachable: no complete answer within 1 s",
    "dripping": "Unreachable: no complete answer within 1 s",
    "dripping-headers": "Unreachable: no complete answer within 1 s",
    "500": "BadAnswer: http 500",
    "rate-limit": "RateLimited: http 429: the venue asks to wait",
    "html": "BadAnswer: answer is html instead of json",
    "truncated": "BadAnswer: answer cut short",
    "closed": "Unreachable: connection to 127.0.0.1 closed before a whole answer",
    "dead": "Unreachable: no connection to 127.0.0.1",
}
OPEN = "Unreachable: circuit breaker open, next try in 1 s"


def ms(seconds: float) -> int:
    return BEGAN_MS + round(seconds * 1000)


def told(code: int, out: str = "") -> Told:
    return Told(code, out, "", 1.0)


def phase_at(phases: tuple[Phase, ...], at: float) -> Phase:
    return next((phase for phase in phases if phase.begins <= at < phase.ends), phases[-1])


def observed(phase: Phase, at: float, symbol: str) -> Seen:
    """Return what an agent sees `at` seconds into the run: live, else cached, else simulated."""
    fault = FAULTS.get(phase.fault)
    if fault is None or not fault.reason:
        return Seen(ms(at), symbol, "live", "binance", ms(at + 0.01), "")
    into = at - phase.begins
    reason = OPEN if fault.opens and into > 3 else SAID[phase.fault]
    if into <= KEPT_SECONDS - INTERVAL:
        return Seen(ms(at), symbol, "cached", "binance", ms(phase.begins - 0.5), reason)
    return Seen(ms(at), symbol, "simulated", "simulated", ms(at), reason)


def sample(at: float, phase: Phase, number: int) -> Sample:
    """Return a sample of a process that is flat but for the noise of its allocator and its faults."""
    return Sample(
        at=at,
        phase=phase.title,
        rss=75.0 + (number * 7 % 11) / 11,
        cpu=5.0,
        descriptors=9 + number % 2 + 3 * bool(phase.fault),
        threads=3 + 4 * bool(phase.fault),
        database=1.0 + at / 1000,
        wal=4.0,
        cycles=int(10 * at),
    )


def summary(**account: Any) -> dict[str, Any]:
    return {"ended": "stopped", "account": {"trades": 12, "equity": "9990", **account}}


def healthy(seconds: float = SECONDS, names: tuple[str, ...] = tuple(FAULTS)) -> Evidence:
    """Return the evidence of a soak without a flaw."""
    phases = schedule(1, seconds, names)
    moments = [index * INTERVAL for index in range(int(seconds / INTERVAL))]
    seen = [observed(phase_at(phases, at), at, symbol) for at in moments for symbol in SYMBOLS]
    cycles = tuple(range(1, len(moments) + 1))
    rows = {
        "session_started": 1,
        "cycle_decided": len(cycles),
        "cycle_ended": len(cycles),
        "order_reported": 24,
    }
    return Evidence(
        began_ms=BEGAN_MS,
        start_seconds=2.0,
        seconds=seconds,
        interval=INTERVAL,
        cached_seconds=KEPT_SECONDS,
        faults=names,
        phases=phases,
        turns=tuple(Turn(ms(at), cycle, "held", 10_000.0) for at, cycle in zip(moments, cycles, strict=True)),
        samples=tuple(sample(at, phase_at(phases, at), int(at)) for at in moments[::2]),
        probes=tuple(
            Probe((phase.begins + phase.ends) / 2, phase.title, 0.01, 0.8, "", 3, "closed")
            for phase in phases
        ),
        digest=Digest(tuple(seen), rows, cycles),
        log_problems=(),
        stderr_problems=(),
        garbage=(),
        ending=Ending(0, 1.5, asked=True, summary=summary()),
        verify=told(0, "intact: 3602 rows"),
        replay=told(0, "identical: 1800 cycles"),
        key_traces=(),
        key_sent=20,
        second_requests=20,
        second_limit=25,
    )
