"""Any exchange that ccxt reaches: the real one, its testnet, or the simulated one on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from trading_bot.contract.errors.definition import OperatorError, RetriableError, TickertapeError
from trading_bot.contract.events.trading import OrderType
from trading_bot.domain.clock import Clock
from trading_bot.domain.instruments import Instrument
from trading_bot.venues.binance import BinanceDialect
from trading_bot.venues.ccxt_client import exchange_class, make_client
from trading_bot.venues.decoding import (
    MILLISECOND,
    balances_of,
    bar_of,
    cancelled_order_of,
    decoded,
    fill_of,
    instrument_of,
    nanoseconds,
    order_of,
    text,
)
from trading_bot.venues.feed import Feed
from trading_bot.venues.mailbox import Mailbox
from trading_bot.venues.paging import all_fills
from trading_bot.venues.protocol import (
    Balance,
    Bar,
    BarUpdate,
    ClockReading,
    FeedMessage,
    NewOrder,
    StreamName,
    VenueFill,
    VenueOrder,
)
from trading_bot.venues.streams import BarSequence
from trading_bot.venues.translation import (
    CURRENT,
    NOT_PROCESSED,
    Request,
    is_not_found,
    translate,
    translate_cancel,
    translate_order,
)
from trading_bot.venues.unified import UnifiedDialect

REQUEST_TIMEOUT_SECONDS: Final = 5.0
MOST_CANDLES: Final = 1000
"""In one answer."""
NEEDED: Final = ("watchBidsAsks", "watchOHLCVForSymbols", "watchOrders", "watchMyTrades", "fetchMyTrades")

MakeDialect = Callable[[Any, tuple[str, ...], str, float], BinanceDialect | UnifiedDialect]
Translate = Callable[..., TickertapeError]


class CcxtVenue:
    """A venue behind ccxt. Nothing is imported or sent before :meth:`open`.

    Args:
        name: ccxt's exchange id.
        url: ``http://127.0.0.1:PORT`` to reach another server that speaks the exchange's protocol.
        api_key: may be empty where the account is not used.
        secret: signs requests.
        interval: of the bars, in ccxt's notation (``1s``, ``1m``, ``1h``).
        request_timeout_seconds: for one request, connection included.
        clock: local time.

    ``dialects`` says, by exchange id, how its streams are read; any other by ccxt's unified ones.
    """

    def __init__(
        self,
        *,
        name: str,
        api_key: str,
        secret: str,
        clock: Clock,
        url: str | None = None,
        interval: str = "1m",
        request_timeout_seconds: float = REQUEST_TIMEOUT_SECONDS,
    ) -> None:
        self.name = name
        self.dialects: dict[str, MakeDialect] = {"binance": BinanceDialect}
        self.requests: dict[str, int] = {}
        self._url = url
        self._api_key = api_key
        self._secret = secret
        self._interval = interval
        self._timeout = request_timeout_seconds
        self._clock = clock
        self._client: Any = None
        self._feed: Feed | None = None
        self._bars: BarSequence
        self._interval_ns = 0
        self._away_until = 0
        self._reading = ClockReading(offset_ns=0, round_trip_ns=0)

    # -- trading ---------------------------------------------------------------------------------

    async def open(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        await self.close()
        # The import blocks for most of a second: in a thread, so that the loop goes on and hears signals.
        await asyncio.to_thread(exchange_class, self.name)
        self._client = make_client(
            self.name,
            url=self._url,
            api_key=self._api_key,
            secret=self._secret,
            timeout_seconds=self._timeout,
            interval=self._interval,
        )
        try:
            instruments = await self._instruments(symbols)
            await self.clock()
            await self.balances()
        except BaseException:
            await self.close()
            raise
        self._compose_feed(tuple(symbols))
        return instruments

    async def place(self, order: NewOrder) -> VenueOrder:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        price = None if order.limit_price is None else text(order.limit_price)
        with self._request(
            "place",
            translate_order,
            (Exception, asyncio.CancelledError),
            symbol=order.symbol,
            client_order_id=order.client_order_id,
        ):
            answer = await self._client.create_order(
                order.symbol,
                order.type.value,
                order.side.value,
                text(order.quantity),
                price,
                parameters_of(order),
            )
            return decoded("order", order_of, answer)

    async def cancel(self, symbol: str, client_order_id: str) -> VenueOrder:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        with self._request("cancel", translate_cancel, symbol=symbol, client_order_id=client_order_id):
            answer = await self._client.cancel_order(None, symbol, {"clientOrderId": client_order_id})
            return decoded("order", lambda part: cancelled_order_of(part, client_order_id), answer)

    async def close(self) -> None:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        if self._feed is not None:
            await self._feed.stop()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @property
    def rate_limit_used(self) -> float | None:
        """See :class:`~trading_bot.venues.protocol.Venue`."""
        return None if self._client is None else self._client.rate_limit_used

    # -- account ---------------------------------------------------------------------------------

    async def balances(self) -> dict[str, Balance]:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        with self._request("balances"):
            return decoded("balances", balances_of, await self._client.fetch_balance())

    async def order(self, symbol: str, client_order_id: str) -> VenueOrder | None:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        with self._request("order", symbol=symbol, client_order_id=client_order_id) as request:
            try:
                answer = await self._client.fetch_order(None, symbol, {"clientOrderId": client_order_id})
            except Exception as error:
                if is_not_found(error, request):
                    return None
                raise
            return decoded("order", order_of, answer)

    async def open_orders(self, symbol: str) -> list[VenueOrder]:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        with self._request("open_orders", symbol=symbol):
            answers = await self._client.fetch_open_orders(symbol)
            return [decoded("order", order_of, answer) for answer in answers]

    async def fills(self, symbol: str, since: int) -> list[VenueFill]:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        with self._request("fills", symbol=symbol):
            answers = await all_fills(self._client, symbol, since)
            found = [decoded("fill", fill_of, answer) for answer in answers]
        # The venue's times are whole milliseconds: one within the same counts as not before.
        return [fill for fill in found if fill.venue_time >= since // MILLISECOND * MILLISECOND]

    async def clock(self) -> ClockReading:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        with self._request("clock"):
            wall, started = self._clock.now_ns(), self._clock.monotonic_ns()
            venue = decoded("time", nanoseconds, await self._client.fetch_time())
            round_trip = self._clock.monotonic_ns() - started
        self._reading = ClockReading(offset_ns=venue - (wall + round_trip // 2), round_trip_ns=round_trip)
        return self._reading

    # -- feed ------------------------------------------------------------------------------------

    async def candles(self, symbol: str, limit: int) -> list[Bar]:
        """See :class:`~trading_bot.venues.protocol.VenueFeed`. At most 999 at once."""
        bars = await self._closed_bars(symbol, None, limit + 1)
        self._bars.given(bars[-limit:])
        return bars[-limit:]

    def listen(self) -> AsyncIterator[FeedMessage]:
        """See :class:`~trading_bot.venues.protocol.VenueFeed`."""
        return self._opened_feed.listen()

    async def reconnect(self, stream: StreamName) -> None:
        """See :class:`~trading_bot.venues.protocol.VenueFeed`."""
        self._opened_feed.break_off(stream)

    # --------------------------------------------------------------------------------------------

    async def _instruments(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        lacking = [feature for feature in NEEDED if not self._client.has.get(feature)]
        if lacking:
            raise OperatorError("VENUE_011", f"{self.name} lacks {', '.join(lacking)}", name=self.name)
        with self._request("open"):
            markets = await self._client.load_markets()
        for symbol in symbols:
            if symbol not in markets:
                raise OperatorError("VENUE_008", f"{symbol} is not listed at {self.name}", symbol=symbol)
        mode = self._client.precisionMode
        instruments = {
            symbol: decoded("market", lambda part: instrument_of(part, mode), markets[symbol])
            for symbol in symbols
        }
        # A real exchange lists thousands: what is not traded here need not stay in memory.
        self._client.set_markets([markets[symbol] for symbol in symbols])
        return instruments

    def _compose_feed(self, symbols: tuple[str, ...]) -> None:
        make: MakeDialect = self.dialects.get(self.name, UnifiedDialect)
        dialect = make(self._client, symbols, self._interval, self._timeout)
        interval_ns = self._client.parse_timeframe(self._interval) * 1_000_000_000
        self._bars = BarSequence(interval_ns, self._missed, self._bar_closed)
        self._feed = dialect.feed = Feed(dialect, self._bars, self._clock, Mailbox())
        self._interval_ns = interval_ns

    @property
    def _opened_feed(self) -> Feed:
        if self._feed is None:
            raise RetriableError("VENUE_001", f"{self.name} is not open")
        return self._feed

    def _bar_closed(self, bar: Bar) -> None:
        self._opened_feed.deliver(BarUpdate(bar=bar))

    async def _missed(self, symbol: str, since: int) -> list[Bar]:
        return await self._closed_bars(symbol, since // MILLISECOND, MOST_CANDLES)

    async def _closed_bars(self, symbol: str, since_ms: int | None, limit: int) -> list[Bar]:
        with self._request("candles", symbol=symbol):
            closed_until = self._venue_now()
            rows = await self._client.fetch_ohlcv(symbol, self._interval, since_ms, min(limit, MOST_CANDLES))
            bars = [decoded("bar", lambda part: bar_of(symbol, part), row) for row in rows]
        return [bar for bar in bars if bar.open_time + self._interval_ns <= closed_until]

    def _venue_now(self) -> int:
        """Return a venue time that has certainly passed: the offset is known to half a round trip."""
        return self._clock.now_ns() + self._reading.offset_ns - self._reading.round_trip_ns // 2

    def _keep_away(self, operation: str, facts: dict[str, Any]) -> None:
        """Turn a request away that the venue asked not to send yet: one that goes on asking is banned."""
        left = (self._away_until - self._clock.monotonic_ns()) / 1e9
        if left > 0:
            message = f"{operation}: not sent, the venue asks to wait for {left:.1f} s more"
            raise RetriableError("VENUE_003", message, retry_after_seconds=round(left, 1), **facts)

    @contextmanager
    def _request(
        self,
        operation: str,
        translation: Translate = translate,
        caught: type[BaseException] | tuple[type[BaseException], ...] = Exception,
        **facts: Any,
    ) -> Iterator[Request]:
        """Count a request, and translate what comes out of it.

        ``caught`` holds CancelledError for a new order: one whose sender is cancelled is unknown, too.
        """
        if self._client is None:
            raise RetriableError("VENUE_001", f"{operation}: {self.name} is not open", **facts)
        self._keep_away(operation, facts)
        self.requests[operation] = self.requests.get(operation, 0) + 1
        request = Request(operation)
        token = CURRENT.set(request)
        try:
            yield request
        except caught as error:
            if isinstance(error, asyncio.CancelledError) and not request.handed_over:
                raise
            if request.status in NOT_PROCESSED and request.retry_after is not None:
                self._away_until = self._clock.monotonic_ns() + round(request.retry_after * 1e9)
            translated = translation(error, request, **facts)
            if translated is error:
                raise
            raise translated from error
        finally:
            CURRENT.reset(token)


def parameters_of(order: NewOrder) -> dict[str, str]:
    """Return what ccxt takes beside symbol, type, side, amount and price."""
    parameters = {"clientOrderId": order.client_order_id}
    if order.type is OrderType.LIMIT:
        parameters["timeInForce"] = order.time_in_force.value.upper()
    return parameters
