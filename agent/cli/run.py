"""`agent run`: open the account, run the loop in the foreground, show it, sum it up."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from agent import log
from agent.cli.options import say
from agent.cli.screen import Screen, screen_for
from agent.launch import Launch
from agent.load import BadSettings, load
from agent.quicktest import quicktest
from agent.serve import control_server
from agent.settings import Settings
from agent.summary import lines, summary

SECOND_SIGNAL = 130
SAID = "{}: ending after this cycle; once more ends at once\n"


class Wish(NamedTuple):
    """What the command line asked for."""

    modes: list[str]
    flags: Mapping[str, Any]
    config: Path | None
    fresh: bool
    plain: bool
    json: bool


def run_command(wish: Wish) -> None:
    """Run as asked. Raises BadSettings with every problem; exits 1 when the session ends in a fault."""
    if "quicktest" in wish.modes:
        refuse_live(wish)
        sys.exit(quicktest(print_line=say, as_json=wish.json))
    if len(wish.modes) > 1:
        raise BadSettings([f"--mode is given {len(wish.modes)} times: {', '.join(wish.modes)}"])
    mode = wish.modes[0] if wish.modes else None
    settings = load({**wish.flags, "mode": mode}, wish.config)
    if settings.mode == "quicktest":
        sys.exit(quicktest(print_line=say, as_json=wish.json))
    _run(settings, wish)


def refuse_live(wish: Wish) -> None:
    """Refuse quicktest beside anything that asks for a real market or another mode."""
    asked = {*wish.modes, os.environ.get("AGENT_MODE", "quicktest")} - {"quicktest"}
    problems = [f"--mode quicktest is refused together with mode {mode}" for mode in sorted(asked)]
    provider = wish.flags.get("provider")
    if provider:
        problems.append(f"--mode quicktest uses its own fixture: --provider {provider} is refused")
    if wish.flags.get("data"):
        problems.append("--mode quicktest uses its own fixture: --data is refused")
    if problems:
        raise BadSettings(problems)


def _run(settings: Settings, wish: Wish) -> None:
    with Launch(settings, fresh=wish.fresh) as launch:
        screen = screen_for(launch, plain=wish.plain, as_json=wish.json)
        if launch.kept is not None:
            screen.line(f"the old journal is kept as {launch.kept}")
        log.start(launch.home.root, secrets_of(settings))
        launch.session.listeners += [log.record, screen.event]
        server = control_server(launch)
        server.start()
        try:
            with stopping_on_signals(launch.inbox.stop), screen:
                reason = launch.run()
        finally:
            server.close()
        _sum_up(launch, screen, reason)


def secrets_of(settings: Settings) -> list[str]:
    """Return the secret texts that no log may show."""
    exchange = settings.exchange
    keys = (settings.alpha_vantage.api_key, exchange.api_key, exchange.api_secret, settings.db_url)
    return [key.get_secret_value() for key in keys if key]


def _sum_up(launch: Launch, screen: Screen, reason: str) -> None:
    state = launch.parts.state
    session, since = launch.session, launch.before
    told = summary(state, cycles=session.done, reason=reason, head=session.head, since=since)
    quote = next(iter(launch.parts.grid.values())).quote
    screen.finish(told, lines(state, told, quote, since))
    if launch.session.done == 0 and reason == "data exhausted":
        screen.line(
            f"every candle is already in journal {launch.name}; --fresh puts it aside and begins anew"
        )


class stopping_on_signals:  # noqa: N801 -- reads as a verb in a with statement
    """First SIGINT or SIGTERM: end after the cycle under way. Second: end now; the journal is whole."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.stop = stop
        self.count = 0
        self.before: dict[int, Any] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self.before[number] = signal.signal(number, self._handle)

    def __exit__(self, *_error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            os._exit(SECOND_SIGNAL)
        self.stop()
        # Past Python's buffers: the line this signal interrupted may be half written.
        os.write(
            2, f"{signal.Signals(number).name}: ending after this cycle; once more ends at once\n".encode()
        )
