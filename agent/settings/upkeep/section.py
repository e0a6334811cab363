"""The base of the sections, and secrets that may lie in files."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr

from agent.host.secret_file import read_secret
from domain.errors import BadInput


class Section(BaseModel):
    """A section of the file, or a part of one: immutable, and a name that is none is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def secret_of(name: str, secret: SecretStr | None, file: Path | None) -> str | None:
    """Return a secret, or what is in the file that `name_file` points to; None where neither is set.

    Raises BadInput where both are, and for a file that cannot be read or that others can read.
    """
    if file is None:
        return secret.get_secret_value() if secret is not None else None
    if secret is not None:
        raise BadInput(f"{name} and {name}_file are both set: keep one of them")
    return read_secret(f"{name}_file", file)
