"""The work of `agent config ...`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from tomlkit.items import Item

from agent.cli.handlers.targets import writable
from agent.cli.options import home_of
from agent.cli.output.streams import say, say_json, say_lines
from agent.settings.home import PREFIX, Home
from agent.settings.keys import EXCHANGE_KEY, EXCHANGE_SECRET, KEY_VARIABLE
from agent.settings.load import CONFIG_NAME, config_path, is_secret, load
from agent.settings.settings import Options
from agent.settings.upkeep.reading import upkeep
from agent.settings.upkeep.sections import Upkeep, models_in
from domain.errors import BadInput
from domain.private import private_folder

NOT_IN_FILE = ("home", "db_url")
"""Where the file lies cannot be said in the file, and a URL with a password should not."""


def show_config(config: Path | None, home: Path | None, *, json: bool) -> None:
    """Print the settings in force."""
    settings = load({"home": home}, config)
    file = config_path({"home": home}, config)
    beside = upkeep(Home(settings.home), file)
    if json:
        say_json(settings.public() | beside.public())
        return
    say(f"# file: {file or 'none'}; then {PREFIX}... variables; then flags")
    say_lines(f"# warning: {each}" for each in settings.pairlist.without_effect(len(settings.symbols)))
    secrets = {
        "alpha_vantage.api_key": (settings.alpha_vantage.api_key, KEY_VARIABLE),
        "exchange.api_key": (settings.exchange.api_key, EXCHANGE_KEY),
        "exchange.api_secret": (settings.exchange.api_secret, EXCHANGE_SECRET),
        "db_url": (settings.db_url, f"{PREFIX}DB_URL"),
    }
    for name, (secret, variable) in secrets.items():
        say(f"# {name}: {'set' if secret else f'not set ({variable})'}")
    for name, value in _flat("", settings.public() | beside.public()):
        say(f"{name} = {toml(value)}")


def _flat(prefix: str, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value


def toml(value: Any) -> str:
    """Write a JSON value as TOML on one line, whatever is in its texts and names."""
    return "(none)" if value is None else _item(value).as_string()


def _item(value: Any) -> Item:
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update({name: _item(each) for name, each in value.items() if each is not None})
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        array.extend(_item(each) for each in value)
        return array
    item: Item = tomlkit.item(value)
    return item


def init_config(home: Path | None, out: Path | None, *, force: bool) -> None:
    """Write a commented configuration file, readable by its owner alone; print it where `out` is "-"."""
    if out == Path("-"):
        say_lines(template())
        return
    target = out or home_of(home).root / CONFIG_NAME
    if target.exists() and not force:
        raise BadInput(f"{target} exists already; --force writes over it")
    if out is not None:
        writable("--out", out)
    try:
        private_folder(target.parent)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(template()) + "\n")
    except OSError as error:
        raise BadInput(f"{target}: cannot be written: {error.strerror}") from None
    say(f"written to {target}: every setting, commented out at its default")


def template() -> Iterator[str]:
    """Yield the lines of a configuration file with every setting at its default, commented out."""
    yield "# Boyd's configuration. Uncomment what you change; `agent config show` tells what is in force."
    yield f"# Variables win over this file ({PREFIX}RISK__MAX_POSITIONS=2), flags win over both."
    yield f"# The Alpha Vantage key belongs into {KEY_VARIABLE}."
    sections: list[tuple[str, type[BaseModel]]] = []
    for name, field in Options.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            sections.append((name, field.annotation))
        elif name == "instruments":
            continue
        elif name not in NOT_IN_FILE:
            yield from _setting(name, field)
    for name, model in sections:
        yield from _section(name, model)
    yield ""
    yield "#[instruments.BTC-USDT]"
    yield '#tick_size = "0.01"'
    yield '#step_size = "0.00001"'
    yield ""
    yield "# What is done beside the agents, by `agent serve`: the home's settings, and no session's."
    for name, field in Upkeep.model_fields.items():
        for model in models_in(field.annotation):
            yield from _section(name, model)


def _section(name: str, model: type[BaseModel]) -> Iterator[str]:
    yield ""
    yield f"[{name}]"
    inner: list[tuple[str, type[BaseModel]]] = []
    for key, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            inner.append((f"{name}.{key}", field.annotation))
        elif not is_secret(field):
            yield from _setting(key, field)
    for key, part in inner:
        yield from _section(key, part)


def _setting(name: str, field: FieldInfo) -> Iterator[str]:
    if field.description:
        yield f"# {field.description}"
    default = field.get_default(call_default_factory=True)
    plain = _plain(default)
    yield f"# {name} = {toml(plain)}" if plain is not None else f"# {name} ="


def _plain(value: Any) -> Any:
    """Return a default as JSON would have it."""
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
