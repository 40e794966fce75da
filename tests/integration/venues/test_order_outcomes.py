"""What becomes of an order whose answer is spoiled on its way, on the real client and the real exchange."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from support.command import PATIENCE, free_ports
from support.exchange_process import ExchangeProcess, exchange_running, holds
from support.venues import SYMBOL, ccxt_venue, give_up_after, order

from trading_bot.boot.home import Credentials
from trading_bot.contract.errors import (
    HaltError,
    NonRetriableError,
    OperatorError,
    OrderDenied,
    ReduceOnlyError,
    RetriableError,
    TickertapeError,
)
from trading_bot.contract.events.trading import Side, Trigger
from trading_bot.venues.ccxt_venue import CcxtVenue
from trading_bot.venues.protocol import NewOrder, OutcomeUnknown, VenueOrderStatus

pytestmark = pytest.mark.xdist_group("order outcomes")  # one process for all of them

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeProcess]:
    with exchange_running(tmp_path_factory.mktemp("exchange")) as running:
        yield running


class Spoiler:
    """Stands before the exchange, passes requests on, and answers the chosen one in its own way."""

    def __init__(self, exchange: ExchangeProcess) -> None:
        self.url = ""
        self.seen = 0
        self.answering = asyncio.Event()
        self._exchange = exchange
        self._chosen: tuple[str, str] = ("", "")
        self._passed_on = False
        self._answer: Answer

    def spoil(self, method: str, path: str, answer: Answer, *, passed_on: bool = True) -> None:
        self._chosen, self._answer, self._passed_on, self.seen = (method, path), answer, passed_on, 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Spoiler]:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        chosen = (request.method, request.path) == self._chosen
        self.seen += chosen
        body = await request.read()
        if chosen and not self._passed_on:
            return await self._answer(request)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, self._exchange.url + request.path_qs, data=body, headers=headers
            ) as answer,
        ):
            text = await answer.text()
        if chosen:
            self.answering.set()
        return await self._answer(request) if chosen else web.json_response(text=text, status=answer.status)


def says(status: int, text: str, content_type: str = "application/json") -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type=content_type)

    return answer


async def break_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def break_off_in_the_middle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "500", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"symbol":"EURUSD","orderId":1')
    assert request.transport is not None
    request.transport.close()
    return response


async def say_nothing(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(PATIENCE)
    return web.Response()


@contextlib.asynccontextmanager
async def behind_spoiler(exchange: ExchangeProcess) -> AsyncIterator[tuple[CcxtVenue, Spoiler]]:
    async with Spoiler(exchange).running() as spoiler:
        venue = ccxt_venue(exchange, url=spoiler.url)
        try:
            await venue.open([SYMBOL])
            yield venue, spoiler
        finally:
            await venue.close()


@contextlib.contextmanager
def impatient(venue: CcxtVenue, answer: Answer) -> Iterator[None]:
    """Wait for an answer that never comes for a moment only, and for every other one as long as it takes."""
    give_up_after(venue, 0.7 if answer is say_nothing else PATIENCE)
    try:
        yield
    finally:
        give_up_after(venue, PATIENCE)


async def outcome(
    exchange: ExchangeProcess, answer: Answer, *, passed_on: bool
) -> tuple[TickertapeError, int, bool]:
    """Return the error of an order, how often it was sent, and whether the exchange has it."""
    async with behind_spoiler(exchange) as (venue, spoiler):
        spoiler.spoil("POST", "/api/v3/order", answer, passed_on=passed_on)
        sent = order()
        with impatient(venue, answer), pytest.raises(TickertapeError) as raised:
            await venue.place(sent)
        found = await venue.order(SYMBOL, sent.client_order_id)
        assert raised.value.context["client_order_id"] == sent.client_order_id
        return raised.value, spoiler.seen, found is not None


PAGE = "<html><body>502</body></html>"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(break_off, id="the connection breaks"),
        pytest.param(break_off_in_the_middle, id="the answer breaks off"),
        pytest.param(say_nothing, id="nothing in time"),
        pytest.param(says(502, PAGE, "text/html"), id="a proxy's page"),
        pytest.param(says(200, PAGE, "text/html"), id="a page where an order should be"),
        pytest.param(says(200, "{}"), id="nothing in the answer"),
        pytest.param(says(200, '{"symbol": "NOSUCH", "orderId": "?"}'), id="not an order"),
        pytest.param(says(200, "null"), id="null"),
        pytest.param(says(401, PAGE, "text/html"), id="a gateway's refusal, undecodable"),
        pytest.param(says(403, PAGE, "text/html"), id="a firewall's refusal, undecodable"),
        pytest.param(says(400, '{"code": -1000, "msg": "unknown error"}'), id="-1000"),
        pytest.param(says(400, '{"code": -1001, "msg": "disconnected"}'), id="-1001"),
        pytest.param(says(400, '{"code": -1006, "msg": "execution status unknown"}'), id="-1006"),
        pytest.param(says(408, '{"code": -1007, "msg": "execution status unknown"}'), id="-1007"),
        pytest.param(says(500, '{"code": -2010, "msg": "refused, says a server that failed"}'), id="500"),
        pytest.param(says(400, '{"code": -2010, "msg": "Duplicate order sent."}'), id="a duplicate"),
    ],
)
def test_an_order_that_was_taken_but_not_decodably_answered_is_unknown_and_sent_once(
    exchange: ExchangeProcess, answer: Answer
) -> None:
    error, sent, exists = asyncio.run(outcome(exchange, answer, passed_on=True))
    assert isinstance(error, OutcomeUnknown)
    assert error.code == "ORDER_002"
    assert (sent, exists) == (1, True)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        pytest.param(
            says(400, '{"code": -2010, "msg": "Account has insufficient balance for requested action."}'),
            NonRetriableError,
            "ORDER_001",
            id="funds",
        ),
        pytest.param(
            says(400, '{"code": -1013, "msg": "Filter failure: NOTIONAL"}'),
            NonRetriableError,
            "ORDER_001",
            id="filter",
        ),
        pytest.param(
            says(400, '{"code": -9999, "msg": "a code that nobody knows"}'),
            NonRetriableError,
            "ORDER_001",
            id="new code",
        ),
        pytest.param(
            says(429, '{"code": -1003, "msg": "Too many requests."}'),
            RetriableError,
            "VENUE_003",
            id="rate limit",
        ),
        pytest.param(says(429, PAGE, "text/html"), RetriableError, "VENUE_003", id="rate limit, a page"),
        pytest.param(says(418, '{"code": -1003, "msg": "banned until"}'), HaltError, "VENUE_004", id="ban"),
        pytest.param(
            says(401, '{"code": -2014, "msg": "API-key format invalid."}'),
            OperatorError,
            "VENUE_002",
            id="key",
        ),
    ],
)
def test_an_order_that_was_certainly_not_taken_is_over(
    exchange: ExchangeProcess, answer: Answer, kind: type[TickertapeError], code: str
) -> None:
    error, sent, exists = asyncio.run(outcome(exchange, answer, passed_on=False))
    assert type(error) is kind
    assert error.code == code
    assert (sent, exists) == (1, False)


def test_an_order_whose_sender_is_cancelled_is_unknown(exchange: ExchangeProcess) -> None:
    async def run() -> None:
        async with behind_spoiler(exchange) as (venue, spoiler):
            spoiler.spoil("POST", "/api/v3/order", say_nothing)
            sent = order()
            placing = asyncio.ensure_future(venue.place(sent))
            await spoiler.answering.wait()
            placing.cancel()
            with pytest.raises(OutcomeUnknown):
                await placing
            assert await venue.order(SYMBOL, sent.client_order_id) is not None

    asyncio.run(run())


class Halted:
    """Asked before an order leaves; says no once it is halted."""

    def __init__(self, *, halted: bool = True) -> None:
        self.halted = halted
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.halted:
            raise OrderDenied("RISK_008", "the mode became halted")


def test_an_order_that_may_not_leave_any_more_is_not_sent_and_its_connection_takes_the_next(
    exchange: ExchangeProcess,
) -> None:
    async def run() -> None:
        async with behind_spoiler(exchange) as (venue, spoiler):
            spoiler.spoil("POST", "/api/v3/order", say_nothing, passed_on=False)
            halt = Halted()
            with pytest.raises(OrderDenied) as raised:
                await venue.place(order(), halt)
            assert raised.value.code == "RISK_008"
            with pytest.raises(OrderDenied):
                await venue.place_pair(*a_pair(), halt)
            assert (halt.asked, spoiler.seen) == (2, 0)
            spoiler.spoil("", "", say_nothing)
            assert (await venue.place(order(), Halted(halted=False))).status is VenueOrderStatus.FILLED

    asyncio.run(run())


def test_an_order_that_waits_for_the_rate_limit_does_not_leave_after_a_halt(
    exchange: ExchangeProcess,
) -> None:
    async def run() -> None:
        async with behind_spoiler(exchange) as (venue, spoiler):
            spoiler.spoil("POST", "/api/v3/order", say_nothing, passed_on=False)
            halt = Halted(halted=False)
            use_up_the_weights(venue, for_seconds=4)
            placing = asyncio.ensure_future(venue.place(order(), halt))
            assert await holds(lambda: venue._client.throttler.queue)
            assert halt.asked == 0, "it waits"
            halt.halted = True
            with pytest.raises(OrderDenied):
                await placing
            assert (halt.asked, spoiler.seen) == (1, 0)

    asyncio.run(run())


def use_up_the_weights(venue: CcxtVenue, *, for_seconds: float) -> None:
    throttler = venue._client.throttler
    until = venue._client.milliseconds() + for_seconds * 1000
    spent = {"timestamp": until - throttler.config["windowSize"], "cost": throttler.config["maxWeight"]}
    throttler.timestamps = [spent]


def a_pair() -> tuple[NewOrder, NewOrder]:
    loss = order(Side.SELL, trigger=Trigger.STOP_LOSS, stop_price=Decimal("0.5"))
    return loss, order(Side.SELL, trigger=Trigger.TAKE_PROFIT, stop_price=Decimal("2.5"))


def test_an_order_that_finds_no_connection_was_certainly_not_sent(exchange: ExchangeProcess) -> None:
    async def run() -> None:
        async with Spoiler(exchange).running() as spoiler:
            venue = ccxt_venue(exchange, url=spoiler.url)
            await venue.open([SYMBOL])
        try:
            with pytest.raises(RetriableError) as raised:
                await venue.place(order())
            assert not isinstance(raised.value, OutcomeUnknown)
            assert raised.value.code == "VENUE_001"
        finally:
            await venue.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        pytest.param(break_off, RetriableError, "VENUE_001", id="the connection breaks"),
        pytest.param(break_off_in_the_middle, RetriableError, "VENUE_007", id="the answer breaks off"),
        pytest.param(say_nothing, RetriableError, "VENUE_001", id="nothing in time"),
        pytest.param(says(200, PAGE, "text/html"), RetriableError, "VENUE_007", id="a page"),
        pytest.param(
            says(200, '{"balances": [{"asset": "USD", "free": "NaN", "locked": "0"}]}'),
            RetriableError,
            "VENUE_007",
            id="NaN",
        ),
        pytest.param(says(503, PAGE, "text/html"), RetriableError, "VENUE_001", id="503"),
        pytest.param(says(400, '{"code": -1021, "msg": "ahead"}'), ReduceOnlyError, "VENUE_005", id="clock"),
        pytest.param(says(401, '{"code": -2014, "msg": "bad key"}'), OperatorError, "VENUE_002", id="key"),
        pytest.param(
            says(429, '{"code": -1003, "msg": "slow"}'), RetriableError, "VENUE_003", id="rate limit"
        ),
        pytest.param(says(418, '{"code": -1003, "msg": "banned"}'), HaltError, "VENUE_004", id="ban"),
        pytest.param(says(451, PAGE, "text/html"), OperatorError, "VENUE_010", id="place"),
    ],
)
def test_a_question_that_is_not_answered_says_why(
    exchange: ExchangeProcess, answer: Answer, kind: type[TickertapeError], code: str
) -> None:
    async def run() -> None:
        async with behind_spoiler(exchange) as (venue, spoiler):
            spoiler.spoil("GET", "/api/v3/account", answer)
            with impatient(venue, answer), pytest.raises(TickertapeError) as raised:
                await venue.balances()
            assert type(raised.value) is kind
            assert raised.value.code == code

    asyncio.run(run())


@pytest.mark.parametrize("answer", [says(200, PAGE, "text/html"), says(200, "{}"), says(200, "null")])
def test_what_is_not_an_answer_is_never_taken_for_an_empty_one(
    exchange: ExchangeProcess, answer: Answer
) -> None:
    async def run() -> None:
        async with behind_spoiler(exchange) as (venue, spoiler):
            for path, ask in (
                ("/api/v3/account", venue.balances),
                ("/api/v3/openOrders", lambda: venue.open_orders(SYMBOL)),
                ("/api/v3/myTrades", lambda: venue.fills(SYMBOL, 0)),
                ("/api/v3/klines", lambda: venue.candles(SYMBOL, 5)),
                ("/api/v3/order", lambda: venue.order(SYMBOL, "mine")),
                ("/api/v3/time", venue.clock),
            ):
                spoiler.spoil("GET", path, answer)
                with pytest.raises(RetriableError) as raised:
                    await ask()
                assert raised.value.code == "VENUE_007"

    asyncio.run(run())


def test_wrong_credentials_are_refused_when_the_venue_is_opened(exchange: ExchangeProcess) -> None:
    async def run() -> None:
        venue = ccxt_venue(exchange, credentials=Credentials(api_key="", secret="not the secret"))
        with pytest.raises(OperatorError) as raised:
            await venue.open([SYMBOL])
        assert raised.value.code == "VENUE_002"

    asyncio.run(run())


def test_no_error_shows_key_or_signature(exchange: ExchangeProcess) -> None:
    async def run() -> None:
        async with behind_spoiler(exchange) as (venue, spoiler):
            spoiler.spoil("GET", "/api/v3/account", break_off)
            with pytest.raises(TickertapeError) as raised:
                await venue.balances()
        said = str(raised.value) + str(raised.value.__cause__) + str(raised.value.context)
        assert "signature" not in said
        assert "timestamp=" not in said

    asyncio.run(run())


def test_an_exchange_that_is_not_there_is_not_reachable(tmp_path: Path, exchange: ExchangeProcess) -> None:
    async def run() -> None:
        venue = ccxt_venue(exchange, url=f"http://127.0.0.1:{free_ports(1)[0]}")
        with pytest.raises(RetriableError) as raised:
            await venue.open([SYMBOL])
        assert raised.value.code == "VENUE_001"

    asyncio.run(run())


@pytest.mark.parametrize("changes", [{"name": "nosuch"}, {"interval": "7s"}])
def test_an_exchange_or_interval_that_ccxt_does_not_know_is_refused(
    exchange: ExchangeProcess, changes: dict[str, str]
) -> None:
    async def run() -> None:
        with pytest.raises(OperatorError) as raised:
            await ccxt_venue(exchange, **changes).open([SYMBOL])
        assert raised.value.code == "VENUE_011"

    asyncio.run(run())
