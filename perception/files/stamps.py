"""Times as candle files write them: counts since 1970, ISO 8601, and the forms of other programs.

A form is chosen for a whole file by its first rows. A time without a zone means nothing until somebody says
the zone; a date alone is the name of a session or a day and stays one, at 00:00 UTC.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import BadInput
from domain.times import millis

COUNT, INSTANT, SESSION, NAIVE, DATE = "count", "instant", "session", "naive", "date"
"""What a form says: a count since 1970, an instant, a session's midnight, a time without a zone, a date."""


class Form(NamedTuple):
    """The way a file writes its times; `layout` is one of strptime's where ISO 8601 does not do."""

    kind: str
    pattern: re.Pattern[str]
    layout: str = ""


NO_ZONE = "has no timezone"
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
_ZONE = r" ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})"
_ISO = r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}"
COUNTED = Form(COUNT, re.compile(r"[0-9]{9,19}(\.[0-9]+)?"))
FORMS = (
    COUNTED,
    Form(SESSION, re.compile(rf"{_ISO}[T ]00:00(:00(\.0+)?)?{_ZONE}")),
    Form(INSTANT, re.compile(rf"{_ISO}[T ]{_CLOCK}{_ZONE}")),
    Form(NAIVE, re.compile(rf"{_ISO}[T ]{_CLOCK}")),
    Form(DATE, re.compile(_ISO)),
    Form(NAIVE, re.compile(r"[0-9-]{10} [0-9]{2}-[AP]M"), "%Y-%m-%d %I-%p"),
    Form(DATE, re.compile(r"[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4}"), "%b %d, %Y"),
    *(
        Form(kind, re.compile(day.replace("D", "[0-9]{1,2}").replace("Y", "[0-9]{4}") + clock), layout)
        for day, layouts in (
            ("D/D/Y", ("%m/%d/%Y", "%d/%m/%Y")),
            (r"D\.D\.Y", ("%d.%m.%Y",)),
            ("D-D-Y", ("%m-%d-%Y", "%d-%m-%Y")),
            ("Y/D/D", ("%Y/%m/%d",)),
            (r"Y\.D\.D", ("%Y.%m.%d",)),
        )
        for dated in layouts
        for kind, clock, layout in (
            (DATE, "", dated),
            (NAIVE, " [0-9]{1,2}:[0-9]{2}", f"{dated} %H:%M"),
            (NAIVE, " [0-9]{1,2}:[0-9]{2}:[0-9]{2}", f"{dated} %H:%M:%S"),
        )
    ),
)  # fmt: skip
_SPREADSHEET = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")


def zone_of(name: str) -> ZoneInfo:
    """Return a zone such as Europe/Berlin or UTC. Raises BadInput for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            f"--timezone {name!r} is no zone such as UTC, America/New_York or Europe/Berlin"
        ) from None


def forms_of(samples: Sequence[str]) -> list[Form]:
    """Return the forms in which most of some times can be read, the likely one first; none fits nothing."""
    fits = [sum(_fits(form, text) for text in samples) for form in FORMS]
    most = max(fits, default=0)
    return [form for form, count in zip(FORMS, fits, strict=True) if most and count == most]


def said(layout: str) -> Form:
    """Return the form of a layout that a person gave, such as %d/%m/%Y %H:%M."""
    clock = any(code in layout for code in ("%H", "%I", "%X", "%T", "%R", "%c"))
    kind = INSTANT if "%z" in layout else NAIVE if clock else DATE
    return Form(kind, re.compile(".+"), layout)


def read(form: Form, text: str, zone: ZoneInfo | None) -> int:
    """Return milliseconds since 1970 (UTC). Raises ValueError with the reason, naming the time."""
    if form.kind == COUNT:
        if not form.pattern.fullmatch(text):
            raise ValueError(odd(text))
        return counted(text)
    moment = _moment(form, text)
    if form.kind in (DATE, SESSION):
        return session(moment)
    return millis(moment) if moment.tzinfo is not None else local(moment, zone, text)


def session(day: date) -> int:
    """Return a day's name as an instant: 00:00 UTC of that date."""
    return millis(datetime(day.year, day.month, day.day, tzinfo=UTC))


def local(naive: datetime, zone: ZoneInfo | None, text: str) -> int:
    """Return a zone's own time in ms (UTC), the first of two where clocks go back.

    Raises ValueError without a zone, and for a time that clocks leave out.
    """
    if zone is None:
        raise ValueError(f"time {text!r} {NO_ZONE}")
    there = naive.replace(tzinfo=zone, fold=0)
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise ValueError(f"time {text!r} does not exist in {zone.key}: clocks go forward there")
    return millis(there)


def again(time_ms: int, zone: ZoneInfo) -> int | None:
    """Return the later instant at which a zone's clocks show the same time again, or None."""
    first = datetime.fromtimestamp(time_ms / 1000, zone)
    later = first.replace(fold=1).utcoffset()
    back = (first.utcoffset() or timedelta()) - (later or timedelta())
    return time_ms + back // timedelta(milliseconds=1) if back > timedelta() else None


def counted(count: str | float) -> int:
    """Return seconds, milliseconds, microseconds or nanoseconds since 1970 as milliseconds, by their size.

    Of 1973 to 2286 seconds have 9 or 10 digits, milliseconds 12 or 13, and so on. Raises ValueError.
    """
    number = float(count) if not isinstance(count, str) or "." in count else int(count)
    for digits, factor in ((9, 1000), (12, 1), (15, -1000), (18, -1_000_000)):
        if 10 ** (digits - 1) <= number < 10 ** (digits + 1):
            return round(number * factor) if factor > 0 else int(number) // -factor
    raise ValueError(f"time {count} is neither seconds (9-10 digits) nor milliseconds (12-13 digits)")


def odd(text: str) -> str:
    """Return what to say of a time that no form fits."""
    if _SPREADSHEET.fullmatch(text):
        return f"time {text!r} was mangled by a spreadsheet, its digits are lost; export it anew"
    shown = text if len(text) <= 60 else text[:57] + "..."
    return f"time {shown!r} is in no form that is known; say it, as in: --columns time=Date:%d.%m.%Y"


def _fits(form: Form, text: str) -> bool:
    if not form.pattern.fullmatch(text):
        return False
    try:
        counted(text) if form.kind == COUNT else _moment(form, text)
    except ValueError:
        return False
    return True


def _moment(form: Form, text: str) -> datetime:
    if not form.pattern.fullmatch(text):
        raise ValueError(f"time {text[:60]!r} is not written as the first rows are")
    try:
        if form.layout:
            return datetime.strptime(text, form.layout)  # noqa: DTZ007  # a zone is what is asked for next
        return datetime.fromisoformat(_iso(text))
    except ValueError:
        raise ValueError(f"time {text!r} is no day and time of the calendar") from None


def _iso(text: str) -> str:
    # fromisoformat wants the zone at once behind the time, and at most six digits of a second.
    bare = text.replace("UTC", "Z").replace(" Z", "Z").replace(" +", "+")
    return re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", bare)
