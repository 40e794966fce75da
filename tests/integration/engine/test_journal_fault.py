"""A tape that cannot be written: nothing is sent, what works may be cancelled, and it ends by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import apsw
from support.engine import PAIR, Rig, play
from support.tapes import read_all

from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.events.trading import (
    OrderAcknowledged,
    OrderCancelled,
    OrderDenied,
    OrderIntended,
    OrderRejected,
    OrderSent,
)
from trading_bot.journal import read_beacon


@contextlib.contextmanager
def held_by_another(tape: Path) -> Iterator[None]:
    """Hold the tape's write lock, so that commits fail for as long as the block."""
    connection = apsw.Connection(str(tape))
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_an_intent_that_is_not_durable_is_not_sent(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            with held_by_another(rig.home.journal):
                await bot.bar("1.20")
                assert bot.events(OrderIntended)
                await bot.until(lambda: bot.events(OrderRejected))
                (rejected,) = bot.events(OrderRejected)
                assert rejected.reason == "never_sent"
                assert not bot.events(OrderSent)
                assert "place" not in rig.venue.requests

    play(scenario())


def test_while_it_lasts_the_bot_is_paused_and_only_cancels_and_afterwards_nothing_is_missing(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution={"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0})
        async with rig.running() as bot:
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(0))
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderAcknowledged))
            with held_by_another(rig.home.journal):
                bot.beat()
                await bot.until(lambda: bot.ledger.fault)
                bot.beat()
                assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.PAUSED, "JournalUnwritable")
                assert bot.state.conditions["JournalWritable"].status == "False"
                beacon = read_beacon(rig.home.beacon, rig.clock.now_ns()).beacon
                assert beacon is not None
                assert beacon.journal_error == bot.ledger.fault.code
                await bot.bar("1.20", "GOOGL/USD")
                assert bot.events(OrderDenied)[-1].limit == "mode"
                assert not bot.events(OrderCancelled), "protective orders stay"
                await bot.parts.execution.cancel_working("asked for")
                await bot.until(lambda: bot.events(OrderCancelled))
            await bot.until(lambda: bot.ledger.fault is None)
            bot.beat()
            assert bot.state.mode.mode is Mode.RUNNING
        tape = read_all(rig.home.journal)
        assert [envelope.seq for envelope in tape] == list(range(1, len(tape) + 1))
        assert [e.payload.KIND for e in tape] == [e.payload.KIND for e in bot.ledger.envelopes]

    play(scenario())
