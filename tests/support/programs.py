"""The real monitoring programs: from PATH, else from the cache, else from Debian's packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FETCH = ROOT / "scripts" / "get-prometheus"
# Older ones know neither keep_firing_for (2.42) nor --lint=all and UTF-8 names as we use them.
OLDEST = {"prometheus": (3, 0), "promtool": (3, 0), "alertmanager": (0, 27), "amtool": (0, 27)}


class Programs:
    """Finds a program once; where it cannot be had the test skips by its name, or fails in CI."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def find(self, name: str) -> Path:
        found = shutil.which(name)
        if found is not None and version_of(found) >= OLDEST[name]:
            return Path(found)
        fetched = self._cache / "programs" / name
        if not fetched.exists():
            self._fetch(name)
        return fetched

    def _fetch(self, name: str) -> None:
        answer = subprocess.run(
            [FETCH, self._cache], capture_output=True, text=True, timeout=300, check=False
        )
        if answer.returncode == 0:
            return
        reason = f"{name} is needed: {answer.stderr.strip() or 'get-prometheus failed'}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def version_of(program: str) -> tuple[int, int]:
    """Return (major, minor) as the program says it, (0, 0) where it says nothing readable."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    match = re.search(r"version (\d+)\.(\d+)", answer.stdout + answer.stderr)
    return (int(match[1]), int(match[2])) if match else (0, 0)
