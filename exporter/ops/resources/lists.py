"""``/conditions``, ``/positions``, ``/orders``, ``/trades``."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.answers import answer
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import JSON, Answers
from exporter.ops.parameters import parse
from exporter.ops.representations.lists import (
    ConditionList,
    ListWanted,
    OrderList,
    PositionList,
    TradeList,
    represent_conditions,
    represent_orders,
    represent_positions,
    represent_trades,
)
from exporter.ops.representations.markdown import MARKDOWN, conditions_as_markdown
from exporter.ops.representations.paging import DEFAULT_LIMIT, LARGEST_LIMIT

blueprint = Blueprint("lists", __name__)

Limit = Annotated[
    int, Meta(ge=1, le=LARGEST_LIMIT, description=f"a number from 1 to {LARGEST_LIMIT}", examples=[20])
]
Cursor = Annotated[
    str,
    Meta(min_length=1, max_length=120, description="the cursor in next of the page before", examples=["A4"]),
]
Symbol = Annotated[
    str, Meta(min_length=1, max_length=60, description="a symbol, unified name", examples=["EUR/USD"])
]
Status = Annotated[
    Literal["open", "closed", "unknown", "all"],
    Meta(description="open, closed, unknown (outcome not known yet) or all", examples=["open"]),
]


class ConditionsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /conditions``."""

    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


class PositionsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /positions`` and ``GET /trades``."""

    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None
    symbol: Symbol | None = None


class TradesQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /trades``."""

    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None
    symbol: Symbol | None = None


class OrdersQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /orders``."""

    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None
    symbol: Symbol | None = None
    status: Status = "all"


@blueprint.get("/conditions")
@documented(
    "List the conditions of health",
    scenario="The summary says degraded: which condition is not true, since when and why.",
    answers=Answers(type=ConditionList, media=(JSON, MARKDOWN)),
    query=ConditionsQuery,
    errors=("API_002", "API_004"),
)
def conditions() -> Response:
    """Return the conditions, what is wrong first."""
    query = parse(request.args, ConditionsQuery)
    wanted = ListWanted(limit=query.limit, after=query.after)
    return answer(
        query,
        lambda state, health, now: represent_conditions(state, health, now, wanted),
        markdown=conditions_as_markdown,
    )


@blueprint.get("/positions")
@documented(
    "List open positions",
    scenario="What is held, at which entry price, and what it is worth now.",
    answers=PositionList,
    query=PositionsQuery,
    errors=("API_002", "API_004"),
)
def positions() -> Response:
    """Return open positions by symbol."""
    query = parse(request.args, PositionsQuery)
    wanted = ListWanted(limit=query.limit, after=query.after, symbol=query.symbol)
    return answer(query, lambda state, health, now: represent_positions(state, health, now, wanted))


@blueprint.get("/orders")
@documented(
    "List orders",
    scenario="What was sent to the venue and what became of it; status=unknown shows those to worry about.",
    answers=OrderList,
    query=OrdersQuery,
    errors=("API_002", "API_004"),
)
def orders() -> Response:
    """Return orders, newest first."""
    query = parse(request.args, OrdersQuery)
    wanted = ListWanted(limit=query.limit, after=query.after, symbol=query.symbol, status=query.status)
    return answer(query, lambda state, health, now: represent_orders(state, health, now, wanted))


@blueprint.get("/trades")
@documented(
    "List the last fills",
    scenario="What was traded, at which price and fee, and what a sale realized.",
    answers=TradeList,
    query=TradesQuery,
    errors=("API_002", "API_004"),
)
def trades() -> Response:
    """Return the last fills, newest first."""
    query = parse(request.args, TradesQuery)
    wanted = ListWanted(limit=query.limit, after=query.after, symbol=query.symbol)
    return answer(query, lambda state, health, now: represent_trades(state, health, now, wanted))
