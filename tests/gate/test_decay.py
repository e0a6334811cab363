"""Decay of an account, and parameters that are searched, applied on evidence, and taken back when refuted."""

import json
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.account.client import AccountClient
from agent.answers.alerts import AlertKind
from agent.answers.gate import ReoptimizedRow
from agent.cli.handlers.decay import acted
from agent.cli.handlers.reoptimize import ReoptimizeRequest, reoptimize_command
from agent.gate import reoptimize
from agent.gate.decay import DECAYED, MAX_TRADES, SILENT, STEADY, WatchedSeries, decay, watched
from agent.gate.reoptimize import APPLIED, BY, CONFIRMED, KEPT, OFFERED, ROLLED_BACK, WAITING, Found, Study
from agent.notices import FILE, Notices
from agent.parameters.evidence import EvidenceFile
from agent.reports.period import ReportPeriod
from agent.reports.report import Reported, reported
from agent.settings.home import Home
from agent.settings.upkeep.gate import GateSettings
from domain.commands import ApplyParameters, Command
from domain.events import ParametersSet
from domain.evidence import Evidence
from domain.times import utc
from journal.memory import MemoryJournal
from reasoning.strategies.registry import STRATEGIES
from tests.agent.command import agent
from tests.reports.lived import Session, candles, changed

SETTINGS = GateSettings()


@cache
def journal() -> MemoryJournal:
    return Session([candles(1800), candles(1800, 8, "ETH-USDT")]).journal


def whole(made: MemoryJournal, back: int = 0) -> ReportPeriod:
    rows = [row for row in made.page(0, 10**9) if row.kind == "cycle_decided"]
    return ReportPeriod(utc(rows[back].at), utc(rows[-1].at) + timedelta(seconds=1))


def report(made: MemoryJournal | None = None) -> Reported:
    made = made or journal()
    return reported(made, "paper", whole(made), twin=False)


def test_an_account_is_tested_on_its_own_trades_and_stays_silent_on_few() -> None:
    found = decay(report(), SETTINGS)
    trades, rate, days = found.tests
    assert (trades.count, rate.count) == (report().answer.totals.trades,) * 2
    assert trades.count > 31
    assert days.silent
    assert not trades.silent
    assert found.verdict in (STEADY, DECAYED)
    few = decay(reported(journal(), "paper", whole(journal(), 1500), twin=False), SETTINGS)
    assert few.verdict == SILENT
    assert all("too few below 31" in each for each in few.reasons)
    assert not any(each.alarm for each in few.tests)


def test_what_earns_less_than_it_did_raises_an_alarm_that_says_how_often_it_is_wrong() -> None:
    at = [utc(number * 3_600_000) for number in range(200)]
    good = [0.02, -0.01, 0.015, -0.005] * 25
    bad = [-0.02, -0.01, 0.004, -0.015] * 25
    test = watched(WatchedSeries("expectancy", "trade", [*good, *bad], at), SETTINGS)
    assert test.alarm
    assert test.since is not None
    assert at[100] <= test.since <= at[150]
    assert test.false_alarm == 3 * SETTINGS.decay_false_alarm
    assert test.before is not None
    assert test.rolling is not None
    assert test.rolling < test.before
    assert not watched(WatchedSeries("expectancy", "trade", good, at), SETTINGS).alarm


def test_new_parameters_begin_it_anew() -> None:
    asked: dict[int, Command] = {
        900: ApplyParameters(strategy="rsi", given={"period": 9}, force=True, reason="x", key="p")
    }
    made = Session([candles(1500)], asked=asked).journal
    found = decay(report(made), SETTINGS)
    assert 0 < found.tests[0].count < report(made).answer.totals.trades


def applied_at(cycle: int, good: dict[str, Any], before: dict[str, Any], by: str = BY) -> MemoryJournal:
    """Return a journal in which a search's parameters came into force after a cycle."""
    proof = Evidence("f" * 12, 1.0, 1.0, before, 0.5, 0.5, trials=9)
    done: list[int] = []

    def insert(event: Any) -> Any:
        done.append(getattr(event, "cycle_id", 0))
        return event

    made = changed(journal(), insert)
    events = [row.event for row in made.rows()]
    at = next(k for k, each in enumerate(events) if getattr(each, "cycle_id", 0) == cycle + 1)
    when = events[at].at  # type: ignore[union-attr]
    version = ParametersSet(when, 1, "rsi", good, "found", by, proof)
    built = MemoryJournal(made.journal_id)
    built.append(*events[:at], version, *events[at:])
    return built


