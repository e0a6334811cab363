"""Heavy libraries are imported at the first request, not before."""

import subprocess
import sys

from tests.shared import ROOT

HEAVY = ("pandas", "alpha_vantage", "aiohttp", "requests", "tenacity", "filelock", "numpy")


def imported_by(module: str, names: tuple[str, ...]) -> list[str]:
    code = f"import sys, {module}; print(*[name for name in {names!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_building_the_network_providers_imports_nothing_heavy() -> None:
    assert imported_by("perception.build", HEAVY) == []


def test_settings_cost_pydantic_and_nothing_else() -> None:
    assert imported_by("perception.settings", (*HEAVY, "pybreaker", "cachetools", "domain.ports")) == []
