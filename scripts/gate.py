"""Writes risk/gate.py, the gate as one kernel a compiler takes, from the table of rules.

A compiler unrolls no loop over functions, so the loop over the table is written out; a test holds the file to
the table. After a change of the table: `python -m scripts.gate`.
"""

from pathlib import Path

from risk.rule import Measures
from risk.table import RULES

WIDTH = 110
TARGET = Path(__file__).resolve().parent.parent / "risk" / "gate.py"
HEAD = '''"""The gate as one kernel, written from `risk.table` by `python -m scripts.gate`."""

from domain.kernel import kernel
from risk.facts import Facts
{imports}


@kernel
def first_denial(facts: Facts) -> int:  # noqa: C901, PLR0911, PLR0912 - a line per rule
    """Return the code of the first rule that denies an entry, 0 when none does."""
{lines}
    return 0
'''


def source() -> str:
    """Return the module as the table has it."""
    measures = [rule.measure for rule in RULES if rule.measure is not None]
    names = [measure.__name__ for measure in measures]
    lines = "\n".join(
        f"    if not {name}(facts).passed:\n        return {code}" for code, name in enumerate(names, 1)
    )
    return HEAD.format(imports="\n".join(_imports(measures)), lines=lines)


def _imports(measures: list[Measures]) -> list[str]:
    """Return the statements that import the kernels, module by module, as the formatter writes them."""
    result = []
    for module in sorted({each.__module__ for each in measures}):
        names = sorted(each.__name__ for each in measures if each.__module__ == module)
        line = f"from {module} import {', '.join(names)}"
        result.append(
            line
            if len(line) <= WIDTH
            else "\n".join([f"from {module} import (", *(f"    {n}," for n in names), ")"])
        )
    return result


def main() -> None:
    """Write the file."""
    TARGET.write_text(source())


if __name__ == "__main__":
    main()
