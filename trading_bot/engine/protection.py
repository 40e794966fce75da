"""Protective orders at work: each position has the stop-loss and take-profit that the settings want.

At the venue where it takes them, so that they act while the bot is away; else the bot compares prices
itself. They are looked at whenever an order or a position has changed, and each second. A position that
lacks them takes no new risk, and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.contract.errors import HaltError, NonRetriableError
from trading_bot.contract.events.account import ProtectionChanged, ProtectionStatus
from trading_bot.contract.events.lifecycle import Mode, SymbolBlocked
from trading_bot.contract.events.trading import OrderType, Side, Trigger
from trading_bot.contract.telemetry import spans
from trading_bot.domain.clock import SECOND
from trading_bot.domain.derived import is_open
from trading_bot.domain.orders import OrderStatus
from trading_bot.domain.protection import Plan, Step, lacks, plan, protective_orders, reached_leg
from trading_bot.domain.removal import NOT_LISTED
from trading_bot.domain.risk import Proposal
from trading_bot.domain.state import ZERO
from trading_bot.domain.state import Protection as Protected
from trading_bot.engine.context import Context
from trading_bot.engine.execution import Execution
from trading_bot.engine.feed_watch import FeedWatch
from trading_bot.engine.subtasks import Subtasks
from trading_bot.engine.symbol_watch import NOT_RECONCILED, blocked_for, is_blocked
from trading_bot.venues.protocol import Quote, Venue

UNPROTECTED: Final = "Unprotected"
NOBODY: Final = "protection"
"""Who sends the orders of a symbol that no strategy trades any more."""

LOOK_SECONDS: Final = 1.0
GRACE_NS: Final = 3 * SECOND
"""A position may be without its orders for so long, while they are on their way."""
MOST_STEPS: Final = 6
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 30.0
RESTORE_ATTEMPTS: Final = 5


class Trouble(msgspec.Struct):
    """What went wrong with one symbol, and when to try again, by the loop's clock."""

    failures: int
    not_before: float
    message: str


