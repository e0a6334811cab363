"""A seat at the council: an adviser with its model, the wire to it and the dialect it is spoken to in."""

from typing import NamedTuple, Protocol

from advice.answer import EnvelopeContent
from advice.question import Prompt, identity
from advice.settings import AdviserSettings, ModelSettings
from domain.ports import Adviser
from edge.strict_json import Json


class ApiDialect(Protocol):
    """The form of an API: a body for a prompt, and what an envelope holds."""

    def body(self, prompt: Prompt, model: ModelSettings) -> str:
        """Return the body of a request."""
        ...

    def content(self, envelope: dict[str, Json]) -> EnvelopeContent:
        """Return what an envelope holds."""
        ...


class Seat(NamedTuple):
    """An adviser ready to be asked."""

    name: str
    adviser: AdviserSettings
    model: ModelSettings
    wire: Adviser
    dialect: ApiDialect

    @property
    def identity(self) -> str:
        """Digest of what makes it what it is."""
        return identity(self.name, self.adviser, self.model)
