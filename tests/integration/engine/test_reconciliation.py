"""Books and venue: what is taken over, what is a mismatch, and what is only on its way."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from support.engine import PAIR, STOCK, Rig, play
from support.venues import order as new_order

from trading_bot.contract.errors import RetriableError
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
from trading_bot.venues.protocol import StreamName, VenueFill


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
