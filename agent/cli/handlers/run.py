"""`agent run`: open the account, run the loop in the foreground, show it, sum it up."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from agent.account.opened import OpenedAccount
from agent.account.running import home_named
from agent.account.serve import control_server
from agent.cli.output.outlet import Terminal, Unhurried
from agent.cli.output.screen import Screen, screen_for
from agent.cli.output.streams import say, say_json
from agent.host import log
from agent.host.service import ServiceManager
from agent.settings.given import Settings
from agent.settings.keys import secret_texts
from agent.settings.load import load
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from agent.settings.user_strategies import folder_of, passed_over
from agent.space.logs import turnover
from agent.verify.quicktest import quicktest
from agent.views.summary import lines, summary
from domain.errors import LocalFault
from domain.events import Event, SessionStarted

SECOND_SIGNAL = 130


class TerminalGone(LocalFault):
    """Nobody is there any more who could see what the agent does."""


class RunRequest(NamedTuple):
    """The arguments of a session's command: mode, flags, files and the form of its output."""

    modes: list[str]
    flags: Mapping[str, Any]
    config: Path | None
    fresh: bool
    plain: bool
    json: bool
    rehearse: bool = False


def run_command(request: RunRequest) -> None:
    """Run as asked. Raises BadSettings with every problem; exits 1 when the session ends in a fault."""
    if "quicktest" in request.modes:
        refuse_live(request)
        sys.exit(quicktest(say, say_json if request.json else None))
    if len(request.modes) > 1:
        raise BadSettings([f"--mode is given {len(request.modes)} times: {', '.join(request.modes)}"])
    mode = request.modes[0] if request.modes else None
    with telling_what_is_held(request):
        settings = load({**request.flags, "mode": mode}, request.config)
        if settings.mode == "quicktest":
            sys.exit(quicktest(say, say_json if request.json else None))
        if request.rehearse and settings.mode != "paper":
            raise BadSettings([f"--rehearse is for mode paper, not for {settings.mode}"])
        _run(settings, request)


@contextmanager
def telling_what_is_held(request: RunRequest) -> Iterator[None]:
    """Tell of a start that is refused which positions it leaves alone, and what sells them all the same."""
    try:
        yield
    except BadSettings as error:
        from agent.account.still_held import still_held

        held = still_held(home_named(request.flags.get("home")), request.flags.get("journal"))
        raise BadSettings([*error.problems, *held]) from None


def refuse_live(request: RunRequest) -> None:
    """Refuse quicktest beside anything that asks for a real market or another mode."""
    asked = {*request.modes, os.environ.get("AGENT_MODE", "quicktest")} - {"quicktest"}
    problems = [f"--mode quicktest is refused together with mode {mode}" for mode in sorted(asked)]
    provider = request.flags.get("provider")
    if provider:
        problems.append(f"--mode quicktest uses its own fixture: --provider {provider} is refused")
    if request.flags.get("data"):
        problems.append("--mode quicktest uses its own fixture: --data is refused")
    if problems:
        raise BadSettings(problems)


def _run(settings: Settings, request: RunRequest) -> None:
    with Terminal() as terminal:
        if request.rehearse:
            from agent.cli.handlers.rehearse import rehearsed

            rehearsed(settings, request, terminal)
        else:
            show = partial(screen_for, plain=request.plain, as_json=request.json)
            run_session(settings, terminal, show, fresh=request.fresh)
    if terminal.gone is not None:
        raise TerminalGone(f"{terminal.gone}; the session has ended in order")


