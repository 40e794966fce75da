"""``/performance``: results over time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.answers import looked_up
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.parameters import nanoseconds, parse
from exporter.ops.performance.series import DAY_NS, DAYS_KEPT, HOURS_KEPT
from exporter.ops.representations.paging import DEFAULT_LIMIT, LARGEST_LIMIT
from exporter.ops.representations.results import (
    INTERVALS,
    PerformanceReport,
    ResultsWanted,
    represent_results,
)
from trading_bot.contract.errors import RetriableError

blueprint = Blueprint("performance", __name__)

DEFAULT_NS: Final = 30 * DAY_NS
MOST_INTERVALS: Final = {"1d": DAYS_KEPT, "1h": HOURS_KEPT}


class PerformanceQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /performance``. Without ``end``: until now; without ``start``: 30 days before.

    A time that is longer than what is kept (ten years of days, 90 days of hours) begins later: the answer's
    ``start`` says when.
    """

    start: (
        Annotated[datetime, Meta(tz=True, description="a time, RFC 3339", examples=["2026-11-01T00:00:00Z"])]
        | None
    ) = None
    end: (
        Annotated[datetime, Meta(tz=True, description="a time, RFC 3339", examples=["2026-11-22T00:00:00Z"])]
        | None
    ) = None
    interval: Annotated[Literal["1h", "1d"], Meta(description="1h or 1d, of UTC", examples=["1d"])] = "1d"
    limit: Annotated[
        int, Meta(ge=1, le=LARGEST_LIMIT, description=f"a number from 1 to {LARGEST_LIMIT}", examples=[20])
    ] = DEFAULT_LIMIT


@blueprint.get("/performance")
@documented(
    "Show results over time",
    scenario="How it did: profit and loss a day or hour, win rate, risk and reward, drawdown, Sharpe ratio.",
    answers=PerformanceReport,
    query=PerformanceQuery,
    errors=("API_004",),
)
def performance() -> Response:
    """Return intervals, totals and figures."""
    query = parse(request.args, PerformanceQuery)
    needs = dependencies()
    kept = needs.performance.kept()
    if not kept.is_complete and kept.fault is None:
        raise RetriableError("API_004", "the tape's past is still being read after the start")
    now = needs.clock.now_ns()
    equity, position = needs.view.read(lambda state, _health, place: (state.account.equity, place))
    return looked_up(represent_results(kept, equity, _wanted(query, now), now), position=position)


def _wanted(query: PerformanceQuery, now: int) -> ResultsWanted:
    end = now if query.end is None else nanoseconds(query.end)
    start = end - DEFAULT_NS if query.start is None else nanoseconds(query.start)
    earliest = end - MOST_INTERVALS[query.interval] * INTERVALS[query.interval]
    return ResultsWanted(start=max(start, earliest), end=end, interval=query.interval, limit=query.limit)
