"""The tools that take long: each a command of its own, in a niced process that ends with this one.

One at a time, with bounded time, memory and output; whoever gives the call up ends the process.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from subprocess import DEVNULL, PIPE
from typing import Any, TypeVar

import anyio
import msgspec
from anyio.abc import ByteReceiveStream, Process

from agent.answers.journals import ChainAnswer
from agent.answers.research import BacktestAnswer
from agent.answers.work import WorkKind
from agent.host.child import PROGRAM
from agent.mcp.tool_call import Tell, ToolCall
from agent.serve.work.following import progress_of
from agent.serve.work.options import command_words
from agent.serve.work.workshop import environment
from agent.settings.home import Busy
from agent.verify.replay import Replayed
from domain.errors import BadInput, LocalFault
from edge.typed_json import typed

MOST_MEMORY = 4 * 1024**3
MOST_BYTES = 32 * 1024**2
"""Output of a command that is read."""

VERIFY_SECONDS, REPLAY_SECONDS = 300.0, 300.0
ANSWERING = frozenset({0, 1})
"""Exit codes with an answer: it is so, or it is not."""

T = TypeVar("T")


async def verify(call: ToolCall) -> Any:
    """Return whether a journal's chain is whole."""
    return await _run(call, ["journal", "verify", *_of(call)], ChainAnswer, VERIFY_SECONDS)


async def replay(call: ToolCall) -> Any:
    """Return whether a session replays to the same decisions."""
    session = call.arguments.session
    words = ["replay", *_of(call), *([] if session is None else [f"--session={session}"])]
    return await _run(call, words, Replayed, REPLAY_SECONDS)


async def backtest(call: ToolCall) -> Any:
    """Return a backtest's figures, without its curve and with its latest trades."""
    given = msgspec.structs.asdict(call.arguments)
    seconds, last = given.pop("seconds"), given.pop("last")
    options = {name: value for name, value in given.items() if value}
    words = command_words(WorkKind.BACKTEST, options, call.served.home)
    report = await _run(call, words, BacktestAnswer, seconds)
    latest = report.trades[len(report.trades) - min(last, len(report.trades)) :]
    return msgspec.structs.replace(report, trades=latest, curve=None)


def _of(call: ToolCall) -> list[str]:
    home = call.served.home
    return [f"--home={home.root}", f"--journal={home.latest(call.journal)}"]


async def _run(call: ToolCall, words: Sequence[str], kind: type[T], seconds: float) -> T:
    """Run a command with --json and return what it answers. Raises BadInput, Busy, LocalFault."""
    working = call.served.working
    try:
        working.acquire_nowait()
    except anyio.WouldBlock:
        raise Busy("another piece of work is running for this server; ask again when it is done") from None
    try:
        with anyio.move_on_after(seconds):
            return typed(await _answer(call, words), kind)
    finally:
        working.release()
    raise LocalFault(f"it took more than {seconds:g} s and was ended: ask for less, or run `agent` yourself")


async def _answer(call: ToolCall, words: Sequence[str]) -> bytes:
    command = [sys.executable, "-c", PROGRAM, str(os.getpid()), str(MOST_MEMORY), *words, "--json"]
    # Begun by this very thread, which lasts: the process ends with it, even where it is killed.
    process = await anyio.open_process(
        command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env=environment(call.served.home),
        start_new_session=True,
    )
    async with process:
        try:
            content, complaints = await _outputs(process, call.tell)
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)  # a cancelled one with all it began; else what is left
        code = await process.wait()
    if len(content) > MOST_BYTES:
        raise LocalFault(f"the answer has more than {MOST_BYTES:,} bytes: ask for less")
    if code in ANSWERING and content:
        return content
    raise BadInput("; ".join(complaints) or f"it ended with code {code} and said nothing")


async def _outputs(process: Process, tell: Tell) -> tuple[bytes, list[str]]:
    """Return what a process prints and what it complains of, and pass its progress on; wait for its end."""
    complaints: list[str] = []
    out, errors = process.stdout, process.stderr
    if out is None or errors is None:
        raise LocalFault("the process has no outputs")
    async with anyio.create_task_group() as both:
        both.start_soon(_complained, errors, complaints, tell)
        content = await _most(out)
        if len(content) > MOST_BYTES:
            process.kill()
        await process.wait()
    return content, complaints


async def _most(stream: ByteReceiveStream) -> bytes:
    """Return all that comes, or a little more than anybody wants."""
    content = bytearray()
    async for part in stream:
        content += part
        if len(content) > MOST_BYTES:
            break
    return bytes(content)


async def _complained(stream: ByteReceiveStream, complaints: list[str], tell: Tell) -> None:
    rest = b""
    async for part in stream:
        *lines, rest = (rest + part).split(b"\n")
        rest = rest[-MOST_BYTES:]
        for line in (each.decode(errors="replace").strip() for each in lines):
            plain = progress_of(line)
            if plain is not None:
                with suppress(Exception):  # who asked may have gone
                    await tell(float(plain.get("done") or 0), plain.get("total"), str(plain.get("text", "")))
            elif line.startswith("error: "):
                complaints.append(line.removeprefix("error: "))
                del complaints[:-5]
