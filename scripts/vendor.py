"""Fetches the page's libraries from the package registry into dashboard/static/vendor, each with its licence.

    python -m scripts.vendor            write the files anew
    python -m scripts.vendor --check    compare what is there with what is written down; asks no network

Versions and SHA-256 are written down here. `npm pack` fetches a package as it was published; nothing is
built, nothing of it is run.
"""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

VENDOR = Path(__file__).parents[1] / "dashboard" / "static" / "vendor"


class Vendored(NamedTuple):
    """A file of a package: where it lies there, its name here, the hash of its bytes."""

    package: str
    inside: str
    here: str
    sha256: str


FILES = (
    Vendored(
        "htm@3.1.1",
        "preact/standalone.module.js",
        "preact.js",
        "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7",
    ),
    Vendored(
        "lightweight-charts@5.2.1",
        "dist/lightweight-charts.standalone.production.mjs",
        "lightweight-charts.js",
        "1bb1ee79f9d4dd17261b53d930f7a8995748276f80e7ba0e24412b5068062f5f",
    ),
    Vendored(
        "@fontsource-variable/inter@5.3.0",
        "files/inter-latin-wght-normal.woff2",
        "inter.woff2",
        "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62",
    ),
    Vendored(
        "htm@3.1.1",
        "LICENSE",
        "licences/htm.txt",
        "740725f7252e750af735d0028cc534970772f513331e9f68150fede8fb3ce00f",
    ),
    Vendored(
        "preact@10.29.8",  # the licence of what htm's file contains
        "LICENSE",
        "licences/preact.txt",
        "1fe6958409c8c257a70c587a18b6f7f412b179b456630790d30b2ec9a8e4b7d4",
    ),
    Vendored(
        "lightweight-charts@5.2.1",
        "LICENSE",
        "licences/lightweight-charts.txt",
        "70c9d5382506dd184465425c08a99ad9bd6d9ac1313c252968ba0b585e5ef823",
    ),
    Vendored(
        "@fontsource-variable/inter@5.3.0",
        "LICENSE",
        "licences/inter.txt",
        "3b0a5fca3d17942cde889069889dedbbbd075e9b599968c82a95f4d944e9b345",
    ),
)


def differences(folder: Path = VENDOR) -> list[str]:
    """Return a line for each file that is missing, is not what is written down, or is not known here."""
    known = {each.here: each.sha256 for each in FILES}
    there = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    wrong = [
        f"{name}: {there.get(name, 'missing')}, not {want}"
        for name, want in known.items()
        if there.get(name) != want
    ]
    return wrong + [f"{name}: not in scripts/vendor.py" for name in there if name not in known]


def fetch(folder: Path = VENDOR) -> None:
    """Write every file; a package's bytes that are not those written down are not let in."""
    with tempfile.TemporaryDirectory() as scratch:
        archives = {package: _packed(package, Path(scratch)) for package in {each.package for each in FILES}}
        for each in FILES:
            data = _member(archives[each.package], each.inside)
            if (digest := hashlib.sha256(data).hexdigest()) != each.sha256:
                raise SystemExit(f"{each.package} {each.inside}: SHA-256 {digest}, not {each.sha256}")
            target = folder / each.here
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def _packed(package: str, scratch: Path) -> Path:
    """Return the package's archive, fetched by the ordinary client."""
    command = ["npm", "pack", package, "--silent", "--pack-destination", str(scratch)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return scratch / done.stdout.split()[-1]


def _member(archive: Path, inside: str) -> bytes:
    with tarfile.open(archive) as tar:
        content = tar.extractfile(f"package/{inside}")
        if content is None:
            raise SystemExit(f"{archive.name}: no file {inside}")
        return content.read()


def main() -> int:
    """Fetch or compare; 1 where a file differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare only")
    if not parser.parse_args().check:
        fetch()
    wrong = differences()
    print("\n".join(wrong) if wrong else f"{len(FILES)} files as written down in {VENDOR}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
