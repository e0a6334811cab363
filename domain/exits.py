"""The exits a strategy declares for the positions it opens: shares and times, without a price."""

from collections.abc import Sequence

import msgspec

from domain.custom_exit import CustomExit
from domain.kernel import kernel
from domain.times import MINUTE_MS

BY_SIGNAL, BY_STOP, BY_TARGET, BY_ROI, BY_TIME, BY_BREAK_EVEN, BY_TRAIL, BY_PARTIAL, BY_CUSTOM = range(9)
ENDINGS = ("signal", "stop", "target", "roi", "time", "break-even", "trail", "partial", "custom")
"""The ways a position ends, by their codes; a share sold ends none."""
NO_PROGRAM = -1


@kernel
def at_stop(ending: int) -> bool:
    """Tell whether an ending is that of a stop, wherever it was raised to."""
    return ending in (BY_STOP, BY_BREAK_EVEN, BY_TRAIL)


STOPS = tuple(each for code, each in enumerate(ENDINGS) if at_stop(code))
"""Those of a stop, in words."""


class ExitPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """The exits of a position, decided with its entry; gains in parts per million of the average entry.

    `voice` opened it on the candle that opened at `candle` (ms). `roi` are steps of (ms held, gain) from
    which on the gain closes all; the latest step reached counts. `after_ms` closes all whatever it came to
    (0: never). From a gain of `break_even` on the stop lies where a sale pays its costs; `trail` are
    millionths of an ATR that the stop follows below the close. `parts` are (gain, share of all that was
    bought) to be sold there, in order of gains. `leave` is the strategy's own exit. `adds` are (gain, share
    of the first size), all falls or all rises, each added to the position once, in their order.
    """

    voice: str = ""
    candle: int = 0
    roi: tuple[tuple[int, int], ...] = ()
    after_ms: int = 0
    break_even: int = 0
    trail: int = 0
    parts: tuple[tuple[int, int], ...] = ()
    leave: CustomExit | None = None
    adds: tuple[tuple[int, int], ...] = ()

    def numbers(self, code: int = NO_PROGRAM, columns: Sequence[int] = ()) -> list[int]:
        """Return what the kernels of `risk.exits` and `risk.additions` read, in their order.

        `code` is where the program of its custom exit lies, `columns` where each number that reads does.
        """
        flat = [each for pair in (*self.roi, *self.parts, *self.adds) for each in pair]
        sizes = len(self.roi), len(self.parts), code, len(self.adds)
        return [self.after_ms, self.break_even, self.trail, *sizes, *flat, *columns]

    def words(self) -> tuple[str, ...]:
        """Return each exit in words."""
        steps = [f"{_share(gain)} from {ms // MINUTE_MS} min on" for ms, gain in self.roi]
        return (
            *([f"roi: {', '.join(steps)}"] if steps else ()),
            *([f"time: all after {self.after_ms // MINUTE_MS} min"] if self.after_ms else ()),
            *([f"break-even from {_share(self.break_even)}"] if self.break_even else ()),
            *([f"trail: {self.trail / 1e6:g} ATR below the close"] if self.trail else ()),
            *(f"partial: {_share(share)} of it at {_share(gain)}" for gain, share in self.parts),
            *([_custom(self.leave)] if self.leave else ()),
            *(f"add: {_share(share)} of the first size at {_share(gain)}" for gain, share in self.adds),
        )


def _custom(leave: CustomExit) -> str:
    """Return a custom exit in words: the reasons it may give."""
    return f"custom: {'; '.join(leave.reasons) or 'leave of its strategy'}"


def _share(ppm: int) -> str:
    return f"{ppm / 10_000:g}%"
