"""The vendor's exceptions, translated once.

ccxt is imported only where a venue is opened, so the table goes by the names of its classes; a test
holds it to ccxt's own hierarchy, class by class.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any, Final

import msgspec

from trading_bot.contract.errors.definition import (
    HaltError,
    NonRetriableError,
    OperatorError,
    OrderDenied,
    ReduceOnlyError,
    RetriableError,
    TickertapeError,
    describe,
)
from trading_bot.venues.protocol import MayLeave, OutcomeUnknown, unconditionally


class Request(msgspec.Struct):
    """How far one request came. Filled in by the client while it works on it."""

    operation: str
    handed_over: bool = False
    """Whether it was given to the connection: from here on its bytes may have left."""
    status: int | None = None
    """Of the HTTP answer."""
    retry_after: float | None = None
    """Seconds that the answer asks to wait."""
    refusal: BaseException | None = None
    """What was raised because a decoded answer said so."""
    may_leave: MayLeave = unconditionally
    """Asked on the open connection, before anything is written."""


CURRENT: ContextVar[Request | None] = ContextVar("request to the venue", default=None)

NOT_REACHABLE: Final = ("VENUE_001", RetriableError)
CREDENTIALS: Final = ("VENUE_002", OperatorError)
RATE_LIMIT: Final = ("VENUE_003", RetriableError)
BANNED: Final = ("VENUE_004", HaltError)
CLOCK: Final = ("VENUE_005", ReduceOnlyError)
MAINTENANCE: Final = ("VENUE_006", RetriableError)
UNDECODABLE: Final = ("VENUE_007", RetriableError)
SYMBOL: Final = ("VENUE_008", OperatorError)
INVALID: Final = ("VENUE_009", NonRetriableError)
ACCOUNT: Final = ("VENUE_010", OperatorError)

TRANSLATIONS: Final[dict[str, tuple[str, type[TickertapeError]]]] = {
    "BaseError": UNDECODABLE,
    "ExchangeError": INVALID,
    "AuthenticationError": CREDENTIALS,
    "PermissionDenied": CREDENTIALS,
    "AccountNotEnabled": ACCOUNT,
    "AccountSuspended": ACCOUNT,
    "ArgumentsRequired": INVALID,
    "BadRequest": INVALID,
    "BadSymbol": SYMBOL,
    "OperationRejected": INVALID,
    "NoChange": INVALID,
    "MarginModeAlreadySet": INVALID,
    "MarketClosed": INVALID,
    "ManualInteractionNeeded": ACCOUNT,
    "RestrictedLocation": ACCOUNT,
    "InsufficientFunds": INVALID,
    "InvalidAddress": INVALID,
    "AddressPending": INVALID,
    "InvalidOrder": INVALID,
    "OrderNotFound": INVALID,
    "OrderNotCached": INVALID,
    "OrderImmediatelyFillable": INVALID,
    "OrderNotFillable": INVALID,
    "DuplicateOrderId": INVALID,
    "ContractUnavailable": INVALID,
    "NotSupported": INVALID,
    "InvalidProxySettings": INVALID,
    "ExchangeClosedByUser": NOT_REACHABLE,
    "OperationFailed": NOT_REACHABLE,
    "NetworkError": NOT_REACHABLE,
    "DDoSProtection": RATE_LIMIT,
    "RateLimitExceeded": RATE_LIMIT,
    "ExchangeNotAvailable": NOT_REACHABLE,
    "OnMaintenance": MAINTENANCE,
    "InvalidNonce": CLOCK,
    "ChecksumError": UNDECODABLE,
    "RequestTimeout": NOT_REACHABLE,
    "BadResponse": UNDECODABLE,
    "NullResponse": UNDECODABLE,
    "CancelPending": NOT_REACHABLE,
    "UnsubscribeError": NOT_REACHABLE,
}

BY_STATUS: Final[dict[int, tuple[str, type[TickertapeError]]]] = {418: BANNED, 429: RATE_LIMIT, 451: ACCOUNT}
NOT_PROCESSED: Final = frozenset({418, 429})
"""Statuses with which a venue turns a request away before it looks at it."""
ABOUT_THE_ACCOUNT: Final = frozenset({"VENUE_002", "VENUE_010"})
NEVER_CONNECTED: Final = frozenset({"ClientConnectorError", "ConnectionTimeoutError", "gaierror"})
DUPLICATE: Final = re.compile("duplicate", re.IGNORECASE)
QUERY: Final = re.compile(r"\?[^\s\"']*")


def translate(error: BaseException, request: Request, **context: Any) -> TickertapeError:
    """Return what an exception of a request means, as the taxonomy says it. Raise it ``from`` the original."""
    if isinstance(error, TickertapeError):
        return error
    code, consequence = classify(error, request)
    return consequence(code, f"{request.operation}: {describe(error)}", status=request.status, **context)


def classify(error: BaseException, request: Request) -> tuple[str, type[TickertapeError]]:
    """Return the code and the class for an exception: by HTTP status, else by ccxt's class, else by kind."""
    if request.status in BY_STATUS:
        return BY_STATUS[request.status]
    names = names_of(error)
    if "ExchangeError" in names and request.handed_over and error is not request.refusal:
        # ccxt raises a bare ExchangeError when an answer breaks off in the middle.
        return TRANSLATIONS[names[0]] if names[0] == "ExchangeClosedByUser" else UNDECODABLE
    for name in names:
        if name in TRANSLATIONS:
            return TRANSLATIONS[name]
    return NOT_REACHABLE if isinstance(error, OSError) else UNDECODABLE


