"""The slippage models of a home: a file a version, never changed once it is written.

`slippage/NAME/VERSION.json` holds the SHA-256 of the model's bytes and the model; whoever reads it checks it.
"""

import hashlib
import re
from pathlib import Path

import msgspec

from domain.errors import BadInput
from domain.private import private_folder
from domain.slippage import LARGEST, SlippageModel, decoded, encoded, identity
from edge.files import write_whole

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")

FIT = "fit one with: agent slippage fit"


class KeptSlippage(msgspec.Struct, frozen=True):
    """A model as a file holds it."""

    sha256: str
    model: msgspec.Raw


def checked(name: str) -> str:
    """Return a model's name. Raises BadInput where it is none: it becomes part of a path."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"slippage model {name[:80]!r}: a name is of a-z, 0-9 and '-', 32 at most, a letter first"
        )
    return name


class SlippageModels:
    """The models below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Return the names of the models there are."""
        return sorted(each.name for each in self.folder.glob("*") if _NAME.fullmatch(each.name))

    def versions(self, name: str) -> list[int]:
        """Return the versions of a model, oldest first."""
        stems = (each.stem for each in (self.folder / checked(name)).glob("*.json"))
        return sorted(int(stem) for stem in stems if _NUMBER.fullmatch(stem))

    def next_version(self, name: str) -> int:
        """Return the number of a model's next version."""
        return max(self.versions(name), default=0) + 1

    def keep(self, model: SlippageModel) -> Path:
        """Write a model, whole or not at all. Raises BadInput where it cannot be."""
        path = self.folder / checked(model.name) / f"{model.version}.json"
        text = msgspec.json.encode(KeptSlippage(identity(model), msgspec.Raw(encoded(model)))) + b"\n"
        try:
            private_folder(path.parent)
            if path.exists():
                raise BadInput(f"{path}: is there already; a version is never written again")
            write_whole(path, text, mode=0o600)
        except OSError as error:
            raise BadInput(f"{path}: cannot be written: {error.strerror}") from None
        return path

    def find(self, wanted: str) -> tuple[SlippageModel, Path]:
        """Return the model NAME (its newest version), NAME:VERSION, or of a file, with its path.

        Raises BadInput where there is none, or where it is not the one that was written.
        """
        if wanted.endswith(".json"):
            return _read(Path(wanted)), Path(wanted)
        name, _, number = wanted.partition(":")
        known = self.versions(name)
        if not known:
            there = ", ".join(self.names()) or f"none; {FIT}"
            raise BadInput(f"no slippage model {name!r} in {self.folder}; there are: {there}")
        if number and (not _NUMBER.fullmatch(number) or int(number) not in known):
            listed = ", ".join(map(str, known))
            raise BadInput(f"slippage model {name} has no version {number[:20]!r}; it has {listed}")
        path = self.folder / name / f"{number or known[-1]}.json"
        model = _read(path)
        if (model.name, model.version) != (name, int(path.stem)):
            raise BadInput(f"{path}: is version {model.version} of {model.name}: not used")
        return model, path


def _read(path: Path) -> SlippageModel:
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path}: {path.stat().st_size} bytes, the limit of a model is {LARGEST}")
        kept = msgspec.json.decode(path.read_bytes(), type=KeptSlippage)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise BadInput(f"{path}: is no slippage model: {error}") from None
    text = bytes(kept.model)
    digest = hashlib.sha256(text).hexdigest()
    if digest != kept.sha256:
        raise BadInput(f"{path}: its digest is {digest[:12]}, written was {kept.sha256[:12]}: not used")
    return decoded(text, str(path))
