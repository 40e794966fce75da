"""What every request passes before and after Flask: its id, and the headers of every answer.

In plain WSGI, because ten headers set through Flask's response cost more than a whole answer does.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID: Final = "tickertape.request_id"
TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
NO_TRACE: Final = "0" * 32

SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class Edge:
    """Wraps an application: each request gets an id, each answer carries it and the security headers."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request_id = environ[REQUEST_ID] = secrets.token_hex(16)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            headers.extend(SECURITY_HEADERS)
            headers.append(("X-Request-ID", request_id))
            return start_response(status, headers, *error)

        return self._application(environ, start)


def request_id_of(environ: WSGIEnvironment) -> str:
    """Return the request's id, 32 hex digits."""
    return str(environ[REQUEST_ID])


def trace_id_of(environ: WSGIEnvironment) -> str:
    """Return the trace that the request belongs to: its caller's if it has one, else its own id."""
    match = TRACEPARENT.fullmatch(environ.get("HTTP_TRACEPARENT", ""))
    return match[1] if match and match[1] != NO_TRACE else request_id_of(environ)
