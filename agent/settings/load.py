"""Loading settings from file, environment and flags, with all problems told at once."""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict, SettingsError

from agent.host.shown import shown
from agent.settings import db_url
from agent.settings.given import Settings
from agent.settings.home import AS_OF, PREFIX, PROGRESS, default_home
from agent.settings.nearest import no_such
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from agent.settings.upkeep.sections import Upkeep, models_in
from agent.settings.user_strategies import folder_of, load_folder, refused_files
from domain.complaints import complaint
from domain.errors import BadInput
from reasoning.settings import NO_SUCH_STRATEGY

CONFIG_NAME = "config.toml"
LONGEST = 200
"""Characters of a bad value that are repeated."""

KERNEL_CACHE = "AGENT_KERNEL_CACHE"
"""Read by research.engine.code_cache before there are settings."""


def config_path(flags: Mapping[str, Any], config: Path | None = None) -> Path | None:
    """Return the configuration file in use: the one named, else config.toml in the home if it is there.

    Raises BadSettings when a file was named that does not exist.
    """
    if config is not None:
        if _is_folder(config):
            raise BadSettings(
                [f"--config {config}: that is a folder; name a file in it, such as {CONFIG_NAME}"]
            )
        if not _is_file(config):
            raise BadSettings([f"--config {config}: no such file"])
        return config
    home = Path(flags.get("home") or os.environ.get(f"{PREFIX}HOME") or default_home())
    default = home / CONFIG_NAME
    return default if _is_file(default) else None


def _is_folder(path: Path) -> bool:
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


