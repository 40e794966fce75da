"""Agreement with the venue, over the union of both sides: orders, fills, balances, positions.

The venue is the truth about money. Fills that it knows and the bot does not are taken into the books;
what still differs afterwards, twice in a row while nothing is on its way, is a mismatch.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Final

from trading_bot.contract.errors import NonRetriableError, ReduceOnlyError
from trading_bot.contract.events.account import (
    BalanceAdopted,
    MismatchFound,
    MismatchSettled,
    PositionAdopted,
    ReconciliationCompleted,
)
from trading_bot.contract.events.lifecycle import SymbolBlocked
from trading_bot.contract.events.trading import LearnedBy
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import SECOND
from trading_bot.domain.state import ZERO
from trading_bot.engine.context import Context
from trading_bot.engine.execution import Execution
from trading_bot.engine.settlement import Settlement
from trading_bot.venues.protocol import Balance, Venue

MISMATCH: Final = "Mismatch"
LOOKS: Final = 4
PAUSE_SECONDS: Final = 0.4
OVERLAP_NS: Final = 60 * SECOND
OWN_PREFIX: Final = "tt-"


class Reconciliation:
    """Compares books and venue; one comparison at a time."""

    def __init__(self, context: Context, venue: Venue, execution: Execution, settlement: Settlement) -> None:
        self._context = context
        self._ledger = context.ledger
        self._errors = context.errors
        self._clock = context.clock
        self._venue = venue
        self._execution = execution
        self._settlement = settlement
        self._one_at_a_time = asyncio.Lock()

    async def run(self, trigger: str) -> None:
        """Reconcile once and say so on the tape.

        Raises:
            TickertapeError: the venue did not answer; nothing was concluded.
        """
        async with self._one_at_a_time:
            started = self._clock.monotonic_ns()
            learned_before = self._fills_learned()
            if self._ledger.state.account.opened_at is None:
                await self._open_account()
            checked = await self._level_orders()
            differences = await self._differences()
            self._declare(differences)
            self._ledger.append(
                ReconciliationCompleted(
                    trigger=trigger,
                    orders_checked=checked,
                    fills_learned=int(self._fills_learned() - learned_before),
                    mismatches=len(differences),
                    duration_ns=self._clock.monotonic_ns() - started,
                )
            )

    def _fills_learned(self) -> float:
        return self._ledger.state.counts.get(metrics.FILLS_LEARNED.name, {}).get("", 0)

    async def _open_account(self) -> None:
        """Take the venue's balances over as the beginning of the books."""
        balances = await self._venue.balances()
        currency = self._context.settings.currency
        cash = balances[currency].total if currency in balances else ZERO
        self._ledger.append(BalanceAdopted(asset=currency, previous=ZERO, amount=cash, reason="opening"))
        for symbol in self._context.settings.symbols:
            held = balances.get(_base(symbol))
            if held is None or not held.total:
                continue
            reason = "it was at the venue before the journal began, so its fills are not known"
            self._ledger.append(
                PositionAdopted(symbol=symbol, previous=ZERO, quantity=held.total, reason=reason)
            )
            self._errors.record(
                NonRetriableError("RECON_003", f"{held.total} {held.asset}: {reason}", symbol=symbol)
            )

    async def _level_orders(self) -> int:
        checked = 0
        for symbol in self._context.settings.symbols:
            for order in [order for order in self._ledger.state.orders.values() if order.symbol == symbol]:
                checked += 1
                if order.acknowledged_at is not None or order.unknown_since is not None:
                    await self._settlement.ask(order)
            for fill in await self._venue.fills(symbol, self._since(symbol)):
                self._execution.take_fill(fill, LearnedBy.RECONCILIATION)
        return checked

    def _since(self, symbol: str) -> int:
        """Fills are asked for from a little before the last known one, and never from before the books began."""
        state = self._ledger.state
        opened = state.account.opened_at or self._clock.now_ns()
        last = max((fill.at for fill in state.fills if fill.symbol == symbol), default=opened)
        return max(opened, last - OVERLAP_NS)

    async def _differences(self) -> dict[str, MismatchFound]:
        """Return what differs now and still differs after a moment; reports may be on their way."""
        lasting = await self._compare()
        for _ in range(LOOKS - 1):
            if not lasting:
                break
            await asyncio.sleep(PAUSE_SECONDS)
            again = await self._compare()
            lasting = {key: found for key, found in again.items() if key in lasting}
        return lasting

    async def _compare(self) -> dict[str, MismatchFound]:
        seq = self._ledger.state.last_fill_at
        balances = await self._venue.balances()
        found = self._balance_differences(balances)
        for symbol in self._context.settings.symbols:
            known = self._ledger.state.orders
            for order in await self._venue.open_orders(symbol):
                if order.client_order_id not in known and not self._is_recent(order.client_order_id):
                    found[f"order:{order.client_order_id}"] = _foreign_order(symbol, order.client_order_id)
        in_motion = self._ledger.state.last_fill_at != seq
        return {} if in_motion else found

    def _is_recent(self, client_order_id: str) -> bool:
        return client_order_id in self._ledger.state.closed_orders

    def _balance_differences(self, balances: dict[str, Balance]) -> dict[str, MismatchFound]:
        books = self._ledger.state.account.balances
        subjects: dict[str, tuple[str | None, str]] = {self._context.settings.currency: (None, "balance")}
        subjects |= {_base(symbol): (symbol, "position") for symbol in self._context.settings.symbols}
        found = {}
        for asset, (symbol, subject) in subjects.items():
            local = books.get(asset, ZERO)
            venue = balances[asset].total if asset in balances else ZERO
            if local != venue:
                key = f"{subject}:{asset}"
                found[key] = _difference(key, subject, symbol, asset, local, venue)
        return found

    def _declare(self, differences: dict[str, MismatchFound]) -> None:
        open_now = self._ledger.state.reconciliation.mismatches
        for key in [key for key in open_now if key not in differences]:
            self._ledger.append(MismatchSettled(mismatch_id=key, how="vanished"))
        for key, found in differences.items():
            if key not in open_now:
                self._ledger.append(found)
                self._errors.record(
                    ReduceOnlyError("RECON_001", found.message, symbol=found.symbol, asset=found.asset)
                )
        self._block_symbols({found.symbol for found in differences.values() if found.symbol})

    def _block_symbols(self, differing: set[str]) -> None:
        for symbol in self._context.settings.symbols:
            market = self._ledger.state.markets.get(symbol)
            blocked = market is not None and MISMATCH in market.blocks
            if (symbol in differing) == blocked:
                continue
            message = "books and venue disagree" if symbol in differing else "books and venue agree again"
            self._ledger.append(
                SymbolBlocked(symbol=symbol, blocked=not blocked, reason=MISMATCH, message=message)
            )


def _base(symbol: str) -> str:
    return symbol.partition("/")[0]


def _difference(
    key: str, subject: str, symbol: str | None, asset: str, local: Decimal, venue: Decimal
) -> MismatchFound:
    message = f"{asset}: the books say {local}, the venue says {venue} ({venue - local:+})"
    return MismatchFound(
        mismatch_id=key,
        subject=subject,
        symbol=symbol,
        asset=asset,
        local=str(local),
        venue=str(venue),
        message=message,
    )


def _foreign_order(symbol: str, client_order_id: str) -> MismatchFound:
    origin = "of another journal" if client_order_id.startswith(OWN_PREFIX) else "not sent by this bot"
    return MismatchFound(
        mismatch_id=f"order:{client_order_id}",
        subject="order",
        symbol=symbol,
        asset=None,
        local=None,
        venue=client_order_id,
        message=f"an order {origin} works on {symbol}: {client_order_id}",
    )
