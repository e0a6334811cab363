"""Turning the house's kernels into machine code, kept on disk until any of them changes.

Every function on the list of kernels is handed to numba as it is; only the two outermost loops are
compiled by name. numba's disk cache looks at the outermost function's file alone, so the cache lies
in a folder named after a digest of all kernel sources, of Python, numba and the processor.
"""

import hashlib
import importlib.util
import inspect
import linecache
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock, Timeout

from domain import calibrator, kernel
from domain.errors import BadInput
from domain.kernel import KERNELS, write_all
from domain.private import private_folder
from edge.files import write_whole
from reasoning import declare
from reasoning.kernels.strategy import Strategy
from reasoning.own import OwnStrategy
from research.data.candles import FloatArray, IntArray
from research.engine import account_pass, beside, compiling, guarded, lone_pass, signals, trials_pass
from research.engine.looked import Looked
from research.engine.trusted import require_trusted

CACHE_VARIABLE = "AGENT_KERNEL_CACHE"
"""Folder of compiled kernels, when it is not to be the user's cache folder."""

HOUSE = frozenset({"domain", "learning", "perception", "platforms", "reasoning", "research", "risk"})

SAID_SECONDS = 0.5
"""How long another process may compile before it is said that this one waits."""

LARGEST = 2**53
"""Up to here a parameter that is a whole number is the same as a float."""

OUTERMOST = (
    signals.__file__,
    trials_pass.__file__,
    __file__,
    *(
        str(Path(__file__).with_name(name))
        for name in ("guarded_memory.py", "addressed.py", "ahead_of.py", "fetching.py")
    ),
    calibrator.__file__,
    *(str(each) for each in sorted(Path(declare.__file__).parent.glob("*.py"))),
)
"""Sources beside the kernels' own that machine code is made of: those that write kernels too."""


@dataclass(frozen=True)
class CompiledRules:
    """The passes of a backtest: as machine code, or the same functions in plain Python.

    `replay_many` is there as machine code only, and `replay` is a batch of one of it. `kept` writes what a
    declared strategy keeps of each candle.
    """

    compiled: bool
    fill_series: Callable[..., None]
    events: Callable[[Strategy[Any]], Callable[..., int]]
    replay: Callable[..., None]
    kept: Callable[[Strategy[Any]], Callable[..., None]]
    replay_many: Callable[..., None] | None = None


def plain() -> CompiledRules:
    """Return the engine that runs the kernels as they are."""

    def events(strategy: Strategy[Any]) -> Callable[..., int]:
        if isinstance(strategy, OwnStrategy):
            return guarded.guarded_find(strategy, None)
        return partial(signals.find_events, signals.with_time(strategy), strategy.signal)

    def kept(strategy: Strategy[Any]) -> Callable[..., None]:
        return partial(signals.gather, signals.with_time(strategy))

    return CompiledRules(False, signals.fill_series, events, account_pass.replay, kept)


@cache
def compiled() -> CompiledRules:
    """Return the engine that runs the kernels as machine code; compiles when first used."""
    import numba  # noqa: PLC0415  # half a second, and only where something is compiled

    register()
    folder = cache_folder()
    config: Any = numba.config
    config.CACHE_DIR = str(folder)
    built: dict[str, Callable[..., int]] = {}

    def events(strategy: Strategy[Any]) -> Callable[..., int]:
        # Defined anew, in a cell of a notebook, it is another.
        key = f"{strategy.step.__module__}.{strategy.name}.{id(strategy.step)}"
        if key not in built:
            register()
            built[key] = _machine_find(strategy, folder)
        return built[key]

    one = partial(_replay_one, _replay_many)
    return CompiledRules(True, MachineCode(signals.fill_series), events, one, _machine_gather, _replay_many)


def with_every_rule() -> CompiledRules:
    """Return the engine as machine code that never takes the shorter pass."""
    return replace(
        compiled(), replay=partial(_replay_one, _machine(trials_pass.replay_many)), replay_many=None
    )


