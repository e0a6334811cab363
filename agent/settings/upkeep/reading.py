"""Reading the home's sections from the same file and the same variables as a session's settings."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from agent.settings.environment import Variables
from agent.settings.home import PREFIX, Home
from agent.settings.load import config_path, problem
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from agent.settings.upkeep.sections import Upkeep


class _Given(Upkeep, BaseSettings):
    """The sections as people give them: variables over file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", env_ignore_empty=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read variables over the file, which comes as what this is made with."""
        del env_settings, dotenv_settings, file_secret_settings
        return Variables(settings_cls), init_settings


def upkeep(home: Home, config: Path | None = None) -> Upkeep:
    """Return the home's sections from HOME/config.toml (or `config`) and the environment.

    Raises BadSettings with every problem found, each naming field, value and limit.
    """
    file = config_path({"home": home.root}, config)
    try:
        return Upkeep.model_construct(**dict(_Given(**_sections(file))))
    except ValidationError as error:
        raise BadSettings(problem(each) for each in error.errors()) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings([f"{file}: cannot be read: {error}"]) from None
    except SettingsError as error:
        raise BadSettings([f"environment: {error}"]) from None
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise BadSettings([f"{file or 'environment'}: cannot be read: {why}"]) from None


def _sections(file: Path | None) -> dict[str, Any]:
    """Return what is written beside a session's settings; what is neither is refused with its name."""
    written = {} if file is None else tomllib.loads(file.read_text(encoding="utf-8"))
    return {name: value for name, value in written.items() if name not in Options.model_fields}
