"""Binance's own messages, read as they come.

ccxt's unified path would turn kline prices into floats, keep caches, and wake its reader once for
several messages; here each message is taken off the socket before ccxt parses it, and the pending
``watch_…`` call only ends when the connection does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from trading_bot.contract.errors.definition import describe
from trading_bot.contract.events.trading import Liquidity, OrderType, Side
from trading_bot.venues.ccxt_client import PassOn
from trading_bot.venues.decoding import (
    decoded,
    fee_asset_of,
    nanoseconds,
    number,
    order_type_of,
    positive,
)
from trading_bot.venues.feed import Feed
from trading_bot.venues.protocol import StreamName, VenueFill, VenueOrder, VenueOrderStatus

STATUSES: Final = {
    "NEW": VenueOrderStatus.OPEN,
    "PENDING_NEW": VenueOrderStatus.OPEN,
    "PARTIALLY_FILLED": VenueOrderStatus.OPEN,
    "PENDING_CANCEL": VenueOrderStatus.OPEN,
    "FILLED": VenueOrderStatus.FILLED,
    "CANCELED": VenueOrderStatus.CANCELLED,
    "EXPIRED": VenueOrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": VenueOrderStatus.EXPIRED,
    "REJECTED": VenueOrderStatus.REJECTED,
}


class BinanceDialect:
    """The three streams of Binance Spot, each with a socket of its own."""

    def __init__(self, client: Any, symbols: tuple[str, ...], interval: str, timeout_seconds: float) -> None:
        self.feed: Feed
        self._client = client
        self._symbols = symbols
        self._interval = interval
        self._timeout = timeout_seconds
        self._ids: dict[str, str] = {client.market(symbol)["id"]: symbol for symbol in symbols}
        self._watchers: Final = {
            StreamName.QUOTES: self._watch_quotes,
            StreamName.BARS: self._watch_bars,
            StreamName.ORDERS: self._watch_orders,
        }
        self._handlers: Final[dict[str, Callable[[Any, Mapping[str, Any]], None]]] = {
            "bookTicker": self._book_ticker,
            "kline": self._kline,
            "executionReport": self._execution_report,
            "eventStreamTerminated": self._terminated,
        }
        client.tap = self._tap

    async def watch(self, stream: StreamName) -> NoReturn:
        """See :class:`~trading_bot.venues.streams.Dialect`."""
        self._client.ws_dial_backoff = {}  # ccxt's own back-off, up to 30 s, would come on top of ours
        await self._watchers[stream]()
        raise ConnectionError(f"the subscription of {stream} ended")

    async def drop(self, stream: StreamName) -> None:
        """See :class:`~trading_bot.venues.streams.Dialect`."""
        socket = self._client.clients.pop(self._address(stream), None)
        if socket is not None:
            await socket.close()

    async def _watch_quotes(self) -> None:
        await self._client.watch_bids_asks(list(self._symbols))

    async def _watch_bars(self) -> None:
        await self._client.watch_ohlcv_for_symbols([[symbol, self._interval] for symbol in self._symbols])

    async def _watch_orders(self) -> None:
        # Taken before the subscription: a socket that breaks right after it is replaced by a mute one.
        ended = self._client.client(self._address(StreamName.ORDERS)).future("ended")
        ended.add_done_callback(consume)
        async with asyncio.timeout(self._timeout):
            await self._subscribe_account()
        self.feed.flowing(StreamName.ORDERS)
        await ended

    async def _subscribe_account(self) -> None:
        # Not ccxt's authenticate(): when it fails, a future of its own stays behind and complains.
        address = self._address(StreamName.ORDERS)
        request_id = str(self._client.request_id(address))
        request = {
            "id": request_id,
            "method": "userDataStream.subscribe.signature",
            "params": self._client.sign_params({}),
        }
        confirm = {"id": request_id, "method": lambda socket, answer: socket.resolve(answer, request_id)}
        await self._client.watch(address, request_id, request, request_id, confirm)

    def _address(self, stream: StreamName) -> str:
        addresses = self._client.urls["api"]["ws"]
        if stream is StreamName.ORDERS:
            return str(addresses["ws-api"]["spot"])
        quotes = "bookTicker::" + ",".join(self._symbols)
        number_of = self._client.stream("spot", quotes if stream is StreamName.QUOTES else "multipleOHLCV")
        return f"{addresses['spot']}/{number_of}"

    def _tap(self, socket: Any, message: Any, pass_on: PassOn) -> None:
        event = event_of(message)
        handler = self._handlers.get(kind_of(event))
        try:
            if handler is not None:
                handler(socket, event)
            elif not kind_of(event):
                pass_on(socket, message)  # an answer to a request
        except Exception as error:  # noqa: BLE001 - an exception here would end ccxt's reading without a word
            socket.on_error(ConnectionError(f"message not understood: {describe(error)}"))

    def _book_ticker(self, _socket: Any, event: Mapping[str, Any]) -> None:
        symbol = self._ids.get(event["s"])
        if symbol is not None:
            self.feed.quote(symbol, event["b"], event["a"], event.get("E"))

    def _kline(self, _socket: Any, event: Mapping[str, Any]) -> None:
        kline = event["k"]
        symbol = self._ids.get(kline["s"])
        if symbol is not None:
            row = [kline[part] for part in "tohlcv"]
            self.feed.bar(symbol, row, closed=kline["x"])

    def _execution_report(self, _socket: Any, event: Mapping[str, Any]) -> None:
        symbol = self._ids.get(event["s"])
        if symbol is None:
            return
        # A cancel's report carries the cancel's own id in "c" and the order's in "C".
        client_order_id = event.get("C") or event["c"]
        if event["x"] == "TRADE":
            self.feed.fill(decoded("execution report", fill_of, symbol, client_order_id, event))
        self.feed.order(decoded("execution report", order_of, symbol, client_order_id, event))

    def _terminated(self, socket: Any, _event: Mapping[str, Any]) -> None:
        socket.on_error(ConnectionError("the venue ended the user data stream"))


def consume(future: asyncio.Future[Any]) -> None:
    """Look at how a future ended, so that asyncio does not complain where nobody waits for it any more."""
    if not future.cancelled():
        future.exception()


def event_of(message: Any) -> Mapping[str, Any]:
    """Return the event in a message; those of the account come wrapped."""
    event = message.get("event", message) if isinstance(message, dict) else None
    return event if isinstance(event, dict) else {}


def kind_of(event: Mapping[str, Any]) -> str:
    """Return an event's kind; book tickers alone do not say theirs. Empty for an answer to a request."""
    return event.get("e") or ("bookTicker" if "b" in event and "a" in event else "")


