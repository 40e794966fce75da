"""Any exchange that ccxt reaches: the real one, its testnet, or the simulated one on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from trading_bot.boot.home import Credentials
from trading_bot.contract.errors.definition import OperatorError, RetriableError, TickertapeError
from trading_bot.contract.events.trading import Trigger
from trading_bot.domain.clock import Clock
from trading_bot.domain.instruments import Instrument
from trading_bot.venues import retries
from trading_bot.venues.binance import BinanceDialect
from trading_bot.venues.ccxt_client import exchange_class, make_client
from trading_bot.venues.decoding import (
    MILLISECOND,
    balances_of,
    bar_of,
    cancelled_order_of,
    decoded,
    fill_of,
    listed,
    nanoseconds,
    order_of,
    permissions_of,
    quote_of,
    text,
    with_time,
)
from trading_bot.venues.encoding import pair_parameters, parameters_of
from trading_bot.venues.feed import Feed
from trading_bot.venues.mailbox import Mailbox
from trading_bot.venues.paging import all_fills
from trading_bot.venues.protocol import (
    Balance,
    Bar,
    BarUpdate,
    ClockReading,
    FeedMessage,
    MayLeave,
    NewOrder,
    Permissions,
    Quote,
    StreamName,
    VenueFill,
    VenueOrder,
    unconditionally,
)
from trading_bot.venues.retries import RetryBudget
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

TAKES_TRIGGERS: Final = frozenset({"binance"})
"""Exchanges whose stop orders are sent, found and cancelled like others; elsewhere the bot watches prices."""

PERMISSIONS: Final[dict[str, tuple[str, Callable[[Any], Permissions]]]] = {
    "binance": ("sapi_get_account_apirestrictions", permissions_of),
}
"""By exchange id: ccxt's call that tells what a key may do, and how its answer is read."""

MakeDialect = Callable[[Any, tuple[str, ...], str, float], BinanceDialect | UnifiedDialect]
Translate = Callable[..., TickertapeError]


