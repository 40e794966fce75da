"""What takes seconds to load and few tests ask: `oracles.empyrical` loads it for the worker that asks."""

from __future__ import annotations

from importlib import import_module
from typing import Any

ORACLES = frozenset({"empyrical", "exchange_calendars", "numpy", "pandas"})


def __getattr__(name: str) -> Any:
    if name not in ORACLES:
        raise AttributeError(name)
    return import_module(name)
