"""JSON nested deep, brought to every place that reads it from outside: what each makes of it."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
import requests

from advice import tape
from agent.account import asking
from agent.account.requests import StatusRequest
from agent.backup import anchored, points, vault
from agent.doctor.verdicts import KeptVerdicts
from agent.host.clock import SystemClock
from agent.host.log_tail import tail
from agent.mcp.codes import KillCodes
from agent.models.registry import Registry
from agent.outage.afterwards import Afterwards
from agent.parameters import evidence
from agent.reports.shelf import ReportShelf
from agent.serve.access.logins import Logins
from agent.serve.fleet.own import OwnFile
from agent.serve.keys import UsedKeys
from agent.serve.work.following import progress_of
from agent.serve.work.shelf import Shelf
from agent.settings.home import Home
from agent.settings.load import load
from agent.space import growth, last
from agent.telegram.client import Bot
from agent.telegram.faults import BotFault
from agent.telegram.wire import Answered, BotWire
from agent.wiring import listing
from domain import slippage
from domain.errors import BadInput, BoydError, Unreachable
from journal.anchor import read_anchor
from journal.segment import header_of
from perception import build
from perception.files.foreign import layout_of, read_foreign
from perception.files.layout import Reading
from perception.guard.budget_file import BudgetFile, Unreadable
from perception.providers.alpha_vantage import faults
from perception.providers.listed import listed
from platforms.sandbox.exchange.errors import RequestRefused
from platforms.sandbox.model import shapes
from platforms.sandbox.model.server import ModelServer
from platforms.sandbox.model.shapes import ModelRefusal
from platforms.sandbox.requests import control, market_ops
from platforms.sandbox.requests.gateway import HttpReply, HttpRequest
from platforms.sandbox.requests.params import Params
from platforms.sandbox.requests.venue import Venue
from platforms.sandbox.server.server import SandboxServer
from platforms.sandbox.streams import ws_api
from platforms.sandbox.streams.sockets import StreamRequests
from research.data.catalogue import Catalogue
from research.data.fast import foreign_columns
from tests.perception.manual_clock import START, ManualClock

JSON = {"Content-Type": "application/json"}
LISTS = b"[" * 60_000 + b"]" * 60_000
DEEP = b'{"nobody": ' + LISTS + b"}"
"""Sound JSON, in a field that nobody knows: a typed decoder passes over it, level by level."""


def put(path: Path, content: bytes = DEEP) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def after(_path: Path, read: Callable[[], object]) -> object:
    return read()


def of_keys(folder: Path) -> None:
    UsedKeys(put(folder / "a"))


def of_logins(folder: Path) -> object:
    return Logins(put(folder / "a", b'{"a": %s}' % DEEP), ManualClock(), "t").find("a")


def sealed(folder: Path) -> vault.Vault:
    result = vault.begun(folder / "backup", None)
    result.write("points/00000001-1.json", DEEP)
    result.write("objects/anchor", DEEP)
    return result


def of_anchors(folder: Path) -> object:
    point = points.Point(1, START, "", "", files=(points.FilePoint("anchors/a.json", "objects/anchor", 1),))
    return anchored.known_anchors(sealed(folder), Home(folder), point, (), "j")


def answered_by_nobody(folder: Path) -> object:
    """Ask at a socket where another program listens, that speaks JSON and means nothing by it."""
    with socket.socket(socket.AF_UNIX) as door, ThreadPoolExecutor(1) as other:
        door.bind(str(folder / "s"))
        door.listen()

        def speak() -> None:
            with closing(door.accept()[0]) as caller:
                caller.sendall(DEEP + b"\n")

        spoken = other.submit(speak)
        try:
            return asking.ask(folder / "s", StatusRequest())
        finally:
            spoken.result()


def about(folder: Path) -> object:
    for name in (vault.ABOUT, vault.COPY):
        put(folder / name)
    return vault.opened(folder, None)


def of_telegram(_folder: Path) -> object:
    class Wire(BotWire):
        def post(self, method: str, body: object, seconds: float) -> Answered:
            del method, body, seconds
            return Answered(200, {}, DEEP)

    bot = Bot("http://127.0.0.1:1", "1:a")
    bot.wire = Wire("http://127.0.0.1:1", "1:a")
    return bot.me()


def of_variables(folder: Path) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGENT_SYMBOLS", LISTS.decode())
        return load({"home": folder})


def of_grids(folder: Path) -> object:
    """Begin a paper session without a network whose grids are kept in a file."""
    put(folder / listing.KEPT)
    options = load({"home": folder, "mode": "paper", "symbols": ("ODD-USDT",), "provider": "binance"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "binance", lambda *_: Unheard())
        return listing.live_grids(options, ManualClock(), folder).instruments.get("ODD-USDT")


class Unheard:
    """An exchange that does not answer."""

    def listed(self, symbol: str, seconds: float) -> None:
        raise Unreachable(f"{symbol} {seconds}")

    def candles(self, *asked: object) -> None:
        raise Unreachable(str(asked))

    def close(self) -> None:
        pass


def of_columns(folder: Path) -> object:
    path = put(folder / "BTC.json", b"[[1700000000000, 1, 2, 1, 2, 1], [1700000060000, 1, 2, 1, 2, 1]]")
    layout = layout_of(path, Reading())
    assert foreign_columns(path, layout)
    put(path, b"[[1700000000000, 1, 2, 1, 2, %s]]" % LISTS)
    return foreign_columns(path, layout)


def venue() -> Venue:
    return SandboxServer(SystemClock()).venue


def refused(reply: HttpReply) -> None:
    assert reply.status == 400
    raise BadInput(reply.body.decode())


def of_model_server(_folder: Path) -> object:
    with ModelServer() as server:
        answer = requests.post(f"{server.base_url}/sandbox/plan", data=DEEP, headers=JSON, timeout=60)
    assert answer.status_code == 400
    raise BadInput(answer.text)


def of_streams(_folder: Path) -> object:
    sent: list[Any] = []

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        listener: Any = SimpleNamespace(loop=loop, send=sent.append)
        await StreamRequests(SandboxServer(SystemClock()).app.hub)(listener, DEEP.decode())

    asyncio.run(ask())
    raise BadInput(sent[0]["error"]["msg"])


def of_parquet(folder: Path) -> object:
    path = Catalogue(folder).path("BTC-USDT", 60_000)
    path.parent.mkdir(parents=True)
    kept = pl.DataFrame({"timestamp": [1]})
    kept.write_parquet(path, metadata={"boyd.candles": DEEP.decode()})
    return Catalogue(folder).get("BTC-USDT", 60_000)


PLACES: dict[str, Callable[[Path], Any]] = {
    "advice/tape.py": lambda _: tape.read(DEEP + b"\n", "tape"),
    "agent/account/asking.py": answered_by_nobody,
    "agent/backup/anchored.py": of_anchors,
    "agent/backup/points.py": lambda folder: points.read(sealed(folder), "points/00000001-1.json"),
    "agent/backup/vault.py": about,
    "agent/doctor/verdicts.py": lambda folder: after(
        put(folder / "gate/a.json"), lambda: KeptVerdicts(Home(folder)).of("a")
    ),
    "agent/host/log_tail.py": lambda folder: tail([put(folder / "a.log")], 9, "debug", ()),
    "agent/mcp/codes.py": lambda folder: after(
        put(folder / "kill-code.json"), lambda: KillCodes(Home(folder), ManualClock()).use("a")
    ),
    "agent/outage/afterwards.py": lambda folder: Afterwards(put(folder / "a", DEEP + b"\n")).found(),
    "agent/parameters/evidence.py": lambda folder: evidence.read(put(folder / "a.json")),
    "agent/reports/shelf.py": lambda folder: after(
        put(folder / "reports/a/20261129T000000Z-7d.json"),
        lambda: list(ReportShelf(Home(folder), "a").rows()),
    ),
    "agent/serve/access/logins.py": of_logins,
    "agent/serve/fleet/own.py": lambda folder: after(
        put(folder / "agents.json", b"[%s]" % DEEP), lambda: OwnFile(folder).read()
    ),
    "agent/serve/keys.py": of_keys,
    "agent/serve/work/following.py": lambda _: progress_of('{"progress": ' + LISTS.decode() + "}"),
    "agent/serve/work/shelf.py": lambda folder: after(
        put(folder / "a/work.json"), lambda: Shelf(folder).load()
    ),
    "agent/settings/environment.py": of_variables,
    "agent/space/growth.py": lambda folder: after(put(folder / growth.FILE), lambda: growth.measures(folder)),
    "agent/space/last.py": lambda folder: after(put(folder / last.FILE), lambda: last.last_backup(folder)),
    "agent/telegram/client.py": of_telegram,
    "agent/wiring/listing.py": of_grids,
    "domain/slippage.py": lambda _: slippage.decoded(DEEP, "here"),
    "edge/versioned.py": lambda folder: Registry(folder).read_file(put(folder / "a.json")),
    "journal/anchor.py": lambda folder: read_anchor(put(folder / "a")),
    "journal/segment.py": lambda _: header_of(DEEP + b"\n"),
    "perception/files/foreign.py": lambda folder: read_foreign(put(folder / "BTC.json", LISTS), Reading()),
    "perception/files/cells.py": lambda folder: read_foreign(
        put(folder / "BTC.json", b"[[1, 2, 3, 4, 5, " + LISTS + b"]]"), Reading()
    ),
    "perception/guard/budget_file.py": lambda folder: BudgetFile(put(folder / "a")).peek(),
    "perception/providers/alpha_vantage/faults.py": lambda _: faults.read(DEEP, "key"),
    "perception/providers/listed.py": lambda _: listed(DEEP),
    "platforms/sandbox/model/server.py": of_model_server,
    "platforms/sandbox/model/shapes.py": lambda _: shapes.read_openai(DEEP, {}),
    "platforms/sandbox/requests/control.py": lambda _: refused(
        control.serve(venue(), HttpRequest("POST", "/sandbox/price", body=DEEP), control.ROUTES)
    ),
    "platforms/sandbox/requests/market_ops.py": lambda _: market_ops.info(
        venue(), Params({"permissions": LISTS.decode()})
    ),
    "platforms/sandbox/streams/sockets.py": of_streams,
    "platforms/sandbox/streams/ws_api.py": lambda _: ws_api.read(DEEP.decode()),
    "research/data/catalogue.py": of_parquet,
    "research/data/fast.py": of_columns,
}
"""Every other place: what it does with JSON nested deep. It raises clear words, or there is nothing."""


REFUSALS = (BoydError, BotFault, Unreadable, RequestRefused, ModelRefusal)
"""How it is refused."""
