"""The settings an agent of another time was run with, as far as they say what it is."""

from typing import Any

from agent.account.client import AccountClient
from agent.serve.fleet.asked import flat
from agent.settings.home import Home
from agent.settings.recorded import last_session

SAME = ("mode", "symbols", "timeframe", "provider", "data", "speed", "account")
"""Settings that make it the same agent again; its limits are what the settings say now."""


def last_settings(home: Home, name: str) -> dict[str, str]:
    """Return market and account of a journal's last session. Raises BadInput where it has none."""
    with AccountClient(home, name).resting() as opened:
        settings = last_session(opened).settings
    wanted: dict[str, Any] = {each: settings.get(each) for each in SAME if settings.get(each)}
    wanted["reasoning"] = {"strategies": settings.get("reasoning", {}).get("strategies")}
    # Without a schedule it had none, whatever the file has by now.
    wanted["schedule"] = settings.get("schedule") or ""
    pace = "schedule_zone" if wanted["schedule"] else "interval_seconds"
    wanted[pace] = settings.get(pace)
    if settings.get("exchange", {}).get("endpoint") and wanted.get("mode") in ("testnet", "live"):
        wanted["exchange"] = {each: settings["exchange"].get(each) for each in ("endpoint", "base_url")}
    return flat(wanted)
