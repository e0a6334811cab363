"""The doctor: what is right, what is not, and what to do about it."""

import shutil
import socket
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agent import wiring
from agent.doctor import preflight, space, telegram
from agent.doctor.check import CheckResult, Level
from agent.doctor.jobs import jobs_of
from agent.settings.given import Settings
from agent.settings.home import Busy, Home
from agent.settings.key_lock import lock_key
from agent.settings.keys import EXCHANGE_KEY, EXCHANGE_SECRET, KEY_VARIABLE
from agent.settings.load import config_path, load
from agent.settings.problems import BadSettings
from agent.settings.upkeep.reading import upkeep
from agent.settings.user_strategies import folder_of, load_folder
from domain.errors import BadInput, JournalFault, VenueFault
from domain.ports import Clock
from domain.times import utc
from journal.stored import Broken
from journal.verify import verify

SECONDS = 3.0
LEAST_FREE = 200 * 1024 * 1024
YOUNGEST = utc(1_735_689_600_000)
"""The first instant of 2025: a clock that says less was never set."""


def examine(
    flags: Mapping[str, Any], config: Path | None, clock: Clock, *, live: bool = False
) -> list[CheckResult]:
    """Examine everything, with `live` the exchange account too; one part's problems never hide another's."""
    findings, settings = _configuration(flags, config)
    home = Home(Path(flags.get("home") or (settings or Settings.model_construct()).home))
    findings += _home(home)
    findings += _clock(clock)
    findings += space.findings(home, clock)
    findings += _journals(home)
    findings += _bot(home, flags, config)
    findings += jobs_of(home, clock)
    if settings is not None:
        findings += _strategies(settings)
        findings += _providers(settings, clock, home)
        if live:
            findings += _exchange(settings, clock)
    return findings


def _configuration(
    flags: Mapping[str, Any], config: Path | None
) -> tuple[list[CheckResult], Settings | None]:
    try:
        settings = load(flags, config)
    except BadSettings as error:
        return [_bad(each) for each in error.problems], None
    results = _beside(settings.home, config_path(flags, config)) or [
        CheckResult("configuration", "ok", "every setting is valid")
    ]
    results += map(_idle, settings.pairlist.without_effect(len(settings.symbols)))
    file = config_path(flags, config)
    if file is not None:
        results.append(_private("configuration file", file))
    return results, settings


def _beside(home: Path, file: Path | None) -> list[CheckResult]:
    """Return what is wrong in the home's own sections; an agent runs all the same."""
    try:
        upkeep(Home(home), file)
    except BadSettings as error:
        return [_bad(each) for each in error.problems]
    return []


def _bot(home: Home, flags: Mapping[str, Any], config: Path | None) -> Iterator[CheckResult]:
    with suppress(BadSettings):  # told with the configuration
        yield from telegram.examine(upkeep(home, config_path(flags, config)).telegram)


def _bad(problem: str) -> CheckResult:
    remedy = "mend it; agent config init writes a file with every setting explained"
    return CheckResult("configuration", "fail", problem, remedy)


def _idle(warning: str) -> CheckResult:
    what, _, remedy = warning.partition("; ")
    return CheckResult("configuration", "warn", what, remedy)


def _private(subject: str, path: Path) -> CheckResult:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return CheckResult(
            subject, "warn", f"{path} has mode {mode:o}: others can read it", f"chmod go-rwx {path}"
        )
    return CheckResult(subject, "ok", f"{path} has mode {mode:o}")


def _strategies(settings: Settings) -> Iterator[CheckResult]:
    folder = folder_of({"strategies_folder": settings.strategies_folder}, settings.home)
    for problem in load_folder(folder):
        yield CheckResult("own strategies", "warn", problem, "mend it; until then it is not executed")


def _home(home: Home) -> Iterator[CheckResult]:
    if not home.root.exists():
        yield CheckResult("home", "ok", f"{home.root} is not there yet: the first run makes it")
        return
    try:
        home.make()
    except BadInput as error:
        yield CheckResult("home", "fail", str(error), "name another folder with --home or AGENT_HOME")
        return
    yield _private("home", home.journals)
    free = shutil.disk_usage(home.journals).free
    answer = f"{free // 2**20} MiB free on its disk"
    if free < LEAST_FREE:
        yield CheckResult(
            "disk", "fail", f"{answer}, the limit is {LEAST_FREE // 2**20}", "free some, or move the home"
        )
    else:
        yield CheckResult("disk", "ok", answer)


def _clock(clock: Clock) -> Iterator[CheckResult]:
    now = clock.now()
    if now < YOUNGEST:
        yield CheckResult("clock", "fail", f"it says {now.isoformat()}", "set it; run a time service (NTP)")
    else:
        yield CheckResult("clock", "ok", f"it says {now.isoformat()}")


