"""A body as a response: JSON, ETag, caching, the position on the tape.

A body is rendered once for what it shows and kept for the next request, which gets it only if nothing
has changed: not the position on the tape, not the judgement of the bot, not a warning. Its age and the
time are put in anew for each request. So no answer is ever older than the fold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

import msgspec
from flask import Response, request

from exporter.ops.dependencies import dependencies
from exporter.ops.representations.values import age_seconds
from exporter.ops.representations.words import warnings
from trading_bot.contract.errors import RetriableError
from trading_bot.domain.health import Health
from trading_bot.domain.state import State
from trading_bot.journal import TapePosition
from trading_bot.telemetry import rfc3339

Represent = Callable[[State, Health, int], msgspec.Struct]

JSON: Final = "application/json"
VOLATILE: Final = ("data_age_seconds", "generated_at")
"""The last members of every body: they change by time alone, and are no part of the ETag."""

ETAG_BYTES: Final = 12
POSITION_HEADER: Final = "Tickertape-Position"

_encoder: Final = msgspec.json.Encoder()


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """All that a body depends on, but for its age."""

    position: TapePosition | None
    health: Health
    warnings: tuple[str, ...]


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A body up to its volatile members."""

    shown: Shown
    beginning: bytes
    etag: str


def answer(query: msgspec.Struct, represent: Represent) -> Response:
    """Return what ``represent`` makes of state, health and the time, or 304 when the client has it.

    Args:
        query: what was asked for: one body is kept for each.
        represent: a function of state, health and time to a body that ends with :data:`VOLATILE`.

    Raises:
        RetriableError: API_004 until the tape has been read for the first time.
    """
    needs = dependencies()
    if not needs.view.caught_up:
        raise RetriableError("API_004", "the tape is still being read after the start of this process")
    now = needs.clock.now_ns()

    def render(state: State, health: Health, position: TapePosition | None) -> tuple[Rendered, int | None]:
        shown = Shown(
            position=position,
            health=msgspec.structs.replace(health, silent_for_ns=None),
            warnings=tuple(warnings(state, health, now)),
        )
        kept = needs.memory.get(query)
        if kept is None or kept.shown != shown:
            kept = rendered(represent(state, health, now), shown)
            needs.memory.keep(query, kept)
        return kept, state.ts if state.seq else None

    kept, recorded_at = needs.view.read(render)
    return _respond(kept, cache_control(needs.settings.state_cache_ttl), recorded_at, now)


def rendered(body: msgspec.Struct, shown: Shown) -> Rendered:
    """Return a body as it is kept."""
    assert body.__struct_fields__[-len(VOLATILE) :] == VOLATILE
    encoded = _encoder.encode(body)
    beginning = encoded[: encoded.rindex(f'"{VOLATILE[0]}":'.encode())]
    etag = hashlib.blake2b(beginning, digest_size=ETAG_BYTES).hexdigest()
    return Rendered(shown=shown, beginning=beginning, etag=etag)


def _respond(kept: Rendered, caching: str, recorded_at: int | None, now: int) -> Response:
    headers = {"ETag": f'W/"{kept.etag}"', "Cache-Control": caching}
    if kept.shown.position is not None:
        headers[POSITION_HEADER] = written(kept.shown.position)
    if "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(kept.etag):
        response = Response(status=304, headers=headers)
        del response.headers["Content-Type"]
        return response
    age = _encoder.encode(age_seconds(recorded_at, now)).decode()
    end = f'"{VOLATILE[0]}":{age},"{VOLATILE[1]}":"{rfc3339(now)}"}}'
    return Response(kept.beginning + end.encode(), headers=headers, mimetype=JSON)


def plain(body: msgspec.Struct) -> Response:
    """Return a body that depends on no tape."""
    return Response(_encoder.encode(body), headers={"Cache-Control": "no-store"}, mimetype=JSON)


def written(position: TapePosition) -> str:
    """Return a position as one word: tape, run and sequence."""
    return f"{position.tape_id}/{position.run_id}/{position.seq}"


def cache_control(seconds: float) -> str:
    """Return how a client may cache an answer that took a key."""
    return f"private, max-age={seconds:.0f}" if seconds >= 1 else "private, no-cache"
