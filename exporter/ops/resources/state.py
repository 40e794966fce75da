"""``/state``: everything known of the bot."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.answers import answer
from exporter.ops.documentation import documented
from exporter.ops.parameters import parse
from exporter.ops.representations.state import LARGEST_LIMIT, BotState, represent_state

blueprint = Blueprint("state", __name__)


class StateQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /state``."""

    limit: Annotated[
        int,
        Meta(ge=1, le=LARGEST_LIMIT, description=f"a number from 1 to {LARGEST_LIMIT}", examples=[200]),
    ] = 200


@blueprint.get("/state")
@documented(
    "Show everything known of the bot",
    scenario="The summary raised a question about money, positions, orders, conditions or limits.",
    answers=BotState,
    query=StateQuery,
    errors=("API_004",),
)
def state() -> Response:
    """Return account, positions, orders, performance, health and settings."""
    query = parse(request.args, StateQuery)
    return answer(query, lambda state, health, now: represent_state(state, health, now, query.limit))
