"""How an execution looks at a terminal: line by line while it goes on, with its evidence once it is over."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from trading_bot.contract.errors import NonRetriableError

if TYPE_CHECKING:
    from trading_bot.cli.ops_client import OpsClient

LOOK_SECONDS: Final = 0.3
AWAY_SECONDS: Final = 60.0
"""So long ops may be away, for a restart of its own: the execution goes on when it is back."""
NO_ANSWER: Final = "BOT_015"
NOT_SEEN: Final = "WF_008"
WAITING: Final = "waiting_for_approval"
ENDED: Final = frozenset({"completed", "compensated", "cancelled", "failed"})
COLOURS: Final = {
    "completed": "green",
    "compensated": "yellow",
    "cancelled": "yellow",
    "failed": "red",
    "running": "cyan",
    "compensating": "yellow",
    WAITING: "magenta",
    "retrying": "yellow",
}
QUIET: Final = {"pending": "dim", "skipped": "dim"}
STATE_WIDTH: Final = len("compensating")
AGE_WIDTH: Final = len("1800.0 s")
SHORTER: Final = {WAITING: "waiting"}


def follow(client: OpsClient, execution_id: str, *, drawn: bool) -> dict[str, Any] | None:
    """Return an execution that has ended or waits for a person, shown in place meanwhile where it is ``drawn``.

    None: the person at the terminal had enough, and was told that it goes on.

    Raises:
        NonRetriableError: ops refuses, or has not answered for a minute.
    """
    found: dict[str, Any] = {}
    try:
        if not drawn:
            *_, found = _looks(client, execution_id)
            return found
        from rich.live import Live  # noqa: PLC0415 - rich is loaded only to draw

        with Live(refresh_per_second=8) as live:
            for found in _looks(client, execution_id):
                live.update(picture(found, datetime.now(UTC)))
    except KeyboardInterrupt:
        click.echo(
            f"The execution goes on without you.\n"
            f"  tickertape workflow status {execution_id} --follow\n"
            f"  tickertape workflow cancel {execution_id}   turns it back",
            err=True,
        )
        return None
    return found


def _looks(client: OpsClient, execution_id: str) -> Iterator[dict[str, Any]]:
    """Yield the execution as it goes on, until it has ended or waits for a person."""
    found: dict[str, Any] | None = None
    heard = time.monotonic()
    while True:
        try:
            found = client.ask(f"workflows/executions/{execution_id}")
            heard = time.monotonic()
        except NonRetriableError as error:
            if error.code != NO_ANSWER or found is None or time.monotonic() - heard > AWAY_SECONDS:
                raise
            found = {**found, "away": True}
        yield found
        if found["state"] in ENDED or found["state"] == WAITING:
            return
        time.sleep(LOOK_SECONDS)


def picture(found: dict[str, Any], now: datetime) -> Any:
    """Return what rich draws: a line for the execution, and one for each step, none longer than the terminal."""
    from rich.console import Group  # noqa: PLC0415 - rich is loaded only to draw
    from rich.text import Text  # noqa: PLC0415 - same

    def line(*parts: tuple[str, str]) -> Text:
        return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")

    name = f"{found['workflow_id']} {found['execution_id']} "
    seconds = "" if found["duration_seconds"] is None else f"  {found['duration_seconds']:.1f} s"
    away = "  ops is away; it goes on afterwards" if found.get("away") else ""
    lines = [line((name, "bold"), (found["state"], _style(found["state"])), (seconds, ""), (away, "red"))]
    width = max(len(step["id"]) for step in found["steps"])
    for step in found["steps"]:
        state = f"  {SHORTER.get(step['state'], step['state']):<{STATE_WIDTH}}  "
        rest = f"{step['id']:<{width}}  {_age(step, now):>{AGE_WIDTH}}  {words(step)}"
        lines.append(line((state, _style(step["state"])), (rest, QUIET.get(step["state"], ""))))
    return Group(*lines)


def _style(state: str) -> str:
    return COLOURS.get(state, "dim")


def _age(step: dict[str, Any], now: datetime) -> str:
    if step["duration_seconds"] is not None and step["state"] != "running":
        return f"{step['duration_seconds']:.1f} s"
    if step["started_at"] is None:
        return ""
    return f"{max(0.0, (now - datetime.fromisoformat(step['started_at'])).total_seconds()):.1f} s"


def words(step: dict[str, Any]) -> str:
    """Say in a line how a step stands: what it is to do, what it waits for, what failed, what was proven."""
    state, undo, error = step["state"], step["undo"], step["error"]
    if undo is not None and undo["state"] != "skipped":
        return f"undone by {undo['action']}: {undo['state']}"
    if state == WAITING:
        return str(step["arguments"].get("message") or step["description"])
    if state == "running":
        again = f"attempt {step['attempts']}: " if step["attempts"] > 1 else ""
        return f"{again}{step['description']}"
    if error is not None:
        return str(error["message"])
    if state == "skipped":
        return "not needed: " + "; ".join(one["condition"] for one in step["evidence"])
    held = sum(bool(one["holds"]) for one in step["evidence"])
    proven = f"{held} of {len(step['evidence'])} conditions hold"
    return proven if step["evidence"] else str(step["description"])


def print_outcome(found: dict[str, Any]) -> None:
    """Print what a picture has no room for: what failed and how it was undone, and what to do next."""
    _print_head(found)
    for step in found["steps"]:
        if step["error"] is not None or step["undo"] is not None:
            _print_step(step)
    _print_next(found)
    if found["state"] in ENDED:
        click.echo(f"  evidence of every step: tickertape workflow status {found['execution_id']}")


def print_steps(found: dict[str, Any]) -> None:
    """Print every step with its evidence."""
    _print_head(found)
    for step in found["steps"]:
        _print_step(step)
    _print_next(found)


def _print_head(found: dict[str, Any]) -> None:
    state = click.style(found["state"], fg=COLOURS.get(found["state"]))
    said = f": {found['message']}" if found["message"] else ""
    click.echo(f"{found['workflow_id']} {found['execution_id']} {state}{said}")


def _print_step(step: dict[str, Any]) -> None:
    colour, error = COLOURS.get(step["state"]), step["error"]
    click.echo(f"  {click.style(step['state'], fg=colour)} {step['id']}: {step['description']}")
    for one in step["evidence"]:
        click.echo(f"      {'✓' if one['holds'] else '✗'} {one['condition']}{_instead(one)}")
    if error is not None and not (error["error_code"] == NOT_SEEN and step["evidence"]):
        click.echo(f"      {error['error_code']} {error['message']}")
    if step["undo"] is not None:
        click.echo(f"      undone by {step['undo']['action']}: {step['undo']['state']}")


def _instead(evidence: dict[str, Any]) -> str:
    """Say what was found instead, where a condition does not hold."""
    if evidence["holds"]:
        return ""
    found = ", ".join(f"{name} is {value!r}" for name, value in evidence["found"].items())
    said = evidence["message"] or found
    return f"  ({said})" if said else ""


def _print_next(found: dict[str, Any]) -> None:
    waiting = found["waiting_for"]
    if not waiting:
        return
    step = next(one for one in found["steps"] if one["id"] == waiting)
    click.echo(f"  waits for a person: {step['arguments'].get('message') or step['description']}")
    click.echo(f"  answer with: tickertape workflow approve {found['execution_id']}   (--deny turns it back)")
    click.echo(f"  and follow:  tickertape workflow status {found['execution_id']} --follow")


def is_drawn(output: str) -> bool:
    """Whether somebody looks at a terminal."""
    return output == "table" and sys.stdout.isatty()
