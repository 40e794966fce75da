"""Symbols that the venue does not serve while it serves others: blocked, each with its reason, and tried again.

One symbol must not stop the others. What fails for all of them, or is about the account, is the venue's
matter and goes up to whoever waits for the venue.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

from trading_bot.contract.errors import HaltError, TickertapeError
from trading_bot.contract.events.lifecycle import SymbolBlocked
from trading_bot.domain.removal import NOT_LISTED
from trading_bot.engine.context import Context

NOT_RECONCILED: Final = "NotReconciled"
"""Its orders or fills cannot be read, so nothing is sent on it."""
NO_HISTORY: Final = "NoHistory"
"""Its candles cannot be read, so its strategy is not asked."""

ENDED: Final = {
    NOT_LISTED: "the venue lists it",
    NOT_RECONCILED: "its orders and fills were read",
    NO_HISTORY: "its candles were read",
}
"""Why a symbol is not blocked any more, by reason."""

NOT_OF_A_SYMBOL: Final = frozenset(
    {"VENUE_002", "VENUE_003", "VENUE_005", "VENUE_006", "VENUE_010", "VENUE_011"}
)
"""Credentials, rate limit, clock, maintenance, account: whichever symbol the request was about."""

ATTEMPTS: Final = 3
"""For one symbol, before it is set aside; one that is set aside has one with each comparison."""
FIRST_PAUSE: Final = 0.5
MOST_DOUBLINGS: Final = 7


def is_blocked(context: Context, symbol: str, reason: str) -> bool:
    """Whether a symbol is blocked for this reason."""
    market = context.ledger.state.markets.get(symbol)
    return market is not None and reason in market.blocks


def blocked_for(context: Context, reason: str) -> tuple[str, ...]:
    """Return the symbols of the settings that are blocked for this reason."""
    return tuple(symbol for symbol in context.settings.symbols if is_blocked(context, symbol, reason))


class SymbolWatch:
    """Does things symbol by symbol, and keeps the blocks of those that fail.

    Args:
        chance: spreads the pauses, numbers in [0, 1).
    """

    def __init__(self, context: Context, chance: Callable[[], float] = random.random) -> None:
        self._context = context
        self._ledger = context.ledger
        self._chance = chance
        self._rounds = 0

    @property
    def listed(self) -> tuple[str, ...]:
        """The symbols of the settings that the venue lists."""
        settings = self._context.settings
        return tuple(s for s in settings.symbols if not is_blocked(self._context, s, NOT_LISTED))

    async def each(
        self, symbols: Collection[str], step: Callable[[str], Awaitable[None]], reason: str
    ) -> dict[str, TickertapeError]:
        """Take a step for each symbol; return those for which it kept failing while others succeeded.

        Raises:
            TickertapeError: it failed for every symbol, or is not about one symbol.
        """
        faults = await _round(symbols, step)
        if faults and len(faults) == len(symbols):
            raise next(iter(faults.values()))
        fresh = {
            symbol: error for symbol, error in faults.items() if not is_blocked(self._context, symbol, reason)
        }
        known = {symbol: error for symbol, error in faults.items() if symbol not in fresh}
        for attempt in range(1, ATTEMPTS):
            if not fresh:
                break
            await asyncio.sleep(self._spread(FIRST_PAUSE * 2 ** (attempt - 1)))
            fresh = await _round(fresh, step)
        return known | fresh

    def gate(self, reason: str, faults: Mapping[str, TickertapeError]) -> None:
        """Bring the blocks of a reason in line with what failed, each change an event."""
        for symbol in self._context.settings.symbols:
            error, blocked = faults.get(symbol), is_blocked(self._context, symbol, reason)
            if error is not None and not blocked:
                self._block(symbol, reason, error.message, blocked=True)
                self._context.errors.record(error)
            elif error is None and blocked:
                self._block(symbol, reason, ENDED[reason], blocked=False)

    def pause(self, usual: float) -> float:
        """Return the seconds until the venue is asked again: sooner while a symbol is set aside, then less so."""
        if not blocked_for(self._context, NOT_RECONCILED) and not blocked_for(self._context, NO_HISTORY):
            self._rounds = 0
            return usual
        self._rounds += 1
        return min(usual, self._spread(FIRST_PAUSE * 2 ** min(self._rounds, MOST_DOUBLINGS)))

    def _spread(self, pause: float) -> float:
        return pause * (0.5 + 0.5 * self._chance())

    def _block(self, symbol: str, reason: str, message: str, *, blocked: bool) -> None:
        self._ledger.append(SymbolBlocked(symbol=symbol, blocked=blocked, reason=reason, message=message))


async def _round(
    symbols: Collection[str], step: Callable[[str], Awaitable[None]]
) -> dict[str, TickertapeError]:
    faults = {}
    for symbol in symbols:
        try:
            await step(symbol)
        except TickertapeError as error:
            if isinstance(error, HaltError) or error.code in NOT_OF_A_SYMBOL:
                raise
            faults[symbol] = error
    return faults
