"""The code for one kill: used once, three tries over all programs, a short life by a clock that is given."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.mcp.codes import LASTS, KillCodes
from agent.settings.home import Home
from domain.errors import BadInput
from tests.perception.manual_clock import ManualClock

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
ACCOUNT = "paper-BTC"


def codes(folder: Path, after: timedelta = timedelta()) -> KillCodes:
    return KillCodes(Home(folder), ManualClock(NOON + after))


def test_a_code_stands_for_one_account_and_is_used_once_however_it_is_typed(tmp_path: Path) -> None:
    code = codes(tmp_path).make(ACCOUNT)
    kept = tmp_path / "kill-code.json"
    assert code.replace("-", "") not in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    assert codes(tmp_path).use(f" {code.lower().replace('-', ' ')}") == ACCOUNT
    with pytest.raises(BadInput, match="none that holds"):
        codes(tmp_path).use(code)


def test_three_wrong_tries_void_it_whichever_program_is_asked(tmp_path: Path) -> None:
    code = codes(tmp_path).make(ACCOUNT)
    for left in ("2 tries are left", "1 tries are left", "no try is left"):
        with pytest.raises(BadInput, match=left):
            codes(tmp_path).use("2222-2222")
    with pytest.raises(BadInput, match="none that holds"):
        codes(tmp_path).use(code)


def test_the_last_try_may_be_the_right_one(tmp_path: Path) -> None:
    code = codes(tmp_path).make(ACCOUNT)
    for wrong in ("", "\udc80\udc80"):
        with pytest.raises(BadInput, match="wrong"):
            codes(tmp_path).use(wrong)
    assert codes(tmp_path).use(code) == ACCOUNT


@pytest.mark.parametrize("after", [LASTS, timedelta(days=1), -timedelta(seconds=1)])
def test_it_holds_for_minutes_and_not_for_a_clock_that_was_set_back(tmp_path: Path, after: timedelta) -> None:
    code = codes(tmp_path).make(ACCOUNT)
    with pytest.raises(BadInput, match="none that holds"):
        codes(tmp_path, after).use(code)
    assert codes(tmp_path, LASTS - timedelta(seconds=1)).use(code) == ACCOUNT


def test_a_new_code_voids_the_one_before(tmp_path: Path) -> None:
    former, code = codes(tmp_path).make(ACCOUNT), codes(tmp_path).make("other")
    with pytest.raises(BadInput, match="wrong"):
        codes(tmp_path).use(former)
    assert codes(tmp_path).use(code) == "other"


def test_a_try_that_cannot_be_counted_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = codes(tmp_path).make(ACCOUNT)

    def full(*_given: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agent.mcp.codes.write_whole", full)
    with pytest.raises(OSError, match="No space"):
        codes(tmp_path).use(code)


@pytest.mark.parametrize("text", ["", "{", '{"journal": 1}', "null"])
def test_a_file_that_is_damaged_holds_no_code(tmp_path: Path, text: str) -> None:
    codes(tmp_path).make(ACCOUNT)
    (tmp_path / "kill-code.json").write_text(text)
    with pytest.raises(BadInput, match="none that holds"):
        codes(tmp_path).use("2222-2222")
