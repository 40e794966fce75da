"""What the control tape tells of one execution, a line a transition."""

from __future__ import annotations

import csv
import json
import sys
from typing import Any, Final

import click
import msgspec

from trading_bot.boot.home import Home
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.workflow import WorkflowRequested, WorkflowsCheckpointed
from trading_bot.journal.reader import TapeReader
from trading_bot.telemetry import rfc3339

KINDS: Final = tuple(
    kind for kind in EVENTS if kind.startswith("workflow.") and kind != WorkflowsCheckpointed.KIND
)
PAGE: Final = 500
NEWEST: Final = 200
COLUMNS: Final = ("at", "event", "step", "what")


def lines_of(home: Home, name: str) -> list[dict[str, str]]:
    """Return the transitions of an execution, or of the latest of a workflow; nothing when there is none."""
    with TapeReader.open(home.control) as reader:
        requested = _requested(reader, name)
        if requested is None:
            return []
        event: Any = requested.payload
        found, after = [_line(requested)], requested.seq
        while page := reader.read(after, PAGE, KINDS):
            for envelope in page:
                payload: Any = envelope.payload
                if payload.execution_id == event.execution_id:
                    found.append(_line(envelope))
                    if envelope.kind == "workflow.ended":
                        return found
            after = page[-1].seq
    return found


def print_lines(lines: list[dict[str, str]], output: str) -> None:
    """Print the lines."""
    if output == "json":
        click.echo(json.dumps(lines, indent=2))
    elif output == "csv":
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    else:
        for line in lines:
            click.echo(f"{line['at']}  {line['event']:<22} {line['step']:<12} {line['what']}".rstrip())


def _requested(reader: TapeReader, name: str) -> Envelope | None:
    """Return the newest request that the name fits."""
    before = reader.last_seq() + 1
    while page := reader.read_back(before, NEWEST, (WorkflowRequested.KIND,)):
        for envelope in reversed(page):
            event: Any = envelope.payload
            if name in {event.execution_id, event.workflow}:
                return envelope
        before = page[0].seq
    return None


def _line(envelope: Envelope) -> dict[str, str]:
    event = msgspec.to_builtins(envelope.payload)
    error, said = event.get("error"), event.get("message") or event.get("reason")
    told = [
        event.get("outcome"),
        said,
        f"attempt {event['attempt']}" if event.get("attempt", 0) > 1 else None,
        "recovered" if event.get("recovered") else None,
        f"by {event['actor']}" if event.get("actor") else None,
        _in_words(error, str(said)) if error else None,
    ]
    return {
        "at": rfc3339(envelope.ts),
        "event": envelope.kind.removeprefix("workflow."),
        "step": event.get("step", ""),
        "what": ", ".join(str(part) for part in told if part),
    }


def _in_words(error: dict[str, Any], said: str) -> str:
    """Return code and message; only the code where the message was said already."""
    code, message = error["error_code"], error["message"]
    return str(code) if message in said else f"{code} {message}"
