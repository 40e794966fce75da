"""One symbol that the venue does not serve is blocked; the others trade."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.engine import PAIR, STOCK, Rig, Running, play
from support.venues import order as new_order

from trading_bot.contract.errors import OperatorError, RetriableError
from trading_bot.contract.events.account import MismatchFound, MismatchSettled, ProtectionStatus
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus, Mode
from trading_bot.contract.events.trading import OrderDenied, OrderFilled, Side
from trading_bot.domain.removal import NOT_LISTED
from trading_bot.engine import symbol_watch
from trading_bot.engine.flattening import Flattening
from trading_bot.engine.symbol_watch import NO_HISTORY, NOT_RECONCILED
from trading_bot.venues.in_memory import InMemoryVenue

FALSE = ConditionStatus.FALSE
BROKEN = RetriableError("VENUE_007", f"not the answer that was asked for about {STOCK}")
GONE = OperatorError("VENUE_008", f"fills: {STOCK} is not known", symbol=STOCK)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbol_watch, "FIRST_PAUSE", 0.02)


@contextlib.asynccontextmanager
async def ready(rig: Rig, *symbols: str) -> AsyncIterator[Running]:
    """Run a bot from the moment on at which it trades; only these symbols are quoted."""
    async with rig.starting() as bot:

        def is_ready() -> bool:
            for symbol in symbols:
                if symbol not in bot.parts.feed.quotes:
                    rig.push_quote(symbol=symbol)
            return bot.parts.vitals.ready

        await bot.until(lambda: bot.parts.execution.instruments)
        await bot.until(is_ready)
        bot.beat()
        yield bot


def said(bot: Running, name: ConditionName) -> tuple[ConditionStatus, str]:
    known = bot.state.conditions[name]
    return known.status, known.reason


def blocks(bot: Running, symbol: str) -> set[str]:
    market = bot.state.markets.get(symbol)
    return set(market.blocks) if market is not None else set()


async def stands_aside(bot: Running) -> None:
    """See that the stock takes no order while the pair trades."""
    await bot.bar("1.20", STOCK)
    filled = await bot.enter(PAIR)
    assert filled.symbol == PAIR
    assert {order.symbol for order in bot.orders} == {PAIR}
    assert bot.state.mode.mode is Mode.RUNNING


# Not listed


def test_a_symbol_that_is_not_listed_any_more_is_blocked_and_the_others_trade(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        rig.venue.delist(STOCK)
        async with ready(rig, PAIR) as bot:
            assert blocks(bot, STOCK) == {NOT_LISTED}
            assert not blocks(bot, PAIR)
            assert bot.codes() == ["VENUE_008"]
            assert said(bot, ConditionName.FEED_FRESH) == (FALSE, "NotListed")
            assert (await bot.enter(PAIR)).symbol == PAIR
            await bot.parts.reconciliation.run("periodic")
            assert not bot.state.reconciliation.mismatches
            assert bot.state.mode.mode is Mode.RUNNING

    play(scenario())


def test_without_any_symbol_that_is_listed_the_bot_goes_on_asking_and_is_not_ready(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        rig.venue.delist(STOCK)
        rig.venue.delist(PAIR)
        async with rig.starting() as bot:
            await bot.until(lambda: rig.venue.requests.get("open", 0) >= 2)
            bot.beat()
            assert bot.codes() == ["VENUE_008"]
            assert not bot.parts.vitals.ready
            assert said(bot, ConditionName.VENUE_REACHABLE) == (FALSE, "NotReachable")

    play(scenario())


def test_a_held_symbol_that_is_not_listed_any_more_stays_visible_and_its_mark_makes_equity_uncertain(
    tmp_path: Path,
):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter(STOCK)
            held = bot.state.positions[STOCK].quantity
        rig.venue.delist(STOCK)
        rig.clock.advance(seconds=100)
        async with ready(rig, PAIR) as bot:
            assert bot.state.positions[STOCK].quantity == held
            assert not bot.state.reconciliation.mismatches
            rig.clock.advance(seconds=100)
            await bot.quote()
            bot.beat()
            rig.clock.advance(seconds=20)
            await bot.quote()
            bot.beat()
            assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.REDUCE_ONLY, "EquityUncertain")
            flattening = Flattening(bot.context, bot.parts.execution, bot.parts.feed)
            with pytest.raises(OperatorError, match="does not list"):
                flattening.plan(STOCK)
            plan = flattening.plan(None)
            assert plan.closing == ()
            assert "which the venue does not list" in str(plan)

    play(scenario())


def test_a_held_symbol_that_is_not_listed_any_more_is_called_unprotected_until_it_is_not_held(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=WithTransfers, protection={STOCK: {"stop_loss_pct": 2}})
        async with rig.running() as bot:
            await bot.enter(STOCK)
            await bot.until(lambda: [order for order in bot.state.orders.values() if order.rests])
            (stop,) = bot.state.orders
            await bot.kill()
        await rig.venue.cancel(STOCK, stop)  # as a venue does when it delists
        rig.venue.delist(STOCK)
        async with ready(rig, PAIR) as bot:
            assert isinstance(rig.venue, WithTransfers)
            assert bot.state.protection[STOCK].status is ProtectionStatus.MISSING
            assert blocks(bot, STOCK) == {NOT_LISTED, "Unprotected"}
            held = bot.state.positions[STOCK].quantity
            rig.venue.transfer("GOOGL", -held)
            await bot.parts.reconciliation.run("doubt")
            (found,) = bot.events(MismatchFound)
            await bot.parts.reconciliation.adopt(found.mismatch_id, "0", actor="ada", reason="moved away")
            await bot.until(lambda: bot.state.protection[STOCK].status is ProtectionStatus.NONE)
            assert blocks(bot, STOCK) == {NOT_LISTED}

    play(scenario())


class WithTransfers(InMemoryVenue):
    """Money comes and goes without orders."""

    def transfer(self, asset: str, amount: Decimal) -> None:
        self._books._move(asset, free=amount)


def test_an_order_that_worked_on_a_symbol_that_is_gone_is_asked_for_without_a_word_each_time(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution={"order_type": "limit", "limit_offset_bps": "0"})
        async with rig.running() as bot:
            rig.venue.lose_next_order()
            await bot.bar("1.20", STOCK)
            await bot.until(lambda: "ORDER_002" in bot.codes())
            await bot.kill()
        rig.venue.delist(STOCK)
        rig.venue.break_symbol(STOCK, "order", GONE)
        async with ready(rig, PAIR) as bot:
            await bot.until(lambda: rig.venue.requests.get("order", 0) >= 3)
            assert blocks(bot, STOCK) == {NOT_LISTED, "UnknownOrder"}
            assert bot.codes().count("VENUE_008") == 2, "once not listed, once asked for its order"
            assert (await bot.enter(PAIR)).symbol == PAIR

    play(scenario())


# Not answered for


@pytest.mark.parametrize("operation", ["fills", "open_orders"])
def test_a_symbol_that_cannot_be_read_is_blocked_tried_again_and_free_once_it_was(
    tmp_path: Path, operation: str
):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        rig.venue.break_symbol(STOCK, operation, BROKEN)
        async with ready(rig, PAIR, STOCK) as bot:
            assert blocks(bot, STOCK) == {NOT_RECONCILED}
            assert bot.codes() == ["VENUE_007"]
            assert said(bot, ConditionName.RECONCILED) == (FALSE, "NotRead")
            assert said(bot, ConditionName.VENUE_REACHABLE)[0] is ConditionStatus.TRUE
            await stands_aside(bot)
            assert bot.events(OrderDenied)[-1].limit == "symbol_blocked"
            asked = rig.venue.requests[operation]
            await bot.until(lambda: rig.venue.requests[operation] > asked + 2)
            rig.venue.mend_symbol(STOCK)
            await bot.until(lambda: not blocks(bot, STOCK))
            bot.beat()
            assert said(bot, ConditionName.RECONCILED)[0] is ConditionStatus.TRUE
            assert bot.codes() == ["VENUE_007"], "said once"
            await bot.bar("1.00", STOCK)
            assert (await bot.enter(STOCK)).symbol == STOCK

    play(scenario())


def test_a_symbol_without_candles_is_blocked_until_it_has_its_history(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        rig.venue.break_symbol(STOCK, "candles", BROKEN)
        async with ready(rig, PAIR, STOCK) as bot:
            assert blocks(bot, STOCK) == {NO_HISTORY}
            bot.beat()
            assert (await bot.enter(PAIR)).symbol == PAIR
            assert said(bot, ConditionName.DECIDING) != (ConditionStatus.TRUE, "Deciding")
            rig.venue.mend_symbol(STOCK)
            await bot.until(lambda: not blocks(bot, STOCK))
            assert (await bot.enter(STOCK)).symbol == STOCK

    play(scenario())


def test_what_fails_for_every_symbol_is_the_venues_matter(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        for symbol in (PAIR, STOCK):
            rig.venue.break_symbol(symbol, "fills", BROKEN)
        async with rig.starting() as bot:
            await bot.until(lambda: rig.venue.requests.get("fills", 0) >= 4)
            bot.beat()
            assert said(bot, ConditionName.VENUE_REACHABLE)[0] is FALSE
            assert not bot.parts.vitals.ready
            assert not blocks(bot, STOCK)
            rig.venue.mend_symbol(STOCK)
            rig.venue.mend_symbol(PAIR)
            await bot.until(bot.quote_until_ready)

    play(scenario())


def test_a_rate_limit_is_no_symbols_fault(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.break_symbol(STOCK, "fills", RetriableError("VENUE_003", "too many requests"))
            with pytest.raises(RetriableError, match="too many"):
                await bot.parts.reconciliation.run("periodic")
            assert not blocks(bot, STOCK)

    play(scenario())


def test_one_failed_reading_blocks_nothing(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.fail_next("open_orders", BROKEN)
            await bot.parts.reconciliation.run("periodic")
            assert not blocks(bot, PAIR)
            assert not blocks(bot, STOCK)
            assert not bot.codes()

    play(scenario())


def test_what_was_filled_while_a_symbol_could_not_be_read_is_no_mismatch_and_booked_once_it_can(
    tmp_path: Path,
):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution={"order_type": "limit", "limit_offset_bps": "0"})
        async with rig.running() as bot:
            rig.push_quote("1.1000", "1.1002", STOCK)
            rig.venue.push_quote(STOCK, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(1))
            await bot.bar("1.20", STOCK)
            await bot.until(lambda: bot.events(OrderFilled))
            await bot.kill()
        rig.push_quote("1.1000", "1.1002", STOCK)
        for operation in ("order", "fills", "open_orders"):
            rig.venue.break_symbol(STOCK, operation, BROKEN)
        async with ready(rig, PAIR, STOCK) as bot:
            await bot.parts.reconciliation.run("periodic")
            assert NOT_RECONCILED in blocks(bot, STOCK)
            assert not bot.events(MismatchFound)
            assert bot.state.mode.mode is Mode.RUNNING
            rig.venue.mend_symbol(STOCK)
            await bot.until(lambda: not blocks(bot, STOCK))
            assert not bot.events(MismatchFound)
            balances = await rig.venue.balances()
            assert bot.state.positions[STOCK].quantity == balances["GOOGL"].total
            assert bot.state.account.balances["USD"] == balances["USD"].total

    play(scenario())


def test_a_mismatch_of_a_symbol_that_cannot_be_read_is_not_taken_for_settled(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            resting = new_order(Side.BUY, "10", price="0.9", symbol=STOCK)
            await rig.venue.place(resting)
            await bot.parts.reconciliation.run("doubt")
            assert [found.subject for found in bot.events(MismatchFound)] == ["order"]
            rig.venue.break_symbol(STOCK, "open_orders", BROKEN)
            await bot.parts.reconciliation.run("doubt")
            assert not bot.events(MismatchSettled)
            assert blocks(bot, STOCK) == {"Mismatch", NOT_RECONCILED}
            await rig.venue.cancel(STOCK, resting.client_order_id)
            rig.venue.mend_symbol(STOCK)
            await bot.parts.reconciliation.run("doubt")
            assert [settled.how for settled in bot.events(MismatchSettled)] == ["vanished"]
            assert not blocks(bot, STOCK)

    play(scenario())


def test_a_held_symbol_that_cannot_be_read_at_a_start_gets_its_stop_once_it_can_and_does_not_halt(
    tmp_path: Path,
):
    async def scenario() -> None:
        rig = Rig(tmp_path, protection={STOCK: {"stop_loss_pct": 2}})
        async with rig.running() as bot:
            await bot.enter(STOCK)
            await bot.until(lambda: [o for o in bot.state.orders.values() if o.rests])
            (stop,) = bot.state.orders
            await bot.kill()
        await rig.venue.cancel(STOCK, stop)
        for operation in ("order", "fills", "open_orders"):
            rig.venue.break_symbol(STOCK, operation, BROKEN)
        async with ready(rig, PAIR, STOCK) as bot:
            assert NOT_RECONCILED in blocks(bot, STOCK)
            assert (await bot.enter(PAIR)).symbol == PAIR
            assert set(bot.state.orders) == {stop}, "what is not known is not replaced"
            assert bot.state.mode.mode is Mode.RUNNING
            rig.venue.mend_symbol(STOCK)
            await bot.until(
                lambda: [o for o in bot.state.orders.values() if o.rests and o.client_order_id != stop]
            )
            await bot.until(lambda: not blocks(bot, STOCK))

    play(scenario())
