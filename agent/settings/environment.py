"""Settings as people write them in variables: a list parted by commas, files by colons, tables as JSON."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from edge.strict_json import shallow


class Variables(EnvSettingsSource):
    """The environment as a source of settings. What cannot be read is handed on: its field says why."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Return the list or the table that a variable's text stands for."""
        del field_name
        if not isinstance(value, str):
            return value
        if value.lstrip()[:1] in ("[", "{"):
            with suppress(ValueError):
                return json.loads(shallow(value))
        return listed(value, field.annotation)


def listed(text: str, kind: Any) -> Any:
    """Return the parts of a text where `kind` is a list of something, else the text."""
    if get_origin(kind) not in (tuple, list):
        return text
    separator = os.pathsep if Path in get_args(kind) else ","
    return tuple(part.strip() for part in text.split(separator) if part.strip())
