"""Two emergency stops while the journal is out of reach: what both did is counted once, when it is back."""

import shutil
from pathlib import Path

from agent import wiring
from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.settings.home import Home
from agent.settings.recorded import recorded_options
from agent.state.ledger import Ledger
from domain.commands import Flatten, Kill, Reconcile
from domain.replies import Flattened, KillSwitch, Reconciled
from tests.agent.command import agent

RUN = ("run", "--provider", "simulated", "--speed", "max", "--cycles", "120", "--journal", "paper", "--plain")


def test_what_was_done_without_the_journal_is_in_no_checkpoint_and_counts_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    agent(home.root, *RUN)
    file = home.journal("paper")
    assert ledger(home).positions, "there must be something to sell"
    shutil.move(file, tmp_path / "away")
    file.write_bytes(b"no database\n" * 100)
    for stop in (Flatten(reason="one"), Flatten(reason="two"), Kill(reason="three")):
        done = dispatch(home, "paper", stop)
        assert isinstance(done, Flattened | KillSwitch)
        assert done.unjournaled
    shutil.move(tmp_path / "away", file)
    compared = dispatch(home, "paper", Reconcile())
    assert isinstance(compared, Reconciled)
    assert not compared.contradictions
    begun, whole = ledger(home), ledger(home, whole=True)
    assert not begun.contradictions
    assert (begun.cash, begun.intended, begun.trades) == (whole.cash, whole.intended, whole.trades)


def ledger(home: Home, *, whole: bool = False) -> Ledger:
    client = AccountClient(home, "paper")
    with client.journal() as opened:
        options, there = recorded_options(opened), client.checkpoints
        return wiring.parts(options, opened, checkpoints=there, whole=whole).state.ledger
