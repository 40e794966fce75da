"""Binance Spot's WebSocket API, as far as it carries the user data stream: /ws-api/v3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from trading_bot.exchange import refusals, report_faults, wire, wire_account
from trading_bot.exchange.lines import Connection
from trading_bot.exchange.orders import NO_LIST, Account
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.reports import Execution, Report
from trading_bot.exchange.signatures import check_key, check_signature, check_time
from trading_bot.exchange.sockets import converse
from trading_bot.exchange.venue import VENUE, Venue


class Request(msgspec.Struct):
    """What a client asks. ``id`` comes back in the answer."""

    method: str
    id: int | str | None = None
    params: dict[str, Any] = {}


class AccountStream:
    """Who hears what happens to the account: one subscription a connection."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._subscriptions: dict[Connection, int] = {}
        self._made = 0
        venue.desk.listen(self.announce)

    def subscribe(self, connection: Connection) -> int:
        """Let a connection hear the account's events; returns the subscription's number."""
        if connection not in self._subscriptions:
            self._subscriptions[connection] = self._made
            self._made += 1
        return self._subscriptions[connection]

    def forget(self, connection: Connection) -> None:
        """End a connection's subscription."""
        self._subscriptions.pop(connection, None)

    def announce(self, told: Sequence[Report], account: Account, changed: Sequence[str]) -> None:
        """Tell every subscriber the reports of a step, then of pairs, then the balances that it changed."""
        markets, faults = self._venue.markets, self._venue.faults
        events = [
            wire_account.execution_report(markets.by_symbol(report.order.symbol).listing.market_id, report)
            for report in report_faults.reports_told(faults, told)
        ]
        events += self._pairs_told(told)
        if changed:
            shown = report_faults.account_shown(faults, account)
            events.append(wire_account.account_position(shown, changed, self._venue.clock.now_ns()))
        for connection, number in self._subscriptions.items():
            for event in events:
                connection.send(msgspec.json.encode({"subscriptionId": number, "event": event}).decode())

    def _pairs_told(self, told: Sequence[Report]) -> list[Any]:
        """Return what is told of the pairs in a step: that they have begun, or that both orders are over."""
        begins = all(report.execution is Execution.NEW for report in told)
        events = []
        for number in sorted({report.order.list_id for report in told} - {NO_LIST}):
            pair = self._venue.books.order_list(list_id=number)
            orders = [] if pair is None else self._venue.books.orders_of(pair)
            if pair is not None and (begins or not any(order.open for order in orders)):
                market_id = self._venue.markets.by_symbol(pair.symbol).listing.market_id
                events.append(wire_account.list_status(market_id, pair, orders))
        return events


STREAM = web.AppKey("account_stream", AccountStream)


def routes() -> list[web.RouteDef]:
    """Return the routes of this interface."""
    return [web.get("/ws-api/v3", serve)]


async def serve(request: web.Request) -> web.StreamResponse:
    """Hold one conversation."""
    venue, stream = request.app[VENUE], request.app[STREAM]

    def receive(connection: Connection, text: str) -> None:
        connection.send(msgspec.json.encode(_answer(venue, stream, connection, text)).decode())

    return await converse(request, lambda _: None, receive, stream.forget)


def _answer(venue: Venue, stream: AccountStream, connection: Connection, text: str) -> Any:
    try:
        asked = msgspec.json.decode(text, type=Request)
    except msgspec.DecodeError:
        return _refused(None, refusals.missing_parameter("method"))
    method = METHODS.get(asked.method)
    try:
        if method is None:
            raise refusals.unsupported_operation()
        result = method(venue, stream, connection, asked.params)
    except Refusal as refusal:
        return _refused(asked.id, refusal)
    return {"id": asked.id, "status": HTTPStatus.OK.value, "result": result, "rateLimits": []}


def _refused(identity: int | str | None, reason: Refusal) -> Any:
    return {"id": identity, "status": reason.status.value, "error": wire.refusal(reason), "rateLimits": []}


def _ping(_venue: Venue, _stream: AccountStream, _connection: Connection, _params: dict[str, Any]) -> Any:
    return {}


def _time(venue: Venue, _stream: AccountStream, _connection: Connection, _params: dict[str, Any]) -> Any:
    return {"serverTime": wire.milliseconds(venue.told_ns())}


def _subscribe(venue: Venue, stream: AccountStream, connection: Connection, params: dict[str, Any]) -> Any:
    values = {name: str(value) for name, value in params.items()}
    check_key(venue.credentials, values.get("apiKey"))
    check_time(values, venue.told_ns())
    # signed over all other parameters by the order of their names
    signed = "&".join(f"{name}={values[name]}" for name in sorted(values) if name != "signature")
    check_signature(venue.credentials, signed, values.get("signature"))
    return {"subscriptionId": stream.subscribe(connection)}


def _unsubscribe(
    _venue: Venue, stream: AccountStream, connection: Connection, _params: dict[str, Any]
) -> Any:
    stream.forget(connection)
    return {}


METHODS: dict[str, Callable[[Venue, AccountStream, Connection, dict[str, Any]], Any]] = {
    "ping": _ping,
    "time": _time,
    "userDataStream.subscribe.signature": _subscribe,
    "userDataStream.unsubscribe": _unsubscribe,
}
