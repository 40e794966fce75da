"""`tickertape trace`: one trace as it stands on the tape, from the signal to the fill."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from trading_bot.boot.home import Home
from trading_bot.boot.settings import load_settings
from trading_bot.cli.options import home_option, output_option
from trading_bot.cli.switch import existing_home
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.journal import TapeReader
from trading_bot.telemetry.jsonl import rfc3339

LIMIT: Final = 1_000
LATEST: Final = "latest"
PIPED_WIDTH: Final = 200
"""Columns when nobody looks: a line a span, for grep."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One trace: what was timed and what happened. Times are nanoseconds since the epoch."""

    trace_id: str
    spans: tuple[Span, ...]
    events: tuple[Envelope, ...]


@click.command
@click.argument("trace_id")
@home_option
@output_option
def trace(trace_id: str, home: Path | None, output: str) -> int:
    """Show the spans of TRACE_ID as a tree, with its events and errors.

    TRACE_ID is 32 hex digits, as it stands in errors, logs, exemplars and answers of ops; or `latest` for
    the last trace that led to an order.

    Example: tickertape trace latest
    """
    folder = existing_home(Home(load_settings(home).home))
    tapes = [tape for tape in (folder.journal, folder.control) if tape.exists()] or [folder.journal]
    wanted = _latest(tapes[0]) if trace_id == LATEST else trace_id.lower()
    story = read_story(tapes, wanted)
    if not story.events and not story.spans:
        click.echo(f"no event of trace {wanted} is on the tapes in {folder.path}", err=True)
        return 1
    PRINTERS[output](story)
    return 0


def read_story(tapes: Sequence[Path], trace_id: str) -> Story:
    """Return what tapes know of a trace: nothing, if its spans are pruned and it had no event."""
    envelopes = sorted((event for tape in tapes for event in _of_trace(tape, trace_id)), key=lambda e: e.ts)
    recorded = [event.payload for event in envelopes if isinstance(event.payload, SpansRecorded)]
    return Story(
        trace_id=trace_id,
        spans=tuple(
            sorted((span for record in recorded for span in record.spans), key=lambda span: span.started)
        ),
        events=tuple(event for event in envelopes if not isinstance(event.payload, SpansRecorded)),
    )


def _of_trace(tape: Path, trace_id: str) -> list[Envelope]:
    with TapeReader.open(tape) as reader:
        return reader.of_trace(trace_id, LIMIT)


def _latest(tape: Path) -> str:
    with TapeReader.open(tape) as reader:
        last = reader.last_of("order.intended")
    return (last.trace_id if last is not None else None) or LATEST


def print_json(story: Story) -> None:
    """Print one JSON object: spans by start, events by sequence number."""
    document = {
        "trace_id": story.trace_id,
        "spans": [_span_fields(span) for span in story.spans],
        "events": [_event_fields(event) for event in story.events],
    }
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))


def print_csv(story: Story) -> None:
    """Print a row a span or event, by time."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("time", "what", "name", "duration_ns", "error_code", "span_id", "parent_id"))
    rows: list[tuple[Any, ...]] = [
        (
            span.started,
            "span",
            span.name,
            span.ended - span.started,
            span.error_code,
            span.span_id,
            span.parent_id,
        )
        for span in story.spans
    ]
    rows += [
        (event.ts, "event", event.kind, None, _code(event), event.span_id, None) for event in story.events
    ]
    for started, *rest in sorted(rows, key=lambda row: row[0]):
        writer.writerow((rfc3339(started), *rest))


def print_tree(story: Story) -> None:
    """Draw the spans as a tree, each with the events that happened in it."""
    from rich.console import Console  # noqa: PLC0415 - 60 ms, and only for people
    from rich.text import Text  # noqa: PLC0415
    from rich.tree import Tree  # noqa: PLC0415

    begin = min([span.started for span in story.spans] + [event.ts for event in story.events])
    root = Tree(Text.assemble(("trace ", "bold"), story.trace_id, f"  {rfc3339(begin)}"))
    branches: dict[str, Tree] = {}
    for span in story.spans:
        parent = branches.get(span.parent_id or "", root)
        branches[span.span_id] = parent.add(Text.from_markup(_span_line(span, begin)))
    for event in story.events:
        branches.get(event.span_id or "", root).add(Text.from_markup(_event_line(event, begin)))
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH).print(root)


PRINTERS: Final[dict[str, Callable[[Story], None]]] = {
    "table": print_tree,
    "json": print_json,
    "csv": print_csv,
}


def _span_line(span: Span, begin: int) -> str:
    colour = "red" if span.error_code else "cyan"
    failed = f" [bold red]{span.error_code}[/]" if span.error_code else ""
    attributes = _literal(" ".join(f"{_short(name)}={value}" for name, value in span.attributes.items()))
    return (
        f"[{colour}]{_literal(span.name)}[/] [green]{_duration(span.ended - span.started)}[/]"
        f" [dim]at {_duration(span.started - begin)}[/]{failed} [dim]{attributes}[/]"
    )


def _event_line(event: Envelope, begin: int) -> str:
    facts = _literal(", ".join(f"{name} {value}" for name, value in _telling(event)))
    colour = "red" if isinstance(event.payload, ErrorRecorded) else "yellow"
    return f"[{colour}]{event.kind}[/] [dim]at {_duration(event.ts - begin)} #{event.seq}[/] {facts}"


TELLING: Final = (
    "symbol",
    "side",
    "quantity",
    "price",
    "reason",
    "limit",
    "message",
    "venue_order_id",
    "trade_id",
)
"""The fields of an event that a person wants to see in a line."""


def _telling(event: Envelope) -> Iterator[tuple[str, Any]]:
    if isinstance(event.payload, ErrorRecorded):
        yield event.payload.error.error_code, event.payload.error.message
        return
    for name in TELLING:
        value = getattr(event.payload, name, None)
        if value is not None:
            yield name, value


def _code(event: Envelope) -> str | None:
    return event.payload.error.error_code if isinstance(event.payload, ErrorRecorded) else None


def _span_fields(span: Span) -> dict[str, Any]:
    fields = msgspec.structs.asdict(span)
    return {**fields, "started": rfc3339(span.started), "ended": rfc3339(span.ended)}


def _event_fields(event: Envelope) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "time": rfc3339(event.ts),
        "kind": event.kind,
        "span_id": event.span_id,
        "payload": event.payload,
    }


def _literal(text: str) -> str:
    """Return a text in which brackets are brackets, and no markup."""
    from rich.markup import escape  # noqa: PLC0415 - only for people

    return escape(text)


def _short(attribute: str) -> str:
    return attribute.removeprefix("tradingbot.")


def _duration(nanoseconds: int) -> str:
    if abs(nanoseconds) < 1_000_000:  # noqa: PLR2004 - below a millisecond
        return f"{nanoseconds / 1_000:.0f} µs"
    return f"{nanoseconds / 1_000_000:.2f} ms"
