"""Texts that nobody is shown: the secrets of the environment and of the settings of a home."""

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from agent.settings.home import Home
from agent.settings.keys import secret_texts
from agent.settings.load import CONFIG_NAME, load
from agent.settings.upkeep import sections
from agent.settings.upkeep.reading import upkeep
from domain.errors import BadInput

SHORTEST = 6
"""Letters of a secret that is looked for: a shorter one would be texts everywhere."""

ENDINGS = ("_KEY", "_SECRET", "_TOKEN", "_PASSWORD", "DB_URL")


def hidden_texts(root: Path) -> list[str]:
    """Return the secrets of the environment, and those of the settings as far as these can be read."""
    environment = [value for name, value in os.environ.items() if name.endswith(ENDINGS)]
    return [each for each in (*environment, *_of_settings(root, _mark(root))) if len(each) >= SHORTEST]


@lru_cache(maxsize=4)
def _of_settings(root: Path, _mark: float) -> tuple[str, ...]:
    texts: list[str] = []
    with suppress(BadInput):
        texts += secret_texts(load({"home": root}))
    with suppress(BadInput):
        beside = upkeep(Home(root))
        texts += sections.secret_texts(beside)
        texts.append(beside.telegram.secret() or "")
    return tuple(texts)


def _mark(root: Path) -> float:
    """Return when the configuration was written last, 0 where there is none."""
    try:
        return (root / CONFIG_NAME).stat().st_mtime
    except OSError:
        return 0.0
