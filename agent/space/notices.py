"""The bound of the home's notices, which are rows of one file and go by their age."""

from contextlib import closing
from datetime import datetime, timedelta

from agent.answers.space import GoneRow
from agent.notices import Notices, NoticesFault
from agent.settings.home import Home

PART = "notices"


def trim_notices(home: Home, days: float, now: datetime, *, dry_run: bool) -> list[GoneRow]:
    """Forget notices older than so many days, or with `dry_run` only say it; a fault is told in its row.

    Their room in the file is written over by later ones, so no bytes are freed.
    """
    if not home.notices.is_file():
        return []
    before, why, problem = now - timedelta(days=days), f"the bound is {days:g} days", None
    try:
        with closing(Notices(home.notices)) as notices:
            count = notices.old(before) if dry_run else notices.trim(before)
    except NoticesFault as fault:
        count, problem = 0, str(fault)
    if not count and problem is None:
        return []
    path, words = str(home.notices.relative_to(home.root)), f"{count} rows are older, {why}"
    return [GoneRow(part=PART, path=path, bytes=0, why=words, problem=problem)]