@cache
def _machine(function: Callable[..., None]) -> Callable[..., None]:
    return MachineCode(function)


def _replay_many(
    ints: IntArray,
    floats: FloatArray,
    equity: IntArray,
    house: Any,
    market: Any,
    event: IntArray,
    confidence: FloatArray,
    slips: Any,
    opinions: Any,
    exits: Any,
    *trials: Any,
) -> None:
    """Run trials by the pass that is for their kind of session: its machine code alone is made."""
    books = ints, floats, equity, house
    if lone_pass.is_lone(house, market, slips, opinions, exits):
        _machine(trials_pass.replay_lone_many)(*books, market.blocks, event, confidence, *trials)
    else:
        every = _machine(trials_pass.replay_many)
        every(*books, market, event, confidence, slips, opinions, exits, *trials)


def _replay_one(many: Callable[..., None], ints: IntArray, floats: FloatArray, *more: Any) -> None:
    """Run one session by machine code that runs many; nobody asks for its score."""
    none = np.zeros((0, 1))
    plan = trials_pass.ScorePlan(np.zeros(0, dtype=np.int64), 0, 0, 0)
    many(ints, floats, *more, trials_pass.alone(ints, floats, more[-1]), plan, none, none)


def _machine_find(strategy: Strategy[Any], folder: Path) -> Callable[..., int]:
    step, signal = strategy.step, strategy.signal
    if not strategy.timed and not isinstance(strategy, OwnStrategy):
        step = jitable(signals.with_time(strategy))
    if isinstance(strategy, OwnStrategy):
        step, signal = guarded.guarded_kernels(strategy)
    loop = loop_of(signals.find_events, strategy, {"step": step, "signal": signal}, folder)
    if isinstance(strategy, OwnStrategy):
        sources = f"{loop.__code__.co_filename}|{_of_sources({beside.__file__}).hexdigest()}"
        looked = Looked(folder, sources, beside.MOST)
        return guarded.guarded_find(strategy, MachineCode(loop, raising=True), looked)
    return MachineCode(loop)


@cache
def _machine_gather(strategy: Strategy[Any]) -> Callable[..., None]:
    register()
    step = strategy.step if strategy.timed else jitable(signals.with_time(strategy))
    return MachineCode(loop_of(signals.gather, strategy, {"step": step}, cache_folder()))


def decides_over_columns(strategy: Strategy[Any], packs: Sequence[Any]) -> bool:
    """Tell whether trials can be asked at columns: declared, with parameters that a float holds."""
    whole = (each for packed in packs for each in packed if isinstance(each, int))
    return (
        strategy.columns is not None
        and bool(strategy.columns(packs[0]))
        and all(abs(each) <= LARGEST for each in whole)
    )


@cache
def asked_at_columns(strategy: Strategy[Any], columns: int, kinds: tuple[type, ...]) -> Callable[..., int]:
    """Return machine code of `find_many` for a strategy that decides over so many columns.

    `kinds` are those of its packed parameters.
    """
    from research.engine.addressed import column_at  # noqa: PLC0415  # imports numba

    decide: Any = strategy.decide_at
    signal: Any = strategy.signal_at
    if isinstance(strategy, OwnStrategy):
        decide, signal = guarded.checked_kernels(decide, signal)
    compiled()
    register()
    text, names = _unpacking(columns, kinds), {"column_at": column_at}
    exec(text, names)  # noqa: S102  # written here, of numbers alone
    kernels = {"decide_at": decide, "signal_at": signal, "column_at": column_at}
    kernels |= {each: jitable(names[each]) for each in ("columns_at", "packed_at")}
    loop = loop_of(signals.find_many, strategy, kernels, cache_folder(), text)
    return MachineCode(loop, raising=isinstance(strategy, OwnStrategy))