def _journals(home: Home) -> Iterator[CheckResult]:
    names = home.names() if home.journals.is_dir() else []
    if not names:
        yield CheckResult("journals", "ok", "none yet")
    for name in names:
        yield _journal(home, name)


def _journal(home: Home, name: str) -> CheckResult:
    subject = f"journal {name}"
    try:
        result = verify(home.journal(name))
    except (BadInput, JournalFault) as error:
        return CheckResult(
            subject, "fail", str(error), "restore a backup, or move the file aside and reconcile"
        )
    if isinstance(result, Broken):
        remedy = "do not trade on it: keep the file, restore a backup, compare with the exchange"
        return CheckResult(subject, "fail", f"row {result.seq}: {result.what}", remedy)
    try:
        home.lock(name).release()
        use = "not in use"
    except Busy:
        use = "in use by a running agent"
    except BadInput as fault:
        return CheckResult(subject, "fail", str(fault), "nothing but the agent's own lock belongs there")
    return CheckResult(subject, "ok", f"{result.rows} rows, chain intact, {use}")


def _exchange(settings: Settings, clock: Clock) -> Iterator[CheckResult]:
    """Examine the account as it would be traded live: reads only, nothing is placed."""
    key = settings.exchange.api_key
    if key is None or settings.exchange.api_secret is None:
        remedy = f"set {EXCHANGE_KEY} and {EXCHANGE_SECRET}"
        yield CheckResult("exchange", "fail", "no key is set", remedy)
        return
    try:
        lock = lock_key(key.get_secret_value())
    except Busy as busy:
        yield CheckResult("exchange", "warn", str(busy), "a running agent passed these checks when it began")
        return
    except BadInput as fault:
        yield CheckResult("exchange", "fail", str(fault), "nothing but the agent's own lock belongs there")
        return
    with lock:
        try:
            venue = wiring.exchange(settings, clock)
        except (BadInput, VenueFault) as error:
            remedy = preflight.remedy_of(error) or "check address, symbols and network"
            yield CheckResult("exchange", "fail", str(error), remedy)
            return
        try:
            offset, limit = venue.wire.time.offset_ms, settings.exchange.max_clock_offset_ms
            level: Level = "ok" if abs(offset) <= limit else "fail"
            answer = f"{offset} ms off the exchange's, the limit is {limit}"
            yield CheckResult(
                "exchange clock", level, answer, "run a time service (NTP)" if level == "fail" else ""
            )
            yield from preflight.findings(settings.model_copy(update={"mode": "live"}), venue)
        finally:
            venue.close()


def _providers(settings: Settings, clock: Clock, home: Home) -> Iterator[CheckResult]:
    fallback = "on paper the agent goes on with cached or simulated data until it answers"
    yield _reachable("binance", settings.binance.base_url, fallback)
    if settings.alpha_vantage.api_key is None:
        remedy = f"set {KEY_VARIABLE} for shares and news; Binance needs no key"
        yield CheckResult("alpha_vantage", "warn", "no key is set", remedy)
    else:
        yield _reachable("alpha_vantage", settings.alpha_vantage.base_url, fallback)
        yield from _budget(settings, clock, home)


def _budget(settings: Settings, clock: Clock, home: Home) -> Iterator[CheckResult]:
    """Tell how many of a day's requests are used, where the key has a limit."""
    limit = settings.alpha_vantage.requests_per_day
    if limit is None:
        return
    with closing(wiring.quotes(settings, clock, home.root)) as source:
        used = source.guard.budget.used_today
    remedy = "wait, or set alpha_vantage.requests_per_day to what the key allows" if used >= limit else ""
    level: Level = "warn" if remedy else "ok"
    words = f"{used} of {limit} requests of the last 24 hours are used"
    yield CheckResult("alpha_vantage budget", level, words, remedy)


def _reachable(name: str, url: str, fallback: str) -> CheckResult:
    """Connect to a provider's host, without a request: none of its budget is spent."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""

    def connect() -> None:
        socket.create_connection((host, port), SECONDS).close()

    problem = _within(connect, SECONDS)
    if problem is None:
        return CheckResult(name, "ok", f"{host}:{port} accepts connections")
    return CheckResult(name, "warn", f"{host}:{port} is not reachable: {problem}", fallback)


def _within(action: Callable[[], None], seconds: float) -> str | None:
    """Run an action that may hang in a name lookup; return what went wrong, or None."""
    outcome: list[str | None] = []

    def work() -> None:
        try:
            action()
            outcome.append(None)
        except OSError as error:
            outcome.append(error.strerror or type(error).__name__)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    return outcome[0] if outcome else f"no answer in {seconds:g} s"