def order_of(symbol: str, client_order_id: str, event: Mapping[str, Any]) -> VenueOrder:
    """Return the order's state from an execution report."""
    kind = order_type_of(event["o"])
    return VenueOrder(
        client_order_id=client_order_id,
        venue_order_id=str(event["i"]),
        symbol=symbol,
        side=Side(event["S"].lower()),
        type=kind,
        status=STATUSES[event["X"]],
        quantity=positive(event["q"], "order quantity"),
        filled_quantity=number(event["z"], "filled quantity"),
        limit_price=positive(event["p"], "limit price") if kind is OrderType.LIMIT else None,
        created_at=nanoseconds(event["O"]),
    )


def fill_of(symbol: str, client_order_id: str, event: Mapping[str, Any]) -> VenueFill:
    """Return the execution from an execution report of a trade."""
    return VenueFill(
        trade_id=str(event["t"]),
        client_order_id=client_order_id,
        venue_order_id=str(event["i"]),
        symbol=symbol,
        side=Side(event["S"].lower()),
        quantity=positive(event["l"], "fill quantity"),
        price=positive(event["L"], "fill price"),
        fee=number(event["n"], "fee"),
        fee_asset=fee_asset_of(event["N"], event["n"], symbol),
        liquidity=Liquidity.MAKER if event["m"] else Liquidity.TAKER,
        venue_time=nanoseconds(event["T"]),
    )
