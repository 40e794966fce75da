"""A home to be broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ward import Ward

from trading_bot.boot.home import Home


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    ward = Ward(Home(tmp_path / "home").create())
    yield ward
    ward.die()
