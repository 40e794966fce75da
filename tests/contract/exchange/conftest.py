"""One exchange for all tests of a module: they leave no open order and no fault behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.exchange_process import ExchangeProcess, exchange_running


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeProcess]:
    with exchange_running(tmp_path_factory.mktemp("home")) as running:
        yield running
