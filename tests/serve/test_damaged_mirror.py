"""A mirror is a cache: whatever becomes of its file, it is made anew, and nobody else's answers suffer."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from agent.serve.fleet.fleet import Fleet
from agent.serve.mirror import queries
from agent.settings.home import Home
from domain.errors import JournalFault
from tests.agent.command import agent, start
from tests.serve.test_fleet import ENDLESS, RUN, fleet_of, until, whole


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    path.with_name(path.name + "-wal").unlink(missing_ok=True)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def delete(path: Path) -> None:
    path.unlink()


def delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def no_database(path: Path) -> None:
    path.write_bytes(b"no database " * 1_000)


DAMAGES = (overwrite, cut, delete, delete_folder, no_database)


def asked_all(fleet: Fleet, name: str) -> bool:
    """Ask what a page asks; say whether all was answered. Nothing but JournalFault is raised."""
    watched = fleet.get(name)
    fleet.health()
    assert {each.row().agent for each in fleet.all()} == set(fleet.names())
    with suppress(JournalFault):
        queries.trades(watched.mirror)
        watched.mirror.events(0, 10)
        watched.status()
        return True
    return False


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_mirror_is_made_anew_and_the_others_go_on(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    for name in ("x", "y"):
        agent(tmp_path, *RUN, "--cycles", "60", "--journal", name)
    with fleet_of(tmp_path) as (fleet, _):
        watched = fleet.get("x")
        until(lambda: whole(watched))
        damage(watched.mirror.path)
        until(lambda: asked_all(fleet, "x") and watched.mirror.sound and whole(watched))
        until(lambda: asked_all(fleet, "y"))


def test_the_mirror_of_a_running_agent_is_made_anew_under_it(tmp_path: Path) -> None:
    process = start(tmp_path, *ENDLESS, "--journal", "x")
    try:
        until((tmp_path / "journals" / "x.sock").exists)
        with fleet_of(tmp_path) as (fleet, _):
            watched = fleet.get("x")
            until(lambda: watched.mirror.head > 200)
            for damage in (delete, overwrite):
                seen = watched.mirror.head
                damage(watched.mirror.path)
                until(lambda: asked_all(fleet, "x") and watched.mirror.sound)
                until(lambda: watched.mirror.head > seen)  # noqa: B023
            assert watched.running
            process.terminate()
            process.wait(20)
            until(lambda: not watched.running and whole(watched))
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_a_file_that_is_no_journal_is_passed_over(tmp_path: Path) -> None:
    agent(tmp_path, *RUN, "--cycles", "5", "--journal", "x")
    journals = tmp_path / "journals"
    (journals / "loop.db").symlink_to("loop.db")
    (journals / "gone.db").symlink_to("nowhere")
    for odd in ("x (copy).db", "a b.db", "line\nbreak.db", "-x.db"):
        shutil.copy(journals / "x.db", journals / odd)
    home = Home(tmp_path)
    assert home.names() == ["x"]
    (journals / ".latest").unlink()
    assert home.latest() == "x"
    assert agent(tmp_path, "kill", "--reason", "x", "--json").returncode == 0
    with fleet_of(tmp_path) as (fleet, _):
        assert fleet.names() == ["x"]
