"""Short commands import pydantic without what would look for its plugins, and know what is installed."""

import os
import subprocess
import sys
from importlib import metadata

import pytest

from agent.host.unplugged import LOADER, NONE, VARIABLE
from agent.settings.version import LIBRARIES, installed

LOOK = f"""
import sys
from agent.host.unplugged import unplug
unplug()
import pydantic
class Model(pydantic.BaseModel):
    count: int
assert Model.model_validate({{"count": "3"}}).count == 3
print("importlib.metadata" in sys.modules)
from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP, get_plugins
print(PYDANTIC_ENTRY_POINT_GROUP, [*get_plugins()], sys.modules[{LOADER!r}].__file__ is not None)
"""


@pytest.mark.parametrize("wanted", [None, NONE, "some-plugin"])
def test_what_looks_for_plugins_is_imported_where_they_are_wanted_or_it_is_asked(wanted: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    environment |= {VARIABLE: wanted} if wanted else {}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=True
    )
    looked, asked = done.stdout.splitlines()
    assert looked == str(wanted == "some-plugin")
    assert asked == "pydantic [] True", "whatever else is asked of it comes from the module itself"


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_version_of_a_library_is_the_one_its_metadata_tell(name: str) -> None:
    assert installed(name) == metadata.version(name)


def test_a_library_that_is_not_there_has_no_version() -> None:
    assert installed("no-such-library") == ""
