"""Takes the pictures of the dashboard in docs/screenshots: a seeded session, a real server, a real browser.

    python -m scripts.screenshots            every picture
    python -m scripts.screenshots agent      those of one page

Pages are shown as they are on a desk in light and in dark, and on a phone. A picture is not let in that is
larger than 200 kB.
"""

import argparse
import base64
import math
import random
import struct
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import NamedTuple

from tests.dashboard.browser import MISSING, PHONE, WIDE, Browser, browsing, present
from tests.dashboard.rig import AGENT, Rig, running, seed

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
MOST_BYTES = 200_000
CYCLES = 1244
"""By then two positions are held, for ten cycles more, and much was traded before."""

SECONDS = 30.0
"""Between cycles, so that the pictures are of one moment."""

BESIDE = "beta"
HEIGHT = {"overview": 520, "research": 1180}
HISTORY = "BTC-USDT_1h.csv"
DAYS = 400
START_MS = 1_672_531_200_000
TRIED = {"strategy": ["sma"], "data": [HISTORY], "grid": ["fast=10:30:5", "slow=40:80:10"]}


class Picture(NamedTuple):
    """One picture: its file, the page's address, how it is looked at, what is pressed before."""

    name: str
    address: str
    size: tuple[int, int] = WIDE
    dark: bool = False
    height: int | None = None
    press: str = ""


def pictures(denied: int) -> list[Picture]:
    """Return every picture; `denied` is a cycle that was denied, to show its why."""
    agent, why = f"/agents/{AGENT}", f"/decisions?agent={AGENT}&cycle={denied}"
    trades = f"/trades?agent={AGENT}"
    shown = [
        ("overview", "/"),
        ("agent", agent),
        ("decisions", why),
        ("trades", trades),
        ("research", "/research"),
    ]
    desk = [(name, address, HEIGHT.get(name, 980)) for name, address in shown]
    return [
        Picture("flatten-light", agent, height=700, press="[data-control=flatten]"),
        *(Picture(f"{name}-light", address, height=height) for name, address, height in desk),
        *(Picture(f"{name}-dark", address, dark=True, height=height) for name, address, height in desk),
        *(Picture(f"{name}-phone", address, PHONE, dark=True) for name, address in shown),
    ]


def write_history(home: Path) -> None:
    """Write made-up candles that a walk-forward can be run on."""
    chance, price, drift, lines = random.Random(11), 30_000.0, 0.0, ["time,open,high,low,close,volume"]
    for hour in range(DAYS * 24):
        if hour % 200 == 0:
            drift = chance.choice([-1, 0, 0, 1]) * 6e-4
        opened, price = price, price * math.exp(drift + chance.gauss(0, 6e-3))
        high, low = max(opened, price) * 1.002, min(opened, price) * 0.998
        at = START_MS + hour * 3_600_000
        lines.append(f"{at},{opened:.2f},{high:.2f},{low:.2f},{price:.2f},{10 + 5 * chance.random():.3f}")
    (home / HISTORY).write_text("\n".join(lines) + "\n")


def research(rig: Rig) -> None:
    """Have a walk-forward run to its end."""
    body = {"kind": "walk-forward", "options": TRIED}
    id_ = rig.served.trade("POST", "/api/v1/work", body=body).json["id"]
    while (row := rig.ask(f"work/{id_}"))["state"] in {"waiting", "running"}:
        time.sleep(0.5)
    if row["state"] != "done":
        raise SystemExit(f"walk-forward: {row['error']}")


def take(browser: Browser, picture: Picture) -> int:
    """Take a picture; returns its bytes."""
    browser.look(picture.size, dark=picture.dark, height=picture.height)
    browser.go(picture.address)
    browser.settled()
    browser.one("[data-link=live]")
    browser.drawn()
    if picture.press:
        browser.one(picture.press).click()
        browser.one("dialog[open]")
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{picture.name}.png"
    path.write_bytes(small(browser, browser.driver.get_screenshot_as_base64()))
    if (size := path.stat().st_size) > MOST_BYTES:
        path.unlink()
        raise SystemExit(f"{path.name}: {size:,} bytes, more than {MOST_BYTES:,}")
    return size


def small(browser: Browser, png: str) -> bytes:
    """Return a picture in 256 colours as PNG; the browser reads it, for it knows how."""
    browser.driver.get("about:blank")
    told = browser.driver.execute_async_script(Path(__file__).with_name("palette.js").read_text(), png)
    width, height = told["width"], told["height"]
    pixels = base64.b64decode(told["indices"])
    lines = b"".join(b"\0" + pixels[at : at + width] for at in range(0, len(pixels), width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = bytes(part for colour in told["colours"] for part in colour)
    parts = [(b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def main() -> int:
    """Seed, serve, look, and write the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", nargs="?", default="", help="only pictures whose name begins so")
    wanted = parser.parse_args().page
    if not present():
        print(MISSING, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="boyd") as folder:
        home = Path(folder, "home")
        seed(home, cycles=CYCLES)
        seed(home, BESIDE, cycles=300)
        write_history(home)
        with (
            running(home, interval=SECONDS) as agent,
            Rig(home, agent) as rig,
            browsing(Path(folder, "profile")) as browser,
        ):
            browser.log_in(rig.url, rig.served.tokens.trade)
            browser.go("/")
            browser.one(f"[data-agent={AGENT}][data-mood=runs]")
            research(rig)
            denied = rig.page(f"agents/{AGENT}/cycles?rule=min_confidence&limit=1")[0]["cycle"]
            for picture in pictures(denied):
                if picture.name.startswith(wanted):
                    print(f"{picture.name:18} {take(browser, picture):8,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
