"""Positions that should be flat and are not, and marks that are too old to value them."""

from __future__ import annotations

from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.lifecycle import SymbolBlocked
from trading_bot.domain.clock import SECOND
from trading_bot.domain.guards import STUCK, old_marks, stuck_positions
from trading_bot.engine.context import Context


class PositionWatch:
    """Blocks the symbols of stuck positions, once a second, and tells what makes equity uncertain."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._errors = context.errors
        self._clock = context.clock
        self._open_since: dict[str, int] = {}
        """By symbol whose session is open: since when in this run, monotonic nanoseconds."""

    def look(self) -> None:
        """Bring the blocks in line with the positions, each change an event."""
        self._note_sessions()
        limits = self._context.settings.limits
        stuck = stuck_positions(
            self._ledger.state,
            limits,
            self._clock.now_ns(),
            lambda symbol: self._open_for(symbol) > limits.max_exit_seconds,
        )
        for symbol, market in self._ledger.state.markets.items():
            if symbol in stuck and STUCK not in market.blocks:
                self._block(symbol, stuck[symbol])
            elif symbol not in stuck and STUCK in market.blocks:
                message = "the position is flat"
                self._ledger.append(
                    SymbolBlocked(symbol=symbol, blocked=False, reason=STUCK, message=message)
                )

    def old_marks(self) -> dict[str, str]:
        """Return the held symbols whose mark is too old while their session is open, and why."""
        limits = self._context.settings.limits
        return old_marks(self._ledger.state, limits, self._clock.now_ns(), self._has_been_open)

    def _block(self, symbol: str, message: str) -> None:
        self._ledger.append(SymbolBlocked(symbol=symbol, blocked=True, reason=STUCK, message=message))
        self._errors.record(NonRetriableError("RISK_018", message, symbol=symbol))

    def _note_sessions(self) -> None:
        """An exit that waited over a week-end, or a restart, has its time from the opening on."""
        for symbol in self._context.settings.symbols:
            if self._is_open(symbol):
                self._open_since.setdefault(symbol, self._clock.monotonic_ns())
            else:
                self._open_since.pop(symbol, None)

    def _open_for(self, symbol: str) -> float:
        since = self._open_since.get(symbol)
        return 0.0 if since is None else (self._clock.monotonic_ns() - since) / SECOND

    def _has_been_open(self, symbol: str) -> bool:
        return self._open_for(symbol) > self._context.settings.intervals.stale_after_seconds

    def _is_open(self, symbol: str) -> bool:
        session = self._context.settings.sessions.get(symbol)
        return self._context.hours.is_open(session, self._clock.now_ns())
