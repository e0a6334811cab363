"""Strategies of the user's own: one Python file each, in a folder the settings name.

A file `NAME.py` defines one strategy at its top level, named like the file: a class of `Declared`
(reasoning.declare), or a `Strategy` (reasoning.kernels) with kernels of its own. It is imported as it is:
only put files there that you trust. What others may write is not executed.
"""

import importlib.util
import os
import stat
import sys
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from domain.errors import BadInput
from domain.kernel import KERNELS, write_all
from reasoning.declare import Declared, Undeclarable
from reasoning.kernels.strategy import Strategy, StrategyParams
from reasoning.own import RAISES, OwnStrategy, StandIn
from reasoning.strategies.registry import BUILT_IN, STRATEGIES, register
from reasoning.vote import SENTIMENT
from research.engine.trusted import require_trusted_folder

FOLDER = "strategies"
KERNEL_FIELDS = ("size", "warmup", "step", "signal", "explain")
LOADED: dict[str, tuple[Path, int]] = {}
"""File of each strategy that is not built in, by its name, and when the file was changed."""


def load_folder(folder: Path) -> list[str]:
    """Register every strategy of a folder that is new or changed; return what is wrong with the others.

    Nothing of a folder is executed when others may write any of it: one file can import the next.
    """
    problems = []
    try:
        require_trusted_folder(folder)
    except BadInput as error:
        return [str(error)]
    for path in _files(folder):
        try:
            _load(path)
        except BadInput as error:
            problems.append(str(error))
    return problems


def refused_files(folder: Path) -> dict[str, Path]:
    """Return the files of a folder whose strategies are not registered, by the name each would have."""
    try:
        named = {_name(path): path for path in _files(folder)}
        return {name: path for name, path in named.items() if LOADED.get(name, ("",))[0] != path.resolve()}
    except OSError:
        return {}


def passed_over(names: Iterable[str], folder: Path) -> list[str]:
    """Return a line for each built-in strategy in use whose name a file of the folder has as well."""
    files = refused_files(folder)
    return [
        f"{files[name]} is not run: {name} is the built-in strategy; choose another name for yours"
        for name in names
        if name in BUILT_IN and name in files
    ]


def _files(folder: Path) -> list[Path]:
    """Return what may be a strategy; hidden files are an editor's, such as its lock on a file it has open."""
    return (
        sorted(each for each in folder.glob("*.py") if not each.name.startswith("."))
        if folder.is_dir()
        else []
    )


def _name(path: Path) -> str:
    return path.stem.replace("_", "-")


def load_file(path: Path) -> Strategy[Any]:
    """Import one file and register its strategy.

    Raises BadInput naming file, line and what is missing, or who else may write what would be executed.
    """
    require_trusted_folder(path.parent)
    return _load(path)


def _load(path: Path) -> Strategy[Any]:
    name, given = _name(path), path
    try:
        path = path.resolve()
        status = path.stat()
    except (OSError, RuntimeError) as error:
        raise BadInput(f"{given}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not stat.S_ISREG(status.st_mode):
        raise BadInput(f"{given}: not a file; a strategy is one")
    changed = status.st_mtime_ns
    if LOADED.get(name) == (path, changed) and not isinstance(STRATEGIES[name], StandIn):
        return STRATEGIES[name]
    if not path.stem.isidentifier() or _taken(path.stem, path):
        raise BadInput(f"{path}: {path.stem!r} cannot be its name: not an identifier, or another module's")
    write_all()  # what is on the list behind this mark is of the file
    marked = len(KERNELS)
    module = _import(path)
    results = _defined(module)
    fault = _undecided(module) if not results else _fault(results, name)
    if fault is not None:
        del KERNELS[marked:], sys.modules[path.stem]
        raise BadInput(f"{path}: {fault}")
    own = OwnStrategy.of(results[0], path)
    register(own, replace=name in LOADED or isinstance(STRATEGIES.get(name), StandIn))
    LOADED[name] = path, changed
    return own


def _defined(module: Any) -> list[Strategy[Any]]:
    """Return the strategies of a module: those it holds, and those of the classes it declares."""
    held = [each for each in vars(module).values() if isinstance(each, Strategy)]
    classes = [
        each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Declared)
    ]
    own = [
        each.strategy for each in classes if each.__module__ == module.__name__ and hasattr(each, "decide")
    ]
    return [*held, *(each for each in own if not any(each is other for other in held))]