class CcxtVenue:
    """A venue behind ccxt. Nothing is imported or sent before :meth:`open`.

    Args:
        name: ccxt's exchange id.
        url: ``http://127.0.0.1:PORT`` to reach another server that speaks the exchange's protocol.
        credentials: of the account; empty where it is not used.
        testnet: reach the exchange's testnet, where ccxt knows one.
        interval: of the bars, in ccxt's notation (``1s``, ``1m``, ``1h``).
        request_timeout_seconds: for one request, connection included.
        clock: local time.

    ``dialects`` says, by exchange id, how its streams are read; any other by ccxt's unified ones.
    """

    def __init__(
        self,
        *,
        name: str,
        credentials: Credentials,
        clock: Clock,
        testnet: bool = False,
        url: str | None = None,
        interval: str = "1m",
        request_timeout_seconds: float = REQUEST_TIMEOUT_SECONDS,
    ) -> None:
        self.name = name
        self.dialects: dict[str, MakeDialect] = {"binance": BinanceDialect}
        self.requests: dict[str, int] = {}
        self.budget = RetryBudget(clock)
        self._url = url
        self._credentials = credentials
        self._testnet = testnet
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
            credentials=self._credentials,
            testnet=self._testnet,
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
        self._compose_feed(tuple(instruments))
        return instruments

    async def place(self, order: NewOrder, may_leave: MayLeave = unconditionally) -> VenueOrder:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        price = None if order.limit_price is None else text(order.limit_price)
        with self._request(
            "place",
            translate_order,
            (Exception, asyncio.CancelledError),
            symbol=order.symbol,
            client_order_id=order.client_order_id,
        ) as request:
            request.may_leave = may_leave
            answer = await self._client.create_order(
                order.symbol,
                order.type.value,
                order.side.value,
                text(order.quantity),
                price,
                parameters_of(order),
            )
            return decoded("order", order_of, with_time(answer))

    async def place_pair(
        self, first: NewOrder, second: NewOrder, may_leave: MayLeave = unconditionally
    ) -> tuple[VenueOrder, VenueOrder]:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`. An OCO, which ccxt has no unified call for."""
        above, below = (first, second) if first.trigger is Trigger.TAKE_PROFIT else (second, first)
        with self._request(
            "place",
            translate_order,
            (Exception, asyncio.CancelledError),
            symbol=first.symbol,
            client_order_id=first.client_order_id,
        ) as request:
            request.may_leave = may_leave
            market = self._client.market(first.symbol)
            answer = await self._client.private_post_orderlist_oco(
                pair_parameters(market["id"], above, below)
            )
            reports = [self._client.parse_order(part, market) for part in answer["orderReports"]]
            placed = {
                one.client_order_id: one
                for one in (decoded("order", order_of, with_time(r)) for r in reports)
            }
            return decoded(
                "pair", lambda _: (placed[first.client_order_id], placed[second.client_order_id]), answer
            )

    async def cancel(self, symbol: str, client_order_id: str) -> VenueOrder:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        with self._request("cancel", translate_cancel, symbol=symbol, client_order_id=client_order_id):
            answer = await self._client.cancel_order(None, symbol, {"clientOrderId": client_order_id})
            answer = self._of_pair(answer, symbol, client_order_id)
            return decoded("order", lambda part: cancelled_order_of(part, client_order_id), answer)

    async def close(self) -> None:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        if self._feed is not None:
            await self._feed.stop()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _of_pair(self, answer: Any, symbol: str, client_order_id: str) -> Any:
        """Return one order of a cancel's answer: Binance answers with the pair where one of it was meant."""
        for part in answer.get("info", {}).get("orderReports", ()):
            if part.get("origClientOrderId") == client_order_id:
                return self._client.parse_order(part, self._client.market(symbol))
        return answer

    @property
    def takes_triggers(self) -> bool:
        """See :class:`~trading_bot.venues.protocol.Venue`."""
        return self.name in TAKES_TRIGGERS

    @property
    def rate_limit_used(self) -> float | None:
        """See :class:`~trading_bot.venues.protocol.Venue`."""
        return None if self._client is None else self._client.rate_limit_used

    @property
    def repeated(self) -> int:
        """See :class:`~trading_bot.venues.protocol.Venue`."""
        return self.budget.spent

    # -- account ---------------------------------------------------------------------------------

    @retries.repeated
    async def balances(self) -> dict[str, Balance]:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        with self._request("balances"):
            return decoded("balances", balances_of, await self._client.fetch_balance())

    @retries.repeated
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

    @retries.repeated
    async def open_orders(self, symbol: str) -> list[VenueOrder]:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        with self._request("open_orders", symbol=symbol):
            answers = await self._client.fetch_open_orders(symbol)
            return [decoded("order", order_of, answer) for answer in answers]

    @retries.repeated
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

    async def permissions(self) -> Permissions | None:
        """Return what the key may do, or None where the exchange is not asked or does not say."""
        if self.name not in PERMISSIONS or self._testnet:  # testnets do not have this part of an exchange
            return None
        method, read = PERMISSIONS[self.name]
        with self._request("permissions"):
            return decoded("permissions", read, await getattr(self._client, method)())

    # -- feed ------------------------------------------------------------------------------------

    @retries.repeated
    async def candles(self, symbol: str, limit: int) -> list[Bar]:
        """See :class:`~trading_bot.venues.protocol.VenueFeed`. At most 999 at once."""
        bars = await self._closed_bars(symbol, None, limit + 1)
        self._bars.given(bars[-limit:])
        return bars[-limit:]

    async def quote(self, symbol: str) -> Quote:
        """See :class:`~trading_bot.venues.protocol.VenueFeed`."""
        with self._request("quote", symbol=symbol):
            answer = await self._client.fetch_ticker(symbol)
            now = self._clock.now_ns()
            return decoded(
                "quote", lambda part: quote_of(symbol, part["bid"], part["ask"], None, now), answer
            )

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
        instruments = listed(symbols, markets, self._client.precisionMode)
        if symbols and not instruments:
            message = f"{self.name} lists none of {', '.join(symbols)}"
            raise OperatorError("VENUE_008", message, symbol=symbols[0])
        # A real exchange lists thousands: what is not traded here need not stay in memory.
        self._client.set_markets([markets[symbol] for symbol in instruments])
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

    def _bar_closed(self, update: BarUpdate) -> None:
        self._opened_feed.deliver(update)

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