def translate_order(error: BaseException, request: Request, **context: Any) -> TickertapeError:
    """Return what an exception of a new order means. Whatever is not certain is unknown."""
    if isinstance(error, OrderDenied):
        return error
    if not request.handed_over or never_connected(error) or request.status in NOT_PROCESSED:
        return translate(error, request, **context)
    if not is_rejection(error, request):
        return OutcomeUnknown(
            "ORDER_002", f"outcome unknown: {describe(error)}", status=request.status, **context
        )
    if classify(error, request)[0] in ABOUT_THE_ACCOUNT:
        return translate(error, request, **context)
    return NonRetriableError("ORDER_001", describe(error), status=request.status, **context)


def translate_cancel(error: BaseException, request: Request, **context: Any) -> TickertapeError:
    """Return what an exception of a cancel means: a decoded refusal of it is ORDER_003."""
    if is_rejection(error, request) and classify(error, request)[0] == "VENUE_009":
        return NonRetriableError("ORDER_003", describe(error), status=request.status, **context)
    return translate(error, request, **context)


def is_rejection(error: BaseException, request: Request) -> bool:
    """Whether a decoded answer says that this was not done.

    Not so: a failure on the venue's side (5xx, ``OperationFailed``), and a repeated client order id,
    which says that the order *is* there.
    """
    names = names_of(error)
    return (
        error is request.refusal
        and "ExchangeError" in names
        and "DuplicateOrderId" not in names
        and not DUPLICATE.search(str(error))
        and (request.status or 0) < 500  # noqa: PLR2004 - HTTP: from here on the server failed
    )


def is_not_found(error: BaseException, request: Request) -> bool:
    """Whether a decoded answer says that the venue does not know the order."""
    return error is request.refusal and "OrderNotFound" in names_of(error)


def never_connected(error: BaseException) -> bool:
    """Whether no connection came about, so that no byte of the request can have left."""
    cause: BaseException | None = error
    while cause is not None:
        if NEVER_CONNECTED.intersection(names_of(cause)):
            return True
        cause = cause.__cause__
    return False


def names_of(error: BaseException) -> list[str]:
    """Return the names of an exception's class and its ancestors, nearest first."""
    return [kind.__name__ for kind in type(error).__mro__]


def scrub(error: BaseException) -> None:
    """Take the query out of the addresses in an exception's words: it holds key and signature."""
    error.args = tuple(QUERY.sub("", part) if isinstance(part, str) else part for part in error.args)
