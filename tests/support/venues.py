"""Venues of every kind, each with a market that moves, for the contract that they all keep."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any, Self

from support.command import PATIENCE
from support.exchange_process import ExchangeProcess
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Credentials
from trading_bot.contract.events.trading import OrderType, Side, TimeInForce
from trading_bot.domain.instruments import Instrument
from trading_bot.venues.ccxt_venue import CcxtVenue
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import Bar, FeedMessage, NewOrder, OrderReport, Venue

SYMBOL = "EUR/USD"
OTHER_SYMBOL = "GOOGL/USD"
FEE_RATE = Decimal("0.001")
NUMBERS = itertools.count(1)


class MemoryMarket:
    """The in-memory venue, quoted every 20 ms, a bar every 200 ms."""

    interval_ns = 200_000_000

    def __init__(self) -> None:
        self.made: InMemoryVenue

    def make(self) -> Venue:
        self.made = InMemoryVenue(
            clock=SystemClock(),
            instruments=[instrument(SYMBOL), instrument(OTHER_SYMBOL)],
            funds={"USD": Decimal(100_000)},
            fee_rate=FEE_RATE,
        )
        return self.made

    def lose_next_ack(self) -> None:
        self.made.lose_next_ack()

    @contextlib.asynccontextmanager
    async def moving(self) -> AsyncIterator[None]:
        for bar in range(-20, 0):
            self._push(time.time_ns() // self.interval_ns + bar)
        self._quote()
        task = asyncio.ensure_future(self._move())
        try:
            yield
        finally:
            task.cancel()

    async def _move(self) -> None:
        last = time.time_ns() // self.interval_ns - 1
        while True:
            self._quote()
            forming = time.time_ns() // self.interval_ns
            for closed in range(last + 1, forming):
                self._push(closed)
            last = forming - 1
            await asyncio.sleep(0.02)

    def _quote(self) -> None:
        for symbol in (SYMBOL, OTHER_SYMBOL):
            self.made.push_quote(symbol, Decimal("1.1000"), Decimal("1.1002"))

    def _push(self, number: int) -> None:
        price = Decimal("1.1")
        for symbol in (SYMBOL, OTHER_SYMBOL):
            self.made.push_bar(
                Bar(
                    symbol=symbol,
                    open_time=number * self.interval_ns,
                    open=price,
                    high=price,
                    low=price,
                    close=price,
                    volume=Decimal(1),
                )
            )


class SimulatedMarket:
    """The simulated exchange behind ccxt; by Binance's own messages, or by ccxt's unified streams."""

    interval_ns = 1_000_000_000

    def __init__(self, exchange: ExchangeProcess, *, unified: bool) -> None:
        self._exchange = exchange
        self._unified = unified

    def make(self) -> Venue:
        self._made = ccxt_venue(self._exchange, unified=self._unified)
        return self._made

    def lose_next_ack(self) -> None:
        self._exchange.switch("lost_ack", on=True)
        give_up_after(self._made, 2.0)

    @contextlib.asynccontextmanager
    async def moving(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self._exchange.switch("lost_ack", on=False)


def ccxt_venue(
    exchange: ExchangeProcess, *, unified: bool = False, url: str | None = None, **overrides: Any
) -> CcxtVenue:
    """Return a venue on the exchange (or on what stands before it at ``url``), not opened."""
    arguments: dict[str, Any] = {
        "name": "binance",
        "url": url or exchange.url,
        "credentials": Credentials(
            api_key=(exchange.home / "venue-key").read_text().strip(),
            secret=(exchange.home / "venue-secret").read_text().strip(),
        ),
        "interval": exchange.bar,
        "request_timeout_seconds": PATIENCE,
        "clock": SystemClock(),
    }
    venue = CcxtVenue(**{**arguments, **overrides})
    if unified:
        venue.dialects = {}
    return venue


def give_up_after(venue: CcxtVenue, seconds: float) -> None:
    """Have an open venue wait so long for an answer: short where a test withholds one."""
    venue._client.timeout = round(seconds * 1000)


def instrument(symbol: str) -> Instrument:
    base, quote = symbol.split("/")
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        tick=Decimal("0.00001"),
        lot=Decimal("0.1"),
        minimum_quantity=Decimal("0.1"),
        minimum_notional=Decimal(5),
    )


def order(
    side: Side = Side.BUY,
    quantity: str | Decimal = "100.3",
    price: str | None = None,
    time_in_force: TimeInForce = TimeInForce.GTC,
    **changes: Any,
) -> NewOrder:
    """Return an order with an id of its own."""
    fields: dict[str, Any] = {
        "client_order_id": f"t{time.time_ns()}-{next(NUMBERS)}",
        "symbol": SYMBOL,
        "side": side,
        "type": OrderType.LIMIT if price else OrderType.MARKET,
        "time_in_force": time_in_force,
        "quantity": Decimal(quantity),
        "limit_price": Decimal(price) if price else None,
    }
    return NewOrder(**{**fields, **changes})


class Listener:
    """Keeps what a venue says, so that a test can wait for something in it."""

    def __init__(self, venue: Venue) -> None:
        self.heard: list[FeedMessage] = []
        self.ended = False
        self._venue = venue
        self._task: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        async for message in self._venue.listen():
            self.heard.append(message)
        self.ended = True

    def of(self, kind: type, **fields: Any) -> list[Any]:
        return [
            message
            for message in self.heard
            if isinstance(message, kind)
            and all(getattr(message, name) == value for name, value in fields.items())
        ]

    async def until_orders_are_told(self) -> None:
        """Wait until the private stream flows: orders placed before it was subscribed are not told by it."""
        deadline = time.monotonic() + PATIENCE
        while not self.of(OrderReport):
            assert time.monotonic() < deadline, "no order was told"
            await self._venue.place(order(quantity="10"))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.until(lambda heard: heard.of(OrderReport))

    async def until(self, condition: Callable[[Listener], Any], seconds: float = PATIENCE) -> Any:
        """Return what ``condition(self)`` says once it is true."""
        deadline = time.monotonic() + seconds
        while not (found := condition(self)):
            assert time.monotonic() < deadline, f"not heard in time; last: {self.heard[-5:]}"
            await asyncio.sleep(0.01)
        return found
