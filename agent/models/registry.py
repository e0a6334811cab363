"""The registry: every trained model of a home, in `models/NAME/VERSION.json`; each was a try, and counts."""

from collections.abc import Iterator
from pathlib import Path

from domain.errors import BadInput
from domain.model import LARGEST, Model, decoded, encoded
from edge.versioned import VersionedFiles, VersionedKind

MODELS = VersionedKind("model", "train one with: agent meta train", LARGEST, encoded, decoded)


class Registry(VersionedFiles[Model]):
    """The models below a folder; whoever reads one checks every arrow of its arrays."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, MODELS)

    def trials(self) -> int:
        """Return how many models were trained here: each was a try, and is counted against the next."""
        return sum(len(self.versions(name)) for name in self.names())

    def all(self) -> Iterator[Model | BadInput]:
        """Yield every model, or what is wrong with it."""
        for name in self.names():
            for version in self.versions(name):
                try:
                    yield self.read(name, version)
                except BadInput as wrong:
                    yield wrong
