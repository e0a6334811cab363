"""The executors of trials: this process, threads of it, processes of this machine, or a Ray cluster."""

from domain.errors import BadInput
from research.search.executor_processes import Processes
from research.search.executor_threads import One, Threads
from research.search.sweep import Engine


def engine_named(
    name: str | None, workers: int | None = None, address: str | None = None, *, machine: bool = True
) -> Engine:
    """Return an engine; without a name threads for machine code, else processes.

    Raises BadInput for a name that is not known.
    """
    if name is None:
        name = "threads" if machine else "processes"
    if name == "one":
        return One()
    if name == "threads":
        return Threads(workers)
    if name == "processes":
        return Processes(workers)
    if name == "ray":
        from research.search.executor_ray import Ray  # noqa: PLC0415  # an extra, and heavy

        return Ray(address)
    raise BadInput(f"engine {name!r} is not one of one, threads, processes, ray")
