"""What `agent journal ...` does."""

import io
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from agent.account.client import AccountClient
from agent.account.listing import journals
from agent.cli.output.streams import say, say_json
from agent.host.shown import escaped_json
from agent.settings.home import Home
from domain.errors import BadInput, JournalFault
from journal.anchor import read_anchor, write_anchor
from journal.stored import Broken
from journal.verify import verify


def list_journals(home: Home, *, json: bool) -> None:
    """Print a line for each journal."""
    report = journals(home)
    if json:
        say_json(report)
        return
    if not report:
        say("no journal yet; start one with: agent run --mode paper")
    width = max((len(each["journal"]) for each in report), default=0)
    for each in report:
        say(f"{each['journal']:<{width}}  {_listed(each)}")


def _listed(answer: dict[str, Any]) -> str:
    parts = ["running"] if answer["running"] else []
    if answer.get("since"):
        parts.append(f"{_minute(answer['since'])} to {_minute(answer['until'])}")
    if "rows" in answer:
        runs = f"{answer['sessions']} session{'' if answer['sessions'] == 1 else 's'}"
        parts.append(f"{answer['rows']:,} rows, {runs}")
    if "equity" in answer:
        held = ", ".join(f"{quantity} {symbol}" for symbol, quantity in answer["positions"].items())
        parts.append(
            f"equity {answer['equity']} {answer['quote']}, {answer['trades']} trades, P&L {answer['profit']}"
        )
        parts.append(f"holds {held or 'nothing'}")
    return "; ".join([*parts, *([answer["problem"]] if "problem" in answer else [])])


def _minute(text: str) -> str:
    return text[:16].replace("T", " ")


def verify_journal(home: Home, name: str | None, anchor: Path | None, *, json: bool) -> None:
    """Check the chain; exit 1 when it is broken."""
    reader = AccountClient(home, name)
    result = verify(
        home.journal_location(reader.name), read_anchor(anchor) if anchor else None, account=reader.name
    )
    if json:
        say_json({"journal": reader.name, "intact": not isinstance(result, Broken)} | result._asdict())
    elif isinstance(result, Broken):
        where = f"row {result.seq}" if result.seq else "the chain"
        say(f"broken: {where} of journal {reader.name}: {result.what}")
    else:
        say(f"intact: {result.rows} rows of journal {reader.name}, head {result.head}")
    if isinstance(result, Broken):
        sys.exit(1)


def tail_journal(home: Home, name: str | None, count: int, *, json: bool) -> None:
    """Print the last rows."""
    with AccountClient(home, name).journal() as opened:
        rows = opened.tail(count)
    if json:
        say_json([msgspec.to_builtins(row) for row in rows])
        return
    for row in rows:
        event = msgspec.json.encode(row.event).decode()
        say(f"{row.seq:>8} {row.hash[:12]} {event}")


def export_journal(home: Home, name: str | None, out: Path | None) -> None:
    """Write JSON lines to a file or to standard output."""
    with AccountClient(home, name).journal() as opened:
        if out is None:
            with suppress(BrokenPipeError):  # the reader has had enough; leaving says nothing of it
                opened.export(_Shown() if sys.stdout.isatty() else sys.stdout.buffer)
            return
        try:
            with out.open("wb") as file:
                opened.export(file)
        except OSError as error:
            raise BadInput(f"--out {out}: cannot be written: {error.strerror}") from None
    say(f"written to {out}")


class _Shown(io.BytesIO):
    """A terminal for exported rows: to a file they go to the byte, a terminal would obey some of them."""

    def write(self, data: Any) -> int:
        """Print JSON, with everything escaped that does not print."""
        print(escaped_json(bytes(data).decode(errors="backslashreplace")), end="")  # noqa: T201 -- as said
        return len(data)


def anchor_journal(home: Home, name: str | None, file: Path) -> None:
    """Write down the chain's head."""
    with AccountClient(home, name).journal() as opened:
        try:
            write_anchor(file, opened)
        except OSError as error:
            raise BadInput(f"{file}: cannot be written: {error.strerror}") from None
        seq, head = opened.head()
    if not seq:
        raise JournalFault("the journal is empty: nothing to anchor")
    say(f"anchored row {seq}, hash {head}, in {file}")
