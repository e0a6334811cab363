"""Loops over candles for one strategy: functions in files of their own, as numba's disk cache wants them."""

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from edge.files import write_whole
from reasoning.kernels.strategy import Strategy
from research.engine import signals, trials_pass
from research.engine.code_cache import HOUSE, cache_folder, files_of, of_sources


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
        known += str(of_sources(files_of(house=False)).hexdigest())
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
