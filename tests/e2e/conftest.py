"""Floors for tests: whatever they started has ended afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import Command
from support.trading import Floor, busy_settings


@pytest.fixture
def floor(command: Command, tmp_path: Path) -> Iterator[Callable[..., Floor]]:
    """`floor(limits={...})` opens the exchange and a home with busy settings, changed so."""
    opened: list[Floor] = []

    def open_floor(**changes: Any) -> Floor:
        made = Floor(command, tmp_path / "exchange", busy_settings(**changes))
        opened.append(made)
        made.open()
        return made

    yield open_floor
    for made in opened:
        made.close()
