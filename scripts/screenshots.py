"""Takes the pictures of the dashboard in docs/screenshots: a seeded session, a real server, a real browser.

    python -m scripts.screenshots            every picture
    python -m scripts.screenshots agent      those of one page

Pages are shown as they are on a desk in light and in dark, and on a phone. A picture is not let in that is
larger than 200 kB.
"""

import argparse
import base64
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

from tests.dashboard.browser import MISSING, PHONE, WIDE, Browser, browsing, present
from tests.dashboard.rig import AGENT, Rig, running, seed

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
MOST_BYTES = 200_000
CYCLES = 1244
"""By then two positions are held, for ten cycles more, and much was traded before."""

SECONDS = 20.0
"""Between cycles, so that the pictures are of one moment."""

BESIDE = "beta"
HEIGHT = {"overview": 520}


class Picture(NamedTuple):
    """One picture: its file, the page's address, how it is looked at."""

    name: str
    address: str
    size: tuple[int, int] = WIDE
    dark: bool = False
    height: int | None = None


def pictures(denied: int) -> list[Picture]:
    """Return every picture; `denied` is a cycle that was denied, to show its why."""
    agent, why = f"/agents/{AGENT}", f"/decisions?agent={AGENT}&cycle={denied}"
    trades = f"/trades?agent={AGENT}"
    desk = [("overview", "/"), ("agent", agent), ("decisions", why), ("trades", trades)]
    return [
        *(Picture(f"{name}-light", address, height=HEIGHT.get(name, 980)) for name, address in desk),
        *(
            Picture(f"{name}-dark", address, dark=True, height=HEIGHT.get(name, 980))
            for name, address in desk
        ),
        *(Picture(f"{name}-phone", address, PHONE, dark=True) for name, address in desk),
    ]


def take(browser: Browser, picture: Picture) -> int:
    """Take a picture; returns its bytes."""
    browser.look(picture.size, dark=picture.dark, height=picture.height)
    browser.go(picture.address)
    browser.settled()
    browser.one("[data-link=live]")
    browser.drawn()
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
        with (
            running(home, interval=SECONDS) as agent,
            Rig(home, agent) as rig,
            browsing(Path(folder, "profile")) as browser,
        ):
            browser.log_in(rig.url, rig.served.tokens.trade)
            browser.go("/")
            browser.one(f"[data-agent={AGENT}][data-mood=runs]")
            denied = rig.page(f"agents/{AGENT}/cycles?rule=min_confidence&limit=1")[0]["cycle"]
            for picture in pictures(denied):
                if picture.name.startswith(wanted):
                    print(f"{picture.name:18} {take(browser, picture):8,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
