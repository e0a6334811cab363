"""The registry: every trained model of a home, a file a version, never changed once it is written.

`models/NAME/VERSION.json` holds the SHA-256 of the model's bytes and the model. Whoever reads it checks the
digest and every arrow of its arrays, so what was damaged or edited is used by nobody.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from domain.errors import BadInput
from domain.model import LARGEST, Model, decoded, encoded, identity
from domain.private import private_folder
from edge.files import write_whole

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class KeptModel(msgspec.Struct, frozen=True):
    """A model as a file holds it."""

    sha256: str
    model: msgspec.Raw


def checked(name: str) -> str:
    """Return a model's name. Raises BadInput where it is none: it becomes part of a path."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"model {name[:80]!r}: a name is of a-z, 0-9 and '-', 32 at most, a letter first")
    return name


def model_named(option: str, text: str) -> tuple[str, int | None]:
    """Return name and version of NAME or NAME:VERSION. Raises BadInput for a version that is no number."""
    name, colon, version = text.partition(":")
    if not colon:
        return name, None
    if not (version.isascii() and version.isdigit()):
        raise BadInput(f"{option} {text!r}: a version is a number, as in meta:2")
    return name, int(version)


class Registry:
    """The models below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Return the names of the models there are."""
        return sorted(each.name for each in self.folder.glob("*") if _NAME.fullmatch(each.name))

    def versions(self, name: str) -> list[int]:
        """Return the versions of a model, oldest first."""
        stems = (each.stem for each in (self.folder / checked(name)).glob("*.json"))
        return sorted(int(stem) for stem in stems if re.fullmatch(r"[1-9][0-9]{0,8}", stem))

    def trials(self) -> int:
        """Return how many models were trained here: each was a try, and is counted against the next."""
        return sum(len(self.versions(name)) for name in self.names())

    def keep(self, model: Model) -> Path:
        """Write a model, whole or not at all. Raises BadInput where its version is there or it cannot be."""
        path = self.folder / checked(model.name) / f"{model.version}.json"
        text = msgspec.json.encode(KeptModel(identity(model), msgspec.Raw(encoded(model)))) + b"\n"
        try:
            private_folder(path.parent)
            if path.exists():
                raise BadInput(f"{path}: is there already; a version is never written again")
            write_whole(path, text, mode=0o600)
        except OSError as error:
            raise BadInput(f"{path}: cannot be written: {error.strerror}") from None
        return path

    def read(self, name: str, version: int | None = None) -> Model:
        """Return a model, its newest version unless told otherwise.

        Raises BadInput where there is none, or where it is not the one that was written.
        """
        known = self.versions(name)
        if not known:
            there = ", ".join(self.names()) or "none; train one with: agent meta train"
            raise BadInput(f"no model {name!r} in {self.folder}; there are: {there}")
        chosen = known[-1] if version is None else version
        if chosen not in known:
            raise BadInput(f"model {name} has no version {chosen}; it has {', '.join(map(str, known))}")
        return _read(self.folder / name / f"{chosen}.json", name, chosen)

    def all(self) -> Iterator[Model | BadInput]:
        """Yield every model, or what is wrong with it."""
        for name in self.names():
            for version in self.versions(name):
                try:
                    yield self.read(name, version)
                except BadInput as wrong:
                    yield wrong


def _read(path: Path, name: str, version: int) -> Model:
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path}: {path.stat().st_size} bytes, the limit of a model is {LARGEST}")
        kept = msgspec.json.decode(path.read_bytes(), type=KeptModel)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise BadInput(f"{path}: is no model: {error}") from None
    text = bytes(kept.model)
    digest = hashlib.sha256(text).hexdigest()
    if digest != kept.sha256:
        raise BadInput(f"{path}: its digest is {digest[:12]}, written was {kept.sha256[:12]}: not used")
    model = decoded(text, str(path))
    if (model.name, model.version) != (name, version):
        raise BadInput(f"{path}: is version {model.version} of {model.name}: not used")
    return model
