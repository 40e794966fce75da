"""``/``, ``/catalogue`` and ``/runbooks``: what there is to ask, in words that do not change while it runs."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response, current_app, request
from msgspec import Meta

from exporter.ops.answers import looked_up, text
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import JSON, Answers
from exporter.ops.documentation.resources import ResourceView, resources_of
from exporter.ops.parameters import parse
from exporter.ops.representations.catalogue import (
    CataloguePage,
    CatalogueWanted,
    entries,
    represent_catalogue,
)
from exporter.ops.representations.markdown import MARKDOWN, is_wanted
from exporter.ops.representations.paging import DEFAULT_LIMIT, LARGEST_LIMIT, link, part_of
from exporter.ops.representations.problem import Link
from exporter.ops.shelf import Shelf
from trading_bot.contract.errors import NonRetriableError, RetriableError
from trading_bot.contract.telemetry.metrics import METRICS

blueprint = Blueprint("reference", __name__)

BEGIN: Final = [
    Link(href="/api/v1/summary", why="the bot in one small body: begin here"),
    Link(href="/api/docs", why="every operation, for people"),
    Link(href="/api/v1/openapi.json", why="every operation, for programs"),
]

Limit = Annotated[
    int, Meta(ge=1, le=LARGEST_LIMIT, description=f"a number from 1 to {LARGEST_LIMIT}", examples=[20])
]
Name = Annotated[
    str, Meta(min_length=1, max_length=120, description="a name from next", examples=["tradingbot_up"])
]


class IndexQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /``."""

    limit: Limit = 50
    after: (
        Annotated[
            str, Meta(min_length=1, max_length=120, description="a name from next", examples=["summary"])
        ]
        | None
    ) = None


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /``: resources and what each can do."""

    resources: list[ResourceView]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None
    begin: list[Link]


class CatalogueQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /catalogue``."""

    limit: Limit = DEFAULT_LIMIT
    after: Name | None = None
    search: (
        Annotated[
            str,
            Meta(
                min_length=1, max_length=60, description="a part of a name or meaning", examples=["drawdown"]
            ),
        ]
        | None
    ) = None


class RunbooksQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /runbooks``."""

    limit: Limit = DEFAULT_LIMIT
    after: (
        Annotated[
            str, Meta(min_length=1, max_length=120, description="a name from next", examples=["BotDown"])
        ]
        | None
    ) = None


class RunbookPath(msgspec.Struct, frozen=True, kw_only=True):
    """The path of ``GET /runbooks/{name}``."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{1,120}$",
            description="a runbook's name: that of its alert",
            examples=["BotDown"],
        ),
    ]


class NoQuery(msgspec.Struct, frozen=True, kw_only=True):
    """No parameters."""


class RunbookEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A runbook in the list."""

    name: str
    title: str
    href: str


class RunbookList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /runbooks``, by name."""

    runbooks: list[RunbookEntry]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None


class RunbookView(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /runbooks/{name}``; ``text`` is Markdown."""

    name: str
    title: str
    error_codes: list[str]
    text: str


@blueprint.get("/")
@documented(
    "List what there is",
    scenario="Somebody knows the address and a key, and nothing else.",
    answers=Index,
    query=IndexQuery,
    errors=("API_002",),
)
def index() -> Response:
    """Return the resources."""
    query = parse(request.args, IndexQuery)
    part = part_of(resources_of(current_app), lambda one: one.name, query.limit, query.after)
    return looked_up(
        Index(
            resources=list(part.items),
            limit=query.limit,
            returned=len(part.items),
            total=part.total,
            truncated=part.cursor is not None,
            next=link("/api/v1/", limit=query.limit, after=part.cursor) if part.cursor else None,
            begin=BEGIN,
        )
    )


@blueprint.get("/catalogue")
@documented(
    "List the metrics and recording rules",
    scenario="An agent is about to write PromQL: which names there are, their labels, a query to begin with.",
    answers=CataloguePage,
    query=CatalogueQuery,
    errors=("API_002", "API_004"),
)
def catalogue() -> Response:
    """Return a page of at most 4,096 bytes."""
    query = parse(request.args, CatalogueQuery)
    rules = _shelf().rules
    wanted = CatalogueWanted(limit=query.limit, after=query.after, search=query.search)
    return looked_up(represent_catalogue(entries(METRICS, rules), wanted, knows_rules=bool(rules)))


@blueprint.get("/runbooks")
@documented(
    "List the runbooks",
    scenario="An alert fires: what it means and what to do, by its name.",
    answers=RunbookList,
    query=RunbooksQuery,
    errors=("API_002", "API_004"),
)
def runbooks() -> Response:
    """Return the names and titles."""
    query = parse(request.args, RunbooksQuery)
    part = part_of(list(_shelf().runbooks.values()), lambda one: one.name, query.limit, query.after)
    shown = [
        RunbookEntry(name=one.name, title=one.title, href=f"/api/v1/runbooks/{one.name}")
        for one in part.items
    ]
    return looked_up(
        RunbookList(
            runbooks=shown,
            limit=query.limit,
            returned=len(shown),
            total=part.total,
            truncated=part.cursor is not None,
            next=link("/api/v1/runbooks", limit=query.limit, after=part.cursor) if part.cursor else None,
        )
    )


@blueprint.get("/runbooks/<name>")
@documented(
    "Read a runbook",
    scenario="The page of an alert: meaning, impact, diagnosis, mitigation.",
    answers=Answers(type=RunbookView, media=(JSON, MARKDOWN)),
    path=RunbookPath,
    query=NoQuery,
    errors=("API_002", "API_004"),
)
def runbook(name: str) -> Response:
    """Return a runbook, as Markdown for who accepts that."""
    parse(request.args, NoQuery)
    found = _shelf().runbooks.get(name)
    if found is None:
        raise NonRetriableError("API_002", f"there is no runbook {name[:80]!r}; /api/v1/runbooks lists them")
    if is_wanted(request.environ):
        return text(found.text)
    return looked_up(
        RunbookView(name=found.name, title=found.title, error_codes=sorted(found.codes), text=found.text)
    )


def _shelf() -> Shelf:
    shelf = dependencies().shelf
    if not shelf.is_read:
        raise RetriableError("API_004", "runbooks and rules are still being read after the start")
    return shelf
