"""Disks that run full, without filling anybody's own."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def small_disk(place: Path, size: str = "32m") -> Iterator[bool]:
    """Mount a file system of ``size`` at ``place`` for as long as the block; False where that is not permitted."""
    place.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True, check=False
    )
    try:
        yield made.returncode == 0
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextlib.contextmanager
def without_space(place: Path) -> Iterator[None]:
    """Fill the disk under ``place`` to its last page for as long as the block."""
    filler = place / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            while shutil.disk_usage(place).free:  # somebody else may give a page back meanwhile
                with contextlib.suppress(OSError):
                    file.write(b"x" * 4_096)
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def without_quota(place: Path, size: str) -> Iterator[None]:
    """Make the file system of :func:`small_disk` as small as what lies on it, for as long as the block."""
    used = shutil.disk_usage(place).used
    _resize(place, str(used + 65_536))
    try:
        with without_space(place):
            yield
    finally:
        _resize(place, size)


def _resize(place: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)
