"""ccxt's exchange object, made to measure: where it connects to, and what it tells about its requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import localcontext
from typing import Any, Final

from trading_bot.boot.home import Credentials
from trading_bot.contract.errors.definition import OperatorError, OrderDenied
from trading_bot.venues.lazy_ccxt import load
from trading_bot.venues.translation import CURRENT, Request, scrub

OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "binance": {
        "defaultType": "spot",
        "fetchMarkets": {"types": ["spot"]},
        "fetchCurrencies": False,
        "fetchMargins": False,
        # A market order is an amount of the base currency, also where a price is at hand.
        "createOrder": {"quoteOrderQty": False},
    },
}
"""What an exchange needs to be asked for spot markets only."""

PING_SECONDS: Final = 10
"""Two unanswered pings end a connection: the only way to notice that the private stream is mute."""

USED_WEIGHT: Final[dict[str, tuple[str, int]]] = {"binance": ("x-mbx-used-weight-1m", 6_000)}
"""Header that says how much of the rate limit is used, and the limit, where an exchange has them."""

HEADERS, BODY = 3, 5
"""Where headers and decoded body stand among what ccxt gives to ``handle_errors`` after the code."""

PassOn = Callable[[Any, Any], None]
Tap = Callable[[Any, Any, PassOn], None]
"""Takes (socket, message, ccxt's own handler) and passes on what ccxt shall see."""


def exchange_class(name: str) -> type[Any]:
    """Return ccxt's class of an exchange; takes half a second and 40 MB the first time.

    Raises:
        OperatorError: VENUE_011, ccxt has no such exchange.
    """
    pro = load()
    base = getattr(pro, name, None)
    if name not in pro.exchanges or base is None:
        raise OperatorError("VENUE_011", f"{name!r} is not an exchange id of ccxt", name=name)
    return base  # type: ignore[no-any-return]


def make_client(
    name: str,
    *,
    url: str | None,
    testnet: bool,
    credentials: Credentials,
    timeout_seconds: float,
    interval: str,
) -> Any:
    """Return ccxt's exchange object for ``name``; nothing is sent.

    Raises:
        OperatorError: VENUE_011, ccxt has no such exchange, or it has no such interval or no testnet.
    """
    client = type("Client", (Measured, exchange_class(name)), {})(
        settings(name, credentials, timeout_seconds)
    )
    if testnet:
        enter_testnet(client, name)
    if interval not in client.timeframes:
        raise OperatorError("VENUE_011", f"{name} has no bars of {interval!r}", name=name, interval=interval)
    client.has["fetchCurrencies"] = False
    client.decimal_to_precision = own_context(client.decimal_to_precision)
    if url is not None:
        client.urls["api"] = pointed_at(url, client.urls["api"])
        client.timeout_on_exit = 0  # ccxt waits a quarter of a second for TLS to end
    return client


def enter_testnet(client: Any, name: str) -> None:
    """Point ccxt at an exchange's testnet.

    Raises:
        OperatorError: VENUE_011, ccxt knows no testnet of it.
    """
    if "test" not in client.urls:
        raise OperatorError("VENUE_011", f"ccxt knows no testnet of {name}", name=name)
    client.set_sandbox_mode(True)


def settings(name: str, credentials: Credentials, timeout_seconds: float) -> dict[str, Any]:
    """Return the constructor's argument."""
    return {
        "apiKey": credentials.api_key,
        "secret": credentials.secret,
        "password": credentials.passphrase,
        "timeout": round(timeout_seconds * 1000),
        "number": str,
        "aiohttp_trust_env": False,
        "enableRateLimit": True,
        # The leaky bucket holds one request: after anything heavy the next order waits 0.2 s. The
        # window is the venue's own rule (weights in a minute), and nothing waits before it is full.
        "rateLimiterAlgorithm": "rollingWindow",
        "streaming": {"keepAlive": PING_SECONDS * 1000},
        "options": {**OPTIONS.get(name, {}), "maxRetriesOnFailure": 0},
    }


class Measured:
    """Laid over an exchange class of ccxt: notes how far a request came, lets a tap see each message."""

    tap: Tap | None = None
    rate_limit_used: float | None = None
    id: str
    timeout: int
    tcp_connector: Any

    def open(self, lazy: bool = False) -> None:  # noqa: FBT001, FBT002 - ccxt's signature
        """Open the session, whose requests are looked at once more when they have their connection."""
        super().open(lazy)  # type: ignore[misc]
        connector = self.tcp_connector
        if connector is not None and "connect" not in vars(connector):
            connector.connect = with_last_look(connector.connect)

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """Hand a request to the connection."""
        request = CURRENT.get()
        if request is not None:
            request.handed_over = True
        try:
            answer = await super().fetch(url, method, headers, body)  # type: ignore[misc]
        except Exception as error:
            scrub(error)
            raise
        if not is_of_shape(answer, self.id, request):
            import ccxt  # noqa: PLC0415

            raise ccxt.BadResponse(f"not the answer that was asked for: {answer!r:.100}")
        return answer

    async def throttle(self, cost: float | None = None) -> Any:
        """Wait for room, but not longer than a request may take: then it is turned away, unsent."""
        try:
            return await asyncio.wait_for(super().throttle(cost), self.timeout / 1000)  # type: ignore[misc]
        except TimeoutError as error:
            import ccxt  # noqa: PLC0415

            raise ccxt.RateLimitExceeded("the weights of the last minute are used up") from error

    def handle_errors(self, code: int, *answer: Any) -> Any:
        """Note an answer's status, and whether it was decoded where it is raised as an error."""
        request = CURRENT.get() or Request("")
        request.status = code
        request.retry_after = seconds_to_wait(answer[HEADERS])
        self.rate_limit_used = used_share(self.id, answer[HEADERS])
        try:
            return super().handle_errors(code, *answer)  # type: ignore[misc]
        except Exception as error:
            if isinstance(answer[BODY], dict | list):
                request.refusal = error
            raise

    def amount_to_precision(self, _symbol: str, amount: str) -> str:
        """Leave it: the engine has rounded it, on Decimal. ccxt would round again, through a float."""
        return amount

    def price_to_precision(self, _symbol: str, price: str) -> str:
        """Leave it."""
        return price

    def handle_message(self, socket: Any, message: Any) -> None:
        """Let the tap have it first."""
        pass_on: PassOn = super().handle_message  # type: ignore[misc]
        if self.tap is None:
            pass_on(socket, message)
        else:
            self.tap(socket, message, pass_on)


def with_last_look(connect: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return a connector's ``connect`` that gives the connection back where a request may not leave any more."""

    async def connect_and_look(*arguments: Any, **named: Any) -> Any:
        connection = await connect(*arguments, **named)
        request = CURRENT.get()
        if request is not None:
            try:
                request.may_leave()
            except OrderDenied:
                connection.release()  # nothing was written
                raise
        return connection

    return connect_and_look


def seconds_to_wait(headers: Any) -> float | None:
    """Return what Retry-After says, if it is a number of seconds."""
    named = {str(name).lower(): str(value) for name, value in dict(headers or {}).items()}
    text = named.get("retry-after", "")
    return float(text) if text.isdecimal() else None


def used_share(exchange: str, headers: Any) -> float | None:
    """Return the used share of the rate limit as an answer's headers tell it, None where they do not."""
    header, limit = USED_WEIGHT.get(exchange, ("", 0))
    said = {str(name).lower(): str(value) for name, value in (headers or {}).items()}.get(header, "")
    return int(said) / limit if said.isdecimal() else None


def is_list(answer: Any) -> bool:
    """Whether it is a list, empty or not."""
    return isinstance(answer, list)


def has_list(key: str) -> Callable[[Any], bool]:
    """Return whether an answer is an object with a list under ``key``."""
    return lambda answer: isinstance(answer, dict) and is_list(answer.get(key))


# Where a page or an empty object comes instead, ccxt makes "no balances" and "no orders" of it.
SHAPES: Final[dict[str, dict[str, Callable[[Any], bool]]]] = {
    "binance": {
        "open": has_list("symbols"),
        "balances": has_list("balances"),
        "open_orders": is_list,
        "fills": is_list,
        "candles": is_list,
    },
}


def is_of_shape(answer: Any, exchange: str, request: Request | None) -> bool:
    """Whether an answer is decoded JSON and, where it is known here, of the shape its request promises."""
    check = SHAPES.get(exchange, {}).get(request.operation) if request is not None else None
    return isinstance(answer, dict | list) and (check is None or check(answer))


def pointed_at(url: str, addresses: Any) -> Any:
    """Return ccxt's tree of addresses with every host replaced by that of ``url``, paths kept."""
    if isinstance(addresses, dict):
        return {key: pointed_at(url, value) for key, value in addresses.items()}
    if not isinstance(addresses, str) or "://" not in addresses:
        return addresses
    scheme, rest = addresses.split("://", 1)
    secure, host = url.split("://", 1)
    path = rest.partition("/")[2]
    own = ("wss" if secure == "https" else "ws") if scheme.startswith("ws") else secure
    return f"{own}://{host.rstrip('/')}/{path}"


def own_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` in a decimal context of its own: ccxt's sets rounding and traps of the caller's."""

    def call(*arguments: Any, **named: Any) -> Any:
        with localcontext():
            return function(*arguments, **named)

    return call
