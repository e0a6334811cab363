"""The machine the figures belong to: without it they mean nothing."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil


def machine(disk: Path) -> dict[str, Any]:
    """Return processor, cores, memory, disk, versions and the load average at this moment."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "filesystem": filesystem(disk),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "libraries": {name: version(name) for name in ("transitions", "msgspec", "SQLAlchemy", "pydantic")},
        "load": round(os.getloadavg()[0], 2),
    }


def filesystem(folder: Path) -> str:
    """Return the kind of file system a folder lies on; on `tmpfs` a durable commit costs nothing real."""
    parts = psutil.disk_partitions(all=True)
    path = folder.resolve()
    holding = [part for part in parts if path.is_relative_to(part.mountpoint)]
    return max(holding, key=lambda part: len(part.mountpoint)).fstype if holding else "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
