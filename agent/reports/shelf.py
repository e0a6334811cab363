"""Reports that are kept in the home, a page and its figures each, by the end of their period."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from agent.answers.report import KeptReport, PeriodReport
from agent.settings.home import Home
from domain.errors import BadInput
from domain.private import private_folder
from edge.files import write_whole
from edge.typed_json import typed

KEPT = 400
"""Reports of a journal that are kept, the latest ones: a year of days, weeks and months."""

NAME = re.compile(r"\d{8}T\d{6}Z-[0-9.]{1,10}d")


class _Totals(msgspec.Struct, frozen=True):
    trades: int


class _Row(msgspec.Struct, frozen=True):
    """Of a report's figures what a list tells."""

    since: datetime
    until: datetime
    days: float
    seq: int
    profit: str
    earned: float | None
    totals: _Totals


class ReportShelf:
    """The kept reports of one journal."""

    def __init__(self, home: Home, journal: str) -> None:
        self.folder = home.root / "reports" / journal

    def keep(self, report: PeriodReport, page: str) -> str:
        """Keep a report and return its name; one of the same period is written anew. Raises BadInput."""
        name = f"{report.until:%Y%m%dT%H%M%SZ}-{report.days:g}d"
        try:
            private_folder(self.folder.parent)
            private_folder(self.folder)
            write_whole(self.page(name), page.encode(), durable=False)
            write_whole(self.figures(name), msgspec.json.encode(report), durable=False)
        except OSError as error:
            raise BadInput(f"{self.folder}: the report cannot be kept: {error.strerror}") from None
        for old in self.names()[KEPT:]:
            with suppress(OSError):
                self.page(old).unlink(missing_ok=True)
                self.figures(old).unlink(missing_ok=True)
        return name

    def page(self, name: str) -> Path:
        """Return the file of a report's page."""
        return self.folder / f"{name}.html"

    def figures(self, name: str) -> Path:
        """Return the file of a report's figures."""
        return self.folder / f"{name}.json"

    def names(self) -> list[str]:
        """Return the names of the reports that are kept, the latest period first."""
        try:
            files = [each.stem for each in self.folder.glob("*.json")]
        except OSError:
            return []
        return sorted((each for each in files if NAME.fullmatch(each)), reverse=True)

    def rows(self) -> Iterator[KeptReport]:
        """Yield what is kept, the latest first; a file that cannot be read is left out."""
        for name in self.names():
            with suppress(OSError, msgspec.MsgspecError):
                read = typed(self.figures(name).read_bytes(), _Row)
                row = {each: getattr(read, each) for each in _Row.__struct_fields__ if each != "totals"}
                yield KeptReport(name=name, trades=read.totals.trades, **row)

    def known(self, name: str) -> str:
        """Return a name that is kept. Raises BadInput for another."""
        if not NAME.fullmatch(name) or not self.figures(name).is_file():
            raise BadInput(f"report {name[:60]}: none of that name is kept; agent report --days 7 --keep")
        return name
