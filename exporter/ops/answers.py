"""A body as a response: JSON, ETag, caching, the position on the tape.

A body is rendered once for what it shows and kept for the next request, which gets it only if nothing
has changed: not the position on the tape, not the judgement of the bot, not a warning. Its age and the
time are put in anew for each request. So no answer is ever older than the fold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec
from flask import Response, request

from exporter.ops.alerts import ActiveAlert
from exporter.ops.dependencies import dependencies
from exporter.ops.representations.markdown import MARKDOWN, is_wanted
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

ALERTS_AGE: Final = "alerts_age_seconds"
"""A further one, before these, of bodies that show alerts."""

ETAG_BYTES: Final = 12
POSITION_HEADER: Final = "Tickertape-Position"

_encoder: Final = msgspec.json.Encoder()


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """All that a body depends on, but for its age."""

    position: TapePosition | None
    health: Health
    warnings: tuple[str, ...]
    alerts: tuple[ActiveAlert, ...] | None = None
    alerts_unknown: str | None = None


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A body up to its volatile members."""

    shown: Shown
    beginning: bytes
    etag: str
    has_alerts: bool = False


def answer(
    query: msgspec.Struct, represent: Represent, markdown: Callable[[Any], str] | None = None
) -> Response:
    """Return what ``represent`` makes of state, health and the time, or 304 when the client has it.

    Args:
        query: what was asked for: one body is kept for each.
        represent: a function of state, health and time to a body that ends with :data:`VOLATILE`.
        markdown: makes text of the body for who accepts ``text/markdown``.

    Raises:
        RetriableError: API_004 until the tape has been read for the first time.
    """
    needs = dependencies()
    if not needs.view.caught_up:
        raise RetriableError("API_004", "the tape is still being read after the start of this process")
    now = needs.clock.now_ns()
    if markdown is not None and is_wanted(request.environ):
        return text(markdown(needs.view.read(lambda state, health, _: represent(state, health, now))))
    seen = needs.alerts.seen()

    def render(state: State, health: Health, position: TapePosition | None) -> tuple[Rendered, int | None]:
        shown = Shown(
            position=position,
            health=msgspec.structs.replace(health, silent_for_ns=None),
            warnings=tuple(warnings(state, health, now)),
            alerts=seen.alerts,
            alerts_unknown=seen.unknown,
        )
        kept = needs.memory.get(query)
        if kept is None or kept.shown != shown:
            kept = rendered(represent(state, health, now), shown)
            needs.memory.keep(query, kept)
        return kept, state.ts if state.seq else None

    kept, recorded_at = needs.view.read(render)
    ages = {VOLATILE[0]: age_seconds(recorded_at, now)}
    if kept.has_alerts:
        ages = {ALERTS_AGE: age_seconds(seen.at, now), **ages}
    return _respond(kept, ages, now)


def rendered(body: msgspec.Struct, shown: Shown) -> Rendered:
    """Return a body as it is kept."""
    assert body.__struct_fields__[-len(VOLATILE) :] == VOLATILE
    encoded = _encoder.encode(body)
    has_alerts = body.__struct_fields__[-len(VOLATILE) - 1] == ALERTS_AGE
    first = ALERTS_AGE if has_alerts else VOLATILE[0]
    beginning = encoded[: encoded.rindex(f'"{first}":'.encode())]
    etag = hashlib.blake2b(beginning, digest_size=ETAG_BYTES).hexdigest()
    return Rendered(shown=shown, beginning=beginning, etag=etag, has_alerts=has_alerts)


def _respond(kept: Rendered, ages: dict[str, float | None], now: int) -> Response:
    headers = {"ETag": f'W/"{kept.etag}"', "Cache-Control": _caching(), "Vary": "Accept"}
    if kept.shown.position is not None:
        headers[POSITION_HEADER] = written(kept.shown.position)
    if "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(kept.etag):
        response = Response(status=304, headers=headers)
        del response.headers["Content-Type"]
        return response
    end = _encoder.encode({**ages, VOLATILE[1]: rfc3339(now)})[1:]
    return Response(kept.beginning + end, headers=headers, mimetype=JSON)


def looked_up(
    body: msgspec.Struct,
    markdown: Callable[[Any], str] | None = None,
    position: TapePosition | None = None,
) -> Response:
    """Return a body that was made for this request alone, or 304 when the client has it.

    Its ETag is that of the body without ``generated_at``, which is its last member if it has one.
    ``position`` is the place on the tape that it shows, where it shows one.
    """
    if markdown is not None and is_wanted(request.environ):
        return text(markdown(body))
    encoded = _encoder.encode(body)
    is_dated = body.__struct_fields__[-1] == VOLATILE[1]
    lasting = encoded[: encoded.rindex(f'"{VOLATILE[1]}":'.encode())] if is_dated else encoded
    etag = hashlib.blake2b(lasting, digest_size=ETAG_BYTES).hexdigest()
    headers = {"ETag": f'W/"{etag}"', "Cache-Control": _caching(), "Vary": "Accept"}
    if position is not None:
        headers[POSITION_HEADER] = written(position)
    if "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(etag):
        response = Response(status=304, headers=headers)
        del response.headers["Content-Type"]
        return response
    return Response(encoded, headers=headers, mimetype=JSON)


def text(markdown: str) -> Response:
    """Return Markdown."""
    return Response(markdown, headers={"Cache-Control": _caching(), "Vary": "Accept"}, mimetype=MARKDOWN)


def _caching() -> str:
    return cache_control(dependencies().settings.state_cache_ttl)


def plain(body: msgspec.Struct, status: int = 200) -> Response:
    """Return a body that depends on no tape."""
    return Response(
        _encoder.encode(body), status=status, headers={"Cache-Control": "no-store"}, mimetype=JSON
    )


def written(position: TapePosition) -> str:
    """Return a position as one word: tape, run and sequence."""
    return f"{position.tape_id}/{position.run_id}/{position.seq}"


def cache_control(seconds: float) -> str:
    """Return how a client may cache an answer that took a key."""
    return f"private, max-age={seconds:.0f}" if seconds >= 1 else "private, no-cache"
