"""Text of others, made harmless where it is printed: headlines, answers of venues, reasons, file names.

A terminal obeys control characters (an escape sequence can hide a line, or type into the shell), and the
marks of bidirectional writing show a number backwards. Nothing that is not printable passes: it is shown
as Python would write it in a string.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_ODD = re.compile(
    r"[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb"
    r"\U000e0000-\U000e0fff]"
)
"""What JSON leaves as it is and a terminal, or an eye, takes for something else."""


def shown(text: str) -> str:
    """Return a text as one line that only shows: what is not printable, line ends too, is escaped."""
    if text.isprintable():
        return text
    return "".join(map(_escaped, text))


def shown_json(value: Any, *, indent: int | None = None) -> str:
    """Return an answer as JSON that only shows; it reads back the same."""
    import msgspec  # noqa: PLC0415  # the command line is up before anything is answered

    plain = msgspec.to_builtins(value, enc_hook=str)
    return escaped_json(json.dumps(plain, indent=indent, ensure_ascii=False))


def escaped_json(text: str) -> str:
    """Return a JSON text with everything escaped that does not print: it can only be inside strings."""
    return _ODD.sub(lambda result: json.dumps(result.group())[1:-1], text)


def _escaped(letter: str) -> str:
    # A space of another width (U+00A0 and its kin) counts as not printable, and does no harm.
    if letter.isprintable() or (letter.isspace() and letter > "\x9f" and letter not in "\u2028\u2029"):
        return letter
    return letter.encode("unicode_escape").decode()


def words(values: Mapping[str, Any]) -> str:
    """Return parameters as people set them."""
    return " ".join(f"{name}={value}" for name, value in values.items())


def blocked_lines(blocked: Mapping[str, str]) -> list[str]:
    """Return why entries are blocked, a line for each symbol ("" stands for all)."""
    return [f"{symbol or 'all symbols'}: {reason}" for symbol, reason in sorted(blocked.items())]
