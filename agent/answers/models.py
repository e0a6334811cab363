"""Answers on trained models: what was trained, what there is, and what the gate says of each."""

from msgspec import Struct

from domain.model import Barriers, EnsembleMember, ModelFigures, Trained


class YearRow(Struct, frozen=True, kw_only=True):
    """A year as it was judged: forecasts, skill, and the mean net results of all entries and those taken."""

    year: int
    forecasts: int
    skill: float
    plain: float
    taken_count: int
    taken: float | None = None


class ModelRow(Struct, frozen=True, kw_only=True):
    """`agent meta list`: a version of the registry, what the gate says, and whether the journal has it.

    `standing` is "" where it is not in force, else "listens" or "promoted". `problem` says why a file is not
    used; nothing else of it is known then.
    """

    name: str
    version: int
    kind: str = ""
    sha256: str = ""
    strategies: list[str] = []
    members: list[EnsembleMember] = []
    timeframe_ms: int = 0
    base: float | None = None
    barriers: Barriers | None = None
    trained: Trained | None = None
    figures: ModelFigures | None = None
    refused: list[str] = []
    standing: str = ""
    problem: str = ""


class TrainedAnswer(Struct, frozen=True, kw_only=True):
    """`agent meta train`: the model as it was kept, year by year, and what it lacks to be promoted."""

    model: ModelRow
    file: str
    years: list[YearRow]
    notes: list[str] = []


class DriftRow(Struct, frozen=True, kw_only=True):
    """`agent meta drift`: a model in force, what has moved since it was trained, and what speaks against it.

    `moved` are inputs with their stability index; below `entries_needed` entries none is told. `behind` is
    how far wins stay behind their chances, an alarm from `behind_limit` on and `outcomes_needed` outcomes.
    """

    name: str
    version: int
    promoted: bool
    entries: int
    entries_needed: int
    outcomes: int
    outcomes_needed: int
    moved: dict[str, float]
    behind: float
    behind_limit: float
    alarms: list[str]
    demoted: bool = False
