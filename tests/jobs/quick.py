"""A scheduler as a process, on a clock that runs fast: `python -m tests.jobs.quick HOME START ZERO [RULES]`.

Its one job is due every minute of that clock, unless rules are given: a job each. A run writes a line into
HOME/../marks when it begins and one when it is done.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.jobs.catalogue import JobEntry, Occasion
from agent.jobs.database import JobsFault
from agent.jobs.kept import Claimed
from agent.jobs.opening import open_store, owner
from agent.jobs.run import ProcessRun
from agent.jobs.scheduler import Scheduler
from agent.settings.home import Home
from agent.settings.upkeep.jobs import JobsSettings
from tests.jobs.simulated import Ruled, ruled

FAST = 40.0
MINUTELY = ("* * * * *@UTC",)
MARK = "from tests.jobs.marking import mark; mark()"


class FastClock:
    """Implements `Clock`, so many times as fast as time; every process of a test has the same."""

    def __init__(self, start: float, zero: float) -> None:
        self.start = datetime.fromtimestamp(start, UTC)
        self.zero = zero

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self.zero) * FAST

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / FAST)


def named(rule: str) -> Ruled:
    """Return a job called by its rule, such as `30 2 * * *@Europe/Berlin`."""
    words, _, zone = rule.partition("@")
    return ruled(rule, words, zone)


def begin(home: Home, job: JobEntry, claimed: Claimed, _occasion: Occasion, began: float) -> ProcessRun:
    marks = home.root.parent / "marks"
    return ProcessRun(home, job, claimed, [[str(marks)]], began, program=MARK)


def main() -> None:
    home, start, zero = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    clock = FastClock(start, zero)
    jobs: dict[str, JobEntry] = {each: named(each) for each in sys.argv[4:] or MINUTELY}
    kept = open_store(Home(home))
    scheduler = Scheduler(
        Home(home), clock, kept, JobsSettings, owner(), lambda *_told: None, jobs=jobs, begin=begin
    )
    while True:
        try:
            seconds = scheduler.step()
        except JobsFault:  # another has the store for longer than it is waited for; the server goes on too
            seconds = 2.0
        clock.sleep(min(seconds, 2.0))


if __name__ == "__main__":
    main()
