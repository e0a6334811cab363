"""Samples of a process from outside: memory, CPU, descriptors, threads, and the size of its database."""

from pathlib import Path
from typing import NamedTuple

import psutil

MIB = 1024 * 1024


class Sample(NamedTuple):
    """The resources the process held at an instant; `at` in seconds since the run began.

    `rss` in MiB, `cpu` in percent of one core since the sample before, `database` and `wal` in MiB.
    `stolen` is the share of the machine, in percent, that its host gave to others: where it is high,
    nothing that is measured by the clock says much about the agent.
    """

    at: float
    phase: str
    rss: float
    cpu: float
    descriptors: int
    threads: int
    database: float
    wal: float
    cycles: int
    stolen: float = 0.0


class Sampler:
    """Looks at one process and its database. Raises ProcessLookupError once the process is gone."""

    def __init__(self, pid: int, database: Path) -> None:
        self.database = database
        self.wal = database.with_name(f"{database.name}-wal")
        try:
            self._process = psutil.Process(pid)
            # The first figure has nothing to compare with; it is thrown away here.
            self._process.cpu_percent()
            _stolen()
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(str(error)) from None

    def sample(self, at: float, phase: str, cycles: int) -> Sample:
        """Return what it holds now."""
        process = self._process
        try:
            with process.oneshot():
                return Sample(
                    at=at,
                    phase=phase,
                    rss=process.memory_info().rss / MIB,
                    cpu=process.cpu_percent(),
                    descriptors=process.num_fds(),
                    threads=process.num_threads(),
                    database=_size(self.database),
                    wal=_size(self.wal),
                    cycles=cycles,
                    stolen=_stolen(),
                )
        except (psutil.NoSuchProcess, psutil.AccessDenied) as error:
            # A process that has ended but was not waited for shows no descriptors: AccessDenied.
            raise ProcessLookupError(str(error)) from None


def _stolen() -> float:
    """Return the percent stolen since the last call; 0 on systems that do not tell."""
    return float(getattr(psutil.cpu_times_percent(), "steal", 0.0))


def _size(path: Path) -> float:
    try:
        return path.stat().st_size / MIB
    except FileNotFoundError:
        return 0.0
