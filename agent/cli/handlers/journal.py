"""The work of `agent journal ...`."""

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from agent.account.at_hand import AtHand
from agent.answers.journals import Anchored, ChainAnswer, JournalRow
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import answer, say
from agent.host.shown import escaped_json
from agent.settings.home import Home
from domain.errors import BadInput, JournalFault
from domain.ports import Row
from journal.anchor import read_anchor, write_anchor
from journal.history import History
from journal.stored import Broken
from journal.verify import verify

if TYPE_CHECKING:  # heavy, and not needed to show the last rows
    from agent.account.client import AccountClient

MINUTE = "%Y-%m-%d %H:%M"


def list_journals(home: Home, *, json: bool) -> None:
    """Print a line for each journal."""
    from agent.account.listing import journals

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


def verify_journal(
    home: Home, name: str | None, anchor: Path | None, *, checkpoints: bool, json: bool
) -> None:
    """Check the chain, and the checkpoints where asked; exit 1 when one is broken."""
    from agent.account.client import AccountClient

    reader = AccountClient(home, name)
    with reader.to_verify() as opened:
        result = verify(opened, read_anchor(anchor) if anchor else None)
        intact = not isinstance(result, Broken)
        report = ChainAnswer(journal=reader.name, intact=intact, **result._asdict())
        if intact and checkpoints:
            report = _compared(report, reader, opened)
    answer(report, _verified, json=json)
    if not intact or report.wrong_checkpoint is not None:
        sys.exit(1)


def _compared(report: ChainAnswer, reader: "AccountClient", opened: History) -> ChainAnswer:
    from agent.settings.recorded import recorded_options
    from agent.verify.checkpoints import compare

    with progress_bar("folding", opened.head()[0]) as advance:
        result = compare(opened, reader.checkpoints, recorded_options(opened), advance)
    return msgspec.structs.replace(report, checkpoints=result.checked, wrong_checkpoint=result.wrong)


def _verified(report: ChainAnswer) -> Iterator[str]:
    if report.intact:
        yield f"intact: {report.rows} rows of journal {report.journal}, head {report.head}"
        if report.wrong_checkpoint is not None:
            yield (
                f"broken: the checkpoint of row {report.wrong_checkpoint} is not the fold of the rows; all "
                "are dropped, and the next start folds every row. Restart the agent"
            )
        elif report.checkpoints is not None:
            yield f"{report.checkpoints} checkpoints are the fold of the rows"
    else:
        where = f"row {report.seq}" if report.seq else "the chain"
        yield f"broken: {where} of journal {report.journal}: {report.what}"


def tail_journal(home: Home, name: str | None, count: int, *, json: bool) -> None:
    """Print the last rows."""
    with AtHand(home, home.latest(name)) as opened:
        rows = list(opened.tail(count))
    answer(rows, _rows, json=json)


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        yield f"{row.seq:>8} {row.hash[:12]} {msgspec.json.encode(row.event).decode()}"


def export_journal(home: Home, name: str | None, out: Path | None) -> None:
    """Write JSON lines to a file or to standard output."""
    with AtHand(home, home.latest(name)) as opened:
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
    name = home.latest(name)
    with AtHand(home, name) as opened:
        try:
            write_anchor(file, opened)
        except OSError as error:
            raise BadInput(f"{file}: cannot be written: {error.strerror}") from None
        seq, head = opened.head()
    if not seq:
        raise JournalFault("the journal is empty: nothing to anchor")
    report = Anchored(journal=name, seq=seq, hash=head, file=str(file))
    answer(report, lambda it: [f"anchored row {it.seq}, hash {it.hash}, in {it.file}"], json=json)
