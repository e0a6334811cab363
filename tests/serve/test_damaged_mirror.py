"""A mirror is a cache: whatever becomes of its file, it is made anew, and nobody else's answers suffer."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from agent import wiring
from agent.serve.fleet.fleet import Fleet
from agent.serve.fleet.watched import Watched
from agent.serve.mirror import queries
from agent.serve.routes.read import ROUTES
from agent.settings.home import Home
from domain.errors import JournalFault
from tests.agent.command import agent, start
from tests.agent.world import World, wave
from tests.serve.served import serving
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


def whole_again(watched: Watched) -> bool:
    """Say whether a mirror is whole; one whose damage was met only now says that it is made anew."""
    with suppress(JournalFault):
        return whole(watched)
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
        until(lambda: asked_all(fleet, "x") and watched.mirror.sound and whole_again(watched))
        until(lambda: asked_all(fleet, "y"))


def test_of_a_journal_that_cannot_be_read_the_reason_is_told_and_no_figure(tmp_path: Path) -> None:
    made, home = World(wave(20)), Home(tmp_path)
    made.run()
    for name in ("by_hand", "none"):
        home.make()
        journal = wiring.open_account(home.journal_location(name), name, 0, lambda *_: False)
        journal.append(*made.events)
        journal.close()
    with closing(sqlite3.connect(home.journal("by_hand"))) as file, file:
        file.execute("DROP TRIGGER rows_never_updated")
        file.execute("UPDATE rows SET payload = CAST(payload AS TEXT) WHERE seq = 9")
    home.journal("none").write_bytes(b"no database")
    reasons = {"by_hand": "row 9: its payload or its hash is not binary", "none": "is no SQLite database"}
    with serving(tmp_path) as served:
        served.settled()
        told = {each["agent"]: each for each in served.read("/api/v1/agents").json}
        asked = [each.path for each in ROUTES if "{cycle}" not in each.path and "candles" not in each.path]
        for name, reason in reasons.items():
            assert [reason in alarm["text"] for alarm in told[name]["alarms"]] == [True], told[name]
            assert (told[name]["quote"], told[name]["equity"]) == (None, "0")  # no quote: the page shows none
            for path in asked:
                answer = served.read(path.replace("{agent}", name))
                assert answer.status == 500, (path, answer.content)
                assert reason in answer.json["error"]["message"], path


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
            process.wait(60)
            until(lambda: not watched.running and whole_again(watched))
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