def run_session(
    settings: Options, terminal: Terminal, screen_of: Callable[[OpenedAccount], Screen], *, fresh: bool
) -> None:
    """Run one session to its end, shown on the screen made for it."""
    with OpenedAccount(settings, fresh=fresh) as launch:
        screen = screen_of(launch)
        if launch.kept is not None:
            screen.line(f"the old journal is kept as {launch.kept}")
        folder = folder_of({"strategies_folder": settings.strategies_folder}, settings.home)
        for each in (
            *settings.pairlist.without_effect(len(settings.symbols)),
            *passed_over(settings.reasoning.strategies, folder),
        ):
            screen.line(f"warning: {each}")
        unwritten = log.start(
            launch.home.root, secret_texts(settings), agent=launch.name, turnover=turnover(launch.home)
        )
        if unwritten is not None:
            screen.line(f"no log: {unwritten}")
        launch.session.listeners += [log.record, _shown_on(screen)]
        if launch.options.driven:
            launch.pacer = Unhurried(launch.pacer, terminal.out, launch.inbox.wait)
        terminal.ends(launch.inbox.stop)
        server = control_server(launch)
        server.start()
        manager = launch.session.manager = ServiceManager(os.environ, launch.inbox.clock.monotonic)
        launch.session.listeners.append(_telling(manager, launch.name))
        try:
            with stopping_on_signals(launch.inbox.stop, terminal, screen), screen:
                reason = launch.run()
        finally:
            manager.ends("the session has ended")
            server.close()
        _sum_up(launch, screen, reason)


def _shown_on(screen: Screen) -> Callable[[Event], None]:
    """Return a listener that shows events; one that cannot be shown is not the end of the others."""

    def show(event: Event) -> None:
        try:
            screen.event(event)
        except Exception as fault:  # noqa: BLE001 -- what is shown decides nothing
            log.say("error", "event not shown", kind=type(event).__name__, why=repr(fault))

    return show


def _telling(manager: ServiceManager, name: str) -> Callable[[Event], None]:
    """Return a listener that tells the service manager once the session's start is in the journal."""

    def tell(event: Event) -> None:
        if isinstance(event, SessionStarted):
            manager.ready(f"agent {name}, session {event.session}")

    return tell


def _sum_up(launch: OpenedAccount, screen: Screen, reason: str) -> None:
    state = launch.parts.state
    session, since = launch.session, launch.before
    report = summary(state, cycles=session.done, reason=reason, head=session.head, since=since)
    quote = next(iter(launch.parts.grid.values())).quote
    screen.finish(report, lines(state, report, quote, since))
    if launch.session.done == 0 and reason == "data exhausted":
        screen.line(
            f"every candle is already in journal {launch.name}; --fresh puts it aside and begins anew"
        )


class stopping_on_signals:  # noqa: N801 -- reads as a verb in a with statement
    """First SIGINT or SIGTERM: end after the cycle under way. Second: end now; the journal is whole.

    SIGHUP says that the terminal is gone and ends it after the cycle too, however often it comes (the
    shell and the system both send it). SIGINT or SIGHUP that whoever started us has ignored (a script's
    background, nohup) stay so. A terminal cannot stop it: Ctrl-Z is answered, SIGQUIT ends it as
    SIGINT does.
    """

    def __init__(self, stop: Callable[[], None], terminal: Terminal, screen: Screen) -> None:
        self.stop = stop
        self.terminal = terminal
        self.screen = screen
        self.count = 0
        self.before: dict[int, Any] = {}

    def __enter__(self) -> None:
        self.before[signal.SIGTERM] = signal.signal(signal.SIGTERM, self._handle)
        for name, handler in (
            ("SIGINT", self._handle),
            ("SIGQUIT", self._handle),
            ("SIGHUP", self._hang_up),
            ("SIGTSTP", self._stay),
        ):
            number = getattr(signal, name, None)  # not on every system
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self.before[number] = signal.signal(number, handler)

    def __exit__(self, *_error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            with suppress(Exception):
                self.screen.abandon()
            os._exit(SECOND_SIGNAL)
        self.stop()
        # Not by sys.stderr, which a live view may have taken: the line this signal interrupts may be its.
        self.terminal.err.write(
            f"{signal.Signals(number).name}: ending after this cycle; once more ends at once\n"
        )

    def _stay(self, _number: int, _frame: FrameType | None) -> None:
        """Answer Ctrl-Z: a process that is stopped watches no stop and sells nothing."""
        self.terminal.err.write("an agent that is stopped watches nothing: it goes on; Ctrl-C ends it\n")

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        self.terminal.leave("the terminal hung up (SIGHUP)")
