"""The settings as people give them: flags over environment over file, each checked as it is read."""

import os
from typing import Any, Self

from pydantic import model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from agent.settings import cadence
from agent.settings.environment import Variables
from agent.settings.home import PREFIX
from agent.settings.instruments import instrument
from agent.settings.keys import EXCHANGE_KEY, EXCHANGE_SECRET, KEY_VARIABLE, exchange_keys
from agent.settings.schedule import Schedule
from agent.settings.settings import Options
from domain.errors import BadInput
from domain.symbols import QUOTES


class _Written(TomlConfigSettingsSource):
    """The file without the sections that are the home's."""

    def __call__(self) -> dict[str, Any]:
        from agent.settings.upkeep.sections import Upkeep  # noqa: PLC0415  # who reads a journal needs none

        return {name: value for name, value in super().__call__().items() if name not in Upkeep.model_fields}


class Settings(Options, BaseSettings):
    """The options as people give them: flags over environment over file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", env_ignore_empty=True
    )

    @model_validator(mode="after")
    def _spelling(self) -> Self:
        """Refuse a quote with the letters of a known one in another order: it would get an account."""
        for symbol in self.symbols if not self.driven else ():
            quote = symbol.partition("-")[2]
            meant = [each for each in QUOTES if each != quote and sorted(each) == sorted(quote)]
            if quote and quote not in QUOTES and meant and symbol not in self.instruments:
                raise ValueError(
                    f"{symbol}: {quote} is no known quote, {meant[0]} is; "
                    f"for a new one add [instruments.{symbol}]"
                )
        return self

    @model_validator(mode="after")
    def _cadence(self) -> Self:
        """Refuse a schedule that leaves candles out: those between two cycles are all to be seen."""
        if self.schedule is not None:
            schedule = Schedule(self.schedule, self.schedule_zone)
            try:
                traded = [instrument(each, self.instruments) for each in self.symbols]
            except BadInput as error:
                raise ValueError(str(error)) from None
            cadence.check(schedule, traded, self.timeframe, self.perception.warmup_candles)
        return self

    @model_validator(mode="after")
    def _key(self) -> Self:
        if self.remote and not (self.exchange.api_key and self.exchange.api_secret):
            raise ValueError(f"mode {self.mode} needs a key: set {EXCHANGE_KEY} and {EXCHANGE_SECRET}")
        if self.provider == "alpha_vantage" and self.alpha_vantage.api_key is None:
            raise ValueError(f"provider alpha_vantage needs a key: set {KEY_VARIABLE}")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read flags over environment over file; the key's own variable comes last."""
        del env_settings, dotenv_settings, file_secret_settings
        key = os.environ.get(KEY_VARIABLE)
        secret: dict[str, Any] = {"alpha_vantage": {"api_key": key}} if key else {}
        if exchange_keys():
            secret["exchange"] = exchange_keys()
        file = _Written(settings_cls)
        known = InitSettingsSource(settings_cls, init_kwargs=secret)
        return init_settings, Variables(settings_cls), file, known
