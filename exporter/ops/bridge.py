"""From granian's asynchronous interface to the WSGI application, so that no client and no slow work holds the others.

All requests are answered by one thread. Over WSGI that thread would also read the bodies, and one client
that sends half of its body would stop everybody. Here the loop reads them, each within a size and a time,
and the application is called when everything is there. A handler whose answer needs slow work hands it to
:func:`later`; the request is called again, with the result, when the work is done.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
from flask import Response, request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

LARGEST_BODY: Final = 1024 * 1024
BODY_SECONDS: Final = 5.0
WORK_SECONDS: Final = 20.0

WAITS: Final = "tickertape.waits"
"""In the environment while the application is called by this bridge."""
WORK: Final = "tickertape.work"
"""Set by a handler that cannot answer yet: a future."""
RESULT: Final = "tickertape.result"
"""The finished future, when the request is called again."""
BODY_FAULT: Final = "tickertape.body_fault"
"""The status that a body earned that was too large, too slow, or cut off."""

TOO_SLOW: Final = 408
TOO_LARGE: Final = 413

ACCEPTED: Final = 202


class Scope(Protocol):
    """What granian says of a request."""

    proto: str
    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Any


class Exchange(Protocol):
    """What granian takes as its answer."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives."""
        ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer."""
        ...


class Limits(msgspec.Struct, frozen=True):
    """How large a body may be, how long it may take, and how long slow work may."""

    body_bytes: int = LARGEST_BODY
    body_seconds: float = BODY_SECONDS
    work_seconds: float = WORK_SECONDS


class Bridge:
    """Serves a WSGI application by granian's RSGI."""

    def __init__(self, application: WSGIApplication, limits: Limits | None = None) -> None:
        self._application = application
        self._limits = limits or Limits()

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request."""
        environ = environment_of(scope)
        if scope.method not in {"GET", "HEAD"}:
            await self._read(environ, exchange)
        status, headers, body = self._call(environ)
        work = environ.pop(WORK, None)
        if work is not None:
            environ[RESULT] = await self._finished(work)
            environ["wsgi.input"].seek(0)
            status, headers, body = self._call(environ)
        exchange.response_bytes(status, headers, body)

    async def _read(self, environ: WSGIEnvironment, exchange: Exchange) -> None:
        """Put the body into the environment, or the status that says why it is not there."""
        try:
            declared = int(environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            declared = 0
        if declared > self._limits.body_bytes:
            environ[BODY_FAULT] = TOO_LARGE
            return
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                body = await self._collect(exchange)
        except TimeoutError:
            environ[BODY_FAULT] = TOO_SLOW
            return
        if body is None:
            environ[BODY_FAULT] = TOO_LARGE
            return
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))

    async def _collect(self, exchange: Exchange) -> bytes | None:
        chunks, size = [], 0
        async for chunk in exchange:
            size += len(chunk)
            if size > self._limits.body_bytes:
                return None
            chunks.append(chunk)
        return b"".join(chunks)

    async def _finished(self, work: Future[Any]) -> Future[Any]:
        """Return the future when it is done; one that took too long is cancelled, which it then says."""
        await asyncio.wait([asyncio.wrap_future(work)], timeout=self._limits.work_seconds)
        work.cancel()
        return work

    def _call(self, environ: WSGIEnvironment) -> tuple[int, list[tuple[str, str]], bytes]:
        status, headers = 500, []

        def start(line: str, given: list[tuple[str, str]], _error: Any = None) -> Any:
            nonlocal status, headers
            status, headers = int(line[:3]), [(name.lower(), value) for name, value in given]
            return _refuse_write

        answer = self._application(environ, start)
        try:
            return status, headers, b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()


def later(work: Future[Any]) -> Response | Future[Any]:
    """Return the finished work, or, when it has only begun, what the handler must return at once.

    Use: ``waiting = later(pool.submit(...))``, and return it if it is a Response. The handler runs again
    with the finished work; anything it did before must be safe to be skipped then, see :func:`result`.
    Without this bridge (another WSGI server) the request thread waits.
    """
    environ = request.environ
    if WAITS in environ:
        environ[WORK] = work
        return Response(status=ACCEPTED)
    return work


def result() -> Future[Any] | None:
    """Return the finished work of this request when it is called again for it; None before."""
    found: Future[Any] | None = request.environ.get(RESULT)
    return found


def environment_of(scope: Scope) -> WSGIEnvironment:
    """Return the WSGI environment of a request, without its body."""
    host, _, port = scope.server.rpartition(":")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0] or scope.client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        WAITS: True,
    }
    for name, value in scope.headers.items():
        if "_" not in name:  # or X_API_KEY could pass for X-API-Key behind a proxy that strips the latter
            key = _variable(name)
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _variable(header: str) -> str:
    key = header.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


def _refuse_write(_data: bytes) -> None:
    raise RuntimeError("the application returns its body")
