"""The Telegram bot that agents are asked and steered by."""

import re
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from agent.settings.upkeep.section import Section, secret_of
from domain.errors import BadInput
from perception.settings import BaseUrl

TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
MOST = 50


class TelegramSettings(Section):
    """The Telegram bot: its token, and who may speak with it. Without a token there is none."""

    token: SecretStr | None = Field(default=None, description="the bot's token, as BotFather gives it")
    token_file: Path | None = Field(default=None, description="file that holds the token, in its place")
    chats: tuple[int, ...] = Field(
        default=(), max_length=MOST, description="ids of the chats it listens to; the first is told alerts"
    )
    users: tuple[int, ...] = Field(
        default=(), max_length=MOST, description="ids of the users it obeys, in those chats alone"
    )
    alerts: tuple[int, ...] = Field(
        default=(), max_length=MOST, description="ids of the chats that are told alerts, in place of that"
    )
    base_url: BaseUrl = Field(default="https://api.telegram.org", description="where the Bot API answers")
    poll_seconds: int = Field(default=50, ge=1, le=50, description="how long one question for messages waits")

    @field_validator("token")
    @classmethod
    def _form(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        if not TOKEN.fullmatch(value.get_secret_value().strip()):
            raise ValueError("is no bot's token: a number, a colon, some 35 letters, as BotFather gives it")
        return SecretStr(value.get_secret_value().strip())

    @model_validator(mode="after")
    def _told(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("token and token_file are both set: keep one of them")
        return self

    @property
    def told(self) -> tuple[int, ...]:
        """Return the chats that are told alerts."""
        return self.alerts or self.chats[:1]

    @property
    def tells(self) -> bool:
        """Say whether there is a bot that tells alerts to anybody."""
        return bool((self.token or self.token_file) and self.told)

    def secret(self) -> str | None:
        """Return the token, None where none is set. Raises BadInput for a file that holds none."""
        text = secret_of("telegram.token", self.token, self.token_file)
        if text is not None and not TOKEN.fullmatch(text):
            raise BadInput(f"telegram.token_file: {self.token_file} holds no bot's token")
        return text
