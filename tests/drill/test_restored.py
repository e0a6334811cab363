"""A home is lost while a position is held: restored from a backup the agent halts, is adopted, goes on."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from agent.account.client import AccountClient
from agent.account.opening import opened_for
from agent.backup.restore import restore
from agent.backup.take import Keep, backup
from agent.backup.vault import begun, opened
from agent.backup.wanted import Restoration
from agent.drill import processes
from agent.host.clock import SystemClock
from agent.settings.home import Home
from agent.settings.keys import EXCHANGE_KEY, EXCHANGE_SECRET
from agent.settings.settings import Options
from domain.commands import Command, Flatten, Kill
from domain.errors import LocalFault
from journal.verify import Verified, verify
from tests.drill.rig import Rig, rig

__all__ = ["rig"]
KEY = "canary-key-of-the-drill"


BOUGHT = "53"
"""Points an agent of the drill passes until it has bought, set the stop and ended the cycle (52)."""


def backed_up(rig: Rig) -> None:
    vault = begun(rig.folder / "out", KEY)
    answer = backup(Home(rig.options.home), vault, ["drill"], SystemClock().now(), Keep(30, 24))
    assert answer.journals[0].problem is None
    assert answer.journals[0].rows


def resting(rig: Rig) -> list[str]:
    orders = rig.control.ask("GET", "/sandbox/orders")["orders"]
    return [each["clientOrderId"] for each in orders if each["status"] == "NEW"]


def lost_and_restored(rig: Rig) -> None:
    shutil.rmtree(rig.options.home)
    vault = opened(rig.folder / "out", KEY)
    restore(vault, Home(rig.options.home), Restoration(), SystemClock().now() + timedelta(seconds=1))


def halted(rig: Rig) -> str:
    """Start the agent and return why it ended by itself, "" where it did not."""
    told = rig.folder / "halted"
    told.write_text("")
    rig.agent(run_until_halted, rig.options, rig.port, told)
    return told.read_text()


def run_until_halted(options: Options, port: int, told: Path) -> None:
    try:
        processes.run_agent(options, port, "0")
    except LocalFault as fault:
        told.write_text(str(fault))


def stop(command: Command, options: Options) -> None:
    key = options.exchange.api_key
    assert key is not None
    os.environ[EXCHANGE_KEY] = os.environ[EXCHANGE_SECRET] = key.get_secret_value()
    client = AccountClient(Home(options.home), "drill")
    with opened_for(command, client, SystemClock()) as carries:
        carries.handle(command)


def test_a_lost_home_is_restored_halts_is_adopted_and_the_agent_goes_on(rig: Rig) -> None:
    rig.run(f"{BOUGHT}:{rig.folder / 'points'}")
    assert resting(rig)  # the stop of a position
    backed_up(rig)
    rig.run(f"25:{rig.folder / 'points'}")  # what is done now is in no backup
    lost_and_restored(rig)
    assert "reconcile --adopt" in halted(rig)
    assert "reconcile --adopt" in halted(rig)  # again and again, until somebody looked
    rig.agent(processes.adopt_agent, rig.options)
    rig.run()
    told = rig.settled()
    assert told["in_line"], told
    assert told["resting"] == told["positions"]
    assert isinstance(verify(Home(rig.options.home).journal("drill")), Verified)


@pytest.mark.parametrize("command", [Kill(reason="lost", by="me"), Flatten(reason="lost", by="me")])
def test_nothing_of_a_restored_account_blocks_a_stop(rig: Rig, command: Kill | Flatten) -> None:
    """Nothing was traded after the backup, so only the restore itself speaks against going on."""
    rig.run(f"{BOUGHT}:{rig.folder / 'points'}")
    assert resting(rig)  # the stop of a position
    backed_up(rig)
    lost_and_restored(rig)
    rig.agent(stop, command, rig.options)
    assert bool(resting(rig)) is isinstance(command, Kill)  # a kill leaves the stop of what is held
    assert "restored from a backup and may lack what followed row" in halted(rig)