def given(declared: Any) -> str:
    """Register a strategy that is declared in Python, such as in a cell of a notebook; return its name.

    Defined anew it takes the place of the one before. Raises BadInput where its name is built in, and for
    what declares none.
    """
    if not isinstance(declared, type) or not hasattr(declared, "strategy"):
        shown = declared.__name__ if isinstance(declared, type) else type(declared).__name__
        raise BadInput(f"{shown} is no strategy; name one, or give a class of Declared with a decide")
    strategy = declared.strategy
    register(OwnStrategy.of(strategy, Path(strategy.step.__code__.co_filename)), replace=True)
    return str(strategy.name)


def stand_in(names: Iterable[str], folder: Path) -> None:
    """Have voices that abstain stand for these; their files are loaded when they are wanted."""
    for name in names:
        LOADED.pop(name, None)
        path = folder / f"{name.replace('-', '_')}.py"
        with suppress(OSError):
            LOADED[name] = path.resolve(), path.stat().st_mtime_ns
        STRATEGIES[name] = StandIn.of(name)


def _undecided(module: Any) -> str:
    """Say why a file has no strategy."""
    classes = [
        name
        for name, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, Declared) and each.__module__ == module.__name__
    ]
    if classes:
        return f"class {classes[0]} decides nothing; give it def decide(self, now, last):"
    return "defines 0 strategies at its top level; one class of Declared, or one Strategy(...), is needed"


def _fault(results: list[Strategy[Any]], name: str) -> str | None:
    if len(results) != 1:
        wanted = "one class of Declared, or one Strategy(...), is needed"
        return f"defines {len(results)} strategies at its top level; {wanted}"
    if results[0].name != name:
        return f"its strategy is named {results[0].name!r}; by the file's name it must be {name!r}"
    if name in BUILT_IN or name == SENTIMENT:
        return f"strategy {name!r} is built in; choose another name"
    wrong = [each for each in KERNEL_FIELDS if not callable(getattr(results[0], each))]
    if wrong:
        return f"{', '.join(wrong)} of its strategy cannot be called"
    params: Any = results[0].params
    if not isinstance(params, type) or not issubclass(params, StrategyParams):
        return "params of its strategy is no class of StrategyParams"
    return None


def _taken(stem: str, path: Path) -> bool:
    """Tell whether a name belongs to another module, loaded or to be found."""
    spec = getattr(sys.modules.get(stem), "__spec__", None) or importlib.util.find_spec(stem)
    return spec is not None and Path(spec.origin or "").resolve() != path and stem not in _stems()


def _stems() -> set[str]:
    return {path.stem for path, _ in LOADED.values()}


def _import(path: Path) -> Any:
    folder = str(path.parent)
    if folder not in sys.path:
        # Behind everything else; and worker processes find the file by the same way. None of them leaves
        # bytecode beside it, which would be executed in the file's place.
        sys.path.append(folder)
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), folder)))
    spec = importlib.util.spec_from_file_location(path.stem, path, loader=_Source(path.stem, str(path)))
    if spec is None or spec.loader is None:
        raise BadInput(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Undeclarable as error:
        del sys.modules[path.stem]
        where = f"line {error.line}: " if error.line else _where(error, path)
        raise BadInput(f"{path}: {where}{error.what}") from None
    except RAISES as error:  # whatever a user's file does, one line says where
        del sys.modules[path.stem]
        raise BadInput(f"{path}: {_where(error, path)}{_what(error)}") from None
    return module


class _Source(SourceFileLoader):
    """Executes what is in the file, whatever bytecode lies beside it."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled source."""
        source = self.get_data(self.get_filename(fullname))
        if b"\0" in source:  # the parser's own complaint names no line
            line = source.count(b"\n", 0, source.index(b"\0")) + 1
            raise SyntaxError(
                "a NUL byte: this is no text in UTF-8; save it as such", (self.path, line, 1, None)
            )
        code: CodeType = self.source_to_code(source, self.path)
        return code


def _where(error: BaseException, path: Path) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: " if error.lineno else ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f"line {lines[-1]}: " if lines else ""


def _what(error: BaseException) -> str:
    """Say what was raised; where is said before, and a parser that gave up says nothing."""
    if isinstance(error, RecursionError | MemoryError):
        return f"{type(error).__name__}: it is nested too deeply, or too large; write it in several lines"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def folder_of(settings: Mapping[str, Any], home: Path) -> Path:
    """Return the folder that settings name, else the one in the home."""
    named = settings.get("strategies_folder")
    return Path(named).expanduser() if named else home / FOLDER


def folder_in_use(home: Path) -> Path:
    """Return the folder where no settings have been read yet."""
    return folder_of({"strategies_folder": os.environ.get("AGENT_STRATEGIES_FOLDER")}, home)
