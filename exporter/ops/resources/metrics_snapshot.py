"""``/metrics`` under the API: the bot's metrics of this moment as JSON."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.answers import answer
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.parameters import parse
from exporter.ops.representations.metrics import MetricsSnapshot, MetricsWanted, represent_metrics
from exporter.ops.representations.paging import DEFAULT_LIMIT, LARGEST_LIMIT

blueprint = Blueprint("metrics", __name__)


class MetricsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /metrics``."""

    limit: Annotated[
        int, Meta(ge=1, le=LARGEST_LIMIT, description=f"a number from 1 to {LARGEST_LIMIT}", examples=[20])
    ] = DEFAULT_LIMIT
    after: (
        Annotated[
            str,
            Meta(min_length=1, max_length=120, description="a name from next", examples=["tradingbot_mode"]),
        ]
        | None
    ) = None
    name: (
        Annotated[
            str,
            Meta(
                pattern="^[a-z_]{1,100}$",
                description="the beginning of a metric's name",
                examples=["tradingbot_account_"],
            ),
        ]
        | None
    ) = None


@blueprint.get("/metrics")
@documented(
    "Show the bot's metrics now",
    scenario="Somebody without a Prometheus wants the current values, such as name=tradingbot_account_.",
    answers=MetricsSnapshot,
    query=MetricsQuery,
    errors=("API_002", "API_004"),
)
def metrics() -> Response:
    """Return current values, family by family."""
    query = parse(request.args, MetricsQuery)
    wanted = MetricsWanted(limit=query.limit, after=query.after, name=query.name)
    bot = dependencies().settings.name
    return answer(query, lambda state, health, now: represent_metrics(state, health, now, wanted, bot))
