"""Positions closed on a person's command: one symbol or all, in every mode.

Each close is an order like any other, with its intent on the tape and the pre-trade check before it; only
the mode does not stand against it. What works on the symbol is cancelled first. It is tried again until
the position is flat, for a while; what is left is either dust, which is said, or an error.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.contract.errors import OperatorError
from trading_bot.contract.events.trading import OrderType, Side
from trading_bot.contract.telemetry import spans
from trading_bot.domain.derived import mark_of, open_positions
from trading_bot.domain.orders import FLATTENING
from trading_bot.domain.risk import Proposal
from trading_bot.domain.state import ZERO, Position
from trading_bot.engine.context import Context
from trading_bot.engine.execution import Execution
from trading_bot.engine.feed_watch import FeedWatch

LONGEST_SECONDS: Final = 90.0
"""For one position: longer than a minute, in which an order rate that is used up becomes free again."""
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 8.0
LOOK_SECONDS: Final = 0.02


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a command to close positions comes to."""

    closing: tuple[str, ...]
    """Symbols with a position that the venue would take."""
    dust: tuple[str, ...]
    """In words: what is held and stays: below the venue's minimum, or not listed there any more."""

    def __str__(self) -> str:
        said = f"closing {', '.join(self.closing)}" if self.closing else "there is nothing to close"
        return f"{said}; stays: {', '.join(self.dust)}" if self.dust else said


class Flattening:
    """Closes positions, all at the same time: a symbol that the venue does not trade keeps no other waiting."""

    def __init__(self, context: Context, execution: Execution, feed: FeedWatch) -> None:
        self._context = context
        self._ledger = context.ledger
        self._execution = execution
        self._feed = feed

    def plan(self, symbol: str | None) -> Plan:
        """Return what there is to close: of one symbol, or of all.

        Raises:
            OperatorError: RISK_023, the bot does not trade the symbol, or has not reached the venue yet.
        """
        state = self._ledger.state
        if not self._execution.instruments:
            raise OperatorError(
                "RISK_023", "nothing is closed: the bot starts and has not reached the venue yet"
            )
        if symbol is not None and symbol not in self._execution.instruments:
            is_unlisted = symbol in self._context.settings.symbols
            why = (
                f"the venue does not list {symbol}" if is_unlisted else f"{symbol} is not traded by this bot"
            )
            raise OperatorError("RISK_023", why, symbol=symbol)
        wanted = [position for position in state.positions.values() if symbol in {None, position.symbol}]
        closing = [
            position for position in open_positions(state) if position in wanted and self._is_sold(position)
        ]
        dust = [
            f"{position.quantity} {position.symbol}{self._unlisted(position.symbol)}"
            for position in wanted
            if position.quantity > 0 and position not in closing
        ]
        return Plan(closing=tuple(position.symbol for position in closing), dust=tuple(dust))

    async def run(self, plan: Plan, actor: str) -> None:
        """Close what is planned; what could not be closed in time is recorded as an error."""
        await asyncio.gather(*(self._flatten(symbol, actor) for symbol in plan.closing))

    async def _flatten(self, symbol: str, actor: str) -> None:
        await self._execution.cancel_working(f"{actor} closes the position", symbol)
        if not await self._close(symbol):
            left = self._ledger.state.positions[symbol].quantity
            message = f"{left} {symbol} are still held after {LONGEST_SECONDS:g} s: {self._last_word(symbol)}"
            self._context.errors.record(OperatorError("RISK_023", message, symbol=symbol))

    async def _close(self, symbol: str) -> bool:
        """Propose until the position is flat; return whether it is.

        An order that sold nothing is followed by a pause: those that a halted market refuses would use up
        the order rate that the other closes need.
        """
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + LONGEST_SECONDS, FIRST_PAUSE
        tried: Decimal | None = None
        while self._holds(symbol):
            if loop.time() > deadline:
                return False
            held = self._ledger.state.positions[symbol].quantity
            if not self._execution.is_busy(symbol):
                if held != tried and self._propose(symbol):
                    tried = held
                else:
                    tried = None
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(LOOK_SECONDS)
        return True

    def _propose(self, symbol: str) -> bool:
        quantity = self._rounded(self._ledger.state.positions[symbol])
        quote = self._feed.quotes.get(symbol)
        price = quote.bid if quote is not None else mark_of(self._ledger.state, symbol) or ZERO
        proposal = Proposal(
            strategy=FLATTENING,
            symbol=symbol,
            side=Side.SELL,
            type=OrderType.MARKET,
            quantity=quantity,
            price=price,
        )
        trace = self._context.tracer.trace()
        trace.keep()
        with trace.span(spans.FLATTEN_POSITION) as span:
            span.set(spans.SYMBOL, symbol)
            placed = self._execution.propose(proposal, trace, span)
        if not placed and (recorded := trace.drain()) is not None:
            self._ledger.append(recorded, trace_id=trace.trace_id)
        return placed

    def _holds(self, symbol: str) -> bool:
        position = self._ledger.state.positions.get(symbol)
        return position is not None and self._is_sold(position)

    def _is_sold(self, position: Position) -> bool:
        """Whether the venue would take an order over all of it; where its price is not known, it is tried."""
        rules = self._execution.instruments.get(position.symbol)
        quantity, price = self._rounded(position), mark_of(self._ledger.state, position.symbol)
        return rules is not None and quantity > 0 and (price is None or rules.accepts(quantity, price))

    def _unlisted(self, symbol: str) -> str:
        return "" if symbol in self._execution.instruments else " (which the venue does not list)"

    def _rounded(self, position: Position) -> Decimal:
        rules = self._execution.instruments.get(position.symbol)
        return ZERO if rules is None else rules.round_quantity(position.quantity)

    def _last_word(self, symbol: str) -> str:
        """Return why its last order did not close it, as far as the tape tells."""
        orders = (*self._ledger.state.orders.values(), *reversed(self._ledger.state.closed_orders.values()))
        last = next((order for order in orders if order.symbol == symbol), None)
        mode = self._ledger.state.mode
        blocks = self._ledger.state.markets[symbol].blocks if symbol in self._ledger.state.markets else {}
        blocked = f"the symbol is blocked ({', '.join(blocks)})" if blocks else f"the mode is {mode.mode}"
        return blocked if last is None or last.reason is None else f"{blocked}; its last order: {last.reason}"
