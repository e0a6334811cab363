"""One soak from start to end: venues up, agent up, phases and samples by the clock, stop, evidence."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from domain.ports import Clock
from domain.times import millis
from scripts.soak.evidence.gathered import Digest, Ending, Evidence, digest
from scripts.soak.evidence.traces import key_traces, log_problems, stderr_problems
from scripts.soak.progress import Progress
from scripts.soak.rig.faults import FAULTS, Phase, Timing, schedule
from scripts.soak.rig.market import markets
from scripts.soak.rig.probe import Probe, probe
from scripts.soak.rig.process import OFFLINE_SECONDS, AgentProcess, ask, environment
from scripts.soak.rig.sample import Sample, Sampler
from scripts.soak.rig.venue import AlphaVantageVenue, BinanceVenue

JOURNAL = "paper"
START_SECONDS = 60.0
TICK_SECONDS = 0.05
LAST_FAULT = "dripping"


class Plan(NamedTuple):
    """The plan of a run; seconds throughout. `home` is the agent's, `errors` its error output."""

    seconds: float
    seed: int
    provider: str
    interval: float
    faults: tuple[str, ...]
    timing: Timing
    cached_seconds: float
    sample_seconds: float
    second_limit: int
    stop_seconds: float
    home: Path
    errors: Path

    @property
    def key(self) -> str:
        """The canary: a key that is nobody's and must show nowhere."""
        return f"SOAKCANARY{self.seed:06d}"


