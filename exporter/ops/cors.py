"""Which browsers' pages may read the answers: BOT_API_CORS_ORIGINS, none by default.

In plain WSGI: flask-cors costs every request about two thirds of what Flask itself does, also those
without an origin. Keys travel in headers, so credentials (cookies) are never allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ANY: Final = "*"
METHODS: Final = "GET, HEAD, POST, PUT, DELETE"
SENT: Final = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-API-Key, traceparent"
SHOWN: Final = "ETag, Link, Location, Retry-After, Tickertape-Position, X-Request-ID"
REMEMBERED_SECONDS: Final = "600"

Headers = list[tuple[str, str]]


class Cors:
    """The headers for one set of origins."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)

    def headers(self, environ: WSGIEnvironment) -> Headers:
        """Return what an answer to this request gets besides."""
        if not self._origins:
            return []
        varies = [] if ANY in self._origins else [("Vary", "Origin")]
        allowed = self._allowed(environ)
        if allowed is None:
            return varies
        return [("Access-Control-Allow-Origin", allowed), ("Access-Control-Expose-Headers", SHOWN), *varies]

    def preflight(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes] | None:
        """Answer a browser's question whether it may ask, without :meth:`headers`; None for any other request."""
        if environ["REQUEST_METHOD"] != "OPTIONS" or "HTTP_ACCESS_CONTROL_REQUEST_METHOD" not in environ:
            return None
        if self._allowed(environ) is None:
            return None
        allowed = [
            ("Access-Control-Allow-Methods", METHODS),
            ("Access-Control-Allow-Headers", SENT),
            ("Access-Control-Max-Age", REMEMBERED_SECONDS),
            ("Cache-Control", "no-store"),
            ("Content-Length", "0"),
        ]
        start_response("204 No Content", allowed)
        return []

    def _allowed(self, environ: WSGIEnvironment) -> str | None:
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            return None
        if ANY in self._origins:
            return ANY
        return origin if origin in self._origins else None
