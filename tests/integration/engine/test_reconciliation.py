"""Books and venue: what is taken over, what is a mismatch, and what is only on its way."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from support.engine import PAIR, STOCK, Rig, Running, play
from support.venues import order as new_order

from trading_bot.contract.errors import NonRetriableError, RetriableError
from trading_bot.contract.events.account import (
    BalanceAdopted,
    MismatchFound,
    MismatchSettled,
    PositionAdopted,
    ReconciliationCompleted,
)
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.events.trading import LearnedBy, OrderDenied, OrderFilled, OrderOutcomeLost, Side
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import (
    MayLeave,
    NewOrder,
    StreamName,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
    unconditionally,
)


async def trade_by_hand(rig: Rig, side: Side = Side.BUY, quantity: str = "100") -> None:
    """Somebody else uses the account."""
    await rig.venue.place(new_order(side, quantity))


def test_the_first_start_takes_over_the_balances_and_what_is_held_without_its_fills(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, funds={"USD": Decimal(50_000), "EUR": Decimal(700), "XAU": Decimal(3)})
        async with rig.running() as bot:
            (cash,) = bot.events(BalanceAdopted)
            assert (cash.asset, cash.amount, cash.reason) == ("USD", Decimal(50_000), "opening")
            (position,) = bot.events(PositionAdopted)
            assert (position.symbol, position.quantity) == (PAIR, Decimal(700))
            held = bot.state.positions[PAIR]
            assert held.entry_price is None
            assert held.unknown_reason
            assert "RECON_003" in bot.codes()
            assert not bot.state.reconciliation.mismatches, "XAU is not traded here"

    play(scenario())


def test_a_trade_of_somebody_else_is_a_mismatch_that_blocks_its_symbol_and_the_account(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await trade_by_hand(rig)
            await bot.until(lambda: len(bot.events(MismatchFound)) == 2)
            assert {found.subject for found in bot.events(MismatchFound)} == {"balance", "position"}
            assert not bot.events(OrderFilled), "a foreign fill is not ours"
            assert "Mismatch" in bot.state.markets[PAIR].blocks
            assert not bot.state.markets[STOCK].blocks
            bot.beat()
            assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.REDUCE_ONLY, "BalanceMismatch")
            await bot.bar("1.20")
            assert [denied.limit for denied in bot.events(OrderDenied)] == ["mode"]

    play(scenario())


def test_a_mismatch_that_vanishes_is_settled_and_its_symbol_trades_again(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=WithTransfers)
        async with rig.running() as bot:
            assert isinstance(rig.venue, WithTransfers)
            rig.venue.transfer("EUR", Decimal(5))
            await bot.parts.reconciliation.run("doubt")
            assert bot.state.markets[PAIR].blocks.keys() == {"Mismatch"}
            await bot.bar("1.20")
            assert bot.events(OrderDenied)[-1].limit == "symbol_blocked"
            rig.venue.transfer("EUR", Decimal(-5))
            await bot.parts.reconciliation.run("doubt")
            assert [settled.how for settled in bot.events(MismatchSettled)] == ["vanished"]
            assert not bot.state.markets[PAIR].blocks
            await bot.bar("1.00")
            await bot.enter()

    play(scenario())


class WithTransfers(InMemoryVenue):
    """Money comes and goes without orders."""

    def transfer(self, asset: str, amount: Decimal) -> None:
        self._books._move(asset, free=amount)


def test_a_mismatch_stands_over_a_restart_until_it_is_settled(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=WithTransfers)
        async with rig.running() as bot:
            assert isinstance(rig.venue, WithTransfers)
            rig.venue.transfer("EUR", Decimal(5))
            await bot.parts.reconciliation.run("doubt")
            await bot.kill()
        async with rig.running() as bot:
            assert "Mismatch" in bot.state.markets[PAIR].blocks
            assert not bot.events(MismatchFound), "it is the same one"
            rig.venue.transfer("EUR", Decimal(-5))
            await bot.parts.reconciliation.run("doubt")
            assert not bot.state.markets[PAIR].blocks

    play(scenario())


def test_an_order_on_its_way_is_no_mismatch(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.mute(StreamName.ORDERS)
            rig.venue.lose_next_ack()
            for _ in range(20):
                rig.venue.fail_next("order", RetriableError("VENUE_001", "no connection"))
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderOutcomeLost))
            # The venue has taken and filled it, and does not answer for it yet: balances differ.
            looks = [await bot.parts.reconciliation._look() for _ in range(2)]
            assert [look.differing for look in looks] == [{}, {}]
            assert looks[0].undecided == {"position:EUR", "balance:USD"}

    play(scenario())


def test_an_order_that_is_over_in_the_books_and_works_at_the_venue_is_a_mismatch(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            closed = await bot.enter()
            limit = new_order(Side.BUY, "100", "1.0", client_order_id=closed.client_order_id)
            await rig.venue.place(limit)
            await bot.parts.reconciliation.run("doubt")
            (found,) = bot.events(MismatchFound)
            assert found.subject == "order"
            assert "over in the books" in found.message

    play(scenario())


def test_an_order_of_somebody_else_blocks_its_symbol_while_it_works(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            foreign = new_order(Side.BUY, "100", "1.0", client_order_id="by-hand-1")
            await rig.venue.place(foreign)
            await bot.parts.reconciliation.run("doubt")
            assert "not sent by this bot" in bot.events(MismatchFound)[0].message
            assert bot.state.mode.mode is Mode.RUNNING
            await rig.venue.cancel(PAIR, "by-hand-1")
            await bot.parts.reconciliation.run("doubt")
            assert not bot.state.markets[PAIR].blocks

    play(scenario())


def test_fills_of_an_outage_of_the_order_stream_are_learned_by_asking(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.lose_stream(StreamName.ORDERS)
            await bot.enter()
            assert bot.events(OrderFilled)[0].learned_by is LearnedBy.RECONCILIATION
            before = len(bot.events(ReconciliationCompleted))
            rig.venue.restore_stream(StreamName.ORDERS)
            await bot.until(lambda: len(bot.events(ReconciliationCompleted)) > before)
            assert not bot.state.reconciliation.mismatches

    play(scenario())


def test_only_fills_since_the_last_comparison_are_asked_for(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=Attentive)
        async with rig.running() as bot:
            assert isinstance(rig.venue, Attentive)
            await bot.enter()
            rig.clock.advance(3600)
            await bot.parts.reconciliation.run("periodic")
            rig.clock.advance(3600)
            await bot.parts.reconciliation.run("periodic")
            completed = bot.state.reconciliation.completed_at
            await bot.parts.reconciliation.run("periodic")
            assert completed is not None
            assert rig.venue.asked_since[-1] == completed - 60 * 10**9

    play(scenario())


class Attentive(InMemoryVenue):
    """Remembers from when on fills were asked for."""

    asked_since: list[int]

    async def fills(self, symbol: str, since: int) -> list[VenueFill]:
        self.asked_since = [*getattr(self, "asked_since", []), since]
        return await super().fills(symbol, since)


def test_a_venue_that_does_not_answer_at_the_start_is_asked_until_it_does(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        for operation in ("open", "balances"):
            rig.venue.fail_next(operation, RetriableError("VENUE_001", "no connection"))
        async with rig.starting() as bot:
            await bot.until(lambda: "VENUE_001" in bot.codes())
            bot.beat()
            assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.PAUSED, "Starting")
            assert bot.state.conditions["VenueReachable"].status == "False"
            await bot.until(bot.quote_until_ready)
            bot.beat()
            assert bot.state.conditions["VenueReachable"].status == "True"

    play(scenario())


# Policies, and what a person may take over


async def adopted(bot: Running, mismatch_id: str, confirm: str) -> None:
    await bot.parts.reconciliation.adopt(mismatch_id, confirm, actor="alice", reason="it was me")


def test_a_person_takes_a_manual_trade_over_value_by_value_and_trading_goes_on(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            await trade_by_hand(rig, Side.SELL)
            await bot.until(lambda: len(bot.state.reconciliation.mismatches) == 2)
            for found in list(bot.state.reconciliation.mismatches.values()):
                assert found.quantity == abs(Decimal(found.venue or 0) - Decimal(found.local or 0)) > 0
                await adopted(bot, found.mismatch_id, found.venue or "")
            settled = bot.events(MismatchSettled)
            assert [(event.how, event.actor, event.reason) for event in settled] == [
                ("adopted", "alice", "it was me")
            ] * 2
            balances = await rig.venue.balances()
            assert bot.state.account.balances["EUR"] == balances["EUR"].total
            assert bot.state.account.balances["USD"] == balances["USD"].total
            (taken,) = bot.events(PositionAdopted)
            assert taken.previous - taken.quantity == 100
            bot.beat()
            assert bot.state.mode.mode is Mode.RUNNING
            assert not bot.state.markets[PAIR].blocks
            await bot.parts.reconciliation.run("doubt")
            assert not bot.state.reconciliation.mismatches
            await bot.bar("1.00")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)

    play(scenario())


def test_what_was_not_confirmed_is_not_taken_over(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=WithTransfers)
        async with rig.running() as bot:
            assert isinstance(rig.venue, WithTransfers)
            rig.venue.transfer("EUR", Decimal(5))
            await bot.parts.reconciliation.run("doubt")
            for mismatch_id, confirm in (("position:EUR", "6"), ("position:XYZ", "5")):
                with pytest.raises(NonRetriableError) as refused:
                    await adopted(bot, mismatch_id, confirm)
                assert refused.value.code == "RECON_004"
            rig.venue.transfer("EUR", Decimal(1))
            with pytest.raises(NonRetriableError, match="the venue says 6, 5 was confirmed"):
                await adopted(bot, "position:EUR", "5")
            assert not bot.events(PositionAdopted)
            await bot.parts.reconciliation.run("doubt")
            assert bot.state.reconciliation.mismatches["position:EUR"].venue == "6"
            assert len(bot.events(MismatchFound)) == 2, "the same one, by another amount"
            await adopted(bot, "position:EUR", "6")
            assert not bot.state.markets[PAIR].blocks

    play(scenario())


def test_the_policy_to_adopt_takes_over_with_both_values_on_the_tape(tmp_path: Path):
    async def scenario() -> None:
        policy = {"balances": "adopt", "positions": "adopt"}
        rig = Rig(tmp_path, venue_kind=WithTransfers, reconciliation=policy)
        async with rig.running() as bot:
            assert isinstance(rig.venue, WithTransfers)
            rig.venue.transfer("EUR", Decimal(5))
            rig.venue.transfer("USD", Decimal(-7))
            await bot.parts.reconciliation.run("periodic")
            assert {found.subject for found in bot.events(MismatchFound)} == {"balance", "position"}
            (taken,) = bot.events(PositionAdopted)
            assert (taken.previous, taken.quantity) == (0, 5)
            cash = bot.events(BalanceAdopted)[-1]
            assert (cash.previous - cash.amount, cash.reason) == (7, "mismatch")
            assert {settled.how for settled in bot.events(MismatchSettled)} == {"adopted"}
            assert not bot.state.reconciliation.mismatches
            assert not bot.state.markets[PAIR].blocks

    play(scenario())


def test_the_policy_to_halt_halts_until_a_person_lifts_it(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=WithTransfers, reconciliation={"positions": "halt"})
        async with rig.running() as bot:
            assert isinstance(rig.venue, WithTransfers)
            rig.venue.transfer("EUR", Decimal(5))
            await bot.parts.reconciliation.run("periodic")
            assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.HALTED, "HaltingError")
            assert "RECON_002" in bot.state.mode.message
            await bot.parts.reconciliation.run("periodic")
            assert bot.codes().count("RECON_002") == 1

    play(scenario())


def test_a_strangers_order_that_was_let_be_does_not_block_again_until_it_is_another_one(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await rig.venue.place(new_order(Side.BUY, "100", "1.0", client_order_id="by-hand-1"))
            await bot.parts.reconciliation.run("doubt")
            (found,) = bot.events(MismatchFound)
            assert found.quantity == 100
            await adopted(bot, "order:by-hand-1", "by-hand-1")
            await bot.parts.reconciliation.run("doubt")
            assert not bot.state.markets[PAIR].blocks
            await bot.kill()
        async with rig.running() as bot:
            assert not bot.state.reconciliation.mismatches
            await rig.venue.cancel(PAIR, "by-hand-1")
            await bot.parts.reconciliation.run("doubt")
            assert not bot.state.reconciliation.tolerated
            await rig.venue.place(new_order(Side.BUY, "100", "1.0", client_order_id="by-hand-2"))
            await bot.parts.reconciliation.run("doubt")
            assert bot.state.markets[PAIR].blocks

    play(scenario())


def test_where_fills_are_not_adopted_by_themselves_one_nobody_told_of_waits_for_a_person(tmp_path: Path):
    async def scenario() -> None:
        limit = {"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0}
        rig = Rig(tmp_path, reconciliation={"fills": "block"}, execution=limit, venue_kind=Forgetful)
        async with rig.running() as bot:
            assert isinstance(rig.venue, Forgetful)
            rig.venue.lose_stream(StreamName.ORDERS)
            rig.venue.forgets_fills = True
            await bot.enter()
            assert not bot.events(OrderFilled)
            rig.venue.forgets_fills = False
            await bot.parts.reconciliation.run("periodic")
            found = next(found for found in bot.events(MismatchFound) if found.subject == "fill")
            assert "Mismatch" in bot.state.markets[PAIR].blocks
            await adopted(bot, found.mismatch_id, found.venue or "")
            assert len(bot.events(OrderFilled)) == 1
            await bot.parts.reconciliation.run("periodic")
            assert not bot.state.reconciliation.mismatches
            assert not bot.state.markets[PAIR].blocks

    play(scenario())


class Forgetful(InMemoryVenue):
    """Says of an order that was filled that it was cancelled, and shows its trades later."""

    forgets_fills = False

    async def fills(self, symbol: str, since: int) -> list[VenueFill]:
        return [] if self.forgets_fills else await super().fills(symbol, since)

    async def place(self, order: NewOrder, may_leave: MayLeave = unconditionally) -> VenueOrder:
        return self._hidden(await super().place(order, may_leave))

    async def order(self, symbol: str, client_order_id: str) -> VenueOrder | None:
        found = await super().order(symbol, client_order_id)
        return None if found is None else self._hidden(found)

    def _hidden(self, order: VenueOrder) -> VenueOrder:
        if not self.forgets_fills:
            return order
        return msgspec.structs.replace(order, status=VenueOrderStatus.CANCELLED, filled_quantity=Decimal(0))
