"""pydantic without the search for code of other packages that would be run beside it.

Where its plugins are switched off it looks for none, and yet what would look is imported with the first
model: all that tells of installed packages, of archives and of e-mail, a twentieth of a short command's time.
"""

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

VARIABLE, NONE = "PYDANTIC_DISABLE_PLUGINS", "__all__"
LOADER = "pydantic.plugin._loader"


class _Unplugged(ModuleType):
    """Stands for the module that looks, until anything else of it is asked for."""

    @staticmethod
    def get_plugins() -> tuple[()]:
        """Return what it returns where plugins are switched off."""
        return ()

    def __getattr__(self, name: str) -> Any:
        """Return what the module itself has: it takes its own place."""
        if name.startswith("__"):  # which the import system may ask of any module
            raise AttributeError(name)
        if sys.modules.get(LOADER) is self:
            del sys.modules[LOADER]
        return getattr(import_module(LOADER), name)


def unplug() -> None:
    """Switch plugins of pydantic off, unless the environment says which are wanted; before it is imported."""
    if os.environ.setdefault(VARIABLE, NONE) == NONE:
        sys.modules.setdefault(LOADER, _Unplugged(LOADER))
