"""Real closes, as Decimals."""

from __future__ import annotations

from decimal import Decimal

from trading_bot.market_data.bundled import load


def closes(symbol: str) -> list[Decimal]:
    return [Decimal(str(bar.close)) for bar in load(symbol).bars]
