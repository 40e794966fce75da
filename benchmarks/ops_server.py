"""Servers beside `ops`: `python -m benchmarks.ops_server bare|fastapi PORT BYTES`.

Each answers every path with a constant JSON body of so many bytes. The first is the ops endpoint's own server
and bridge with a Flask application that does nothing else; the second FastAPI on uvicorn, in one process too.
"""

from __future__ import annotations

import sys
from typing import Any

from granian.constants import Interfaces
from granian.server import Server


def body_of(size: str) -> bytes:
    """Return a JSON document of so many bytes."""
    return b'{"a":"' + b"x" * (int(size) - 8) + b'"}'


def bare_application(size: str) -> Any:
    """Return the bare handler as granian calls it."""
    from flask import Flask, Response  # noqa: PLC0415 - of the worker

    from exporter.ops.bridge import Bridge  # noqa: PLC0415 - same

    app, body = Flask("bare"), body_of(size)

    @app.get("/<path:_path>")
    def answer(_path: str) -> Response:
        return Response(body, mimetype="application/json")

    bridge = Bridge(app.wsgi_app)

    async def serve(scope: Any, exchange: Any) -> None:
        await bridge(scope, exchange)

    return serve


def bare(port: str, size: str) -> None:
    """Serve the bare handler."""
    server = Server(
        "benchmarks.ops_server:bare_application",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.RSGI,
        workers=1,
        websockets=False,
        log_enabled=False,
    )
    server.serve(target_loader=lambda *_, **__: bare_application(size), wrap_loader=False)


def fastapi(port: str, size: str) -> None:
    """Serve the same with FastAPI on uvicorn, with its faster loop and parser where they are installed."""
    import uvicorn  # noqa: PLC0415 - a tool of the development
    from fastapi import FastAPI, Response  # noqa: PLC0415 - same

    app, body = FastAPI(), body_of(size)

    @app.get("/{path:path}")
    async def answer(path: str) -> Response:  # noqa: ARG001 - FastAPI's signature
        return Response(body, media_type="application/json")

    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="critical", access_log=False)


if __name__ == "__main__":
    {"bare": bare, "fastapi": fastapi}[sys.argv[1]](*sys.argv[2:])