class Soak:
    """Runs a plan. What it saw is in its lists; `run` returns them as evidence."""

    def __init__(self, plan: Plan, clock: Clock, progress: Progress) -> None:
        self.plan = plan
        self.clock = clock
        self.progress = progress
        self.planned = schedule(plan.seed, plan.seconds, plan.faults)
        self.phases: list[Phase] = []
        self.samples: list[Sample] = []
        self.probes: list[Probe] = []
        self.start_seconds = 0.0
        self.began = 0.0
        self.began_ms = 0

    def run(self) -> Evidence:
        """Run to the end and gather what is left. The agent is gone afterwards, whatever happens."""
        plan = self.plan
        with ExitStack() as stack:
            made = markets(plan.seed, self.clock)
            binance = stack.enter_context(BinanceVenue(made, plan.timing))
            second = stack.enter_context(
                AlphaVantageVenue(made, plan.key, plan.seed, self.clock, plan.timing)
            )
            env = environment(
                binance.url,
                second.url,
                plan.key,
                timing=plan.timing,
                cached_seconds=plan.cached_seconds,
                day=plan.second_limit,
            )
            agent = AgentProcess(plan.home, env, plan.provider, plan.interval, plan.errors)
            stack.callback(agent.stop, 0.0)
            self._await_first_cycle(agent)
            self._follow(agent, binance)
            ending, seconds = self._end(agent, binance)
        return self._gather(agent, second, ending, seconds)

    def _now(self) -> float:
        return self.clock.monotonic() - self.began

    def _await_first_cycle(self, agent: AgentProcess) -> None:
        began = self.clock.monotonic()
        while not agent.turns and agent.running and self.clock.monotonic() - began < START_SECONDS:
            time.sleep(TICK_SECONDS)
        self.began, self.began_ms = self.clock.monotonic(), millis(self.clock.now())
        self.start_seconds = self.began - began

    def _follow(self, agent: AgentProcess, binance: BinanceVenue) -> None:
        """Go through the phases; return early when the agent has ended by itself."""
        try:
            sampler = Sampler(agent.pid, self.plan.home / "journals" / f"{JOURNAL}.db")
            with ThreadPoolExecutor(1, "soak-probe") as asker:
                for phase in self.planned:
                    self._enter(phase, binance)
                    self._stay(phase, agent, sampler, asker)
                    self._leave()
        except ProcessLookupError:
            self._leave()

    def _enter(self, phase: Phase, binance: BinanceVenue) -> None:
        binance.become(FAULTS[phase.fault] if phase.fault else None)
        # As it really was: a port takes its time to close.
        self.phases.append(Phase(phase.fault, self._now(), phase.ends))

    def _leave(self) -> None:
        if self.phases:
            self.phases[-1] = self.phases[-1]._replace(ends=self._now())

    def _stay(self, phase: Phase, agent: AgentProcess, sampler: Sampler, asker: ThreadPoolExecutor) -> None:
        """Sample as often as planned, ask from outside once in the middle."""
        asked: Future[Probe] | None = None
        due = max(self.samples[-1].at + self.plan.sample_seconds if self.samples else 0.0, phase.begins)
        while (now := self._now()) < phase.ends:
            if not agent.running:
                raise ProcessLookupError("the agent has ended")
            if now >= due:
                due = now + self.plan.sample_seconds
                self.samples.append(sampler.sample(now, phase.title, len(agent.turns)))
                self.progress.show(now, phase.title, len(agent.turns), self.samples[-1].rss, self._trades())
            if asked is None and now >= (phase.begins + phase.ends) / 2:
                asked = asker.submit(probe, self.plan.home, JOURNAL, self.plan.key, now, phase.title)
            time.sleep(TICK_SECONDS)
        if asked is not None:
            # Beyond its phase an answer would be late in any case; the phases must keep their time.
            asked.add_done_callback(lambda done: self.probes.append(done.result()))

    def _trades(self) -> int:
        return self.probes[-1].trades if self.probes else 0

    def _end(self, agent: AgentProcess, binance: BinanceVenue) -> tuple[Ending, float]:
        """Stop the agent while its venue drips: the hardest moment to be asked."""
        asked = agent.running
        seconds = self._now()
        if asked:
            binance.become(FAULTS[LAST_FAULT])
            time.sleep(2 * self.plan.interval)
            seconds = self._now()
            self.progress.say("sending SIGTERM while the venue drips")
        code, took = agent.stop(4 * self.plan.stop_seconds)
        return Ending(code, took, asked, agent.summary), seconds

    def _gather(
        self, agent: AgentProcess, second: AlphaVantageVenue, ending: Ending, seconds: float
    ) -> Evidence:
        plan = self.plan
        self.progress.say("reading the journal, verifying and replaying it")
        export = plan.errors.with_name("journal.jsonl")
        commands = (("journal", "export", "--out", str(export)), ("journal", "verify"), ("replay",))
        exported, verify, replay = (ask(plan.home, *each, seconds=OFFLINE_SECONDS) for each in commands)
        texts = [
            ("the summary", str(ending.summary)),
            *(
                (f"agent {command[0]}", told.out + told.err)
                for command, told in zip(commands, (exported, verify, replay), strict=True)
            ),
        ]
        return Evidence(
            began_ms=self.began_ms,
            start_seconds=self.start_seconds,
            seconds=seconds,
            interval=plan.interval,
            cached_seconds=plan.cached_seconds,
            faults=plan.faults,
            phases=tuple(self.phases),
            turns=tuple(agent.turns),
            samples=tuple(self.samples),
            probes=tuple(self.probes),
            digest=_digest(export),
            log_problems=tuple(log_problems(plan.home)),
            stderr_problems=tuple(stderr_problems(plan.errors)),
            garbage=tuple(agent.garbage),
            ending=ending,
            verify=verify,
            replay=replay,
            key_traces=tuple(key_traces(plan.key, [plan.errors.parent], texts)),
            key_sent=second.with_key,
            second_requests=second.requests,
            second_limit=plan.second_limit,
        )


def _digest(export: Path) -> Digest:
    """Read the exported journal; without one there is nothing to digest, and the judgement says so."""
    if not export.is_file():
        return Digest((), {}, ())
    with export.open(encoding="utf-8") as lines:
        return digest(lines)
