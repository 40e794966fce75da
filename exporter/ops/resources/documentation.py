"""``/api/docs``, ``/api/v1/openapi.json`` and ``/llms.txt``: what there is, for people and programs; needs no key.

The pages are Swagger UI, whose files come from a package of the lock: nothing is fetched from elsewhere.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from flask import Blueprint, Flask, Response, current_app, request
from msgspec import Meta

from exporter.ops.documentation import documented
from exporter.ops.documentation.openapi import openapi_document
from exporter.ops.documentation.operation import Answers
from exporter.ops.parameters import parse
from exporter.ops.public import PUBLIC
from trading_bot.contract.errors import NonRetriableError

blueprint = Blueprint("documentation", __name__)

PACKAGE: Final = "offapi"
NAME: Final = "tickertape.openapi"
CACHED: Final = "public, max-age=300"
HTML, TEXT, SCRIPT, STYLE = "text/html", "text/plain", "text/javascript", "text/css"

PAGE: Final = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tickertape API</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/api/docs/swagger.css"></head>
<body><div id="pages"></div>
<noscript>The document itself: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a></noscript>
<script src="/api/docs/swagger.js"></script><script src="/api/docs/start.js"></script></body></html>
"""
START: Final = b"""SwaggerUIBundle({url: "/api/v1/openapi.json", dom_id: "#pages", deepLinking: true,
  validatorUrl: null, displayRequestDuration: true, docExpansion: "list", defaultModelsExpandDepth: 0});
"""
ASSETS: Final = {
    "swagger.js": ("swagger_bundle.js", SCRIPT),
    "swagger.css": ("swagger_style.css", STYLE),
}
"""Name here to the package's file and its type."""

LLMS: Final = """\
# Tickertape

> A trading bot that writes every fact on a tape. This is its HTTP endpoint. Send the key of the file
> api-key in the bot's home folder in the header X-API-Key. Answers are JSON and small; text/markdown is
> served for summary, conditions, incident and runbooks by Accept.

Three cheap calls answer most questions:

1. GET /api/v1/summary - health and why, positions, orders, today's result, alerts, last errors, what to call next
2. GET /api/v1/errors/{code} - what an error code of the summary means, how often it came, what to do
3. GET /api/v1/incident?at=TIME&minutes=10 - what changed before a moment

To change something send the key of the file operate-key, first with ?dry_run=true: POST
/api/v1/control/{action}, PUT /api/v1/config, POST /api/v1/workflows/{id}/execute. They answer 202 with
a Location; it is done when that says so. Changes as they come: GET /api/v1/stream tells the WebSocket.

- [Index of resources](/api/v1/)
- [OpenAPI document](/api/v1/openapi.json)
- [Pages for people](/api/docs)

Money is a decimal in a string, times are RFC 3339 in UTC, unknown is null with a reason in `unknown`.
Lists: `limit`, `returned`, `total`, `truncated`, `next`. Errors: `application/problem+json` with `next`.
"""


class AssetPath(msgspec.Struct, frozen=True, kw_only=True):
    """The path of ``GET /api/docs/{name}``."""

    name: Annotated[
        str, Meta(pattern="^(start.js|swagger.js|swagger.css)$", description="a file", examples=["start.js"])
    ]


class NoQuery(msgspec.Struct, frozen=True, kw_only=True):
    """No parameters."""


@blueprint.get("/api/docs")
@documented(
    "Show the documentation as pages",
    scenario="A person wants to see what there is and try it in a browser.",
    answers=Answers(media=(HTML,), meaning="The pages."),
    query=NoQuery,
)
def pages() -> Response:
    """Return the page that draws the document."""
    parse(request.args, NoQuery)
    return _cached(PAGE, HTML)


@blueprint.get("/api/docs/<name>")
@documented(
    "Get a file of the pages",
    scenario="The browser fetches what the pages are made of.",
    answers=Answers(media=(SCRIPT, STYLE), meaning="The file."),
    path=AssetPath,
    errors=("API_002",),
)
def asset(name: str) -> Response:
    """Return a script or a style sheet."""
    if name == "start.js":
        return _cached(START, SCRIPT)
    if name not in ASSETS:
        raise NonRetriableError("API_002", f"the pages have no file {name[:80]!r}")
    file, kind = ASSETS[name]
    return _cached(_file(file), kind)


@blueprint.get("/api/v1/openapi.json")
@documented(
    "Get the OpenAPI document",
    scenario="A program generates a client, or an agent learns what it may call.",
    answers=Answers(type=dict[str, Any], meaning="OpenAPI 3.1."),
    query=NoQuery,
    example={"openapi": "3.1.0"},
)
def openapi() -> Response:
    """Return the document, which is made at the first request."""
    parse(request.args, NoQuery)
    return _cached(document_of(current_app), "application/json")


@blueprint.get("/llms.txt")
@documented(
    "Tell an agent how to begin",
    scenario="An agent that knows nothing of this endpoint asks for the three cheap calls.",
    answers=Answers(media=(TEXT,), meaning="A short text."),
    query=NoQuery,
)
def llms() -> Response:
    """Return the text."""
    parse(request.args, NoQuery)
    return _cached(LLMS.encode(), TEXT)


def document_of(app: Flask) -> bytes:
    """Return the application's OpenAPI document as JSON."""
    if NAME not in app.extensions:
        app.extensions[NAME] = msgspec.json.encode(openapi_document(app, PUBLIC))
    made: bytes = app.extensions[NAME]
    return made


@cache
def _file(name: str) -> bytes:
    # The package itself is not imported: that would read all of its nine megabytes.
    found = find_spec(PACKAGE)
    assert found is not None
    assert found.submodule_search_locations
    return (Path(found.submodule_search_locations[0]) / name).read_bytes()


def _cached(body: bytes, kind: str) -> Response:
    etag = hashlib.blake2b(body, digest_size=12).hexdigest()
    headers = {"ETag": f'"{etag}"', "Cache-Control": CACHED}
    if request.if_none_match.contains_weak(etag):
        response = Response(status=304, headers=headers)
        del response.headers["Content-Type"]
        return response
    return Response(body, headers=headers, mimetype=kind)