def account(made: MemoryJournal) -> reoptimize.SearchedAccount:
    return reoptimize.known(made, report(made))


OWN = {"period": 14, "lower": 30.0, "upper": 70.0, "stop_ppm": 30_000}
SILENT_ONES = {**OWN, "lower": 1.0, "upper": 99.0}
"""Parameters that never buy: they earn exactly nothing."""


@pytest.mark.parametrize("worse", [True, False])
def test_what_the_next_window_refutes_goes_back_and_what_it_bears_out_stays(*, worse: bool) -> None:
    """One of the two sets never trades: the other's result on the candles since decides."""
    quick = GateSettings(refute_days=0.5, refute_trades=1)
    one = account(applied_at(400, OWN, SILENT_ONES))
    version = reoptimize.on_trial(one, "rsi")
    assert version is not None
    earned = reoptimize._earned(one, STRATEGIES["rsi"], OWN, version.at)
    silent = reoptimize._earned(one, STRATEGIES["rsi"], SILENT_ONES, version.at)
    loses = earned.share < silent.share
    new, old = (OWN, SILENT_ONES) if loses == worse else (SILENT_ONES, OWN)
    found = reoptimize.tried(account(applied_at(400, new, old)), version_of(new, old), quick)
    assert found.row.did == (ROLLED_BACK if worse else CONFIRMED)
    assert found.back_to == (0 if worse else None)
    assert "since it earned" in found.row.why


def version_of(new: dict[str, Any], old: dict[str, Any]) -> ParametersSet:
    version = reoptimize.on_trial(account(applied_at(400, new, old)), "rsi")
    assert version is not None
    return version


def test_a_version_on_trial_waits_for_days_and_for_trades() -> None:
    made = account(applied_at(400, OWN, SILENT_ONES))
    version = reoptimize.on_trial(made, "rsi")
    assert version is not None
    early = reoptimize.tried(made, version, GateSettings(refute_days=30))
    assert (early.row.did, early.back_to) == (WAITING, None)
    assert "days in force, least 30" in early.row.why
    few = reoptimize.tried(made, version, GateSettings(refute_days=0.5, refute_trades=1_000))
    assert "trades of both on the candles since, least 1000" in few.row.why
    by_hand = account(applied_at(400, OWN, SILENT_ONES, by="operator"))
    assert reoptimize.on_trial(by_hand, "rsi") is None, "what a person set is not ours to take back"


def test_a_search_on_too_few_days_is_kept_to_itself(tmp_path: Any) -> None:
    study = Study("short", f"sqlite:///{tmp_path / 'short.db'}")
    settings = GateSettings(reoptimize_trials=2)
    found = reoptimize.considered(account(journal()), "rsi", settings, study, lambda _done: None)
    assert found.row.did == KEPT
    assert "days out of sample, least 30" in found.row.why
    assert found.evidence is not None
    assert found.evidence.present.parameters == found.row.present
    assert msgspec.json.decode(msgspec.json.encode(found.row), type=ReoptimizedRow) == found.row


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    agent(folder, "run", "--provider", "simulated", "--speed", "max", "--cycles", "300")
    return folder


def told_of(home: Path, kind: AlertKind) -> list[str]:
    notices = Notices(home / FILE)
    try:
        return [each.title for each in notices.latest(100) if each.kind is kind]
    finally:
        notices.close()


def test_decay_is_told_once_and_pauses_entries_where_so_set_once_an_alarm(home: Path) -> None:
    client = AccountClient(Home(home))
    found = decay(report(), SETTINGS)
    alarm = msgspec.structs.replace(found.tests[0], alarm=True, since=found.until)
    decayed = msgspec.structs.replace(found, verdict=DECAYED, tests=[alarm], reasons=["worse"])
    plain = acted(client, SETTINGS, decayed, "a1")
    assert not plain.paused
    assert acted(client, SETTINGS, decayed, "a1") == plain
    assert told_of(home, AlertKind.DECAY) == ["decay: 1 of 1 tests"], "an incident opens once"
    pausing = GateSettings(decay_pauses=True)
    assert acted(client, pausing, decayed, "a1").paused
    changed_to = client.status().changed[MAX_TRADES]
    assert (changed_to.value, changed_to.by) == (0, "decay")
    assert "decay: worse" in changed_to.reason
    back = ("config", "change", "--back", MAX_TRADES, "--reason", "seen")
    agent(home, *back)
    acted(client, pausing, decayed, "a1")
    assert MAX_TRADES not in client.status().changed, "who takes it back is not overruled for the same alarm"
    acted(client, SETTINGS, msgspec.structs.replace(found, verdict=STEADY), "a1")
    assert told_of(home, AlertKind.DECAY)[0] == "no decay any more"


