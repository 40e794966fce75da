"""The handshake: which path, who, and whether there is room. What is refused gets a problem over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from exporter.ops.access.keys import presented_key
from exporter.ops.representations.problem import PROBLEM_JSON, Problem, next_of
from exporter.ops.stream.positions import parsed
from exporter.ops.stream.requests import channels_named
from exporter.ops.stream.services import Admitted, Identify
from trading_bot.contract.errors import ERRORS, NonRetriableError, RetriableError, TickertapeError
from trading_bot.contract.stream import (
    CHANNELS,
    LONGEST_TEXT,
    ROOT_PATH,
    STATE,
    STATE_PATH,
    Channel,
    Format,
    Position,
)
from trading_bot.domain.clock import Clock
from trading_bot.telemetry import rfc3339

REASONS: Final = {
    "API_001": (400, "Bad Request"),
    "AUTH_001": (401, "Unauthorized"),
    "API_002": (404, "Not Found"),
    "API_022": (404, "Not Found"),
    "API_004": (503, "Service Unavailable"),
    "API_023": (503, "Service Unavailable"),
}
"""Code to HTTP status."""

HEADERS: Final = {
    "AUTH_001": {"WWW-Authenticate": 'Bearer realm="tickertape"'},
    "API_004": {"Retry-After": "1"},
    "API_023": {"Retry-After": "5"},
}


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of a stream's address."""

    after: Position | None = None
    format: Format = Format.JSON


class Door:
    """Lets connections in.

    Args:
        identify: who presents a key.
        has_begun: whether there is something to stream.
        has_room: whether one more client may come, told whether it has presented a key.
        refuse: records a refused key, and from where it came.
    """

    def __init__(
        self,
        *,
        identify: Identify,
        has_begun: Callable[[], bool],
        has_room: Callable[[bool], bool],
        refuse: Callable[[TickertapeError, str], object],
        clock: Clock,
    ) -> None:
        self._identify = identify
        self._has_begun = has_begun
        self._has_room = has_room
        self._refuse = refuse
        self._clock = clock

    def admit(self, request: Request, address: str) -> Admitted | Response:
        """Return what the request asks for, or the answer that refuses it."""
        try:
            return self._admitted(request)
        except TickertapeError as error:
            if error.code == "AUTH_001":
                self._refuse(error, address)
            return refusal(error, self._clock.now_ns())

    def _admitted(self, request: Request) -> Admitted:
        address = urlsplit(request.path)
        secret = presented_key(_header(request, "X-API-Key"), _header(request, "Authorization"))
        if secret is not None and self._identify(secret) is None:
            raise NonRetriableError(
                "AUTH_001", f"the API key is not known here: {address.path[:LONGEST_TEXT]}"
            )
        channel = _channel_of(unquote(address.path))
        query = _query_of(address.query)
        if not self._has_begun():
            raise RetriableError("API_004", "the tape is still being read after the start of this process")
        if not self._has_room(secret is not None):
            raise RetriableError("API_023", "as many clients as the stream serves are connected")
        after = parsed(query.after) if query.after is not None else None
        return Admitted(secret=secret, channel=channel, after=after, format=query.format)


def refusal(error: TickertapeError, now_ns: int) -> Response:
    """Return a problem as the answer to a handshake."""
    status, reason = REASONS[error.code]
    semantic = error.semantic(now_ns)
    fields = msgspec.structs.asdict(semantic)
    problem = Problem(
        type=f"/api/v1/errors/{error.code}",
        title=ERRORS[error.code].title,
        status=status,
        detail=semantic.message,
        instance=secrets.token_hex(16),
        errors=[],
        next=next_of(error.code),
        **{**fields, "timestamp": rfc3339(semantic.timestamp)},
    )
    body = msgspec.json.encode(problem)
    headers = Headers(
        {
            "Content-Type": PROBLEM_JSON,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Connection": "close",
            **HEADERS.get(error.code, {}),
        }
    )
    return Response(status, reason, headers, body)


def _header(request: Request, name: str) -> str | None:
    values = request.headers.get_all(name)
    return values[0] if values else None


def _channel_of(path: str) -> Channel | None:
    path = path.rstrip("/")
    if path == STATE_PATH:
        return CHANNELS[STATE]
    if path == ROOT_PATH:
        return None
    if path.startswith(f"{ROOT_PATH}/"):
        return channels_named((path.removeprefix(f"{ROOT_PATH}/")[:LONGEST_TEXT],))[0]
    raise NonRetriableError(
        "API_002", f"no stream at {path[:LONGEST_TEXT]}; there is {STATE_PATH} and {ROOT_PATH}/"
    )


def _query_of(text: str) -> Query:
    given = {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
    try:
        return msgspec.convert(given, Query)
    except msgspec.ValidationError as error:
        raise NonRetriableError("API_001", f"query: {error}") from error
