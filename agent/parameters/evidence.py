"""The evidence file: what a study found out about parameters, as `agent params apply` reads it.

Whoever searches for parameters (`agent optimize`, `agent walk-forward`) fills an `EvidenceFile` and
writes it with `write`, to the file of `--evidence-out` and to `study_file` for `--study NAME`. A Sharpe
ratio that cannot be worked out because there was no trade is 0.
"""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from agent.settings.load import problem
from domain.errors import BadInput
from domain.evidence import Evidence
from domain.private import private_folder
from edge.files import write_whole
from edge.strict_json import Unsound, shallow

LARGEST = 1_000_000
"""Bytes; an evidence file is a few hundred."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Parameters = Annotated[dict[Name, bool | int | float | str], Field(min_length=1, max_length=100)]
_STUDY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Present(BaseModel):
    """The parameters in force when a study ran, measured on the same candles."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    parameters: Parameters = Field(description="every parameter of the strategy")
    in_sample_sharpe: float
    out_of_sample_sharpe: float


class EvidenceFile(BaseModel):
    """Evidence for a strategy's parameters, as a study writes it and `agent params apply` reads it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    strategy: Name
    parameters: Parameters = Field(description="every parameter of the strategy, not only those searched")
    data_fingerprint: Annotated[str, StringConstraints(pattern=r"^\S{8,5000}$")] = Field(
        description="fingerprint of the candles, as `agent data list` has it; of several, joined by commas"
    )
    in_sample_sharpe: float
    out_of_sample_sharpe: float
    present: Present
    trials: int = Field(ge=1, description="parameter sets that were tried")
    deflated_sharpe: float | None = Field(None, ge=0, le=1, description="probability that the edge is real")
    pbo: float | None = Field(None, ge=0, le=1, description="probability of backtest overfitting")
    source: str = Field("", max_length=200, description="the study or the walk-forward it comes from")

    def event(self) -> Evidence:
        """Return what the journal keeps of it."""
        return Evidence(
            data_fingerprint=self.data_fingerprint,
            in_sample_sharpe=self.in_sample_sharpe,
            out_of_sample_sharpe=self.out_of_sample_sharpe,
            present=dict(self.present.parameters),
            present_in_sample_sharpe=self.present.in_sample_sharpe,
            present_out_of_sample_sharpe=self.present.out_of_sample_sharpe,
            trials=self.trials,
            deflated_sharpe=self.deflated_sharpe,
            pbo=self.pbo,
            source=self.source,
        )


def read(path: Path) -> EvidenceFile:
    """Read an evidence file. Raises BadInput with every problem, each with field, value and limit."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise BadInput(f"{path}: {size} bytes, the limit of an evidence file is {LARGEST}")
        text = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return EvidenceFile.model_validate_json(shallow(text))
    except ValidationError as error:
        raise BadInput(_problems(str(path), error)) from None
    except Unsound as error:
        raise BadInput(f"{path}: {error}; an evidence file is an object of numbers and texts") from None


OWN = 0o600
"""Mode of a file in the home, whose folder is made; elsewhere none is."""


def checked(value: Any) -> EvidenceFile:
    """Return evidence that came as plain values. Raises BadInput with every problem."""
    try:
        return EvidenceFile.model_validate(value)
    except ValidationError as error:
        raise BadInput(_problems("evidence", error)) from None


def write(path: Path, evidence: EvidenceFile, mode: int = 0o666) -> None:
    """Write an evidence file, whole or not at all; the umask narrows its mode. Raises BadInput."""
    text = evidence.model_dump_json(indent=2) + "\n"
    try:
        if path.exists() and not path.is_file():  # a device or a pipe
            path.write_text(text)
            return
        if mode == OWN:
            private_folder(path.parent)
        write_whole(path, text.encode(), mode=mode, durable=False)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written: {error.strerror}") from None


def study_file(home: Path, study: str) -> Path:
    """Return where the best parameters of a study leave their evidence, for `--study NAME`."""
    if not _STUDY.fullmatch(study):
        raise BadInput(
            f"study {study!r} is no name: letters, digits, dots, dashes and underscores, at most 64"
        )
    return home / "studies" / f"{study}.evidence.json"


def _problems(where: str, error: ValidationError) -> str:
    return "\n".join(f"{where}: {problem(each, secretive=False)}" for each in error.errors())
