"""The code for one kill by an assistant: printed on the operator's terminal, used once, kept as a digest.

It stands for one account. Each try is counted on the disk before it is judged, by whichever process is asked,
so nobody gets more of them by asking two servers or by killing one.
"""

import hashlib
import hmac
import secrets
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
from filelock import FileLock, Timeout

from agent.settings.home import Home
from domain.errors import BadInput
from domain.ports import Clock
from edge.files import write_whole
from edge.typed_json import typed

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""None that is taken for another."""

LENGTH, GROUP = 8, 4
TRIES = 3
LASTS = timedelta(minutes=5)
PATIENCE_SECONDS = 5.0
ASK = "ask the operator for one: agent kill --code"


class KeptCode(msgspec.Struct, frozen=True):
    """A code as its file keeps it: whose account it is for, its digest, its time and the tries left."""

    journal: str
    salt: str
    digest: str
    made_at: datetime
    until: datetime
    tries: int = TRIES


class KillCodes:
    """The one code of a home that holds, if any does."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self.path = home.root / "kill-code.json"
        self.clock = clock
        self._lock = FileLock(home.root / "kill-code.lock", timeout=PATIENCE_SECONDS, mode=0o600)

    def make(self, journal: str) -> str:
        """Return a new code for one kill of a journal's account; one made before holds no longer."""
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        salt, now = secrets.token_hex(16), self.clock.now()
        with self._lock:
            self._keep(KeptCode(journal, salt, _digest(salt, code), now, now + LASTS))
        return f"{code[:GROUP]}-{code[GROUP:]}"

    def use(self, given: str) -> str:
        """Use the code up and return the journal it stands for. Raises BadInput for any other text."""
        try:
            with self._lock:
                return self._used(given)
        except Timeout:
            raise BadInput("code: another program holds it; try again") from None

    def _used(self, given: str) -> str:
        kept = self._read()
        if kept is None or kept.tries < 1 or not kept.made_at <= self.clock.now() < kept.until:
            raise BadInput(f"code: there is none that holds; {ASK}")
        left = kept.tries - 1
        self._keep(msgspec.structs.replace(kept, tries=left))
        if not hmac.compare_digest(_digest(kept.salt, _plain(given)), kept.digest):
            what = f"{left} tries are left" if left else f"no try is left; {ASK}"
            raise BadInput(f"code: wrong; {what}")
        self.path.unlink()
        return kept.journal

    def _read(self) -> KeptCode | None:
        with suppress(FileNotFoundError, msgspec.MsgspecError):
            return typed(self.path.read_bytes(), KeptCode)
        return None

    def _keep(self, kept: KeptCode) -> None:
        write_whole(self.path, msgspec.json.encode(kept))


def _plain(given: str) -> str:
    return "".join(letter for letter in given.upper() if letter.isalnum())


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt} {code}".encode(errors="replace")).hexdigest()
