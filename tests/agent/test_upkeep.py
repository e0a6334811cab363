"""The home's own sections: in the same file and variables, and no part of a session."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.cli.handlers.config import template
from agent.settings.home import Home
from agent.settings.load import load
from agent.settings.problems import BadSettings
from agent.settings.upkeep.reading import upkeep
from agent.settings.upkeep.section import Section, secret_of
from agent.settings.upkeep.sections import Upkeep, secret_texts
from domain.errors import BadInput

SECTIONS = '[jobs.verify]\non = false\nschedule = "5 * * * *"\nzone = "Europe/Berlin"\n'


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))


def test_the_home_s_sections_are_read_beside_a_session_s_settings(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f"cycles = 3\n{SECTIONS}")
    verify = upkeep(Home(tmp_path)).jobs.verify
    assert (verify.on, verify.schedule, verify.zone) == (False, "5 * * * *", "Europe/Berlin")
    settings = load({})
    assert settings.cycles == 3
    assert not Upkeep.model_fields.keys() & settings.public().keys(), "a session's journal would hold them"


def test_variables_win_over_the_file_field_by_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text(SECTIONS)
    monkeypatch.setenv("AGENT_JOBS__VERIFY__ON", "true")
    verify = upkeep(Home(tmp_path)).jobs.verify
    assert (verify.on, verify.schedule) == (True, "5 * * * *")
    assert load({}).cycles == 0


def test_a_home_without_a_file_has_the_defaults(tmp_path: Path) -> None:
    assert upkeep(Home(tmp_path)) == Upkeep()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[jobs.verify]\nschedule = "61 * * * *"', 'jobs.verify.schedule = 61 * * * *: is no schedule'),
        ('[jobs.verify]\nschedule = "0 0 31 2 *"', "jobs.verify.schedule = 0 0 31 2 *: is no schedule"),
        ('[jobs.verify]\nzone = "Berlin"', "jobs.verify.zone = Berlin: is no time zone such as UTC"),
        ('[jobs.verify]\nzone = "../../etc/passwd"', "is no time zone such as UTC"),
        ("[jobs.verify]\ngrace_minutes = 0", "jobs.verify.grace_minutes = 0: must be at least 1"),
        ("[jobs.verfy]\non = true", "jobs.verfy: no such setting"),
        ("[jbos.verify]\non = true", "jbos: no such setting"),
        ("[jobs.verify]\nshedule = 1", "jobs.verify.shedule: no such setting; did you mean jobs.verify"),
        ("jobs = 3", "jobs = 3: "),
        ("[jobs", "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_them_is_told_with_field_value_and_limit(
    text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(BadSettings) as caught:
        upkeep(Home(tmp_path))
    assert said in str(caught.value)


def test_a_variable_of_theirs_that_is_none_is_told_with_the_one_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGENT_JOBS__VERIFY__SHEDULE", "* * * * *")
    with pytest.raises(BadSettings) as caught:
        load({})
    assert "did you mean AGENT_JOBS__VERIFY__SCHEDULE" in str(caught.value)


def test_the_template_has_every_section_of_the_home() -> None:
    lines = list(template())
    assert [f"[{name}]" for name in Upkeep.model_fields if f"[{name}]" not in lines] == []
    assert "[jobs.verify]" in lines


def test_a_section_s_secret_is_masked_and_known_to_the_log() -> None:
    class Deep(Section):
        token: SecretStr = SecretStr("canary-1")
        hooks: tuple[SecretStr, ...] = (SecretStr("canary-2"),)

    class Outer(Section):
        deep: Deep = Deep()
        named: dict[str, Deep]

    outer = Outer(named={"x": Deep(token=SecretStr("canary-3"), hooks=())})
    assert "canary" not in str(outer.model_dump(mode="json"))
    assert set(secret_texts(outer)) == {"canary-1", "canary-2", "canary-3"}


def test_a_secret_may_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("canary-4\n")
    file.chmod(0o600)
    assert secret_of("telegram.token", None, file) == "canary-4"
    assert secret_of("telegram.token", SecretStr("canary-5"), None) == "canary-5"
    assert secret_of("telegram.token", None, None) is None
    with pytest.raises(BadInput, match=r"telegram\.token and telegram\.token_file are both set"):
        secret_of("telegram.token", SecretStr("canary-5"), file)
    file.chmod(0o644)
    with pytest.raises(BadInput, match=r"telegram\.token_file: .* others can read it"):
        secret_of("telegram.token", None, file)
