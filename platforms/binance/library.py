"""python-binance without what nobody here uses of it, so that an emergency stop is not late.

Its package imports an asynchronous client, streams, a parser of dates, keys of every kind: half a second of
processor before the first request. The modules named here are imported when something of theirs is first
asked for.
"""

import importlib
import sys
import threading
from importlib.util import find_spec, module_from_spec
from typing import Any

SELDOM = (
    "binance", "dateparser", "Crypto.PublicKey.RSA", "Crypto.PublicKey.ECC", "Crypto.Hash.SHA256",
    "Crypto.Signature.pkcs1_15", "Crypto.Signature.eddsa",
)  # fmt: skip

_loading = threading.RLock()


def defer(name: str) -> None:
    """Put a module into the list of those imported without running it; its first use runs it."""
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    module, loader = module_from_spec(spec), spec.loader

    def load(wanted: str) -> Any:
        if wanted.startswith("__"):  # asked by the import system and by whoever looks at all modules
            raise AttributeError(f"module {name!r} has no attribute {wanted!r}")
        with _loading:
            if vars(module).pop("__getattr__", None) is not None:
                loader.exec_module(module)
        return getattr(module, wanted)

    module.__getattr__ = load  # type: ignore[method-assign]
    sys.modules[name] = module


def client() -> Any:
    """Return the library's client. Raises ModuleNotFoundError where the extra is not installed."""
    for name in SELDOM:
        defer(name)
    return importlib.import_module("binance.client").Client
