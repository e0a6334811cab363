"""The agent's surroundings: the jobs' scheduler and a channel of messages, on simulated time."""

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.account.at_hand import AtHand
from agent.alerts.bookmark import Bookmark
from agent.alerts.channel import Later, Message
from agent.alerts.delivery import Delivery
from agent.alerts.rows import KINDS, Telling, told
from agent.alerts.rules import SendRules
from agent.alerts.sources import Batch
from agent.answers.jobs import RunOutcome
from agent.cli import main as command_line
from agent.drill.processes import forked
from agent.jobs.catalogue import JobEntry, Occasion
from agent.jobs.kept import Claimed
from agent.jobs.opening import open_store, owner
from agent.jobs.run import Ended
from agent.jobs.scheduler import Scheduler
from agent.notices import Notices
from agent.serve.mirror.mirror import Mirror, RawRow
from agent.settings.home import AS_OF, Home
from agent.settings.upkeep.jobs import JobsSettings
from domain.times import utc

NAME = "rodage"
PAGE = 500
BERLIN = {"schedule": "30 2 * * *", "zone": "Europe/Berlin"}
JOBS = JobsSettings.model_validate({"verify": BERLIN, "reoptimize": {"on": False}})


class SimulatedClock:
    """The time of the market, which the rodage sets and nothing runs by itself."""

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now(self) -> datetime:
        """Return the present."""
        return utc(self.ms)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return self.ms / 1000

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.ms += round(seconds * 1000)

    def reach(self, ms: int) -> None:
        """Go on to an instant, where it is later."""
        self.ms = max(self.ms, ms)


def run(home: Home, words: list[str], as_of: datetime, log: Path) -> tuple[int, str]:
    """Run a command of the program in a child of this process; return its exit code and what it printed."""
    out = log.with_suffix(".out")

    def work() -> None:
        os.environ["AGENT_HOME"] = str(home.root)
        os.environ[AS_OF] = as_of.isoformat().replace("+00:00", "Z")
        sys.argv = ["agent", *words]
        with out.open("w") as file, redirect_stdout(file), redirect_stderr(file):
            try:
                command_line()
            except SystemExit as left:
                code = left.code if isinstance(left.code, int) else int(bool(left.code))
        os._exit(code)

    _, status = os.waitpid(forked(work, log), 0)
    return os.waitstatus_to_exitcode(status), out.read_text() if out.is_file() else ""


class _Done:
    """A run of a job that is over when it has begun."""

    def __init__(self, home: Home, job: JobEntry, occasion: Occasion, log: Path) -> None:
        self.ended = Ended(RunOutcome.DONE, "")
        for words in job.commands(occasion):
            code, said = run(home, words, occasion.slot, log)
            if code and not (code == 1 and words[0] == "gate"):
                self.ended = Ended(RunOutcome.FAILED, f"{' '.join(words)}: exit {code}: {said[-300:]}")

    def poll(self, now: float) -> Ended:
        """Return how it ended."""
        del now
        return self.ended

    def end(self) -> None:
        """Nothing is at work."""


class Received:
    """A channel that is down now and then; keeps how often each message came through it."""

    name = "rodage"

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.came: Counter[str] = Counter()
        self.refused = 0

    def send(self, message: Message) -> None:
        """Take a message, or ask for it later."""
        if self.chance.random() < 0.1:
            self.refused += 1
            raise Later(60, "the channel is down")
        self.came[named(message)] += 1


def named(message: Message) -> str:
    """Return what tells a message from every other, a row of a restored journal's lost end included."""
    return f"{message.id} {message.at:%d %H:%M:%S} {message.title}"