def test_what_is_offered_is_applied_on_its_evidence_and_taken_back_by_its_name(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    present = {"period": 14, "lower": 30.0, "upper": 70.0, "stop_ppm": 30_000}
    better = {**present, "period": 9}
    row = ReoptimizedRow(strategy="rsi", did=OFFERED, why="better", present=present, proposed=better)

    def proof(sharpe: float) -> EvidenceFile:
        return EvidenceFile.model_validate(
            {
                "strategy": "rsi", "parameters": better, "data_fingerprint": "f" * 12,
                "in_sample_sharpe": 2.0, "out_of_sample_sharpe": sharpe, "trials": 9,
                "present": {"parameters": present, "in_sample_sharpe": 1.0, "out_of_sample_sharpe": 1.0},
            }
        )  # fmt: skip

    def run(found: Found, *, apply: bool = True) -> list[Any]:
        monkeypatch.setattr("agent.cli.handlers.reoptimize.considered", lambda *_more: found)
        asked = ReoptimizeRequest(("rsi",), None, None, None, apply=apply, notify=True, json=True)
        reoptimize_command(home, None, asked)
        rows: list[Any] = json.loads(capsys.readouterr().out)["rows"]
        return rows

    (offered,) = run(Found(row, proof(1.2)), apply=False)
    assert offered["did"] == OFFERED
    assert AccountClient(Home(home)).status().parameters == {}
    (weak,) = run(Found(row, proof(1.05)))
    assert weak["did"] == OFFERED
    assert "below the limit 1.1" in weak["why"], "less than a tenth is not enough"
    (applied,) = run(Found(row, proof(1.2)))
    assert (applied["did"], applied["version"]) == (APPLIED, 1)
    version = AccountClient(Home(home)).status().parameters["rsi"]
    assert (version.parameters["period"], version.by) == (9, BY)
    (back,) = run(Found(msgspec.structs.replace(row, did=ROLLED_BACK, why="refuted", version=1), None, 0))
    assert back["did"] == ROLLED_BACK
    assert AccountClient(Home(home)).status().parameters == {}
    every = AccountClient(Home(home)).parameters()
    assert [(each.by, each.reason) for each in every if each.version] == [
        (BY, "re-optimised: better"), (BY, "refuted")
    ]  # fmt: skip
    titles = told_of(home, AlertKind.DECAY)
    assert {f"parameters of rsi {did}" for did in (ROLLED_BACK, APPLIED, OFFERED)} <= set(titles)


def test_the_commands_say_what_they_found(home: Path) -> None:
    said = agent(home, "decay").stdout
    assert said.startswith("decay     silent")
    assert "None" not in said
    done = agent(home, "reoptimize", "--strategy", "rsi", "--trials", "1", "--days", "2")
    assert "kept: " in done.stdout
    assert (
        "--strategy momentum: has no voice here"
        in agent(home, "reoptimize", "--strategy", "momentum", check=2).stderr
    )
    assert agent(home, "gate", check=4).stdout.startswith("NOT ENOUGH DATA")
    assert agent(home, "gate", "--notify").stdout.startswith("NOT ENOUGH DATA")
    assert told_of(home, AlertKind.GATE) == [], "the same verdict is told once: when it changed"
    assert agent(home, "report", "--days", "1", "--keep").stdout.startswith("kept as ")


def test_they_are_jobs_of_the_home(home: Path) -> None:
    for name in ("week", "gate", "decay"):
        done = json.loads(agent(home, "jobs", "run", name, "--json").stdout)
        assert '"outcome": "done"' in json.dumps(done), done
    assert list((home / "gate").glob("*.json"))
    assert list((home / "reports").glob("*/*-7d.html"))
    (home / "gate").rename(home / "gate.away")
    (home / "gate").touch()  # a verdict that cannot be kept is told all the same
    unkept = agent(home, "gate", check=2)
    assert unkept.stdout.startswith("NOT ENOUGH DATA")
    assert "the verdict cannot be kept" in unkept.stderr
    (home / "gate").unlink()
    (home / "gate.away").rename(home / "gate")
