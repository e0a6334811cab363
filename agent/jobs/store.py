"""The jobs and their runs as they are kept: defined, claimed, finished, asked for and paused.

Laws: a job has one run for each instant it was due (a slot), and one run at a time; both are keys of the
database. A definition that says nothing new leaves `due` as it is, so a run missed while nobody was there is
still due at the next start. Whoever claims a run has it on a lease; where the lease ends the run is taken up
by the next who looks, under the same slot. Instants are UTC. A clock that was ahead and was set back leaves
nothing waiting for a time that never came: neither what is due, nor a lease, nor a slot that counts as done.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from agent.answers.jobs import JobRun, RunOutcome
from agent.jobs.database import JobsDatabase
from agent.jobs.kept import JOB, RUN, Claimed, Claims, Definition, KeptJob, LostRun, instant, job_of, run_of
from domain.errors import BadInput
from domain.times import millis, utc

KEPT_RUNS = 50
"""Runs of a job that are kept, the latest."""

LONGEST = 500
"""Characters of what a run said last that are kept with it."""

AHEAD = timedelta(hours=1)
"""A slot so far ahead was claimed by a clock that was wrong; less may be the difference of two hosts."""

EVERYWHERE = ""
"""The scope of a job that is done once, however many hosts share a server."""

_OF = "WHERE scope = ? AND name = ?"
_AHEAD = f"DELETE FROM runs {_OF} AND ended IS NOT NULL AND slot > ?"  # noqa: S608 -- nothing from outside
_FORGET = (
    f"DELETE FROM runs {_OF} AND ended IS NOT NULL AND slot NOT IN "  # noqa: S608 -- nothing from outside
    f"(SELECT slot FROM runs {_OF} ORDER BY slot DESC LIMIT ?)"
)


class JobStore:
    """The jobs of a home, or of the server of its journals. For any thread; raises JobsFault."""

    def __init__(self, database: JobsDatabase, scope: str) -> None:
        self.database = database
        self.scope = scope

    def define(self, jobs: Iterable[Definition], now: datetime) -> None:
        """Take over definitions; what is due is due still where the rule is the same and it was on."""
        with self.database.together():
            for each in jobs:
                self._define(each, now)

    def _define(self, job: Definition, now: datetime) -> None:
        scope = self.scope if job.local else EVERYWHERE
        grace = round(job.grace.total_seconds() * 1000)
        known = self._kept(scope, job.name)
        if known is None:
            self.database.do(
                "INSERT INTO jobs (scope, name, rule, zone, grace, enabled, due) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(scope, job.name, *job.schedule, grace, int(job.on), millis(job.schedule.next(now))),
            )
            return
        same = known.schedule == job.schedule and (known.on or not job.on)
        due = min(known.due, job.schedule.next(now)) if same else job.schedule.next(now)
        rule, zone = job.schedule
        changes = {"rule": rule, "zone": zone, "grace": grace, "enabled": int(job.on), "due": millis(due)}
        self._change(scope, job.name, **changes)
        self.database.do(_AHEAD, scope, job.name, millis(now + AHEAD))

    def claim(
        self, names: Iterable[str], now: datetime, owner: str, lease: timedelta, most: int = 1_000
    ) -> Claims:
        """Take what is due of the jobs named, at most so many runs, each until `now + lease`."""
        result = Claims([], [])
        with self.database.together():
            for job in self._due_order(names):
                if len(result.claimed) >= most:
                    break
                self._claim(job, now, owner, now + lease, result)
        return result

    def claim_now(self, name: str, by: str, now: datetime, owner: str, lease: timedelta) -> Claimed | None:
        """Take a run of a job now, beside its schedule; None where one is under way.

        One that was cut off is taken up instead. Raises BadInput where there is no such job.
        """
        with self.database.together():
            job = self._named(name)
            run = self._open(job)
            if run is None:
                claimed = Claimed(job.scope, name, self._free(job, now), owner, 1, None, by[:100])
                self._insert(claimed, now, now + lease)
                return claimed
            slot, attempt, until, since, asked_by = run
            if until > now:
                return None
            self._take_over(job, slot, attempt + 1, owner, now + lease)
            return Claimed(job.scope, name, slot, owner, attempt + 1, since, asked_by)

    def _due_order(self, names: Iterable[str]) -> list[KeptJob]:
        wanted = set(names)
        return [job for job in self.kept() if job.name in wanted and (job.asked or job.on)]

    def _claim(self, job: KeptJob, now: datetime, owner: str, until: datetime, result: Claims) -> None:
        if job.paused and not job.asked:
            return
        run = self._open(job)
        if run is not None:
            slot, attempt, lease, since, by = run
            if lease > now:
                if lease - now > 2 * (until - now):  # of a clock that was set back: who has it renews it
                    self._change_run(job.scope, job.name, slot, lease=millis(until))
                return
            if -AHEAD <= now - slot <= job.grace:
                self._take_over(job, slot, attempt + 1, owner, until)
                result.claimed.append(Claimed(job.scope, job.name, slot, owner, attempt + 1, since, by))
                return
            self._end(job.scope, job.name, slot, RunOutcome.CUT_OFF, "nobody went on with it in time", now)
            result.lost.append(LostRun(job.name, slot, RunOutcome.CUT_OFF))
        if job.asked:
            self._asked(job, now, owner, until, result)
        elif job.due <= now:
            self._due(job, now, owner, until, result)

    def _asked(self, job: KeptJob, now: datetime, owner: str, until: datetime, result: Claims) -> None:
        slot = self._free(job, now)
        self._change(job.scope, job.name, asked=None, asked_by="")
        claimed = Claimed(job.scope, job.name, slot, owner, 1, None, job.asked_by)
        self._insert(claimed, now, until)
        result.claimed.append(claimed)

    def _free(self, job: KeptJob, now: datetime) -> datetime:
        """Return the next instant from now on that is no run's slot."""
        while self._rows(f"{RUN} {_OF} AND slot = ?", job.scope, job.name, millis(now)):
            now += timedelta(milliseconds=1)
        return now

    def _due(self, job: KeptJob, now: datetime, owner: str, until: datetime, result: Claims) -> None:
        """Claim the latest slot that is due; those before it are made up for by the same run."""
        slot = job.schedule.latest(job.due, now) or job.due
        since = job.due if job.due < slot else None
        # From now, not from the slot: what was missed meanwhile is not run one after the other.
        self._change(job.scope, job.name, due=millis(job.schedule.next(now)))
        if self._rows(f"{RUN} {_OF} AND slot = ?", job.scope, job.name, millis(slot)):
            return
        claimed = Claimed(job.scope, job.name, slot, owner, 1, since)
        self._insert(claimed, now, until)
        if now - slot > job.grace:
            self._end(job.scope, job.name, slot, RunOutcome.MISSED, "too late to be made up for", now)
            result.lost.append(LostRun(job.name, slot, RunOutcome.MISSED))
        else:
            result.claimed.append(claimed)

    def _insert(self, run: Claimed, now: datetime, until: datetime) -> None:
        since = None if run.since is None else millis(run.since)
        self.database.do(
            "INSERT INTO runs (scope, name, slot, owner, attempt, began, lease, since, asked_by) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(run.scope, run.name, millis(run.slot), run.owner, run.attempt, millis(now), millis(until)),
            *(since, run.by),
        )

    def _take_over(self, job: KeptJob, slot: datetime, attempt: int, owner: str, until: datetime) -> None:
        self._change_run(job.scope, job.name, slot, owner=owner, attempt=attempt, lease=millis(until))

    def _open(self, job: KeptJob) -> tuple[datetime, int, datetime, datetime | None, str] | None:
        rows = self._rows(f"{RUN} {_OF} AND ended IS NULL", job.scope, job.name)
        if not rows:
            return None
        slot, _, _, _, attempt, since, by, _, _, lease = rows[0]
        return utc(slot), attempt, utc(lease), instant(since), by

    def renew(self, run: Claimed, until: datetime) -> bool:
        """Have a run for longer; False where it is another's by now, or over."""
        with self.database.together():
            mine = self._mine(run)
            if mine:
                self._change_run(run.scope, run.name, run.slot, lease=millis(until))
            return mine

    def _mine(self, run: Claimed) -> bool:
        return bool(
            self._rows(
                f"{RUN} {_OF} AND slot = ? AND owner = ? AND attempt = ? AND ended IS NULL",
                *(run.scope, run.name, millis(run.slot), run.owner, run.attempt),
            )
        )

    def finish(self, run: Claimed, outcome: RunOutcome, text: str, now: datetime) -> bool:
        """End a run; False, and nothing is done, where it is another's by now."""
        with self.database.together():
            if not self._mine(run):
                return False
            self._end(run.scope, run.name, run.slot, outcome, text, now)
            self.database.do(_FORGET, run.scope, run.name, run.scope, run.name, KEPT_RUNS)
            return True

    def _end(
        self, scope: str, name: str, slot: datetime, outcome: RunOutcome, text: str, now: datetime
    ) -> None:
        self._change_run(scope, name, slot, ended=millis(now), outcome=outcome.value, said=text[:LONGEST])

    def _change(self, scope: str, name: str, **values: Any) -> None:
        columns = ", ".join(f"{column} = ?" for column in values)
        statement = f"UPDATE jobs SET {columns} {_OF}"  # noqa: S608 -- names of our own columns
        self.database.do(statement, *values.values(), scope, name)

    def _change_run(self, scope: str, name: str, slot: datetime, **values: Any) -> None:
        columns = ", ".join(f"{column} = ?" for column in values)
        statement = f"UPDATE runs SET {columns} {_OF} AND slot = ?"  # noqa: S608 -- as above
        self.database.do(statement, *values.values(), scope, name, millis(slot))

    def ask(self, name: str, by: str, now: datetime) -> None:
        """Ask for a run of a job now, beside its schedule. Raises BadInput where there is no such job."""
        with self.database.together():
            job = self._named(name)
            if job.asked is None:
                self._change(job.scope, name, asked=millis(now), asked_by=by[:100])

    def pause(self, name: str, by: str, why: str, now: datetime) -> None:
        """Hold a job, over every restart. Raises BadInput where there is no such job."""
        with self.database.together():
            job = self._named(name)
            self._change(job.scope, name, paused=millis(now), paused_by=by[:100], paused_why=why[:LONGEST])

    def resume(self, name: str, now: datetime) -> None:
        """Let a job go on from its next slot; what fell into the pause is not made up for."""
        with self.database.together():
            job = self._named(name)
            if job.paused is not None:
                due = millis(job.schedule.next(now))
                self._change(job.scope, name, paused=None, paused_by="", paused_why="", due=due)

    def _named(self, name: str) -> KeptJob:
        named = [job for job in self.kept() if job.name == name]
        if not named:
            raise BadInput(f"job {name[:80]}: there is none of that name; agent jobs list names them")
        return named[0]

    def _kept(self, scope: str, name: str) -> KeptJob | None:
        rows = self._rows(f"{JOB} {_OF}", scope, name)
        return job_of(rows[0]) if rows else None

    def kept(self) -> list[KeptJob]:
        """Return every job of this scope, what is due first coming first."""
        rows = self._rows(f"{JOB} WHERE scope IN (?, ?) ORDER BY due, name", EVERYWHERE, self.scope)
        return [job_of(row) for row in rows]

    def runs(self, job: KeptJob, count: int = KEPT_RUNS) -> list[JobRun]:
        """Return a job's latest runs, newest first."""
        rows = self._rows(f"{RUN} {_OF} ORDER BY slot DESC LIMIT ?", job.scope, job.name, count)
        return [run_of(row) for row in rows]

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        return self.database.do(statement, *values)
