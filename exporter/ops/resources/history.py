"""``/events`` and ``/incident``: what the tapes say of the past."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.answers import looked_up
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import JSON, Answers
from exporter.ops.history import (
    CONTROL,
    JOURNAL,
    History,
    Span,
    counts,
    first_events,
    kinds_matching,
    last_events,
)
from exporter.ops.parameters import nanoseconds, parse
from exporter.ops.representations.events import EventPage, EventsWanted, represent_events
from exporter.ops.representations.incident import (
    CHANGES,
    CONTROL_CHANGES,
    Found,
    Incident,
    represent_incident,
)
from exporter.ops.representations.markdown import MARKDOWN, incident_as_markdown
from exporter.ops.representations.paging import DEFAULT_LIMIT, LARGEST_LIMIT
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.contract.events.market import QuoteConflated
from trading_bot.domain.clock import SECOND
from trading_bot.journal import TapePosition, TapeReader

blueprint = Blueprint("history", __name__)

AREAS: Final = sorted({f"{kind.partition('.')[0]}.*" for kind in EVENTS})

LAST_SEQ: Final = 2**53
ROWS_A_KIND: Final = 50
ERROR_ROWS: Final = 500
QUOTE_ROWS: Final = 1_000
MINUTE_NS: Final = 60 * SECOND
LONGEST_MINUTES: Final = 1_440

Sequence = Annotated[
    int, Meta(ge=0, le=LAST_SEQ, description="a sequence number of the tape", examples=[1042])
]
Kind = Annotated[
    str,
    Meta(
        pattern=r"^[a-z_]+(\.[a-z_]+)?\.?\*?$",
        max_length=60,
        description="an event kind, or the beginning of one with a star",
        examples=["order.*"],
        extra_json_schema={"enum": [*EVENTS, *AREAS]},
    ),
]


class EventsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /events``. Without ``after`` and ``before``: the last ones."""

    after: Sequence | None = None
    before: Sequence | None = None
    kind: Kind | None = None
    limit: Annotated[
        int, Meta(ge=1, le=LARGEST_LIMIT, description=f"a number from 1 to {LARGEST_LIMIT}", examples=[20])
    ] = DEFAULT_LIMIT
    tape: Annotated[
        Literal["journal", "control"],
        Meta(description="journal (the bot's) or control", examples=["journal"]),
    ] = "journal"


class IncidentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /incident``. Without ``at``: until now."""

    at: (
        Annotated[datetime, Meta(tz=True, description="a time, RFC 3339", examples=["2026-11-22T01:33:22Z"])]
        | None
    ) = None
    minutes: Annotated[
        int,
        Meta(ge=1, le=LONGEST_MINUTES, description=f"a number from 1 to {LONGEST_MINUTES}", examples=[10]),
    ] = 10


@blueprint.get("/events")
@documented(
    "Read a page of the tape",
    scenario="An incident or an order named a place on the tape: what was recorded there, in order.",
    answers=EventPage,
    query=EventsQuery,
    errors=("API_010",),
)
def events() -> Response:
    """Return events by sequence and kind."""
    query = parse(request.args, EventsQuery)
    kinds = None if query.kind is None else kinds_matching(query.kind)
    if kinds is not None and not kinds:
        raise _no_such_kind(query.kind or "")
    needs = dependencies()
    span = Span(after=query.after or 0, before=query.before)
    look = first_events if query.after is not None else last_events

    def read(reader: TapeReader) -> tuple[list[Envelope], TapePosition | None]:
        return look(reader, span, query.limit + 1, kinds), reader.last()

    found, position = needs.history.read(query.tape, read) or ([], None)
    more = len(found) > query.limit
    page = found[: query.limit] if query.after is not None else found[-query.limit :]
    wanted = EventsWanted(
        tape=query.tape, limit=query.limit, after=query.after, before=query.before, pattern=query.kind
    )
    last_seq = position.seq if position is not None else 0
    body = represent_events(page, wanted, last_seq, needs.clock.now_ns(), more=more)
    return looked_up(body, position=position)


@blueprint.get("/incident")
@documented(
    "Show what changed before a moment",
    scenario="An alert came: which modes, settings, conditions, errors and restarts were there just before it.",
    answers=Answers(type=Incident, media=(JSON, MARKDOWN)),
    query=IncidentQuery,
    errors=("API_010",),
)
def incident() -> Response:
    """Return what changed, in at most 10,240 bytes."""
    query = parse(request.args, IncidentQuery)
    needs = dependencies()
    now = needs.clock.now_ns()
    end = now if query.at is None else nanoseconds(query.at)
    found = look_back(needs.history, end, query.minutes)
    body = represent_incident(found, needs.alerts.seen(), now)
    return looked_up(body, incident_as_markdown, found.position)


def look_back(history: History, end: int, minutes: int) -> Found:
    """Return what both tapes hold of a time: a bounded number of rows of each kind.

    Raises:
        RetriableError: API_010 when a tape cannot be read.
    """
    start = end - minutes * MINUTE_NS

    def of_journal(reader: TapeReader) -> Found:
        span = Span(after=reader.seq_at(start - 1), before=reader.seq_at(end) + 1)
        changes = last_events(reader, span, ROWS_A_KIND, CHANGES)
        return Found(
            start=start,
            end=end,
            minutes=minutes,
            changes=[(JOURNAL, one) for one in changes],
            errors=last_events(reader, span, ERROR_ROWS, (ErrorRecorded.KIND,)),
            first_quotes=first_events(reader, span, QUOTE_ROWS, (QuoteConflated.KIND,)),
            last_quotes=last_events(reader, span, QUOTE_ROWS, (QuoteConflated.KIND,)),
            first_seq=span.after,
            last_seq=(span.before or 1) - 1,
            position=reader.last(),
            counts=counts(reader, span, (*CHANGES, ErrorRecorded.KIND)),
        )

    def of_control(reader: TapeReader) -> tuple[list[Envelope], dict[str, int]]:
        span = Span(after=reader.seq_at(start - 1), before=reader.seq_at(end) + 1)
        changes = last_events(reader, span, ROWS_A_KIND, CONTROL_CHANGES)
        return changes, counts(reader, span, CONTROL_CHANGES)

    found = history.read(JOURNAL, of_journal) or Found(start=start, end=end, minutes=minutes)
    issued, more = history.read(CONTROL, of_control) or ([], {})
    merged = sorted((*found.changes, *((CONTROL, one) for one in issued)), key=lambda pair: pair[1].ts)
    return msgspec.structs.replace(found, changes=merged, counts={**found.counts, **more})


def _no_such_kind(kind: str) -> NonRetriableError:
    fault = {
        "field": "kind",
        "expected": "an event kind of docs/reference/events.md, or the beginning of one with a star",
        "found": kind,
        "example": "order.*",
    }
    return NonRetriableError("API_001", f"kind: there is no event kind {kind!r}", errors=[fault])
