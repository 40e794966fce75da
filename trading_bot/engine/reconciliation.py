"""Agreement with the venue, over the union of both sides: orders, fills, balances, positions.

The venue is the truth about money. Fills that it knows and the bot does not are taken into the books;
what still differs afterwards, look after look while nothing of it is on its way, is a mismatch.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.contract.errors import HaltError, NonRetriableError, ReduceOnlyError, TickertapeError
from trading_bot.contract.events.account import (
    BalanceAdopted,
    MismatchFound,
    MismatchSettled,
    PositionAdopted,
    ReconciliationCompleted,
)
from trading_bot.contract.events.lifecycle import SymbolBlocked
from trading_bot.contract.events.trading import LearnedBy
from trading_bot.contract.settings import Policy
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import SECOND
from trading_bot.domain.removal import NOT_LISTED
from trading_bot.domain.state import ZERO, Mismatch
from trading_bot.engine.context import Context
from trading_bot.engine.execution import Execution
from trading_bot.engine.mismatches import difference, effect, not_adopted, unexpected_order, unheard_fill
from trading_bot.engine.settlement import Settlement
from trading_bot.engine.symbol_watch import NOT_RECONCILED, SymbolWatch, blocked_for
from trading_bot.venues.protocol import Balance, Venue

MISMATCH: Final = "Mismatch"
LOOKS: Final = 4
PAUSE_SECONDS: Final = 0.4
OVERLAP_NS: Final = 60 * SECOND


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison: what differs, and what could not be told. ``moved``: the books changed meanwhile."""

    differing: dict[str, MismatchFound]
    undecided: frozenset[str]
    moved: bool

    @property
    def is_conclusive(self) -> bool:
        """Whether looking again would tell nothing new."""
        return not self.moved and not self.differing


