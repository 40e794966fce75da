"""The expression of every record that the catalogue declares, by subject."""

from __future__ import annotations

from typing import Final

from alerts.recording import account, api, levels, machinery, market, orders, process
from trading_bot.contract.telemetry.recordings import Recording

EXPRESSIONS: Final[dict[Recording, str]] = {
    **process.EXPRESSIONS,
    **account.EXPRESSIONS,
    **orders.EXPRESSIONS,
    **market.EXPRESSIONS,
    **machinery.EXPRESSIONS,
    **api.EXPRESSIONS,
}
"""What is asked for."""

SEEN: Final[dict[Recording, str]] = process.SEEN
"""Which bots there are: every held record asks it."""

LEVELS: Final[dict[str, dict[Recording, str]]] = levels.EXPRESSIONS
"""Service levels: over long times, so they are recorded less often."""
