"""One file a board; read from top to bottom they are the screen."""

from __future__ import annotations

from typing import Final

from dashboards.boards import (
    errors,
    execution,
    guards,
    levels,
    machinery,
    market_data,
    operations,
    overview,
    risk,
    trading,
)

BOARDS: Final = (
    overview.BOARD,
    trading.BOARD,
    execution.BOARD,
    market_data.BOARD,
    risk.BOARD,
    guards.BOARD,
    errors.BOARD,
    machinery.BOARD,
    operations.BOARD,
    levels.BOARD,
)
"""In the order in which a person would open them."""
