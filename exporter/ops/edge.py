"""What every request passes before and after Flask: its id, its span, and the headers of every answer.

In plain WSGI, because ten headers set through Flask's response cost more than a whole answer does.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, cast

from exporter.ops.bridge import WORK
from exporter.ops.cors import Cors
from exporter.ops.metrics import Registry
from exporter.ops.recording import Asked, Caller, Recorder
from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.metrics import API_DURATION, API_REQUESTS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID: Final = "tickertape.request_id"
ASKED: Final = "tickertape.asked"
BEGAN: Final = "tickertape.began"
ENDPOINT: Final = "tickertape.endpoint"
"""The route of the request, where it has one."""

UNMATCHED: Final = "unmatched"
TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
NO_TRACE: Final = "0" * 32
SAMPLED: Final = 1
LONGEST_PATH: Final = 200
OTHER: Final = "other"
METHODS: Final = frozenset(labels.METHOD.values or ())
STATUSES: Final = frozenset(labels.HTTP_STATUS.values or ())

SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

POLICY: Final = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
PAGES: Final = "/api/docs"
PAGES_POLICY: Final = (
    "Content-Security-Policy",
    (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'"
    ),
)
"""The pages are drawn by a script of this origin, which sets styles and asks this endpoint."""


class Edge:
    """Wraps an application: each request gets an id and a span, each answer the id and the security headers."""

    def __init__(
        self, application: WSGIApplication, recorder: Recorder, metrics: Registry, cors: Cors
    ) -> None:
        self._application = application
        self._recorder = recorder
        self._metrics = metrics
        self._cors = cors

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request_id = environ.setdefault(REQUEST_ID, secrets.token_hex(16))
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")[:LONGEST_PATH]
        if ASKED not in environ:  # a request is called again when the work that it waited for is done
            environ[ASKED] = self._recorder.begin(_caller(environ, request_id), method, path)
            environ[BEGAN] = perf_counter()
        answered = 0

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            nonlocal answered
            answered = int(status[:3])
            headers.extend(SECURITY_HEADERS)
            headers.append(PAGES_POLICY if path.startswith(PAGES) else POLICY)
            headers.append(("X-Request-ID", request_id))
            headers.extend(self._cors.headers(environ))
            return start_response(status, headers, *error)

        try:
            preflight = self._cors.preflight(environ, start)
            return self._application(environ, start) if preflight is None else preflight
        finally:
            if WORK not in environ:
                self._recorder.end(environ[ASKED], answered)
                self._count(
                    environ.get(ENDPOINT, UNMATCHED), method, answered, perf_counter() - environ[BEGAN]
                )

    def _count(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        verb = method if method in METHODS else OTHER
        answered = str(status)
        self._metrics.count(API_REQUESTS, endpoint, verb, answered if answered in STATUSES else OTHER)
        self._metrics.observe(API_DURATION, seconds, endpoint)


def request_id_of(environ: WSGIEnvironment) -> str:
    """Return the request's id, 32 hex digits."""
    return str(environ[REQUEST_ID])


def trace_id_of(environ: WSGIEnvironment) -> str:
    """Return the trace that the request belongs to: its caller's if it has one, else its own id."""
    return asked_of(environ).trace.trace_id


def asked_of(environ: WSGIEnvironment) -> Asked:
    """Return the request's span."""
    return cast("Asked", environ[ASKED])


def _caller(environ: WSGIEnvironment, request_id: str) -> Caller:
    said = environ.get("HTTP_TRACEPARENT")
    match = TRACEPARENT.fullmatch(said) if said else None
    if match is None or match[1] == NO_TRACE:
        return Caller(request_id)
    return Caller(match[1], match[2], is_traced=bool(int(match[3], 16) & SAMPLED))
