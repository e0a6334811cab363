"""Exponential backoff with full jitter, and which faults deserve it.

Waits are those of `edge.waits` before try n+1, so that agents that failed together do not come back together.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from domain.errors import BadAnswer, Unreachable
from edge.waits import full_jitter
from perception.guard.call import Call
from perception.guard.faults import Deadline, Pointless
from perception.settings import RetrySettings

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")


def is_transient(error: BaseException) -> bool:
    """Say whether the same request may do better in a moment."""
    return isinstance(error, Unreachable | BadAnswer) and not isinstance(error, Deadline | Pointless)


class Backoff:
    """Runs work, again after a wait when it failed in a transient way and the call has time left.

    `sleep` waits, `jitter` draws from [0, 1).
    """

    def __init__(
        self, settings: RetrySettings, sleep: Callable[[float], None], jitter: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._jitter = jitter

    def run(self, work: Callable[[], T], call: Call, on_retry: Callable[[], None]) -> T:
        """Return what `work` returns; raises its last fault. Never sleeps past the call's deadline."""
        from tenacity import Retrying, retry_if_exception  # noqa: PLC0415  # 50 ms, needed at a request only

        def give_up(state: "RetryCallState") -> bool:
            tried_enough = state.attempt_number >= self._settings.attempts
            return tried_enough or state.upcoming_sleep >= call.left()

        retrying = Retrying(
            retry=retry_if_exception(is_transient),
            wait=lambda state: self.wait(state.attempt_number),
            stop=give_up,
            sleep=self._sleep,
            before_sleep=lambda _: on_retry(),
            reraise=True,
        )
        return retrying(work)

    def wait(self, attempt: int) -> float:
        """Return the seconds to wait after failed attempt number `attempt`, counted from 1."""
        settings = self._settings
        return full_jitter(attempt, settings.first_wait_seconds, settings.max_wait_seconds, self._jitter())
