"""Every write with a known key becomes a fact on the control tape, whatever its answer was."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, Response, g, request

from exporter.ops.access.keys import Principal
from exporter.ops.bodies import decoded
from exporter.ops.bridge import WORK
from exporter.ops.dependencies import dependencies
from exporter.ops.edge import request_id_of, trace_id_of
from trading_bot.contract.events.access import WriteAnswered

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
TOO_MANY: Final = 429
LONGEST_REASON: Final = 500
LONGEST_PATH: Final = 200
LARGEST_READ: Final = 64 * 1024
"""A body above this is not read for the audit's sake; its handler read it anyway, if it wanted to."""

TRUE: Final = frozenset({"true", "1", "yes"})


def install(app: Flask) -> None:
    """Have every answer pass here."""
    app.after_request(_audit)


def _audit(response: Response) -> Response:
    if request.method in READS or WORK in request.environ:  # called again when the work is done
        return response
    key: Principal | None = g.get("key")
    # A key above its rate could still fill the disk; that it was refused is recorded once a minute.
    if key is not None and response.status_code != TOO_MANY:
        dependencies().recorder.audit(_event(key, response.status_code), trace_id_of(request.environ))
    return response


def _event(key: Principal, status: int) -> WriteAnswered:
    body = _body()
    reason = body.get("reason") or request.args.get("reason")
    return WriteAnswered(
        actor=key.name,
        key_id=key.id,
        role=key.role.word,
        method=request.method[:LONGEST_PATH],
        path=request.path[:LONGEST_PATH],
        endpoint=request.endpoint,
        reason=reason[:LONGEST_REASON] if isinstance(reason, str) else None,
        dry_run=body.get("dry_run") is True or request.args.get("dry_run", "").lower() in TRUE,
        status=status,
        request_id=request_id_of(request.environ),
    )


def _body() -> dict[str, Any]:
    """Return the JSON object of the request; nothing where it is none, or large."""
    if (request.content_length or 0) > LARGEST_READ:
        return {}
    try:
        body = decoded(request.get_data())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
