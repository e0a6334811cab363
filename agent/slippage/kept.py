"""The slippage models of a home, in `slippage/NAME/VERSION.json`."""

from pathlib import Path

from domain.slippage import LARGEST, SlippageModel, decoded, encoded
from edge.versioned import VersionedFiles, VersionedKind, split_version

SLIPPAGES = VersionedKind("slippage model", "fit one with: agent slippage fit", LARGEST, encoded, decoded)


class SlippageModels(VersionedFiles[SlippageModel]):
    """The models below a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SLIPPAGES)

    def find(self, wanted: str) -> tuple[SlippageModel, Path]:
        """Return the model NAME (its newest version), NAME:VERSION, or of a file, with its path.

        Raises BadInput where there is none, or where it is not the one that was written.
        """
        if wanted.endswith(".json"):
            return self.read_file(Path(wanted)), Path(wanted)
        model = self.read(*split_version("slippage model", wanted))
        return model, self._path(model.name, model.version)
