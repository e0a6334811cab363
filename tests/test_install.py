"""The promise: what is set up is what the lock file names, from where pip gets it, by uv or without."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import install

LOCK_TEXT = install.LOCK.read_text()


def test_a_package_s_lines_are_its_version_and_all_its_hashes() -> None:
    lines = install.block_of("uv", LOCK_TEXT).splitlines()
    assert lines[0].startswith("uv==")
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
    assert lines[-1] in LOCK_TEXT
    assert not lines[-1].endswith("\\")
    after = LOCK_TEXT.split("\n".join(lines) + "\n")[1]
    assert not after.strip().startswith("--hash")


def test_a_package_that_is_not_locked_is_named() -> None:
    with pytest.raises(LookupError, match=r"absent is not in dev\.lock"):
        install.block_of("absent", LOCK_TEXT)


def test_where_pip_looks_uv_looks_and_the_environment_has_the_last_word() -> None:
    said = """:env:.find-links='/wheels /more'
global.cert='/etc/cert.pem'
global.extra-index-url='file:///a file:///b'
global.find-links='/other'
global.timeout='180'
install.index-url='file:///main'
"""
    assert install.handed_over(said) == {
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/etc/cert.pem",
        "UV_INDEX": "file:///a file:///b",
        "UV_DEFAULT_INDEX": "file:///main",
    }
    assert install.handed_over("") == {}


def programs(folder: Path, **codes: int) -> Path:
    """Make an environment whose programs write down how they were called; return its Python."""
    for name in ("python", "uv"):
        script = folder / name
        script.write_text(f'#!/bin/sh\necho "{name} $*" >> {folder}/said\nexit {codes.get(name, 0)}\n')
        script.chmod(0o755)
    return folder / "python"


def said(folder: Path, of: str = "") -> list[str]:
    return [line for line in (folder / "said").read_text().splitlines() if line.startswith(of)]


def test_uv_installs_the_lock_file_with_its_hashes(tmp_path: Path) -> None:
    assert install.main(programs(tmp_path)) == 0
    (by_uv,) = said(tmp_path, "uv ")
    assert f"--no-deps --require-hashes --requirement {install.LOCK}" in by_uv
    assert not [line for line in said(tmp_path, "python ") if str(install.LOCK) in line]
    assert said(tmp_path)[-1].endswith(f"--editable {install.ROOT}")


def test_where_uv_cannot_pip_does_it_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install.main(programs(tmp_path, uv=2)) == 0
    (by_pip,) = [line for line in said(tmp_path, "python ") if str(install.LOCK) in line]
    assert "--require-hashes" in by_pip
    assert "going on with pip" in capsys.readouterr().err


def test_what_neither_can_do_ends_the_setup(tmp_path: Path) -> None:
    assert install.main(programs(tmp_path, python=1)) == 1
    assert "--editable" not in said(tmp_path)[-1]


def test_a_room_that_comes_with_a_pull_is_found_without_setting_up_again() -> None:
    listed = subprocess.run([sys.executable, "-I", "-c", "import sys; print(*sys.path, sep='\\n')"],
                            capture_output=True, text=True, check=True, cwd="/")  # fmt: skip
    assert str(install.ROOT) in listed.stdout.splitlines()
