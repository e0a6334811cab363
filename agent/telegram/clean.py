"""Texts fit for a chat: plain, printable, in parts no longer than a message may be.

A message is at most 4,096 units of UTF-16, and empty ones are refused. No markup is used: a reason or a
headline with a `_`, a `<` or a `-` would else be one, and the message be refused.
"""

from collections.abc import Iterable, Iterator

LIMIT = 4_096
"""Units of UTF-16 in one message."""

ROOM = 16
"""Units kept for the number of a part."""

MOST_PARTS = 8
"""Parts of one answer; what is beyond them is on the page and on the command line."""

NOTHING = "(nothing)"
CUT = "... the rest is cut off: the command line and the page have all of it"


def units(text: str) -> int:
    """Return the length of a text as Telegram counts it."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def one_line(text: str, longest: int) -> str:
    """Return a text as one line of printable characters."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def clean(text: str) -> str:
    """Return a line without what does not print: control characters, halves of pairs, direction marks."""
    return "".join(map(_shown, text)).rstrip()


def _shown(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"


def parts(lines: Iterable[str], limit: int = LIMIT, most: int = MOST_PARTS) -> list[str]:
    """Return lines as the texts of messages, split at line ends and numbered where there are several."""
    cleaned = [clean(each) for line in lines for each in line.split("\n")]
    texts = _joined(_cut(cleaned, limit - ROOM), limit - ROOM)
    if len(texts) > most:
        texts = texts[:most]
        texts[-1] = _shortened(texts[-1], limit - ROOM)
    if len(texts) == 1:
        return [texts[0] if texts[0].strip() else NOTHING]
    return [f"({number}/{len(texts)})\n{text}" for number, text in enumerate(texts, 1)]


def _shortened(text: str, limit: int) -> str:
    kept = text.split("\n")
    while kept and units("\n".join([*kept, CUT])) > limit:
        kept.pop()
    return "\n".join([*kept, CUT])


def _cut(lines: Iterable[str], limit: int) -> Iterator[str]:
    """Yield lines, one that is longer than a message in pieces."""
    for line in lines:
        rest = line
        while units(rest) > limit:
            end = limit - sum(letter > "\uffff" for letter in rest[:limit])
            yield rest[:end]
            rest = rest[end:]
        yield rest


def _joined(lines: Iterable[str], limit: int) -> list[str]:
    texts: list[str] = []
    open_: list[str] = []
    length = 0
    for line in lines:
        more = units(line) + 1
        if open_ and length + more > limit + 1:
            texts.append("\n".join(open_))
            open_, length = [], 0
        open_.append(line)
        length += more
    return [*texts, "\n".join(open_)]
