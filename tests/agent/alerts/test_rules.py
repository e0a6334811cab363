"""The rules: whose they are, when they send, and what is wrong with those that are none."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alerts.channel import AlertKind, Severity
from agent.alerts.configured import rules_of
from agent.alerts.rules import Quiet
from agent.alerts.text import text
from agent.host.clock import SystemClock
from agent.serve.alerting.channels import Configured
from agent.settings.home import Home
from agent.settings.problems import BadSettings
from agent.settings.upkeep.alerts import AlertSettings
from agent.settings.upkeep.reading import upkeep
from domain.errors import BadInput
from tests.agent.alerts.rig import message

HOOK = '[alerts.webhooks.ops]\nurl = "https://example.org/canary"\nsecret = "canary"\n'
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


def settings(home: Path, text: str) -> AlertSettings:
    (home / "config.toml").write_text(text)
    return upkeep(Home(home)).alerts


@given(
    st.integers(0, 2 * 366 * 24 * 60),
    st.integers(0, 23),
    st.integers(0, 23),
    st.sampled_from(ZONES),
)
def test_quiet_hours_end_by_the_clock_on_the_wall_within_a_day_and_are_over_then(
    minutes: int, begin: int, end: int, zone: str
) -> None:
    if begin == end:
        return
    quiet = Quiet(time(begin), time(end), ZoneInfo(zone))
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    until = quiet.until(now)
    here = now.astimezone(quiet.zone).hour
    inside = begin <= here < end if begin < end else here >= begin or here < end
    assert (until is not None) == inside
    if until is not None:
        assert timedelta(0) < until - now <= timedelta(hours=25)
        assert quiet.until(until) is None


@pytest.mark.parametrize(
    ("given_text", "said"),
    [
        ('[alerts]\nquiet = "22-7"', "alerts.quiet: are no hours such as 22:00-07:00"),
        ('[alerts]\nquiet = "07:00-07:00"', "name two different hours"),
        ('[alerts]\nzone = "Mars"', "alerts.zone: is no time zone"),
        ('[[alerts.rules]]\nkinds = ["fil"]', "alerts.rules.0.kinds.0"),
        ('[[alerts.rules]]\nchannels = ["nobody"]', "channel nobody: no such channel; there are: telegram"),
        (f"{HOOK}[alerts.apprise.ops]\nurl = 'ntfy://x'", "channel ops: is the name of two channels"),
        ('[alerts.apprise.watcher]\nurl = "ntfy://x"', "channel watcher: is a name of the program's own"),
        ('[alerts.webhooks."a b"]\nurl = "https://x.org"', "a b"),
        ('[alerts.mail.me]\nhost = "h"\nsender = "nobody"\nto = ["a@b"]', "alerts.mail.me.sender"),
        ("[alerts]\ncollapse = 1", "alerts.collapse = 1: must be at least 2"),
    ],
)
def test_settings_that_are_none_are_told_with_field_value_and_limit(
    given_text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadSettings) as caught:
        settings(tmp_path, given_text)
    assert said in str(caught.value)
    assert "canary" not in str(caught.value)


def test_settings_become_rules_and_the_first_that_fits_decides(tmp_path: Path) -> None:
    rules = rules_of(
        settings(
            tmp_path,
            HOOK
            + '[alerts]\nquiet = "22:00-07:00"\nescalate_channels = ["ops"]\n'
            + '[[alerts.rules]]\nkinds = ["fill"]\nsend = "never"\n'
            + '[[alerts.rules]]\nleast = "critical"\nchannels = ["ops"]\n',
        )
    )
    assert rules.of(message(1)).send == "never"
    kill = message(1, AlertKind.KILL_SWITCH, severity=Severity.CRITICAL)
    everybody = {"ops": False, "telegram": False}
    assert rules.takes("ops", kill, everybody) is not None
    assert rules.takes("telegram", kill, everybody) is None
    assert rules.takes("telegram", message(1, AlertKind.SESSION), everybody) is not None
    again = message(1, AlertKind.ESCALATION, severity=Severity.CRITICAL)
    assert rules.takes("telegram", again, everybody) is None
    assert rules.takes("telegram", again, {"ops": True, "telegram": False}) is not None
    assert rules.quiet is not None


def test_a_channel_without_its_secret_or_with_a_bad_address_is_refused_without_showing_it(
    tmp_path: Path,
) -> None:
    clock = SystemClock()
    with pytest.raises(BadInput, match=r"alerts\.webhooks\.ops\.secret: is missing"):
        Configured(settings(tmp_path, '[alerts.webhooks.ops]\nurl = "https://example.org/"'), clock)
    with pytest.raises(BadInput, match="goes in the clear") as caught:
        Configured(settings(tmp_path, HOOK.replace("https", "http")), clock)
    assert "canary" not in str(caught.value)
    with pytest.raises(BadInput, match=r"alerts\.apprise\.x\.url: is missing"):
        Configured(settings(tmp_path, "[alerts.apprise.x]\nseconds = 3"), clock)
    configured = Configured(settings(tmp_path, HOOK), clock)
    assert configured.hide("https://example.org/canary and canary") == "[redacted] and [redacted]"


def test_a_text_only_shows_whatever_others_have_put_into_it() -> None:
    odd = message(1, title="\x1b[2J\u202egnp.exe", lines=("a\nb\x07",) * 100)
    shown = text(odd)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "... and 40 lines more" in shown
    assert shown.splitlines()[-1] == "#a1b2c3d4-1 2026-11-29 12:00:00 UTC"
