"""A strategy of one's own that goes wrong in the way its parameters ask for, at its 30th candle."""

import sys
from pathlib import Path

from agent.settings.user_strategies import LOADED, load_file
from reasoning.own import OwnStrategy
from reasoning.strategies.registry import STRATEGIES

TEXT = """
from typing import NamedTuple
from pydantic import Field
from domain.decision import Signal
from domain.kernel import kernel
from reasoning.kernels.strategy import Strategy, StrategyParams

class Packed(NamedTuple):
    kind: int
    when: int

class Params(StrategyParams):
    kind: int = 0
    when: int = 30
    def packed(self) -> Packed:
        return Packed(self.kind, self.when)

@kernel
def size(packed):
    return 4

@kernel
def warmup(packed):
    return 1

@kernel
def deeper(memory, place, value):
    memory[place] = value

@kernel
def step(memory, packed, opened, high, low, close, volume):
    seen = int(memory[0]) + 1
    memory[0] = seen
    due = seen == packed[1]
    if due and packed[0] == 1:
        memory[4] = 1.0  # beyond
    if due and packed[0] == 2:
        memory[1] = memory[-1]  # below
    if due and packed[0] == 3:
        deeper(memory, 1000, 1.0)  # in a kernel called
    if due and packed[0] == 4:
        memory[1] = close / (high - high)  # by zero
    if due and packed[0] == 5:
        memory[1] = seen % (packed[0] - 5)  # modulo zero
    if due and packed[0] == 6:
        return 7
    if seen % 5 == 0 or due:
        return 1 - 2 * (seen % 2)
    return 0

@kernel
def signal(memory, packed, vote, close, features):
    due = int(memory[0]) == packed[1]
    confidence = 80.0
    stop_ppm = 30000.0
    stop = 0.0
    if due and packed[0] == 7:
        confidence = 1e308 * 10 - 1e308 * 10
    if due and packed[0] == 8:
        confidence = 100.5
    if due and packed[0] == 9:
        stop_ppm = 1000000.0
    if due and packed[0] == 10:
        stop = 1.5
    if due and packed[0] == 11:
        confidence = -1.0
    return Signal(vote, confidence, 80.0, 0.0, 0.0, 0.0, stop_ppm, stop, 0)

def explain(memory, packed, signal):
    return str(1 / (int(memory[0]) - packed.when)) if packed.kind == 12 else "faulty speaks"

kernels = {"size": size, "warmup": warmup, "step": step, "signal": signal}
STRATEGY = Strategy(name="NAME", params=Params, explain=explain, **kernels)
"""

WORDS = {
    1: "memory index 4, size 4",
    2: "memory index -1, size 4",
    3: "memory index 1000, size 4",
    4: "ZeroDivisionError: float division by zero",
    5: "ZeroDivisionError: integer modulo by zero",
    6: "vote 7 is none of -1, 0, 1",
    7: "confidence nan is no finite number",
    8: "confidence 100.5 is not from 0 to 100",
    9: "stop_ppm 1000000.0 is no whole number from 0 to 999999",
    10: "stop 1.5 is no whole number of ticks",
    11: "confidence -1.0 is not from 0 to 100",
}
LINES = {1: "# beyond", 2: "# below", 3: "memory[place]", 4: "# by zero", 5: "# modulo zero"}


def written(folder: Path, name: str = "faulty") -> Path:
    """Write the file into a folder that nobody else may write."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(TEXT.replace("NAME", name))
    path.chmod(0o600)
    return path


def loaded(folder: Path, name: str = "faulty") -> OwnStrategy[tuple[int, int]]:
    """Write and load it, in the place of one loaded before, be it by a test of another file."""
    LOADED.pop(name, None)
    STRATEGIES.pop(name, None)
    sys.modules.pop(name, None)
    sys.path[:] = [each for each in sys.path if not Path(each, f"{name}.py").exists()]
    found = load_file(written(folder, name))
    assert isinstance(found, OwnStrategy)
    return found


def line_of(kind: int) -> int | None:
    """Return the line at which a kind of fault happens, None where it is not one line."""
    mark = LINES.get(kind)
    lines = TEXT.splitlines()
    return next((number for number, line in enumerate(lines, 1) if mark and mark in line), None)
