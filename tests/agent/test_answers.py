"""Every command with `--json` answers with the structs of the table, and the schemas of them are kept."""

import json
import math
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer.main
from msgspec.structs import replace
from pydantic import BaseModel

from agent.account.dispatch import dispatch
from agent.answers.run import SummaryLine
from agent.cli.answers import ANSWERS
from agent.cli.app import app
from agent.gate.proof import proof
from agent.models.registry import Registry
from agent.settings.home import Home
from agent.settings.settings import Options
from agent.settings.upkeep.sections import Upkeep
from docs import schemas
from domain.commands import PromoteAdviser
from domain.times import HOUR_MS
from perception.files.candles import HEADER
from tests.agent.command import agent, start
from tests.agent.trained import model
from tests.gate.test_promotion import known
from tests.perception.server import ScriptedServer
from tests.perception.venues import KLINES, QUERY, alpha_vantage, klines, recorded
from tests.research.test_data_cli import market

QUICK = (
    "--provider",
    "recorded",
    "--data",
    "fixtures/quicktest.csv",
    "--symbol",
    "BTC-USDT",
    "--speed",
    "max",
)
QUIET = ("--rehearse", "--provider", "simulated", "--cycles", "1", "--speed", "max")
WAVE = ("--data", "{home}/BTC-USDT_1h.csv")
YEARS = ("--data", "{home}/ETH-USDT_1h.csv")
WORDS: dict[str, tuple[str, ...]] = {
    "adviser list": (),
    "backup": ("--out", "{home}.kept"),
    "alerts acknowledge": ("--all",),
    "alerts list": (),
    "alerts test": ("--config", "{home}/alerts.toml"),
    "backtest": ("--strategy", "rsi", *WAVE, "--verify", "--uncompiled"),
    "compile": ("sma",),
    "config change": ("--set", "risk.max_positions=2", "--reason", "calm"),
    "config show": (),
    "data check": ("fixtures/quicktest.csv", "--symbol", "BTC-USDT"),
    "data download": ("BTC-USDT", "--timeframe", "1m", "--timerange", "20230101-20230102"),
    "data import": WAVE[1:],
    "data list": (),
    "data quote": ("MSFT",),
    "decay": ("--notify",),
    "doctor": (),
    "drill": ("--cases", "1"),
    "forecasts": (),
    "gate": ("--notify",),
    "indicators": (),
    "jobs list": (),
    "jobs pause": ("anchor",),
    "jobs resume": ("anchor",),
    "jobs run": ("verify",),
    "jobs show": ("verify",),
    "journal anchor": ("{home}/anchor",),
    "journal archive": (),
    "journal list": (),
    "journal tail": ("-n", "1000"),
    "journal verify": (),
    "ledger": (),
    "lessons": (),
    "lookahead": ("rsi",),
    "memory list": (),
    "meta drift": (),
    "meta list": (),
    "meta train": ("--kind", "logistic", "--strategy", "rsi", "--set", "reasoning.rsi.period=3", *YEARS),
    "monte-carlo": ("--strategy", "rsi", *WAVE, "--runs", "20"),
    "optimize": ("--strategy", "rsi", *WAVE, "--trials", "2", "--study", "short"),
    "pairs": (),
    "params list": (),
    "params reload": (),
    "positions": (),
    "reoptimize": ("--strategy", "rsi", "--trials", "1", "--days", "2"),
    "replay": (),
    "report": ("--days", "7"),
    "restore": ("{home}.kept", "--home", "{home}/restored"),
    "retain": (),
    "run": ("--mode", "quicktest"),
    "sandbox": ("--port", "0"),
    "mcp": ("--http", "--port", "0"),
    "serve": ("--port", "0"),
    "status": (),
    "strategy check": ("rsi",),
    "strategy list": (),
    "summary": (),
    "trades": (),
    "walk-forward": ("--strategy", "rsi", *WAVE, "--grid", "period=10,14", "--train", "40d", "--test", "10d"),
    "why": ("72",),
}
MAY_BE_ONE = ("alerts test", "data check", "doctor")  # exit code 1 says that something was found
WITH_VENUE = ("data download", "data quote")
CHANGES = {
    "kill": ("--reason", "x"),
    "reset-kill": (),
    "params apply": ("--strategy", "rsi", "--set", "period=9", "--force", "--reason", "x"),
    "params rollback": ("--reason", "x"),
    "meta promote": ("meta", "--force", "--reason", "x"),
    "meta rollback": ("0", "--reason", "x"),
    "memory rollback": ("0", "--reason", "x"),
    "reconcile": (),
    "close": ("BTC-USDT",),
    "flatten": ("--reason", "x"),
    "stop": (),
}
"""Commands that change something, in the order in which they are tried on an account with a position."""
PAUSES = {"pause", "unpause"}
OF_ADVISERS = {
    "adviser rollback": ("1", "--reason", "x"),
    "adviser demote": ("sage", "--reason", "x"),
}
"""Tried on an account whose adviser was promoted twice, by another proof each time."""
ELSEWHERE = {
    "ab", "adviser promote", "advise", "memory promote", "slippage check", "slippage fit", "slippage show",
}  # fmt: skip
"""Tried below, and in `advice/test_advise_cli.py`, `agent/test_slippage.py` and `agent/test_memory.py`."""


def commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for key, inner in command.commands.items():
            yield from commands(inner, f"{name} {key}".strip())
    else:
        yield name, command


def with_json() -> set[str]:
    return {
        name
        for name, command in commands(typer.main.get_command(app))
        if any("--json" in option.opts for option in command.params)
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a run that has closed a trade, and a file of candles that rise and fall."""
    folder = tmp_path_factory.mktemp("answers")
    for name, hours in (("BTC-USDT", range(24 * 80)), ("ETH-USDT", range(-24 * 200, 24 * 20))):
        rows = [
            (
                hour * HOUR_MS + 1_672_531_200_000,
                *[100 + 10 * math.sin(hour / 9) + hour % 5] * 4,
                10 + hour % 7,
            )
            for hour in hours
        ]
        text = "\n".join([HEADER, *(",".join(map(str, row)) for row in rows)]) + "\n"
        (folder / f"{name}_1h.csv").write_text(text)
    hook = '[alerts.webhooks.nobody]\nurl = "http://127.0.0.1:9/"\nsecret = "of nobody"\n'
    (folder / "alerts.toml").write_text(hook)
    agent(folder, "run", *QUICK)
    agent(folder, "backup", "--out", f"{folder}.kept")
    return folder


def read(name: str, text: str) -> list[Any]:
    """Decode each answer by one of the command's structs, which leaves nothing out; return them."""
    decoder = json.JSONDecoder()
    answers: list[Any] = []
    while text := text.strip():
        plain, end = decoder.raw_decode(text)
        answers.append(as_one_of(ANSWERS[name], plain, text[:end]))
        text = text[end:]
    assert answers
    return answers


def as_one_of(kinds: tuple[Any, ...], plain: Any, text: str) -> Any:
    found = []
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            home = {name: plain.pop(name) for name in Upkeep.model_fields if name in plain}
            return Options.model_validate(plain), Upkeep.model_validate(
                home
            )  # they forbid what they do not know
        try:
            answer = msgspec.json.decode(text, type=kind, strict=True)
        except msgspec.ValidationError as error:
            found.append(str(error))
            continue
        if json.loads(msgspec.json.encode(answer)) == plain:
            return answer
        found.append(f"{kind} leaves something out")
    raise AssertionError(f"{found}: {text[:200]}")


def test_the_schemas_of_the_documentation_are_those_of_the_structs() -> None:
    kept = {path.name: path.read_text() for path in schemas.FOLDER.glob("*.json")}
    assert kept == schemas.schemas(), "python -m docs.schemas writes them"


AMOUNTS = {
    "cash", "equity", "opening_cash", "profit", "profit_today", "pnl", "gross", "fees", "fee", "slippage",
    "costs", "price", "entry", "entry_price", "exit_price", "bought", "sold", "expectancy", "quantity",
    "level", "unrealised", "close", "stop", "target", "bid", "ask", "previous_close", "day_lost", "day_limit",
    "reference",
}  # fmt: skip
SHARES = {("CostsAnswer", "slippage")}
"""Named as amounts are, and a share of what is traded."""


def number_in(schema: Any) -> bool:
    kinds = [schema, *schema.get("anyOf", ())]
    return any(each.get("type") in ("number", "integer") for each in kinds)


def test_no_amount_is_a_number() -> None:
    found, texts = 0, schemas.schemas()
    for name in set(ANSWERS) - {"journal tail", "config show"}:  # as stored; the settings' own model
        schema = json.loads(texts[f"{name.replace(' ', '-')}.json"])
        for title, part in schema["$defs"].items():
            named = AMOUNTS & set(part.get("properties", ()))
            wrong = [field for field in named if number_in(part["properties"][field])]
            assert not [field for field in wrong if (title, field) not in SHARES], (name, title, wrong)
            found += len(named)
    assert found > 100


def test_every_command_with_json_is_in_the_table_and_is_tried() -> None:
    assert set(WORDS) | set(CHANGES) | PAUSES | set(OF_ADVISERS) | ELSEWHERE == set(ANSWERS)
    assert with_json() == set(ANSWERS) | {"resume"}


def test_a_reply_to_a_command_is_what_the_table_says(tmp_path: Path) -> None:
    agent(tmp_path, "run", "--provider", "simulated", "--speed", "max", "--cycles", "120")
    Registry(Home(tmp_path).models).keep(model())
    for name, words in CHANGES.items():
        read(name, agent(tmp_path, *name.split(), *words, "--json").stdout)


def test_a_comparison_of_two_accounts_is_what_the_table_says(tmp_path: Path) -> None:
    for name in ("one", "other"):
        agent(
            tmp_path, "run", "--provider", "simulated", "--speed", "max", "--cycles", "60", "--journal", name
        )
    (reply,) = read("ab", agent(tmp_path, "ab", "one", "other", "--every", "1h", "--json").stdout)
    assert reply


def test_a_reply_on_an_adviser_is_what_the_table_says(tmp_path: Path) -> None:
    agent(tmp_path, "run", *QUICK)
    home, passed = Home(tmp_path), proof("adviser:sage", "ab12", known(1_100, sharp=1.0), 1)
    for identity in ("ab12", "cd34"):
        evidence = msgspec.to_builtins(replace(passed, identity=identity))
        command = PromoteAdviser(adviser="sage", identity=identity, evidence=evidence)
        reply = dispatch(home, home.latest(None), command)
        read("adviser promote", msgspec.json.encode(reply).decode())
    for name, words in OF_ADVISERS.items():
        (answer,) = read(name, agent(tmp_path, *name.split(), *words, "--json").stdout)
        assert answer.identity == "ab12"
    (rows,) = read("adviser list", agent(tmp_path, "adviser", "list", "--json").stdout)
    assert [(row.promoted, row.active) for row in rows] == [(True, False)] * 3 + [(False, True)]
    unknown = agent(tmp_path, "adviser", "promote", "sage", "--dry-run", check=None)
    assert unknown.returncode == 2
    assert "no forecast" in unknown.stderr


@pytest.mark.parametrize("name", sorted(set(WORDS) - {"mcp", "sandbox", "serve", *WITH_VENUE}))
def test_an_answer_is_what_the_table_says(home: Path, name: str) -> None:
    words = [word.format(home=home) for word in WORDS[name]]
    done = agent(home, *name.split(), *words, "--json", check=None)
    assert done.returncode in ((0, 1) if name in MAY_BE_ONE else (0,)), done.stderr
    read(name, done.stdout)


@pytest.mark.parametrize("name", WITH_VENUE)
def test_what_a_venue_says_is_what_the_table_says(tmp_path: Path, name: str) -> None:
    share = {"05. price": "412.30", "07. latest trading day": "2026-11-27", "08. previous close": "410.00"}
    with ScriptedServer() as venue:
        venue.on(KLINES, klines({"BTCUSDT": recorded(market(1440))}))
        venue.on(QUERY, alpha_vantage({"GLOBAL_QUOTE": {"Global Quote": share}}))
        env = {
            "AGENT_ALPHA_VANTAGE__BASE_URL": venue.url,
            "ALPHA_VANTAGE_API_KEY": "a-key-of-the-test",
            "AGENT_BINANCE__BASE_URL": venue.url,
        }
        done = agent(tmp_path, *name.split(), *WORDS[name], "--json", env=env)
    read(name, done.stdout)


def test_the_lines_of_a_run_are_what_the_table_says(tmp_path: Path) -> None:
    *cycles, last = read("run", agent(tmp_path, "run", *QUICK, "--json").stdout)
    assert len(cycles) > 200
    assert last.summary.account.trades == 1
    lines = read("run", agent(tmp_path, "run", *QUIET, "--json").stdout)
    (rehearsal,) = [each.rehearsal for each in lines if isinstance(each, SummaryLine) and each.rehearsal]
    assert rehearsal.seen


@pytest.mark.parametrize("name", ["mcp", "sandbox", "serve"])
def test_the_first_line_of_a_server_is_what_the_table_says(tmp_path: Path, name: str) -> None:
    process = start(tmp_path, name, *WORDS[name], "--json")
    try:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    read(name, text)


def test_a_running_agent_s_answers_are_what_the_table_says(tmp_path: Path) -> None:
    process = start(tmp_path, "run", "--provider", "simulated", "--interval", "0.3", "--json")
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["cycle"] == 1
        (status,) = read("status", agent(tmp_path, "status", "--json").stdout)
        assert status.running
        assert status.market
        for name in ("positions", "why", "pause", "unpause", "stop"):
            read(name, agent(tmp_path, name, "--json").stdout)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
