"""Market data that stops, and what it stops."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from support.engine import PAIR, STOCK, Rig, play

from trading_bot.contract.events.account import ReconciliationCompleted
from trading_bot.contract.events.lifecycle import Mode, SymbolBlocked
from trading_bot.contract.events.market import BarClosed, FeedReconnected, QuoteConflated
from trading_bot.contract.events.trading import OrderDenied, Side
from trading_bot.venues.protocol import BadMessage, StreamName

HOUR = 3600
SATURDAY = 45187200
"""From the rig's noon to that of 2026-11-21, in seconds."""
STALE = 6.0
"""Seconds, beyond the default limit of five."""


def test_a_symbol_without_a_fresh_quote_takes_no_new_risk_until_one_comes(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.clock.advance(STALE)
            await bot.quote(symbol=STOCK)
            bot.beat()
            assert bot.state.markets[PAIR].blocks.keys() == {"StaleFeed"}
            assert not bot.state.markets[STOCK].blocks
            assert bot.state.mode.mode is Mode.RUNNING, "what concerns one symbol leaves the mode"
            assert bot.state.conditions["FeedFresh"].status == "False"
            assert "FEED_001" in bot.codes()
            await bot.bar("1.20")
            assert [denied.limit for denied in bot.events(OrderDenied)] == ["symbol_blocked"]
            await bot.quote()
            bot.beat()
            assert not bot.state.markets[PAIR].blocks
            assert bot.state.conditions["FeedFresh"].status == "True"

    play(scenario())


def test_when_every_symbol_is_stale_the_bot_only_reduces_and_comes_back(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            rig.clock.advance(STALE)
            bot.beat()
            assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.REDUCE_ONLY, "AllSymbolsBlocked")
            await bot.bar("1.00")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
            await bot.bar("1.20", STOCK)
            assert bot.events(OrderDenied)[-1].limit == "mode"
            for symbol in (PAIR, STOCK):
                await bot.quote(symbol=symbol)
            bot.beat()
            assert bot.state.mode.mode is Mode.RUNNING

    play(scenario())


def test_every_symbol_blocked_for_whatever_reason_sets_the_mode(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            bot.ledger.append(
                SymbolBlocked(symbol=PAIR, blocked=True, reason="Mismatch", message="they differ")
            )
            bot.beat()
            assert bot.state.mode.mode is Mode.RUNNING
            rig.clock.advance(STALE)
            await bot.quote()
            bot.beat()
            assert bot.state.mode.reason == "AllSymbolsBlocked"
            assert "Mismatch, StaleFeed" in bot.state.mode.message

    play(scenario())


def test_a_closed_session_is_not_stale(tmp_path: Path):
    async def scenario() -> None:
        closed = {"opens": "01:00", "closes": "02:00"}
        rig = Rig(tmp_path, sessions={STOCK: closed})
        async with rig.running() as bot:
            rig.clock.advance(STALE)
            await bot.quote()
            bot.beat()
            assert not bot.state.markets[STOCK].blocks
            assert bot.state.conditions["FeedFresh"].status == "True"

    play(scenario())


def test_a_bar_that_comes_outside_the_session_enters_nothing_and_leaves_what_is_held(tmp_path: Path):
    async def scenario() -> None:
        till_one = {"opens": "00:00", "closes": "13:00"}
        rig = Rig(tmp_path, sessions={PAIR: till_one, STOCK: till_one})
        async with rig.running() as bot:
            await bot.enter()
            await bot.until(lambda: not bot.state.orders)
            assert bot.state.positions[PAIR].quantity > 1
            rig.clock.set_wall(2 * HOUR)
            await bot.quote()
            await bot.bar("1.00")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
            await bot.bar("1.20", STOCK)
            (denied,) = bot.events(OrderDenied, symbol=STOCK)
            assert (denied.error_code, denied.limit) == ("RISK_024", "session")

    play(scenario())


def test_quotes_are_conflated_on_the_tape_and_counted(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.clock.advance(1)
            bot.beat()
            before = len(bot.events(QuoteConflated))
            for ask in ("1.1003", "1.1004", "1.1005"):
                rig.push_quote("1.1000", ask)
                await bot.until(lambda: str(bot.parts.feed.quotes[PAIR].ask) == ask)  # noqa: B023
            rig.clock.advance(1)
            bot.beat()
            (written,) = bot.events(QuoteConflated, symbol=PAIR)[-1:]
            assert (written.ask, written.messages) == (Decimal("1.1005"), 3)
            assert len(bot.events(QuoteConflated)) == before + 1

    play(scenario())


def test_bars_that_come_twice_are_decided_on_once_and_gaps_are_counted(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.bar("1.08")
            (bar,) = rig.venue._bars[PAIR][-1:]
            bot.parts.decisions.on_bar(bar)
            assert bot.parts.decisions.cycles == 1
            rig._next_open[PAIR] += 2 * 10**9
            await bot.bar("1.07")
            assert [closed.skipped for closed in bot.events(BarClosed)] == [0, 2]

    play(scenario())


def test_a_refused_message_is_an_error_and_is_counted(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            for _ in range(3):
                rig.venue._mailbox.put(BadMessage(symbol=PAIR, message="bid is not a number"))
                await bot.until(lambda: not len(rig.venue._mailbox))
            assert bot.codes().count("FEED_003") == 1, "the first of a sample"
            assert bot.parts.feed.drain_refused()

    play(scenario())


def test_a_lost_order_stream_counts_against_the_venue_once_it_is_away_for_longer(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.lose_stream(StreamName.ORDERS)
            await bot.until(lambda: "FEED_002" in bot.codes())
            bot.beat()
            assert bot.state.conditions["VenueReachable"].status == "True"
            rig.clock.advance(4)
            bot.beat()
            assert bot.state.conditions["VenueReachable"].status == "False"
            rig.venue.restore_stream(StreamName.ORDERS)
            await bot.until(lambda: bot.events(FeedReconnected))
            bot.beat()
            assert bot.state.conditions["VenueReachable"].status == "True"

    play(scenario())


def test_a_venue_whose_market_data_is_away_still_counts_as_reachable(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.lose_stream(StreamName.QUOTES)
            await bot.until(lambda: "FEED_002" in bot.codes())
            rig.clock.advance(60)
            bot.beat()
            assert bot.state.conditions["VenueReachable"].status == "True"
            assert bot.state.conditions["FeedFresh"].status == "False"

    play(scenario())


def test_a_mute_connection_is_opened_anew(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.mute(StreamName.QUOTES)
            rig.clock.advance(11)
            bot.bot._wake_mute_streams()
            await bot.until(lambda: rig.venue.reconnects.get(StreamName.BARS))
            await bot.until(lambda: bot.events(FeedReconnected))
            assert rig.venue.reconnects[StreamName.QUOTES] == 1
            await bot.quote()

    play(scenario())


def test_what_is_held_is_sold_at_the_market_although_the_feed_is_stale(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            rig.clock.advance(STALE)
            await bot.quote(symbol=STOCK)
            bot.beat()
            await bot.bar("1.00")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
            assert [order.side for order in bot.orders] == [Side.BUY, Side.SELL]

    play(scenario())


def test_a_clock_that_is_set_back_does_not_keep_old_quotes_fresh(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.clock.set_wall(-HOUR)
            rig.clock.advance(STALE)
            await bot.quote(symbol=STOCK)
            bot.beat()
            assert bot.state.markets[PAIR].blocks.keys() == {"StaleFeed"}
            assert not bot.state.markets[STOCK].blocks

    play(scenario())


def test_the_bot_is_ready_once_it_has_heard_a_quote_of_each_symbol_in_this_run(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path / "patient", intervals={"stale_after_seconds": 300})
        async with rig.starting() as bot:
            await bot.until(lambda: bot.events(ReconciliationCompleted))
            rig.push_quote()
            await bot.until(lambda: PAIR in bot.parts.feed.quotes)
            assert not bot.parts.vitals.ready
            rig.push_quote(symbol=STOCK)
            await bot.until(lambda: bot.parts.vitals.ready)
        rig = Rig(tmp_path / "hasty", intervals={"stale_after_seconds": 1})
        async with rig.starting() as bot:
            await bot.until(lambda: bot.parts.vitals.ready)  # nobody quotes: it does not wait for ever
            rig.clock.advance(1.1)
            bot.beat()
            assert bot.state.mode.reason == "AllSymbolsBlocked"

    play(scenario())


def test_a_symbol_whose_quotes_stand_still_while_its_bars_move_takes_no_new_risk(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            for close in ("1.20", "1.21"):
                rig.clock.advance(1)
                await bot.bar(close)
            await bot.quote()  # it repeats itself
            bot.beat()
            assert bot.state.markets[PAIR].blocks.keys() == {"FrozenBook"}
            assert bot.state.conditions["FeedFresh"].reason == "Frozen"
            assert bot.state.conditions["RiskWithinLimits"].reason == "EquityUncertain", "it is held"
            assert "FEED_004" in bot.codes()
            await bot.quote("1.2099", "1.2101")
            bot.beat()
            assert not bot.state.markets[PAIR].blocks
            assert bot.state.conditions["FeedFresh"].status == "True"

    play(scenario())


def test_a_market_whose_session_table_has_ended_takes_no_new_risk_and_says_so(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, sessions={STOCK: {"calendar": "XNYS"}})
        rig.clock.set_wall(20 * 365 * 24 * HOUR)
        async with rig.running() as bot:
            bot.beat()
            assert bot.state.markets[STOCK].blocks.keys() == {"UnknownSession"}
            assert not bot.state.markets[PAIR].blocks
            assert bot.state.conditions["FeedFresh"].reason == "UnknownSession"
            assert "FEED_005" in bot.codes()

    play(scenario())


def test_a_quiet_night_on_a_closed_market_raises_nothing(tmp_path: Path):
    """Saturday from noon over midnight in steps of a minute: no quote, no bar, and nothing to say about it."""

    async def scenario() -> None:
        closed = {"opens": "08:00", "closes": "16:30", "weekdays": [1, 2, 3, 4, 5]}
        rig = Rig(tmp_path, sessions={PAIR: closed, STOCK: {"calendar": "24/5"}})
        rig.clock.set_wall(SATURDAY)
        async with rig.running() as bot:
            before = len(bot.ledger.envelopes)
            for _ in range(14 * 60):
                rig.clock.advance(60)
                bot.parts.vitals.note_reconciled()
                bot.beat()
            told = {envelope.kind for envelope in bot.ledger.envelopes[before:]}
            assert told <= {
                "bot.beat",
                "day.started",
                "runtime.sampled",
                "state.snapshotted",
                "reconciliation.completed",
            }
            assert all(condition.status == "True" for condition in bot.state.conditions.values())

    play(scenario())
