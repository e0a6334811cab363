"""Pauses between the attempts of a send: short at first, hourly in the end."""

STEPS = (1.0, 5.0, 30.0, 120.0, 600.0, 3_600.0)
"""Seconds after the first failure, the second, and so on; the last is kept."""

SPREAD = 0.2
LONGEST = 86_400.0
"""A channel that asks for more silence than a day is tried after one."""


def pause(attempts: int, jitter: float, asked: float | None = None) -> float:
    """Return the seconds to wait after so many failures in a row.

    `jitter`, 0 to 1, spreads it by a tenth to either side. What the other side `asked` for is waited at
    least.
    """
    step = STEPS[min(max(attempts, 1), len(STEPS)) - 1] * (1 + SPREAD * (jitter - 0.5))
    return step if asked is None else max(step, min(asked, LONGEST))
