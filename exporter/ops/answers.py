"""A body as a response: JSON, ETag, caching, the position on the tape."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from flask import Response, request

from exporter.ops.dependencies import dependencies
from trading_bot.contract.errors import RetriableError
from trading_bot.domain.health import Health
from trading_bot.domain.state import State
from trading_bot.journal import TapePosition

Body = TypeVar("Body", bound=msgspec.Struct)
Represent = Callable[[State, Health, int], Body]

JSON: Final = "application/json"
VOLATILE: Final = {"generated_at": "", "data_age_seconds": None}
"""Members that differ from one request to the next although nothing happened."""

ETAG_BYTES: Final = 12
POSITION_HEADER: Final = "Tickertape-Position"

_encoder: Final = msgspec.json.Encoder()


def answer(represent: Represent[Body]) -> Response:
    """Return what ``represent`` makes of state, health and the time, or 304 when the client has it.

    Raises:
        RetriableError: API_004 until the tape has been read for the first time.
    """
    needs = dependencies()
    if not needs.view.caught_up:
        raise RetriableError("API_004", "the tape is still being read after the start of this process")
    now = needs.clock.now_ns()
    body, position = needs.view.read(lambda state, health, at: (represent(state, health, now), at))
    response = _conditional(body)
    response.headers["Cache-Control"] = cache_control(needs.settings.state_cache_ttl)
    if position is not None:
        response.headers[POSITION_HEADER] = written(position)
    return response


def plain(body: msgspec.Struct) -> Response:
    """Return a body that depends on no tape."""
    response = Response(_encoder.encode(body), mimetype=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


def written(position: TapePosition) -> str:
    """Return a position as one word: tape, run and sequence."""
    return f"{position.tape_id}/{position.run_id}/{position.seq}"


def cache_control(seconds: float) -> str:
    """Return how a client may cache an answer that took a key."""
    return f"private, max-age={seconds:.0f}" if seconds >= 1 else "private, no-cache"


def _conditional(body: msgspec.Struct) -> Response:
    etag = etag_of(body)
    if "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(etag):
        response = Response(status=304)
        del response.headers["Content-Type"]
    else:
        response = Response(_encoder.encode(body), mimetype=JSON)
    response.headers["ETag"] = f'W/"{etag}"'
    return response


def etag_of(body: msgspec.Struct) -> str:
    """Return a hash of the body without what changes by time alone."""
    stable = msgspec.structs.replace(body, **VOLATILE)
    return hashlib.blake2b(_encoder.encode(stable), digest_size=ETAG_BYTES).hexdigest()