class _Outbox:
    """The journal's messages, through a mirror."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror

    def heads(self) -> Mapping[str, int]:
        return {self.mirror.journal_id: self.mirror.head} if self.mirror.journal_id else {}

    def beginning(self, source: str, *, new: bool) -> int:
        del source, new
        return 0

    def cut(self, source: str, place: int) -> bool:
        del source
        return self.mirror.head < place

    def read(self, source: str, after: int) -> Batch:
        lines = self.mirror.events(after, PAGE, KINDS)
        messages = [each for line in lines for each in told(source, line.kind, line.body)]
        return Batch(messages, lines[-1].seq if len(lines) == PAGE else max(self.mirror.head, after))

    def one(self, source: str, seq: int, part: int) -> Telling | None:
        lines = self.mirror.events(seq - 1, 1)
        found = [each for line in lines if line.seq == seq for each in told(source, line.kind, line.body)]
        return next((each for each in found if each.part == part), None)


class Beside:
    """Everything beside the agent, stepped each hour."""

    def __init__(self, home: Home, clock: SimulatedClock, seed: int, folder: Path) -> None:
        self.home, self.clock, self.folder = home, clock, folder
        self.failed: list[str] = []
        self.runs: dict[str, list[datetime]] = {}
        """Slots of each job that were begun, in that order; the store keeps the latest fifty."""
        self.mirror = Mirror(folder / "mirror.db", NAME)
        self.channel = Received(seed)
        self.store = open_store(home)
        self.scheduler = self._begin()
        bookmark = Bookmark(Notices(folder / "told.db"), self.channel.name)
        rules = SendRules(repeat=timedelta(0), collapse=10_000)
        outbox = _Outbox(self.mirror)
        self.delivery = Delivery(
            self.channel, outbox, bookmark, rules, clock, lambda: 0.5, lambda: {NAME: False}
        )
        self.scheduler.step()  # every job knows when it is due

    def _begin(self) -> Scheduler:
        def begin(home: Home, job: JobEntry, claimed: Claimed, occasion: Occasion, began: float) -> Any:
            del began
            self.runs.setdefault(job.name, []).append(claimed.slot)
            return _Done(home, job, occasion, self.folder / "jobs.log")

        def tell(job: JobEntry, slot: datetime, title: str, text: str) -> None:
            self.failed.append(f"{job.name} {slot:%d %H:%M}: {title}: {text}")

        return Scheduler(self.home, self.clock, self.store, lambda: JOBS, owner(), tell, begin=begin)

    def anew(self) -> None:
        """Begin the scheduler anew, as a server that was deployed or killed with the agent does."""
        self.scheduler = self._begin()

    def hour(self, ms: int) -> None:
        """Let everything be done that is due by an instant: jobs, backups among them, and messages."""
        self.clock.reach(ms)
        while self.scheduler.step() == 0.5:  # what ran is looked at, and what it kept waiting begins
            pass
        self.take_in()
        self.deliver()

    def take_in(self) -> None:
        """Bring the mirror up to the journal, from its agent or from where it lies."""
        with AtHand(self.home, NAME) as journal:
            if not self.mirror.journal_id:
                self.mirror.begin(journal.journal_id)
            last, _ = journal.head()
            known = min(self.mirror.head, last)
            if known and (self.mirror.head > last or journal.hash_at(known) != self.mirror.head_hash):
                self.mirror.anew(journal.journal_id)  # it was restored
            while self.mirror.head < last:
                rows = journal.page(self.mirror.head, PAGE)
                self.mirror.take([RawRow(row.seq, row.payload, row.hash) for row in rows])

    def deliver(self) -> None:
        """Send what waits, however often the channel refuses it."""
        for _ in range(10_000):
            wait = self.delivery.step()
            if wait >= 2.0 and not self.delivery.waiting():
                return
            self.clock.sleep(wait)

    def due(self) -> list[str]:
        """Return the ids of all messages the journal has for a channel."""
        outbox, found, after = _Outbox(self.mirror), list[str](), 0
        while after < self.mirror.head:
            batch = outbox.read(self.mirror.journal_id, after)
            found += [named(each.message) for each in batch.told]
            after = batch.covered
        return found

    def said(self, *words: str) -> Any:
        """Return the answer of a command as JSON."""
        _, text = run(self.home, [*words, "--json"], self.clock.now(), self.folder / "asked.log")
        return json.loads(text)
