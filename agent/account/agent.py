"""The Python API: an agent that runs in a thread of its own and answers from any other.

from agent import Agent, Settings

with Agent(Settings(provider="simulated", interval_seconds=0)) as agent:
    for event in agent.events():
        ...
"""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from types import TracebackType
from typing import Self, cast
from weakref import WeakSet

import msgspec

from agent.account.opened import OpenedAccount
from agent.answers.account import DecisionRow, PositionAnswer, Status
from agent.answers.cycle import Explanation
from agent.loop.inbox import ENDED, NotRunning
from agent.settings.given import Settings
from agent.settings.settings import Options
from agent.views import session
from agent.views.events import KEPT, Events, Numbered
from domain.commands import (
    ALL,
    AdoptAccount,
    ApplyParameters,
    ChangeSettings,
    ClosePosition,
    Command,
    Flatten,
    Kill,
    Pause,
    Reconcile,
    ResetKill,
    RollBackParameters,
    Stop,
    Unpause,
)
from domain.errors import LocalFault
from domain.events import Event
from domain.replies import (
    Adopted,
    Flattened,
    KillSwitch,
    ParametersInForce,
    PositionClosed,
    Reconciled,
    Reply,
    SettingsInForce,
)
from domain.symbols import spelled


class Agent:
    """One agent on one account. Every method may be called from any thread."""

    def __init__(self, settings: Options | None = None, *, fresh: bool = False) -> None:
        self.settings = settings or Settings()
        self._fresh = fresh
        self._launch: OpenedAccount | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._fault: BaseException | None = None
        self._reason: str | None = None
        self._subscribers: WeakSet[Events] = WeakSet()
        self._kept: deque[Numbered] = deque(maxlen=KEPT)
        self.began = self._seq = 0
        """Number of the last event before this session: `events(after=agent.began)` tells all of it."""
        self._guard = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the account and start the loop; return once it is about to run.

        Raises LocalFault when it is running already or the account cannot be opened.
        """
        with self._guard:
            if self._thread is not None:
                raise LocalFault("the agent was started already")
            self._thread = threading.Thread(target=self._run, name="boyd-loop", daemon=True)
            self._thread.start()
        self._ready.wait()
        if self._launch is None and self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            # Opened here, for the journal's one connection belongs to the loop's thread.
            with OpenedAccount(self.settings, fresh=self._fresh) as launch:
                self.began = self._seq = launch.journal.head()[0]
                launch.session.listeners.append(self._publish)
                self._launch = launch
                self._ready.set()
                self._reason = launch.run()
        except BaseException as fault:  # noqa: BLE001 -- kept for whoever joins
            self._fault = fault
        finally:
            self._ready.set()
            self._close_subscribers()

    def _publish(self, event: Event) -> None:
        with self._guard:
            self._seq += 1
            self._kept.append((self._seq, event))
            for subscriber in self._subscribers:
                subscriber.put(self._seq, event)

    def _close_subscribers(self) -> None:
        with self._guard:
            for subscriber in self._subscribers:
                subscriber.end()

    def join(self, timeout: float | None = None) -> str | None:
        """Wait for the loop to end and return why it did; None when it still runs.

        Raises the fault that ended it, if one did.
        """
        if self._thread is None:
            raise NotRunning("the agent has not been started")
        self._thread.join(timeout)
        if self._thread.is_alive():
            return None
        if self._fault is not None:
            raise self._fault
        return self._reason

    def handle(self, command: Command) -> Reply:
        """Carry out a command of `domain.commands`, or answer a key that was given before as before.

        Raises BadInput for what cannot be meant, Unproven for parameters whose evidence is not enough,
        NotRunning where the agent does not run.
        """
        return self._running().handler.handle(command)

    def stop(self, timeout: float | None = None) -> str | None:
        """End the loop after the cycle under way and wait for it."""
        with suppress(LocalFault):  # it ends whether that can be journaled or not
            self.handle(Stop())
        return self.join(timeout)

    def pause(self, reason: str = "") -> None:
        """Hold the loop between two cycles; resting orders stay where they are."""
        self.handle(Pause(reason=reason))

    def unpause(self, reason: str = "") -> None:
        """Go on after a pause."""
        self.handle(Unpause(reason=reason))

    resume = unpause

    def kill(self, reason: str, *, key: str = "") -> KillSwitch:
        """Throw the kill switch: no entry from this instant on. Persists until `reset_kill`.

        Raises ValueError without a reason.
        """
        return cast("KillSwitch", self.handle(Kill(reason=_given(reason, "a kill needs a reason"), key=key)))

    def reset_kill(self, reason: str, *, key: str = "") -> KillSwitch:
        """Reset the kill switch. Raises ValueError without a reason."""
        reset = ResetKill(reason=_given(reason, "a reset needs a reason"), key=key)
        return cast("KillSwitch", self.handle(reset))

    reset = reset_kill

    def flatten(self, reason: str, *, key: str = "") -> Flattened:
        """Emergency stop: throw the kill switch, cancel every order, sell every position, confirm each.

        Waits for no provider. Returns whether all is `flat`, and what is left where it is not. Raises
        ValueError without a reason.
        """
        return cast(
            "Flattened", self.handle(Flatten(reason=_given(reason, "flattening needs a reason"), key=key))
        )

    def close(
        self, symbol: str, reason: str, *, share: Decimal | str | float = ALL, key: str = ""
    ) -> PositionClosed:
        """Cancel a symbol's orders and sell a share of what is held of it, all unless told otherwise.

        What remains gets its stop and target again; entries go on. Waits for no provider. Returns whether it
        is `flat`, `profit`, and what is left. Raises ValueError without a reason, BadInput where nothing of
        the symbol is held or the share cannot be sold or protected by itself.
        """
        part = Decimal(str(share))
        reason = _given(reason, "closing needs a reason")
        command = ClosePosition(symbol=spelled(symbol), share=part, reason=reason, key=key)
        return cast("PositionClosed", self.handle(command))

    def reconcile(self) -> Reconciled:
        """Compare orders and holdings of the journal with the venue's."""
        return cast("Reconciled", self.handle(Reconcile()))

    def adopt_account(self, reason: str, *, key: str = "") -> Adopted:
        """Count with what the venue holds from now on. Raises BadInput without a reason."""
        return cast("Adopted", self.handle(AdoptAccount(reason=reason, key=key)))

    def apply_parameters(self, command: ApplyParameters | RollBackParameters) -> ParametersInForce:
        """Give a strategy other parameters from the next cycle on, or earlier ones again.

        Raises BadInput when they cannot be meant, Unproven when the evidence is not enough.
        """
        return cast("ParametersInForce", self.handle(command))

    def change_settings(
        self,
        given: Mapping[str, str | int | float | None],
        reason: str,
        *,
        back: Sequence[str] = (),
        loosen: bool = False,
        key: str = "",
    ) -> SettingsInForce:
        """Change settings from the next cycle on, such as {"risk.daily_loss": "2%"}; take others `back`.

        Raises ValueError without a reason, BadInput for a setting that does not change while an agent runs, a
        value out of its limits, or a looser limit in mode live without `loosen`.
        """
        reason = _given(reason, "changing settings needs a reason")
        command = ChangeSettings(given=dict(given), back=tuple(back), loosen=loosen, reason=reason, key=key)
        return cast("SettingsInForce", self.handle(command))

    def status(self) -> Status:
        """Return what the agent is doing: state, market, account, last decision.

        `seq` is the number of the last event it surely contains: `events(after=seq)` goes on from there.
        """
        # What was told last may be told before it counts.
        launch, seq = self._opened(), max(self.began, self._seq - 1)
        return msgspec.structs.replace(launch.present.status(), seq=seq)

    def positions(self) -> list[PositionAnswer]:
        """Return open positions with their protection."""
        return session.positions(self._opened().session.state)

    def decisions(self, count: int = 20) -> list[DecisionRow]:
        """Return the latest decisions, oldest first, at most `count` cycles of them (200 are kept)."""
        return self._opened().present.decisions(count)

    def why(self, cycle: int | None = None) -> Explanation:
        """Explain a cycle, the last one unless told otherwise. Raises BadInput when there is none such."""
        launch = self._running()
        with launch.inbox.turn():  # not in the midst of the cycle it is asked about
            return launch.why(cycle)

    def events(self, after: int | None = None) -> Events:
        """Return the journal's events as they are written, from this call on, until the agent ends.

        With `after` they begin behind the event of that number: with `status().seq` none lies between the
        status and the first of them, and what came meanwhile may be contained in it already. Raises
        NotRunning before `start`, ValueError where what follows `after` is not kept any more.
        """
        if self._thread is None:
            raise NotRunning("the agent has not been started: call start() before events()")
        with self._guard:
            mine = Events(() if after is None else self._since(after))
            if self._thread.is_alive():
                self._subscribers.add(mine)
            else:
                mine.end()
        return mine

    def _since(self, after: int) -> list[Numbered]:
        oldest = self._kept[0][0] if self._kept else self._seq + 1
        if after + 1 < oldest:
            raise ValueError(f"the oldest event kept is {oldest}, not {after + 1}; the journal has them all")
        return [each for each in self._kept if each[0] > after]

    def _opened(self) -> OpenedAccount:
        if self._launch is None:
            raise NotRunning("the agent has not been started")
        return self._launch

    def _running(self) -> OpenedAccount:
        launch = self._opened()
        if self._thread is None or not self._thread.is_alive():
            raise NotRunning(ENDED)
        return launch


def _given(reason: str, complaint: str) -> str:
    if not reason.strip():
        raise ValueError(complaint)
    return reason
