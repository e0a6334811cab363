"""Install the locked packages into the environment this runs in: what `make setup` calls.

uv unpacks side by side what pip unpacks one after the other. It does not read pip's configuration, so
where packages come from is handed over to it; where it cannot go that way, pip does all of it. Nothing
of the project and no library is imported here: there is none yet.
"""

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "dev.lock"
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")
UV = ("pip", "install", "--quiet", "--no-config", "--python")
ITSELF = ("--no-deps", "--no-build-isolation", "--config-settings", "editable_mode=compat")
"""The folder itself is on the path, not a list of its packages as of today: after `git pull` a new one is
found, and `agent flatten` works before anybody says `make setup`."""

LOCKED = ("--no-deps", "--require-hashes", "--requirement")

HANDED_OVER = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}
"""pip's settings of where packages come from, and how uv calls them."""


def block_of(name: str, lock: str) -> str:
    """Return one package's lines of a lock file. Raises LookupError when it is not in it."""
    lines = lock.splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith(f"{name}==")), None)
    if first is None:
        raise LookupError(f"{name} is not in {LOCK.name}")
    last = next((at for at in range(first, len(lines)) if not lines[at].endswith("\\")), len(lines) - 1)
    return "\n".join([*lines[first : last + 1], ""])


def handed_over(pip_config: str) -> dict[str, str]:
    """Return uv's environment for what `pip config list` prints; the environment's word comes last."""
    told = {}
    for line in sorted(pip_config.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        variable = HANDED_OVER.get(key.rpartition(".")[2])
        if variable and value:
            words = str(ast.literal_eval(value)).split()
            told[variable] = ",".join(words) if variable == "UV_FIND_LINKS" else " ".join(words)
    return told


def by_uv(python: Path, environment: Mapping[str, str]) -> bool:
    """Install everything with uv; False when it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        only = Path(folder) / "uv.lock"
        only.write_text(block_of("uv", LOCK.read_text()))
        if subprocess.run([python, *PIP, *LOCKED, only], check=False).returncode:
            return False
    config = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    # Like pip, the best version of all sources: the hashes say which file is meant, not the source.
    sources = {"UV_INDEX_STRATEGY": "unsafe-best-match", **handed_over(config.stdout)}
    words: list[str | Path] = [python.with_name("uv"), *UV, python, *LOCKED, LOCK]
    done = subprocess.run(words, env={**sources, **environment}, check=False)
    return done.returncode == 0


def main(python: Path) -> int:
    """Install the lock file's packages, then the project itself; return an exit code."""
    if not by_uv(python, os.environ):
        sys.stderr.write("uv could not install the packages; going on with pip\n")
        done = subprocess.run([python, *PIP, *LOCKED, LOCK], check=False)
        if done.returncode:
            return done.returncode
    itself: list[str | Path] = [python, *PIP, *ITSELF, "--editable", ROOT]
    return subprocess.run(itself, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.executable)))
