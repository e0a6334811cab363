"""`agent run --rehearse`, which `make paper` starts: the rehearsal in lines, the run, what to try then."""

import threading
from collections.abc import Callable
from typing import Any

from agent import wiring
from agent.account.opened import OpenedAccount
from agent.account.rehearsal import rehearsal_of
from agent.cli.handlers.run import RunRequest, run_session
from agent.cli.output.outlet import Terminal
from agent.cli.output.rehearsal import RehearsalScreen
from agent.cli.output.screen import Screen, screen_for
from agent.host.clock import SystemClock
from agent.settings.given import Settings
from agent.settings.home import Home
from domain.errors import BoydError

LIVE_CYCLES, LIVE_SECONDS = 30, 2.0
"""The run after the rehearsal where nothing else is asked for: a minute of live candles."""

PLAYED_SECONDS = 0.25
"""Pause between two cycles of the simulated market when it goes on because there is no network."""

ASK_SECONDS, AT_ONCE_SECONDS = 8.0, 0.3


def rehearsed(settings: Settings, request: RunRequest, terminal: Terminal) -> None:
    """Rehearse, run as asked (on simulated candles where the network gives none), and say what to try."""
    network = Network(settings)
    screens: list[RehearsalScreen] = []

    def screen_of(launch: OpenedAccount) -> Screen:
        network.ask()  # with the home made, and nobody waits for it
        screens.append(RehearsalScreen(launch, as_json=request.json))
        return screens[0]

    run_session(rehearsal_of(settings), terminal, screen_of, fresh=True)
    (screen,) = screens
    if terminal.gone is None and not screen.interrupted:
        _go_on(settings, request, terminal, screen, network)
    screen.suggest()


def _go_on(
    settings: Settings, request: RunRequest, terminal: Terminal, screen: RehearsalScreen, network: "Network"
) -> None:
    given = settings.model_fields_set
    offline = network.why(screen.line)
    changed: dict[str, Any] = {}
    if offline:
        screen.line(f"no live candles: {offline}")
        if not given & {"cycles", "interval_seconds", "schedule"}:
            screen.line("so that was all: the simulated market, played fast. With CYCLES=100 it plays on")
            return
        changed = {"provider": "simulated", "journal": screen.launch.name}
    if "cycles" not in given:
        changed["cycles"] = LIVE_CYCLES
    if "interval_seconds" not in given and settings.speed is None and (offline or not settings.schedule):
        changed["interval_seconds"] = PLAYED_SECONDS if offline else LIVE_SECONDS
    chosen = settings.model_copy(update=changed)
    what = "the simulated market goes on" if offline else "now the run"
    count = f"{chosen.cycles} cycles" if chosen.cycles else "until Ctrl-C"
    schedule = wiring.schedule_of(chosen)
    pace = f"at {schedule.rule}" if schedule else f"{wiring.pause_seconds(chosen):g} s apart"
    screen.line(f"{what}: {count}, {pace}")

    def show(launch: OpenedAccount) -> Screen:
        screen.ran = launch.name
        return screen_for(launch, plain=request.plain, as_json=request.json)

    run_session(chosen, terminal, show, fresh=request.fresh and not offline)


class Network:
    """Asks for live candles while the rehearsal plays, where the settings leave open who is asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._why = ""
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Begin to ask."""
        if self._settings.provider == "auto":
            self._why = f"no answer in {ASK_SECONDS:g} s"
            self._thread = threading.Thread(target=self._ask, name="boyd-network", daemon=True)
            self._thread.start()

    def _ask(self) -> None:
        home = Home(self._settings.home)
        try:
            self._why = wiring.unreachable(self._settings, SystemClock(), home, ASK_SECONDS)
        except (BoydError, OSError) as error:
            self._why = str(error)

    def why(self, say: Callable[[str], None]) -> str:
        """Wait for the answer, saying so; return why there are no live candles, "" where there are."""
        if self._thread is not None:
            self._thread.join(AT_ONCE_SECONDS)
            if self._thread.is_alive():
                say("asking for live candles ...")
                self._thread.join(ASK_SECONDS)
        return self._why
