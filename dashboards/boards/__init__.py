"""One file a board; read from top to bottom they are the screen."""

from __future__ import annotations

from typing import Final

from dashboards.boards import errors, execution, machinery, market_data, overview, risk, trading

BOARDS: Final = (
    overview.BOARD,
    trading.BOARD,
    execution.BOARD,
    market_data.BOARD,
    risk.BOARD,
    errors.BOARD,
    machinery.BOARD,
)
"""In the order in which a person would open them."""
