"""The work of `agent journal ...`."""

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from agent.account.client import AccountClient
from agent.account.listing import journals
from agent.answers.journals import Anchored, ChainAnswer, JournalRow
from agent.cli.output.streams import answer, say
from agent.host.shown import escaped_json
from agent.settings.home import Home
from domain.errors import BadInput, JournalFault
from domain.ports import Row
from journal.anchor import read_anchor, write_anchor
from journal.stored import Broken
from journal.verify import verify

MINUTE = "%Y-%m-%d %H:%M"


def list_journals(home: Home, *, json: bool) -> None:
    """Print a line for each journal."""
    answer(journals(home), _listed, json=json)


def _listed(report: Sequence[JournalRow]) -> Iterator[str]:
    if not report:
        yield "no journal yet; start one with: agent run --mode paper"
    width = max((len(each.journal) for each in report), default=0)
    yield from (f"{each.journal:<{width}}  {'; '.join(_parts(each))}" for each in report)


def _parts(report: JournalRow) -> Iterator[str]:
    if report.running:
        yield "running"
    if report.since and report.until:
        yield f"{report.since:{MINUTE}} to {report.until:{MINUTE}}"
    if report.rows is not None:
        yield f"{report.rows:,} rows, {report.sessions} session{'' if report.sessions == 1 else 's'}"
    if report.equity is not None:
        held = ", ".join(f"{quantity} {symbol}" for symbol, quantity in report.positions.items())
        yield f"equity {report.equity} {report.quote}, {report.trades} trades, P&L {report.profit}"
        yield f"holds {held or 'nothing'}"
    if report.problem is not None:
        yield report.problem


def verify_journal(home: Home, name: str | None, anchor: Path | None, *, json: bool) -> None:
    """Check the chain; exit 1 when it is broken."""
    reader = AccountClient(home, name)
    result = verify(
        home.journal_location(reader.name), read_anchor(anchor) if anchor else None, account=reader.name
    )
    intact = not isinstance(result, Broken)
    answer(ChainAnswer(journal=reader.name, intact=intact, **result._asdict()), _verified, json=json)
    if not intact:
        sys.exit(1)


def _verified(report: ChainAnswer) -> Iterator[str]:
    if report.intact:
        yield f"intact: {report.rows} rows of journal {report.journal}, head {report.head}"
    else:
        where = f"row {report.seq}" if report.seq else "the chain"
        yield f"broken: {where} of journal {report.journal}: {report.what}"


def tail_journal(home: Home, name: str | None, count: int, *, json: bool) -> None:
    """Print the last rows."""
    with AccountClient(home, name).journal() as opened:
        rows = list(opened.tail(count))
    answer(rows, _rows, json=json)


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        yield f"{row.seq:>8} {row.hash[:12]} {msgspec.json.encode(row.event).decode()}"


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


def anchor_journal(home: Home, name: str | None, file: Path, *, json: bool) -> None:
    """Write down the chain's head."""
    reader = AccountClient(home, name)
    with reader.journal() as opened:
        try:
            write_anchor(file, opened)
        except OSError as error:
            raise BadInput(f"{file}: cannot be written: {error.strerror}") from None
        seq, head = opened.head()
    if not seq:
        raise JournalFault("the journal is empty: nothing to anchor")
    report = Anchored(journal=reader.name, seq=seq, hash=head, file=str(file))
    answer(report, lambda it: [f"anchored row {it.seq}, hash {it.hash}, in {it.file}"], json=json)