class Reconciliation:
    """Compares books and venue; one comparison at a time.

    A symbol whose orders or fills cannot be read, while those of others can, is blocked until they are:
    what it leaves open is not concluded on, the rest is.
    """

    def __init__(
        self,
        context: Context,
        venue: Venue,
        execution: Execution,
        settlement: Settlement,
        symbols: SymbolWatch,
    ) -> None:
        self._context = context
        self._ledger = context.ledger
        self._errors = context.errors
        self._clock = context.clock
        self._venue = venue
        self._execution = execution
        self._settlement = settlement
        self._symbols = symbols
        self._completed_before = context.ledger.state.reconciliation.completed_at
        self._read_at: dict[str, int] = {}
        self._unread: dict[str, TickertapeError] = {}
        self._one_at_a_time = asyncio.Lock()

    async def run(self, trigger: str) -> None:
        """Reconcile once and say so on the tape.

        Raises:
            TickertapeError: the venue did not answer for any symbol; nothing was concluded.
        """
        async with self._one_at_a_time:
            started, began = self._clock.monotonic_ns(), self._clock.now_ns()
            learned_before = self._fills_learned()
            if self._ledger.state.account.opened_at is None:
                await self._open_account()
            checked = len(self._ledger.state.orders)
            self._unread = await self._symbols.each(self._symbols.listed, self._level, NOT_RECONCILED)
            self._declare(await self._looks())
            self._symbols.gate(NOT_RECONCILED, self._unread)
            self._read_at |= {s: began for s in self._symbols.listed if s not in self._unread}
            self._ledger.append(
                ReconciliationCompleted(
                    trigger=trigger,
                    orders_checked=checked,
                    fills_learned=int(self._fills_learned() - learned_before),
                    mismatches=len(self._ledger.state.reconciliation.mismatches),
                    duration_ns=self._clock.monotonic_ns() - started,
                )
            )

    def _fills_learned(self) -> float:
        return self._ledger.state.counts.get(metrics.FILLS_LEARNED.name, {}).get("", 0)

    async def _open_account(self) -> None:
        """Take the venue's balances over as the beginning of the books; cash last, for it opens them."""
        balances = await self._venue.balances()
        currency = self._context.settings.currency
        cash = balances[currency].total if currency in balances else ZERO
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
        self._ledger.append(BalanceAdopted(asset=currency, previous=ZERO, amount=cash, reason="opening"))

    async def _level(self, symbol: str) -> None:
        for order in [order for order in self._ledger.state.orders.values() if order.symbol == symbol]:
            if order.acknowledged_at is not None or order.unknown_since is not None:
                await self._settlement.ask(order)
        await self._level_fills(symbol)

    async def _level_fills(self, symbol: str) -> None:
        """Take fills that nobody has told of; unless the policy is to adopt them, each is a mismatch first."""
        policy = self._context.settings.reconciliation.fills
        known = self._ledger.state.trade_ids.get(symbol, {})
        for fill in await self._venue.fills(symbol, self._since(symbol)):
            if policy is Policy.ADOPT or fill.trade_id in known or not self._execution.is_own(fill):
                self._execution.take_fill(fill, LearnedBy.RECONCILIATION)
            elif (
                key := f"fill:{symbol}:{fill.trade_id}"
            ) not in self._ledger.state.reconciliation.mismatches:
                self._find(unheard_fill(key, fill), policy)

    def _since(self, symbol: str) -> int:
        """Fills are asked for from a little before they were last read, and never from before the books began."""
        opened = self._ledger.state.account.opened_at or self._clock.now_ns()
        return max(opened, (self._read_at.get(symbol) or self._completed_before or opened) - OVERLAP_NS)

    async def _looks(self) -> list[Look]:
        """Compare until nothing differs, a few times at most: reports may be on their way."""
        looks = [await self._look()]
        while not looks[-1].is_conclusive and len(looks) < LOOKS:
            await asyncio.sleep(PAUSE_SECONDS)
            looks.append(await self._look())
        return [look for look in looks if not look.moved]

    async def _look(self) -> Look:
        before, on_its_way = self._last_movement(), self._on_its_way()
        balances = await self._venue.balances()
        found = self._balance_differences(balances)

        async def look_at(symbol: str) -> None:
            for order in await self._venue.open_orders(symbol):
                if order.client_order_id not in self._ledger.state.orders:
                    key = f"order:{order.client_order_id}"
                    is_over = order.client_order_id in self._ledger.state.closed_orders
                    found[key] = unexpected_order(key, order, is_over=is_over)

        readable = [symbol for symbol in self._symbols.listed if symbol not in self._unread]
        self._unread |= await self._symbols.each(readable, look_at, NOT_RECONCILED)
        undecided = on_its_way | self._on_its_way() | self._not_read()
        return Look(
            differing={key: difference for key, difference in found.items() if key not in undecided},
            undecided=undecided,
            moved=self._last_movement() != before,
        )

    def _last_movement(self) -> tuple[int | None, int | None]:
        return self._ledger.state.last_order_at, self._ledger.state.last_fill_at

    def _on_its_way(self) -> frozenset[str]:
        """Return what cannot be compared now, because an order on it is neither over nor resting."""
        orders = self._ledger.state.orders.values()
        return self._money_of({order.symbol for order in orders if not order.rests})

    def _not_read(self) -> frozenset[str]:
        """Return what cannot be told while some symbols' orders or fills could not be read.

        An order of theirs may have been filled meanwhile: then their position and the cash differ by it.
        """
        hidden = {*self._unread, *blocked_for(self._context, NOT_LISTED)}
        if not hidden:
            return frozenset()
        state = self._ledger.state
        found = {
            m.mismatch_id
            for m in state.reconciliation.mismatches.values()
            if m.symbol in hidden and m.subject in {"order", "fill"}
        }
        trading = {order.symbol for order in state.orders.values() if order.symbol in self._unread}
        return frozenset((*found, *state.reconciliation.tolerated)) | self._money_of(trading)

    def _money_of(self, symbols: set[str]) -> frozenset[str]:
        """Return the keys of the balances that orders of these symbols move."""
        keys = {f"position:{_base(symbol)}" for symbol in symbols}
        return frozenset(keys | ({f"balance:{self._context.settings.currency}"} if symbols else set()))

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
                found[key] = difference(key, subject, symbol, asset, local, venue)
        return found

    def _declare(self, looks: list[Look]) -> None:
        """Declare what differed in each of several looks; settle what was seen to agree in one of them."""
        open_now = dict(self._ledger.state.reconciliation.mismatches)
        tolerated = self._ledger.state.reconciliation.tolerated
        for key in (*open_now, *tolerated):
            if any(key not in look.differing and key not in look.undecided for look in looks):
                self._vanish(key)
        lasting = looks[-1].differing if len(looks) > 1 else {}
        for key, found in lasting.items():
            if key in tolerated or not all(key in look.differing for look in looks):
                continue
            known, policy = open_now.get(key), self._policy(found.subject)
            is_new = known is None or (known.local, known.venue) != (found.local, found.venue)
            if self._is_present(found) and (is_new or policy is Policy.ADOPT):
                self._find(found, policy)
        self.block_symbols()

    def _is_present(self, found: MismatchFound) -> bool:
        """Whether the books still say what they said when they were compared."""
        if found.asset is None:
            return True
        return str(self._ledger.state.account.balances.get(found.asset, ZERO)) == found.local

    def _vanish(self, key: str) -> None:
        """Settle what was seen to agree. A fill is settled once it is booked."""
        _, _, rest = key.partition(":")
        symbol, _, trade_id = rest.rpartition(":")
        if key.startswith("fill:") and trade_id not in self._ledger.state.trade_ids.get(symbol, {}):
            return
        self._ledger.append(MismatchSettled(mismatch_id=key, how="vanished"))

    def _policy(self, subject: str) -> Policy:
        policies = self._context.settings.reconciliation
        return {
            "order": policies.orders,
            "fill": policies.fills,
            "balance": policies.balances,
            "position": policies.positions,
        }[subject]

    def _find(self, found: MismatchFound, policy: Policy) -> None:
        """Declare a mismatch, with both values, and do what the policy says."""
        is_new = found.mismatch_id not in self._ledger.state.reconciliation.mismatches
        self._ledger.append(found)
        if policy is Policy.ADOPT:
            self._take_over(found, actor="bot", reason=f"the policy for {found.subject}s is to adopt")
        elif policy is Policy.HALT:
            self._errors.record(HaltError("RECON_002", found.message, symbol=found.symbol, asset=found.asset))
        elif is_new:
            self._errors.record(
                ReduceOnlyError("RECON_001", found.message, symbol=found.symbol, asset=found.asset)
            )

    def _take_over(self, found: MismatchFound, *, actor: str, reason: str) -> None:
        """Let the books say what the venue says."""
        if found.subject == "position" and found.symbol is not None:
            self._ledger.append(
                PositionAdopted(
                    symbol=found.symbol,
                    previous=Decimal(found.local or 0),
                    quantity=Decimal(found.venue or 0),
                    reason=f"taken over from the venue: {reason}",
                )
            )
        elif found.subject == "balance" and found.asset is not None:
            self._ledger.append(
                BalanceAdopted(
                    asset=found.asset,
                    previous=Decimal(found.local or 0),
                    amount=Decimal(found.venue or 0),
                    reason="mismatch",
                )
            )
        self._ledger.append(
            MismatchSettled(mismatch_id=found.mismatch_id, how="adopted", actor=actor, reason=reason)
        )

    def require_adoptable(self, mismatch_id: str, confirm: str) -> str:
        """Say what adopting a mismatch would do.

        Raises:
            NonRetriableError: RECON_004, there is no such mismatch, or ``confirm`` is not its venue's value.
        """
        known = self._ledger.state.reconciliation.mismatches.get(mismatch_id)
        if known is None:
            raise not_adopted(mismatch_id, "there is no such mismatch")
        if known.venue != confirm:
            raise not_adopted(mismatch_id, f"the venue says {known.venue}, {confirm} was confirmed")
        return effect(known)

    async def adopt(self, mismatch_id: str, confirm: str, *, actor: str, reason: str) -> None:
        """Take over the venue's side of one open mismatch, on a person's word.

        Args:
            mismatch_id: of an open mismatch.
            confirm: the venue's value as the mismatch says it; if the venue says another one now, nothing is done.
            actor: who asks.
            reason: why.

        Raises:
            NonRetriableError: RECON_004, there is no such mismatch, or the venue says another value.
            TickertapeError: the venue did not answer; nothing was done.
        """
        async with self._one_at_a_time:
            self.require_adoptable(mismatch_id, confirm)
            known = self._ledger.state.reconciliation.mismatches[mismatch_id]
            if known.subject == "fill":
                await self._adopt_fill(known, actor=actor, reason=reason)
            else:
                await self._adopt_found(known, confirm, actor=actor, reason=reason)
            self.block_symbols()
            self._execution.moved.set()

    async def _adopt_found(self, known: Mismatch, confirm: str, *, actor: str, reason: str) -> None:
        look = await self._look()
        if look.moved or known.mismatch_id in look.undecided:
            raise not_adopted(known.mismatch_id, "an order on it is on its way; ask again in a moment")
        found = look.differing.get(known.mismatch_id)
        if found is None:
            self._ledger.append(MismatchSettled(mismatch_id=known.mismatch_id, how="vanished"))
        elif found.venue != confirm:
            said = f"the venue says {found.venue}, {confirm} was confirmed"
            raise not_adopted(known.mismatch_id, said, expected=found.venue, found=confirm)
        else:
            self._take_over(found, actor=actor, reason=reason)

    async def _adopt_fill(self, known: Mismatch, *, actor: str, reason: str) -> None:
        trade_id = known.mismatch_id.rpartition(":")[2]
        for fill in await self._venue.fills(known.symbol or "", self._ledger.state.account.opened_at or 0):
            if fill.trade_id == trade_id:
                self._execution.take_fill(fill, LearnedBy.RECONCILIATION)
                how = MismatchSettled(
                    mismatch_id=known.mismatch_id, how="adopted", actor=actor, reason=reason
                )
                self._ledger.append(how)
                return
        raise not_adopted(known.mismatch_id, "the venue does not show the trade any more")

    def block_symbols(self) -> None:
        """Block the symbols that an open mismatch is about, and no others."""
        differing = {found.symbol for found in self._ledger.state.reconciliation.mismatches.values()}
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
