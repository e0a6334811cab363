"""The gate's verdicts as they are kept in the home, and what they say against a live session's entries."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from agent.answers.gate import GateAnswer
from agent.settings.home import NAME, Home
from domain.errors import BadInput
from domain.private import private_folder
from edge.files import write_whole
from edge.typed_json import typed

ASK_AGAIN = "see agent gate; to enter all the same: --despite-gate with your reason in words"


class KeptVerdicts:
    """The latest verdict on each journal of a home, a file each."""

    def __init__(self, home: Home) -> None:
        self.folder = home.root / "gate"

    def keep(self, answer: GateAnswer) -> GateAnswer | None:
        """Keep a verdict; return the one before, None where there was none. Raises BadInput."""
        before = None
        with suppress(BadInput):
            before = self.of(answer.journal)
        try:
            private_folder(self.folder)
            write_whole(self._file(answer.journal), msgspec.json.encode(answer))
        except OSError as error:
            raise BadInput(f"{self.folder}: the verdict cannot be kept: {error.strerror}") from None
        return before

    def of(self, journal: str) -> GateAnswer | None:
        """Return the verdict on a journal, None without one. Raises BadInput for one that cannot be read."""
        try:
            return typed(self._file(journal).read_bytes(), GateAnswer)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise BadInput(f"{self._file(journal)}: the kept verdict cannot be read: {error}") from None

    def every(self) -> Iterator[GateAnswer]:
        """Yield every verdict that is kept, the latest first. Raises BadInput for one that cannot be read."""
        try:
            names = [each.stem for each in self.folder.glob("*.json") if NAME.fullmatch(each.stem)]
        except OSError as error:
            raise BadInput(f"{self.folder}: cannot be read: {error.strerror}") from None
        verdicts = [each for name in names if (each := self.of(name)) is not None]
        yield from sorted(verdicts, key=lambda each: each.until, reverse=True)

    def counting_for(self, journal: str, strategies: Sequence[str]) -> GateAnswer | None:
        """Return the verdict that counts for a journal: its own, else the latest on the same strategies.

        So an account that is new is judged by the paper account that its strategies lived on before.
        """
        own = self.of(journal)
        if own is not None:
            return own
        return next((each for each in self.every() if set(each.strategies) == set(strategies)), None)

    def _file(self, journal: str) -> Path:
        return self.folder / f"{journal}.json"


def against_entries(home: Home, journal: str, strategies: Sequence[str]) -> str:
    """Say why a live session on a journal makes no entry, "" where nothing speaks against it.

    No verdict speaks against nothing; one that cannot be read does, for it may be a NO-GO.
    """
    try:
        verdict = KeptVerdicts(home).counting_for(journal, strategies)
    except BadInput as error:
        return f"gate: {error}; run agent gate again"
    if verdict is None or verdict.allows_live:
        return ""
    why = "; ".join(verdict.reasons[:3])
    return f"gate: {verdict.verdict} for {verdict.journal} on {verdict.until:%Y-%m-%d %H:%M}: {why}"
