"""``/summary``: the bot in one small body."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, request

from exporter.ops.answers import answer
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import JSON, Answers
from exporter.ops.parameters import parse
from exporter.ops.representations.markdown import MARKDOWN, summary_as_markdown
from exporter.ops.representations.summary import BotSummary, represent_summary

blueprint = Blueprint("summary", __name__)


class SummaryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /summary``: none."""


@blueprint.get("/summary")
@documented(
    "Show the bot in one small body",
    scenario="The first call of anybody: is it well, and if not, what to look at. At most 10,240 bytes.",
    answers=Answers(type=BotSummary, media=(JSON, MARKDOWN)),
    query=SummaryQuery,
    errors=("API_004",),
)
def summary() -> Response:
    """Return health, counts, the day's result, and the last errors."""
    seen = dependencies().alerts.seen()
    return answer(
        parse(request.args, SummaryQuery),
        lambda state, health, now: represent_summary(state, health, now, seen),
        markdown=summary_as_markdown,
    )