def _is_file(path: Path) -> bool:
    """Say whether a file is there; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def load(flags: Mapping[str, Any] | None = None, config: Path | None = None) -> Settings:
    """Return the settings from file, environment and `flags` (None means not given).

    Raises BadSettings with every problem found, each naming field, value and limit.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    file = config_path(given, config)
    problems = [f"{name}: {_no_variable(name)}" for name in unknown_variables(os.environ)]
    try:
        given = _with_database(given)
        folder = _own_strategies(given, file)
        broken = load_folder(folder)
    except BadInput as error:
        raise BadSettings([*problems, str(error)]) from None
    try:
        settings = _reading(file)(**given)
    except ValidationError as error:
        # A file that cannot be read may be why a strategy is unknown: then that is told in its place.
        others = [problem(each) for each in error.errors() if not (broken and _refused(each, folder))]
        raise BadSettings(problems + broken + others) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([*problems, f"{file}: not valid TOML: {error}"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings([*problems, f"{file}: cannot be read: {error}"]) from None
    except SettingsError as error:
        raise BadSettings([*problems, f"environment: {error}"]) from None
    except (ValueError, RecursionError) as error:
        raise BadSettings([*problems, f"{file or 'environment'}: cannot be read: {_brief(error)}"]) from None
    problems += _two_paces(given, settings)
    if problems:
        raise BadSettings(problems)
    return settings


def _refused(error: ErrorDetails, folder: Path) -> bool:
    """Say whether a strategy is unknown because its file was refused, which is told already."""
    field = tuple(each for each in error["loc"] if each != "function-after")
    files = refused_files(folder)
    if field[:2] == ("reasoning", "custom"):
        return error["msg"] == NO_SUCH_STRATEGY and field[-1] in files
    named = (f"unknown strategy {name!r};" for name in files)
    return field == ("reasoning", "strategies") and any(each in error["msg"] for each in named)


def _two_paces(given: Mapping[str, Any], settings: Settings) -> list[str]:
    """Say that a pause was asked for by flag where a schedule, of the file perhaps, leaves it without use."""
    if "interval_seconds" not in given or settings.schedule is None:
        return []
    by = f'cycles come by the schedule "{settings.schedule}"; leave one of them out (--schedule "" is none)'
    return [f"interval_seconds = {given['interval_seconds']}: {by}"]


def _own_strategies(given: Mapping[str, Any], file: Path | None) -> Path:
    """Return the folder of the user's strategies: they must be known before settings can name them."""
    named = given.get("strategies_folder") or os.environ.get(f"{PREFIX}STRATEGIES_FOLDER")
    home = given.get("home") or os.environ.get(f"{PREFIX}HOME")
    if file is not None and not (named and home):
        with suppress(OSError, ValueError, RecursionError):  # told when settings are read
            written = tomllib.loads(file.read_text(encoding="utf-8"))
            texts = {name: value for name, value in written.items() if isinstance(value, str)}
            named, home = named or texts.get("strategies_folder"), home or texts.get("home")
    named, home = (each if isinstance(each, str | Path) else None for each in (named, home))
    return folder_of({"strategies_folder": named}, Path(home or default_home()))


def _with_database(given: dict[str, Any]) -> dict[str, Any]:
    """Return flags with the database's URL, wherever it is kept. Raises BadInput."""
    url = db_url.named(given)
    rest = {name: value for name, value in given.items() if name not in ("db_url", "db_url_file")}
    return rest if url is None else rest | {"db_url": url}


def _brief(error: Exception) -> str:
    """Say in a few words why a text cannot be read; a number of ten thousand digits is not repeated."""
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]


def _reading(file: Path | None) -> type[Settings]:
    """Return Settings bound to one file, as pydantic-settings wants it: by a subclass."""
    if file is None:
        return Settings

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    return FromFile


def problem(error: ErrorDetails, *, secretive: bool = True) -> str:
    """Say one validation error as `field = value: what is wrong`; what may be a secret is not shown.

    Models that hold none, unlike the settings, are not `secretive`.
    """
    path = [str(part) for part in error["loc"] if part != "function-after"]
    message = shown(complaint(error))
    if not path:
        return message
    field = shown(".".join(path))[:LONGEST]
    if error["type"] == "extra_forbidden":
        return f"{field}: {no_such(field, Options, Upkeep)}"
    value = error["input"]
    if isinstance(value, dict) or (secretive and not _showable(path, value)):
        return f"{field}: {message}"
    return f"{field} = {shown(str(value))[:LONGEST]}: {message}"


def _showable(path: list[str], value: object) -> bool:
    """Say whether a bad value may be shown: not where a key or a URL is kept, nor a text beside one.

    Such a text may be the key in another field, and a list or a table may hold it.
    """
    field = Options.model_fields.get(path[0]) or Upkeep.model_fields.get(path[0])
    inner = field.annotation if field else None
    if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
        return field is not None and not is_secret(field)
    own = inner.model_fields.get(path[1]) if len(path) > 1 else None
    plain = own is not None and not is_secret(own) and isinstance(value, bool | int | float)
    return plain or not _holds_secret(inner)


def _holds_secret(model: type[BaseModel]) -> bool:
    return any(
        is_secret(each) or name.endswith("url") or any(map(_holds_secret, models_in(each.annotation)))
        for name, each in model.model_fields.items()
    )


def is_secret(field: FieldInfo) -> bool:
    """Say whether a setting is kept secret."""
    return "SecretStr" in str(field.annotation)


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the `AGENT_...` variables that name no setting: most often a slip of the pen."""
    return sorted(
        name
        for name in environment
        if name.startswith(PREFIX)
        and name not in (KERNEL_CACHE, PROGRESS, AS_OF, db_url.FILE_VARIABLE)
        and not any(_known(name[len(PREFIX) :].lower().split("__"), each) for each in (Settings, Upkeep))
    )


def _no_variable(name: str) -> str:
    """Say that a variable names no setting, and which may be meant."""
    return no_such(name[len(PREFIX) :].replace("__", "."), Settings, Upkeep, write=_variable)


def _variable(name: str) -> str:
    return PREFIX + name.upper().replace(".", "__")


def _known(path: list[str], model: type[BaseModel]) -> bool:
    field = model.model_fields.get(path[0])
    if field is None:
        return False
    inner = field.annotation
    if len(path) == 1 or not (isinstance(inner, type) and issubclass(inner, BaseModel)):
        return len(path) == 1 or get_origin(inner) is dict
    return _known(path[1:], inner)
