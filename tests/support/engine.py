"""A bot in one process: all its parts on a real tape, the venue in memory, and a clock moved by hand."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from support.command import PATIENCE
from support.venues import FEE_RATE, instrument
from trading_bot.boot.home import Home
from trading_bot.boot.identity import new_run_id
from trading_bot.boot.settings import load_settings
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events import Event
from trading_bot.contract.settings import parse_settings
from trading_bot.domain.clock import SECOND, ManualClock
from trading_bot.domain.orders import Order
from trading_bot.domain.state import State
from trading_bot.engine.bot import Bot, Parts
from trading_bot.engine.context import Context
from trading_bot.engine.ledger import Ledger
from trading_bot.engine.process import announce, compose, recover
from trading_bot.engine.settings_source import settings_in_force
from trading_bot.journal import BeaconWriter, TapeWriter
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import Bar

PAIR, STOCK = "EUR/USD", "GOOGL/USD"
NOON = 1_750_075_200 * SECOND
"""2025-06-16T12:00:00Z."""

E = TypeVar("E", bound=Event)


def settings_of(**changes: Any) -> dict[str, Any]:
    """Return settings of one strategy on two symbols: long while the last close is above the one before."""
    document: dict[str, Any] = {
        "symbols": [PAIR, STOCK],
        "bar": "1s",
        "strategies": {
            "last": {
                "kind": "sma_cross",
                "symbols": [PAIR, STOCK],
                "fast": 1,
                "slow": 2,
                "order_notional": 1000,
            }
        },
    }
    return {**document, **changes}


class RecordingLedger(Ledger):
    """A ledger that also keeps what was appended, for tests to look at before it is committed."""

    def __init__(self, writer: TapeWriter, state: State) -> None:
        super().__init__(writer, state)
        self.envelopes: list[Envelope] = []

    def append(self, event: Event, *, trace_id: str | None = None, span_id: str | None = None) -> Envelope:
        envelope = super().append(event, trace_id=trace_id, span_id=span_id)
        self.envelopes.append(envelope)
        return envelope


class WallClock(ManualClock):
    """A manual clock whose wall time somebody sets."""

    set_by_ns = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.set_by_ns

    def monotonic_ns(self) -> int:
        return super().now_ns() - NOON

    def set_wall(self, seconds: float) -> None:
        self.set_by_ns += round(seconds * SECOND)


class Rig:
    """A home, a venue and a clock that outlive the runs of a bot.

    Every symbol has three bars of history, falling, and a quote. ``venue_kind`` is what stands in for an
    exchange.
    """

    def __init__(
        self,
        folder: Path,
        *,
        venue_kind: type[InMemoryVenue] = InMemoryVenue,
        funds: dict[str, Decimal] | None = None,
        **changes: Any,
    ) -> None:
        self.home = Home(folder).create()
        self.clock = WallClock(NOON)
        self.venue = venue_kind(
            clock=self.clock,
            instruments=[instrument(PAIR), instrument(STOCK)],
            funds=funds or {"USD": Decimal(100_000)},
            fee_rate=FEE_RATE,
        )
        self.settings = parse_settings(settings_of(**changes))
        self._next_open = dict.fromkeys((PAIR, STOCK), NOON - 10 * SECOND)
        self.write_config()
        for symbol in (PAIR, STOCK):
            for close in ("1.10", "1.10", "1.09"):
                self.push_bar(close, symbol)

    def write_config(self, **changes: Any) -> None:
        document = msgspec.to_builtins(self.settings) | changes
        self.home.config.write_bytes(msgspec.json.encode(document))

    def push_bar(self, close: str, symbol: str = PAIR) -> None:
        price = Decimal(close)
        opened = self._next_open[symbol]
        self._next_open[symbol] = opened + SECOND
        bar = Bar(
            symbol=symbol, open_time=opened, open=price, high=price, low=price, close=price, volume=Decimal(1)
        )
        self.venue.push_bar(bar)

    def push_quote(self, bid: str = "1.1000", ask: str = "1.1002", symbol: str = PAIR) -> None:
        self.venue.push_quote(symbol, Decimal(bid), Decimal(ask))

    @contextlib.asynccontextmanager
    async def starting(self) -> AsyncIterator[Running]:
        """Run a bot until the end of the block; it is stopped like by SIGTERM, unless it was killed."""
        running = Running(self)
        try:
            yield running
        finally:
            await running.stop()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Running]:
        """Like :meth:`starting`, from the moment on at which the bot trades and both symbols have quotes."""
        async with self.starting() as running:
            await running.until(lambda: running.parts.execution.instruments)
            await running.until(running.quote_until_ready)
            for symbol in (PAIR, STOCK):
                await running.quote(symbol=symbol)
            running.beat()
            yield running


class Running:
    """One run of a bot."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._beacon = BeaconWriter.open(rig.home.beacon)
        self.writer = TapeWriter.open(
            rig.home.journal, bot="test", run_id=new_run_id(rig.clock.now_ns()), clock=rig.clock
        )
        self.ledger = RecordingLedger(self.writer, recover(rig.home))
        announce(self.ledger, load_settings(rig.home.path, {}))
        try:
            settings = settings_in_force(self.ledger, rig.home.config)
        except TickertapeError:
            self._close()
            raise
        self.context: Context
        self.parts: Parts
        self.context, self.parts = compose(
            rig.home, rig.clock, self.ledger, settings, rig.venue, self._beacon
        )
        self.bot = Bot(self.context, rig.venue, self.parts)
        self._foreign = asyncio.all_tasks()
        self._task = asyncio.ensure_future(self.bot.run())
        self._ended = False

    @property
    def state(self) -> State:
        return self.ledger.state

    @property
    def orders(self) -> list[Order]:
        return [*self.state.closed_orders.values(), *self.state.orders.values()]

    def events(self, kind: type[E], **fields: Any) -> list[E]:
        """Return the events of this run, with these fields, oldest first."""
        return [
            envelope.payload
            for envelope in self.ledger.envelopes
            if isinstance(envelope.payload, kind)
            and all(getattr(envelope.payload, name) == value for name, value in fields.items())
        ]

    def codes(self) -> list[str]:
        """Return the codes of the errors that were recorded in this run."""
        from trading_bot.contract.events.lifecycle import ErrorRecorded  # noqa: PLC0415 - its only use here

        return [event.error.error_code for event in self.events(ErrorRecorded)]

    async def until(self, holds: Callable[[], object], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, [e.payload for e in self.ledger.envelopes[-8:]]
            await asyncio.sleep(0.002)

    async def quote(self, bid: str = "1.1000", ask: str = "1.1002", symbol: str = PAIR) -> None:
        """Move the market, and wait until the bot has heard of it."""
        self.rig.push_quote(bid, ask, symbol)
        await self.until(lambda: not len(self.rig.venue._mailbox))

    def quote_until_ready(self) -> bool:
        """Quote each symbol as long as the bot waits for it; return whether it is ready."""
        for symbol in (PAIR, STOCK):
            if symbol not in self.parts.feed.quotes:
                self.rig.push_quote(symbol=symbol)
        return self.parts.vitals.ready

    async def bar(self, close: str, symbol: str = PAIR) -> None:
        """Close a bar, and wait until the bot has decided on it."""
        before = self.parts.decisions.cycles
        self.rig.push_bar(close, symbol)
        await self.until(lambda: self.parts.decisions.cycles > before)

    async def enter(self, symbol: str = PAIR) -> Order:
        """Let the strategy go long, and wait for the order's end."""
        before = {order.client_order_id for order in self.orders}
        await self.bar("1.20", symbol)
        await self.until(
            lambda: [o for o in self.state.closed_orders.values() if o.client_order_id not in before]
        )
        return list(self.state.closed_orders.values())[-1]

    def beat(self) -> None:
        self.parts.vitals.beat()

    def only_order(self) -> Order:
        (order,) = self.orders
        return order

    async def kill(self) -> None:
        """End without any of the bot's own winding down; what was appended is on the tape."""
        await self._end(cancel=True)

    async def stop(self) -> None:
        if not self._ended:
            self.bot.stop()
            await self._end(cancel=False)

    async def _end(self, *, cancel: bool) -> None:
        self._ended = True
        if cancel:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=cancel)
        others = asyncio.all_tasks() - self._foreign
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._close()

    def _close(self) -> None:
        self.writer.close()
        self._beacon.close()


def play(scenario: Coroutine[Any, Any, None]) -> None:
    """Run a scenario to its end, on a loop of its own."""
    asyncio.run(scenario)
