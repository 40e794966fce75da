"""``GET /events``: a page of a tape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from exporter.ops.representations.paging import link
from exporter.ops.representations.values import Moment, Unknown, moment
from trading_bot.contract.codec import Envelope, encode_payload
from trading_bot.journal.schema import SNAPSHOT_KIND

LARGEST_PAGE: Final = 256 * 1024
LARGEST_PAYLOAD: Final = 16 * 1024
TOO_LARGE: Final = "a snapshot, or larger than 16 KiB: read it with any SQLite shell"
NOT_COUNTED: Final = "counting would look at the whole tape"


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One event. Its payload is as on the tape: times in it are nanoseconds since the epoch."""

    seq: int
    timestamp: Moment
    kind: str
    version: int
    run_id: str
    trace_id: str | None
    span_id: str | None
    payload: dict[str, Any] | None
    unknown: Unknown


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /events``, in the order of the tape.

    ``next`` goes on towards the end, ``previous`` towards the beginning; ``last_seq`` is the tape's end.
    """

    tape: str
    events: list[EventView]
    limit: int
    returned: int
    total: int | None
    truncated: bool
    next: str | None
    previous: str | None
    last_seq: int
    unknown: Unknown
    generated_at: Moment


class EventsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; ``pattern`` is the kind as it was given."""

    tape: str
    limit: int
    after: int | None
    before: int | None
    pattern: str | None


def represent_events(
    found: Sequence[Envelope], wanted: EventsWanted, last_seq: int, now_ns: int, *, more: bool
) -> EventPage:
    """Return a page; it ends early where it would grow over :data:`LARGEST_PAGE`.

    Args:
        found: the events, in order.
        wanted: what was asked for.
        last_seq: the tape's last sequence number.
        now_ns: nanoseconds since the epoch.
        more: whether there are more events in the direction that was asked for.
    """
    shown: list[EventView] = []
    size = 0
    for envelope in found:
        view, bytes_taken = _event(envelope)
        if shown and size + bytes_taken > LARGEST_PAGE:
            break
        shown.append(view)
        size += bytes_taken
    was_cut = len(shown) < len(found)
    going_back = wanted.before is not None
    more_ahead = was_cut or (bool(found) and (going_back or more) and found[-1].seq < last_seq)
    more_behind = bool(shown) and shown[0].seq > 1 and (more if wanted.after is None else True)
    return EventPage(
        tape=wanted.tape,
        events=shown,
        limit=wanted.limit,
        returned=len(shown),
        total=None,
        truncated=more or was_cut,
        next=_page(wanted, after=shown[-1].seq) if more_ahead and shown else None,
        previous=_page(wanted, before=shown[0].seq) if more_behind else None,
        last_seq=last_seq,
        unknown={"total": NOT_COUNTED},
        generated_at=moment(now_ns) or "",
    )


def _event(envelope: Envelope) -> tuple[EventView, int]:
    encoded = b"" if envelope.kind == SNAPSHOT_KIND else encode_payload(envelope.payload)
    is_shown = 0 < len(encoded) <= LARGEST_PAYLOAD
    view = EventView(
        seq=envelope.seq,
        timestamp=moment(envelope.ts) or "",
        kind=envelope.kind,
        version=envelope.version,
        run_id=envelope.run_id,
        trace_id=envelope.trace_id,
        span_id=envelope.span_id,
        payload=msgspec.json.decode(encoded) if is_shown else None,
        unknown={} if is_shown else {"payload": TOO_LARGE},
    )
    return view, len(encoded) + 300


def _page(wanted: EventsWanted, after: int | None = None, before: int | None = None) -> str:
    tape = None if wanted.tape == "journal" else wanted.tape
    query = {"tape": tape, "kind": wanted.pattern, "limit": wanted.limit, "after": after, "before": before}
    return link("/api/v1/events", **query)