def _unpacking(columns: int, kinds: tuple[type, ...]) -> str:
    """Return the source of what gives a trial's columns and its packed parameters."""
    read = "".join(f"column_at(place[trial, {index}], count), " for index in range(columns))
    packed = "".join(f"{kind.__name__}(packs[trial, {index}]), " for index, kind in enumerate(kinds))
    return (
        f"def columns_at(place, trial, count):\n    return ({read})\n\n"
        f"def packed_at(packs, trial):\n    return ({packed})\n"
    )


class MachineCode:
    """A function as machine code, compiled at its first call or found on disk.

    Processes that want it at the same time do not all compile it: one does, the others wait for it.
    """

    def __init__(self, function: Callable[..., Any], *, raising: bool = False) -> None:
        import numba  # noqa: PLC0415  # as above

        # Nothing here allocates: without reference counts a call with an array costs nothing. And our
        # kernels raise nothing, so no division asks whether to: that halves the time of a step.
        model = "python" if raising else "numpy"
        njit: Any = numba.njit
        jit = njit(cache=True, nogil=True, _nrt=False, no_cfunc_wrapper=True, error_model=model)
        self._lock = FileLock(cache_folder() / "compiling.lock", mode=0o600)
        self._function = function
        with self._alone():
            self.dispatcher = jit(function)
        self._ready = False
        compiling.expect(function)

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        if self._ready:
            return self.dispatcher(*arguments)
        with self._alone(), compiling.watched(self._function):
            result = self.dispatcher(*arguments)
        self._ready = True
        return result

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock; whoever has to wait for another process says so."""
        try:
            self._lock.acquire(timeout=SAID_SECONDS)
        except Timeout:
            compiling.waiting()
            self._lock.acquire()
        try:
            with _for_us_only():
                yield
        finally:
            self._lock.release()


@contextmanager
def _for_us_only() -> Iterator[None]:
    """Have numba's files made for their owner alone; used under the lock, for the umask is the process's."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


_registered: set[Callable[..., Any]] = set()


def register() -> None:
    """Hand every kernel on the list that is new to the compiler."""
    from research.engine import fetching  # noqa: F401, PLC0415  # imports numba

    write_all()
    for function in KERNELS:
        if function not in _registered:
            _registered.add(function)
            jitable(function)


def jitable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Hand a function to the compiler and return it."""
    from numba.extending import register_jitable  # noqa: PLC0415  # as above

    # Inlined, for most are smaller than a call of theirs; and none is ever called from Python.
    options = {"_nrt": False, "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    result: Callable[..., Any] = register_jitable(**options)(function)
    return result


def cache_folder() -> Path:
    """Return the folder of machine code that belongs to these very sources, made if need be.

    Raises BadInput where others may write it, for what lies there is executed, or where it would lie nowhere.
    """
    try:
        chosen = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("boyd", appauthor=False)
    except RuntimeError:
        raise BadInput(f"this user has no home folder (HOME is not set): set {CACHE_VARIABLE}") from None
    folder = Path(chosen) / "kernels" / digest()[:16]
    try:
        private_folder(folder)
    except OSError as error:
        raise BadInput(
            f"machine code cannot be kept in {chosen}: {error.strerror}; set {CACHE_VARIABLE} to a folder "
            "that can be written"
        ) from None
    require_trusted(folder)
    return folder


def digest() -> str:
    """Return a digest of everything machine code depends on."""
    import numba  # noqa: PLC0415  # as above

    result = _of_sources({*OUTERMOST, *_files(house=True), *_with_kernels()})
    result.update(f"{sys.version}|{numba.__version__}|{platform.machine()}|{_processor()}".encode())
    return str(result.hexdigest())


def _files(*, house: bool) -> set[str]:
    """Return the files of the kernels that are the house's own, or of those that are not."""
    write_all()
    kernels = [each for each in KERNELS if (each.__module__.partition(".")[0] in HOUSE) == house]
    return {file for file in map(inspect.getsourcefile, kernels) if file is not None}


