"""Golden files: what an output looked like when a person last read it."""

from __future__ import annotations

import os
from pathlib import Path


class Golden:
    """Compare texts with the files of one folder; `TICKERTAPE_GOLDEN=1` rewrites them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name

    def assert_same(self, name: str, text: str) -> None:
        """Fail where `text` is not what the file `name` holds."""
        path = self.path(name)
        if os.environ.get("TICKERTAPE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing; write it with: make golden"
        assert text == path.read_text(encoding="utf-8"), f"{path} differs; if that is meant: make golden"
