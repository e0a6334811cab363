"""The table of jobs: each is commands that exist, with settings of its name, and safe until switched on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer.main

from agent.cli.app import app
from agent.jobs.catalogue import BY_NAME, JOBS, JobEntry, Occasion
from agent.settings.home import Home
from agent.settings.problems import BadSettings
from agent.settings.upkeep.jobs import DownloadJob, JobsSettings, ParametersJob
from agent.settings.upkeep.reading import upkeep

SLOT = datetime(2026, 11, 29, 23, tzinfo=UTC)
SET = JobsSettings(
    download=DownloadJob(symbols=("BTC-USDT",)), parameters=ParametersJob(studies=("night-run",))
)
OFF = {"reoptimize", "download"}
"""Jobs that ask the network, or may change parameters."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.make()
    made.journal("paper").touch()
    (tmp_path / "config.toml").write_text('[backup]\nfolder = "/nowhere"\n')
    return made


def test_every_job_has_settings_and_all_settings_a_job() -> None:
    assert set(BY_NAME) == set(JobsSettings.model_fields)
    assert {job.name for job in JOBS if not job.settings(JobsSettings()).on} == OFF


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_job_is_commands_that_the_command_line_takes(job: JobEntry, home: Home) -> None:
    commands = job.commands(Occasion(home, SET, SLOT))
    assert commands
    for words in commands:
        command, rest = typer.main.get_command(app), list(words)
        while hasattr(command, "commands"):
            command = command.commands[rest.pop(0)]
        context = command.make_context(words[0], rest)
        assert context.params["json"] is False, "its output is read by people"


def test_a_download_begins_so_many_days_before_its_slot(home: Home) -> None:
    (words,) = BY_NAME["download"].commands(Occasion(home, SET, SLOT))
    assert words[:3] == ["data", "download", "BTC-USDT"]
    assert "20261030-" in words


def test_the_pairs_to_download_are_read_from_a_variable_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_JOBS__DOWNLOAD__SYMBOLS", "BTC/USDT,eth-usdt")
    assert upkeep(Home(tmp_path)).jobs.download.symbols == ("BTC-USDT", "ETH-USDT")
    monkeypatch.setenv("AGENT_JOBS__DOWNLOAD__SYMBOLS", "MSFT")
    with pytest.raises(BadSettings, match=r"jobs\.download\.symbols.*MSFT is no pair"):
        upkeep(Home(tmp_path))