class Protection:
    """Keeps every position's protective orders as they should be; one step a symbol at a time.

    Args:
        chance: spreads the pauses after a failure, numbers in [0, 1).
    """

    def __init__(
        self,
        context: Context,
        venue: Venue,
        execution: Execution,
        feed: FeedWatch,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._context = context
        self._ledger = context.ledger
        self._clock = context.clock
        self._venue = venue
        self._execution = execution
        self._feed = feed
        self._chance = chance
        self._working = Subtasks(context.errors)
        self._troubles: dict[str, Trouble] = {}
        self._lacking_since: dict[str, int] = {}
        self._watched: dict[str, Plan] = {}
        self._steps: Final[dict[Step, Callable[[str, Plan], Awaitable[bool]]]] = {
            Step.CANCEL: self._cancel,
            Step.CLEAR: self._clear,
            Step.PLACE: self._place,
            Step.CLOSE: self._close,
        }
        """What is done, and whether to look on at once."""

    async def run(self) -> None:
        """Look after every symbol until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                # `wait_for` of Python 3.11 may swallow a cancellation.
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._execution.moved.wait()
            self._execution.moved.clear()
            self._say_gone()
            for symbol in self._concerned():
                self._working.begin(symbol, f"protect {symbol}", self.level(symbol))

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What is being done for symbols."""
        return self._working.running

    def heard(self, quote: Quote) -> None:
        """Compare a quote with the prices that the bot itself watches."""
        watched = self._watched.get(quote.symbol)
        if watched is not None and reached_leg(watched.legs, (quote.bid + quote.ask) / 2) is not None:
            self._execution.moved.set()

    async def restore(self) -> None:
        """Before trading begins: bring back what every position should have. What the venue refuses halts.

        A symbol that it does not trade at present, or does not tell of, stays unprotected and blocked: the
        others need not wait.
        """
        self._say_gone()
        for symbol in self._concerned():
            await self.level(symbol)
            is_active = self._execution.instruments[symbol].is_active
            if not is_active or is_blocked(self._context, symbol, NOT_RECONCILED):
                continue
            for _ in range(RESTORE_ATTEMPTS):
                trouble = self._troubles.get(symbol)
                if trouble is None:
                    break
                await asyncio.sleep(max(0.0, trouble.not_before - asyncio.get_running_loop().time()))
                await self.level(symbol)
            trouble = self._troubles.get(symbol)
            if trouble is not None and self._lacks(symbol) and self._context.modes.mode is not Mode.HALTED:
                message = f"{symbol} was not protected again after the start: {trouble.message}"
                self._context.errors.record(HaltError("ORDER_006", message, symbol=symbol))

    async def level(self, symbol: str) -> None:
        """Take the steps that are due for one symbol, until it is as it should be or has to wait."""
        for _ in range(MOST_STEPS):
            step = self._next(symbol)
            self._say(symbol, step)
            work = self._steps.get(step.step)
            if work is None or not self._may_act(symbol, step) or not await work(symbol, step):
                return

    def _concerned(self) -> list[str]:
        """Return the symbols that should be protected, or were."""
        wanted, said = self._context.settings.protection, self._ledger.state.protection
        return [symbol for symbol in self._execution.instruments if symbol in wanted or symbol in said]

    def _lacks(self, symbol: str) -> bool:
        return lacks(self._ledger.state, self._context.settings, self._execution.instruments[symbol])

    def _next(self, symbol: str) -> Plan:
        return plan(
            self._ledger.state,
            self._context.settings,
            self._execution.instruments[symbol],
            self._fresh_mark(symbol),
            native=self._venue.takes_triggers,
        )

    def _fresh_mark(self, symbol: str) -> Decimal | None:
        """Return the middle of a quote that is fresh and believed: a price that jumped is confirmed first."""
        if symbol in self._ledger.state.account.doubted:
            return None
        quote = self._feed.quotes.get(symbol)
        if quote is None or symbol not in self._context.settings.protection or symbol in self._feed.stale():
            return None
        return (quote.bid + quote.ask) / 2

    def _may_act(self, symbol: str, step: Plan) -> bool:
        """Whether to take a step now: not without a journal, and not soon after a failure.

        Not either while the symbol's orders cannot be read: one may be there already. While halted nothing is
        sent, so nothing is taken away that something should follow.
        """
        trouble = self._troubles.get(symbol)
        if trouble is not None and asyncio.get_running_loop().time() < trouble.not_before:
            return False
        if self._context.modes.mode is Mode.HALTED and step.legs:
            return False
        return self._ledger.fault is None and not is_blocked(self._context, symbol, NOT_RECONCILED)

    async def _cancel(self, symbol: str, step: Plan) -> bool:
        """Take away what rests; return whether it is gone already. What comes of it sets this going again."""
        why = step.message or "nothing is left to protect"
        if not await self._execution.cancel_protective(symbol, why):
            self._fail(symbol, "the venue did not cancel its protective orders")
        return not any(order.rests for order in protective_orders(self._ledger.state, symbol))

    async def _clear(self, symbol: str, step: Plan) -> bool:
        """Take away the exit that rests at a price which the market has left behind."""
        await self._execution.cancel_working(step.message, symbol)
        if self._execution.working(symbol):
            self._fail(symbol, step.message)
        return True

    async def _place(self, symbol: str, step: Plan) -> bool:
        before = {order.client_order_id for order in protective_orders(self._ledger.state, symbol)}
        trace = self._context.tracer.trace()
        task = self._execution.protect(self._owner(symbol), symbol, step.legs, trace)
        sent = [o for o in protective_orders(self._ledger.state, symbol) if o.client_order_id not in before]
        await task
        refused = next((order for order in sent if order.status is OrderStatus.REJECTED), None)
        if refused is None:
            self._troubles.pop(symbol, None)
        else:
            self._fail(symbol, f"the venue does not take its protective orders: {refused.reason}")
            self._say(symbol, step)
        return True

    async def _close(self, symbol: str, step: Plan) -> bool:
        """Sell at the market what a price was reached for; the check of every order is asked."""
        quote = self._feed.quotes[symbol]
        self._feed.write_down(symbol)
        proposal = Proposal(
            strategy=self._owner(symbol),
            symbol=symbol,
            side=Side.SELL,
            type=OrderType.MARKET,
            quantity=step.quantity,
            price=quote.bid,
            protective=True,
        )
        trace = self._context.tracer.trace()
        with trace.span(spans.PROTECT_POSITION) as span:
            span.set(spans.SYMBOL, symbol)
            passed = self._execution.propose(proposal, trace, span)
        self._fail(symbol, step.message if passed else f"{step.message}, and the close was denied")
        if not passed and (recorded := trace.drain()) is not None:
            self._ledger.append(recorded, trace_id=trace.trace_id)
        return False

    def _fail(self, symbol: str, message: str) -> None:
        known = self._troubles.get(symbol)
        failures = known.failures + 1 if known is not None else 1
        pause = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE) * (0.5 + 0.5 * self._chance())
        not_before = asyncio.get_running_loop().time() + pause
        self._troubles[symbol] = Trouble(failures, not_before, message)

    def _owner(self, symbol: str) -> str:
        strategies = self._context.settings.strategies.items()
        return next((name for name, strategy in strategies if symbol in strategy.symbols), NOBODY)

    def _say(self, symbol: str, step: Plan) -> None:
        """Write down how the position stands, where that is known and another than on the tape."""
        if step.step in {Step.REST, Step.WATCH}:
            self._troubles.pop(symbol, None)
        self._watched.pop(symbol, None)
        if step.step is Step.WATCH:
            self._watched[symbol] = step
        status = self._status(symbol, step)
        known = self._ledger.state.protection.get(symbol)
        if status is None or (known is None and status is ProtectionStatus.NONE):
            return
        said = ProtectionChanged(
            symbol=symbol,
            status=status,
            quantity=step.quantity,
            stop_loss=step.price(Trigger.STOP_LOSS),
            take_profit=step.price(Trigger.TAKE_PROFIT),
            message=self._why(symbol, step, status),
        )
        self._tell(said)

    def _say_gone(self) -> None:
        """Write down that nothing protects a position in a symbol that the venue does not list any more."""
        state = self._ledger.state
        for symbol in blocked_for(self._context, NOT_LISTED):
            position = state.positions.get(symbol)
            held = position.quantity if position is not None and is_open(state, position) else ZERO
            if symbol not in state.protection and (
                not held or symbol not in self._context.settings.protection
            ):
                continue
            said = ProtectionChanged(
                symbol=symbol,
                status=ProtectionStatus.MISSING if held else ProtectionStatus.NONE,
                quantity=held,
                stop_loss=None,
                take_profit=None,
                message="the venue does not list it" if held else "nothing is held",
            )
            self._tell(said)

    def _tell(self, said: ProtectionChanged) -> None:
        known = self._ledger.state.protection.get(said.symbol)
        if known is None or _differs(known, said):
            self._ledger.append(said)
        self._block(said)

    def _status(self, symbol: str, step: Plan) -> ProtectionStatus | None:
        if step.step is Step.REST:
            self._lacking_since.pop(symbol, None)
            if step.legs:
                return ProtectionStatus.VENUE
            return ProtectionStatus.TOO_SMALL if step.message else ProtectionStatus.NONE
        if step.step is Step.WATCH:
            self._lacking_since.pop(symbol, None)
            return ProtectionStatus.BOT
        if not self._lacks(symbol):
            self._lacking_since.pop(symbol, None)
            return None
        now = self._clock.monotonic_ns()
        since = self._lacking_since.setdefault(symbol, now)
        is_missing = symbol in self._troubles or now - since >= GRACE_NS
        return ProtectionStatus.MISSING if is_missing else None

    def _why(self, symbol: str, step: Plan, status: ProtectionStatus) -> str:
        if status is ProtectionStatus.MISSING:
            trouble = self._troubles.get(symbol)
            return trouble.message if trouble is not None else step.message or "they are not at the venue yet"
        return {
            ProtectionStatus.TOO_SMALL: step.message,
            ProtectionStatus.NONE: "nothing is held, or nothing is wanted",
            ProtectionStatus.BOT: "the venue takes no such orders, or an exit rests: the bot compares prices",
            ProtectionStatus.VENUE: "the orders rest at the venue",
        }[status]

    def _block(self, said: ProtectionChanged) -> None:
        is_missing = said.status is ProtectionStatus.MISSING
        if is_missing == is_blocked(self._context, said.symbol, UNPROTECTED):
            return
        if is_missing:
            message = f"{said.symbol} is without its protective orders: {said.message}"
            self._context.errors.record(NonRetriableError("ORDER_005", message, symbol=said.symbol))
        self._ledger.append(
            SymbolBlocked(symbol=said.symbol, blocked=is_missing, reason=UNPROTECTED, message=said.message)
        )


def _differs(known: Protected, said: ProtectionChanged) -> bool:
    """Whether there is news; what is missing anyway is said once, whatever its prices."""
    if known.status is said.status is ProtectionStatus.MISSING:
        return False
    fields = ("status", "quantity", "stop_loss", "take_profit")
    return any(getattr(known, name) != getattr(said, name) for name in fields)
