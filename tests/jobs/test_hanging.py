"""A run that hangs is ended at the limit its settings name, with all it began, and has failed."""

from datetime import UTC, datetime
from pathlib import Path

from agent.answers.jobs import RunOutcome
from agent.jobs.catalogue import BY_NAME, Occasion
from agent.jobs.kept import Claimed
from agent.jobs.run import Ended
from agent.jobs.scheduler import begin_process
from agent.settings.home import Home
from agent.settings.upkeep.jobs import JobsSettings

SLOT = datetime(2026, 11, 29, 3, 50, tzinfo=UTC)


def test_a_run_that_takes_longer_than_its_settings_allow_is_ended_and_failed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    settings = JobsSettings.model_validate({"retain": {"most_minutes": 1}})
    occasion = Occasion(home, settings, SLOT)
    claimed = Claimed("", "retain", SLOT, "here", 1)
    run = begin_process(home, BY_NAME["retain"], claimed, occasion, 1_000.0)
    assert run.poll(1_059.0) is None
    assert run.poll(1_060.0) is None
    why = "it took more than 1 minutes, the limit of jobs.retain.most_minutes"
    assert run.poll(1_061.0) == Ended(RunOutcome.FAILED, why)
