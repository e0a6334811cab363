"""The sections of the configuration that are the home's, and no session's."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, SecretStr

from agent.settings.truths import NoTruths
from agent.settings.upkeep.alerts import AlertSettings
from agent.settings.upkeep.backup import BackupSettings
from agent.settings.upkeep.gate import GateSettings
from agent.settings.upkeep.jobs import JobsSettings
from agent.settings.upkeep.retention import RetentionSettings
from agent.settings.upkeep.telegram import TelegramSettings


class Upkeep(NoTruths):
    """The settings of what is done beside the agents; no part of a session, and in no journal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    jobs: JobsSettings = JobsSettings()
    alerts: AlertSettings = AlertSettings()
    telegram: TelegramSettings = TelegramSettings()
    backup: BackupSettings = BackupSettings()
    retention: RetentionSettings = RetentionSettings()
    gate: GateSettings = GateSettings()

    def channel_names(self) -> Iterator[str]:
        """Yield the names of all channels that tell alerts."""
        yield from self.alerts.channel_names()
        if self.telegram.tells:
            yield "telegram"

    def public(self) -> dict[str, Any]:
        """Return the settings as plain JSON values, every secret masked."""
        return self.model_dump(mode="json")


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that an annotation names, alone or in a list, a table or a choice."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for each in get_args(kind):
        yield from models_in(each)


def secret_texts(value: Any) -> Iterator[str]:
    """Yield every secret in a section, however deep it lies: no log may show it."""
    if isinstance(value, SecretStr):
        if text := value.get_secret_value():
            yield text
    elif isinstance(value, BaseModel):
        for _, each in value:
            yield from secret_texts(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from secret_texts(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from secret_texts(each)