@cache
def _with_kernels() -> frozenset[str]:
    """Return the house's files that hold kernels, imported or not: each command finds the same folder."""
    root = Path(kernel.__file__).parents[1]
    files = (path for room in sorted(HOUSE) for path in (root / room).rglob("*.py"))
    return frozenset(str(path) for path in files if b"@kernel" in path.read_bytes())


def _of_sources(files: set[str]) -> Any:
    result = hashlib.sha256()
    for file in sorted(files):
        # A strategy of a notebook stands in a cell, whose lines Python keeps.
        path = Path(file)
        result.update(path.read_bytes() if path.exists() else "".join(linecache.getlines(file)).encode())
    return result


def _processor() -> str:
    import llvmlite.binding  # noqa: PLC0415  # as above

    return str(llvmlite.binding.get_host_cpu_name())


def loop_of(
    pattern: Callable[..., Any],
    strategy: Strategy[Any],
    kernels: Mapping[str, Callable[..., Any]],
    folder: Path,
    more: str = "",
) -> Callable[..., Any]:
    """Return a loop over candles for one strategy, as a function in a file of its own.

    The kernels, its first arguments, are globals there: passed along they could not be cached on disk. `more`
    is what else its machine code depends on.
    """
    used = [name for name in pattern.__code__.co_names if name in pattern.__globals__]
    names = {name: pattern.__globals__[name] for name in used} | dict(kernels)
    text, known = _loop(pattern, strategy, kernels)
    return written(pattern.__name__, text, known + more, names, folder)


def _loop(pattern: Callable[..., Any], strategy: Strategy[Any], arguments: Iterable[str]) -> tuple[str, str]:
    """Return a loop's source without its first arguments, and what else its machine code depends on."""
    source = inspect.getsource(pattern)
    for argument in arguments:
        source = "\n".join(line for line in source.split("\n") if not line.startswith(f"    {argument}: "))
    known = f"{strategy.step.__module__}.{strategy.name}"
    if strategy.step.__module__.partition(".")[0] not in HOUSE:
        # A user's kernels are no part of the folder's digest: a change compiles this loop alone anew.
        known += str(_of_sources(_files(house=False)).hexdigest())
    return f"from __future__ import annotations\n\n\n{source}", known


def is_made(strategies: Iterable[Strategy[Any]], *, lone: bool = False) -> bool:
    """Tell whether machine code of the rules and of these strategies' loops lies on disk.

    `lone` where `lone_pass` has all the rules that are wanted.
    """
    folder = cache_folder()
    rules = trials_pass.replay_lone_many if lone else trials_pass.replay_many
    wanted = [f"trials_pass.{rules.__name__}", *map(_outermost, strategies)]
    return all(any(folder.rglob(f"{each}-*.nbi")) for each in wanted)


def _outermost(strategy: Strategy[Any]) -> str:
    """Return the name under which machine code of a strategy's loop is kept."""
    name = signals.find_events.__name__
    return f"{_stem(name, *_loop(signals.find_events, strategy, ('step', 'signal')))}.{name}"


def _stem(name: str, text: str, known: str) -> str:
    return f"{name}_{hashlib.sha256(f'{known}|{text}'.encode()).hexdigest()[:12]}"


def written(name: str, text: str, known: str, names: Mapping[str, Any], folder: Path) -> Callable[..., Any]:
    """Return a function of this source, from a file in the folder of machine code, with these globals."""
    path = folder / f"{_stem(name, text, known)}.py"
    if not path.exists():
        write_whole(path, text.encode(), durable=False)
    spec = importlib.util.spec_from_file_location(f"boyd_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # where numba's disk cache will look for it
    spec.loader.exec_module(module)
    module.__dict__.update(names)
    result: Callable[..., Any] = module.__dict__[name]
    return result
