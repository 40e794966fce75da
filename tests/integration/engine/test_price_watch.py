"""Prices that jump: not believed before the venue, asked by a request of its own, says the same."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from support.engine import PAIR, STOCK, Rig, Running, play

from trading_bot.contract.events.account import BreakerOpened
from trading_bot.contract.events.lifecycle import SymbolBlocked
from trading_bot.contract.events.market import PriceConfirmed
from trading_bot.contract.events.trading import OrderDenied, OrderSent, Side

TIGHT = {"max_price_jump_bps": 500}


async def lie(rig: Rig, bot: Running, bid: str) -> None:
    """Let the stream tell of a price that is not the venue's."""
    rig.venue.misquote(PAIR, Decimal(bid), Decimal(bid) + Decimal("0.0002"))
    await bot.until(lambda: not len(rig.venue._mailbox))
    rig.clock.advance(1)
    bot.beat()


async def settle(bot: Running) -> None:
    """Close a bar at the market's own price, the first that later ones are held against, and let the entry fill."""
    await bot.bar("1.10")
    await bot.bar("1.10")
    await bot.until(lambda: bot.state.closed_orders)


def test_a_spike_of_the_stream_blocks_new_risk_and_moves_no_anchor(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={**TIGHT, "max_daily_loss": 5, "max_drawdown": 0.0001})
        async with rig.running() as bot:
            await settle(bot)
            peak = bot.state.account.peak_equity
            await bot.bar("1.11")
            await bot.until(lambda: bot.state.closed_orders)
            await lie(rig, bot, "1.5000")
            assert "PriceJump" in bot.state.markets[PAIR].blocks
            assert bot.state.account.peak_equity == peak
            await bot.until(lambda: "RISK_020" in bot.codes())
            await lie(rig, bot, "0.7000")
            assert not bot.events(BreakerOpened)
            await bot.bar("1.20", STOCK)
            assert bot.events(OrderDenied)[-1].error_code == "RISK_019"
            assert bot.state.conditions["RiskWithinLimits"].reason == "EquityUncertain"
            await bot.quote()
            bot.beat()
            assert "PriceJump" not in bot.state.markets[PAIR].blocks
            assert bot.state.conditions["RiskWithinLimits"].status == "True"
            assert not bot.events(PriceConfirmed)

    play(scenario())


def test_an_exit_passes_while_the_price_is_not_believed(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits=TIGHT)
        async with rig.running() as bot:
            await settle(bot)
            await bot.bar("1.11")
            await bot.until(lambda: bot.state.closed_orders)
            await lie(rig, bot, "1.4000")
            await bot.bar("1.10")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
            assert list(bot.state.closed_orders.values())[-1].side is Side.SELL

    play(scenario())


def test_a_market_that_really_jumped_is_believed_as_soon_as_the_venue_has_said_so(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={**TIGHT, "max_daily_loss": 50})
        async with rig.running() as bot:
            await settle(bot)
            await bot.bar("1.11")
            await bot.until(lambda: bot.state.closed_orders)
            rig.clock.advance(1)
            await bot.quote("1.0000", "1.0002")
            await bot.until(lambda: bot.events(PriceConfirmed))
            assert [event.blocked for event in bot.events(SymbolBlocked, reason="PriceJump")] == [True, False]
            rig.clock.advance(1)
            await bot.quote("1.0000", "1.0002")
            bot.beat()
            assert [opened.breaker for opened in bot.events(BreakerOpened)] == ["max_daily_loss"]
            assert "RISK_020" not in bot.codes()

    play(scenario())


def test_a_bar_of_the_stream_that_jumps_is_not_what_later_prices_are_held_against(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits=TIGHT)
        async with rig.running() as bot:
            await settle(bot)
            await bot.bar("1.06")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
            sent = len(bot.events(OrderSent))
            await bot.bar("1.40")  # the book stays at 1.10
            assert bot.state.markets[PAIR].reference == Decimal("1.06")
            assert bot.events(OrderDenied)[-1].limit == "symbol_blocked"
            assert len(bot.events(OrderSent)) == sent

    play(scenario())


def test_a_venue_that_cannot_be_asked_leaves_the_price_in_doubt(tmp_path: Path):
    async def scenario() -> None:
        from trading_bot.contract.errors import RetriableError  # noqa: PLC0415 - its only use here

        rig = Rig(tmp_path, limits=TIGHT)
        async with rig.running() as bot:
            await settle(bot)
            rig.venue.fail_next("quote", RetriableError("VENUE_001", "cannot be reached"))
            await bot.quote("1.3000", "1.3002")
            await bot.until(lambda: "VENUE_001" in bot.codes())
            assert PAIR in bot.state.account.doubted
            await bot.until(lambda: bot.events(PriceConfirmed))

    play(scenario())


def test_a_jump_of_a_symbol_that_is_not_held_leaves_the_loss_limits_of_the_others_in_force(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={**TIGHT, "max_daily_loss": 5})
        async with rig.running() as bot:
            await bot.bar("1.09", STOCK)
            await settle(bot)
            rig.venue.misquote(STOCK, Decimal("1.5000"), Decimal("1.5002"))
            await bot.quote("1.0800", "1.0802")
            rig.clock.advance(1)
            bot.beat()
            assert "PriceJump" in bot.state.markets[STOCK].blocks
            assert [opened.breaker for opened in bot.events(BreakerOpened)] == ["max_daily_loss"]

    play(scenario())
