"""`tickertape workflow`: routine work by name, through ops; checking a file works without it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from trading_bot.boot.settings import load_settings
from trading_bot.cli import workflow_view as view
from trading_bot.cli.application import FAILED, OK
from trading_bot.cli.options import home_option, output_option
from trading_bot.cli.rows import print_rows
from trading_bot.contract.errors import OperatorError

if TYPE_CHECKING:
    from trading_bot.cli.ops_client import OpsClient

VALIDATE: Final = "exporter.ops.workflows.triggers:faults_of_file"
"""A function of a path to the faults of the file in it; by its name, since the command line imports no exporter."""

LONGEST_CELL: Final = 100
LISTED: Final = ("id", "risk", "steps", "schedule", "last_state", "name")
EXECUTIONS: Final = ("execution_id", "workflow_id", "state", "actor", "requested_at", "message")


@click.group
def workflow() -> None:
    """List, show, check, execute and follow workflows. Each command takes --home DIR.

    Examples: tickertape workflow execute check-health · tickertape workflow status restart-bot
    """


@workflow.command("list")
@home_option
@output_option
@click.option("--executions", is_flag=True, help="The last executions instead of the workflows.")
def list_(home: Path | None, output: str, executions: bool) -> int:  # noqa: FBT001 - a flag of the command line
    """List the workflows, or with --executions what ran last."""
    client = _client(home)
    if executions:
        return _print_executions(client, output)
    rows = client.ask("workflows")["workflows"]
    print_rows(rows, LISTED, output)
    wrong = [row["id"] for row in rows if not row["valid"]]
    if wrong:
        click.echo(f"not valid: {', '.join(wrong)}", err=True)
    return FAILED if wrong else OK


@workflow.command
@home_option
@output_option
@click.argument("workflow_id")
def show(home: Path | None, output: str, workflow_id: str) -> int:
    """Show the steps and parameters of WORKFLOW_ID."""
    found = _client(home).ask(f"workflows/{workflow_id}")
    if output != "table":
        click.echo(json.dumps(found, indent=2))
        return OK
    click.echo(f"{found['id']}: {found['name']} (risk {found['risk']})\n\n{found['description']}\n")
    for name, schema in found["parameters"]["properties"].items():
        needed = "needed" if name in found["parameters"]["required"] else f"default {schema['default']!r}"
        click.echo(f"  --set {name}={schema['examples'][0]}   {schema['description']} ({needed})")
    for number, step in enumerate(found["steps"], 1):
        undone = f", undone by {step['compensated_by']}" if step["compensated_by"] else ""
        click.echo(f"\n  {number}. {step['id']}: {step['description']}")
        click.echo(f"     {step['action']}{undone}")
        for condition in step["verify"]:
            click.echo(f"     proven by {_proof(condition)}")
    return OK


def _proof(condition: Any) -> str:
    """Return what proves a step, in words: an expression, or one thing that is waited for and its details."""
    if isinstance(condition, str):
        return condition
    return "; ".join(f"{kind} {_details(about)}" for kind, about in condition.items())


def _details(about: Any) -> str:
    if not isinstance(about, dict):
        return str(about)
    return ", ".join(f"{name} {value}" for name, value in about.items())


@workflow.command
@output_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def validate(output: str, file: Path) -> int:
    """Check the workflow, or the triggers.yaml, in FILE; nothing is started and no process is needed."""
    faults = _named(VALIDATE)(file)
    if output == "json":
        click.echo(json.dumps(faults, indent=2))
    elif not faults:
        click.echo(f"{file}: valid")
    else:
        for fault in faults:
            click.echo(
                f"{file}: {fault['field']}: expected {fault['expected']}, found {fault['found']};"
                f" for example {fault['example']}",
                err=True,
            )
    return FAILED if faults else OK


@workflow.command
@home_option
@output_option
@click.option(
    "--set", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter; as often as needed."
)
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--dry-run", is_flag=True, help="Only rehearse it: nothing is changed.")
@click.option("--confirm", help="The token of a dry run; without it you are asked.")
@click.option("--key", help="An Idempotency-Key: the same again starts nothing twice.")
@click.option("--async", "in_background", is_flag=True, help="Do not wait for the end.")
@click.argument("workflow_id")
def execute(home: Path | None, output: str, workflow_id: str, **given: Any) -> int:
    """Execute WORKFLOW_ID and follow it to its end.

    Examples: tickertape workflow execute restart-bot · tickertape workflow execute export-logs --set days=2 --async
    """
    client = _client(home)
    body = {"parameters": _parameters(client, workflow_id, given["parameters"]), "reason": given["reason"]}
    path = f"workflows/{workflow_id}/execute"
    if given["dry_run"]:
        _print_rehearsal(client.ask(path, "POST", {**body, "dry_run": True}), output)
        return OK
    confirm = given["confirm"] or _asked(client, path, body, workflow_id)
    headers = {"Idempotency-Key": given["key"]} if given["key"] else {}
    accepted = client.ask(path, "POST", {**body, "confirm": confirm}, headers)
    if given["in_background"]:
        click.echo(json.dumps(accepted, indent=2) if output == "json" else accepted["execution_id"])
        return OK
    return _followed(client, accepted["execution_id"], output)


@workflow.command
@home_option
@output_option
@click.option("--follow", is_flag=True, help="Until it has ended.")
@click.argument("name", required=False)
def status(home: Path | None, output: str, follow: bool, name: str | None) -> int:  # noqa: FBT001 - a flag
    """Show an execution, by its id or the latest of a workflow by the workflow's; without NAME what ran last."""
    client = _client(home)
    if name is None:
        return _print_executions(client, output)
    found = _execution(client, name)
    if follow:
        return _followed(client, found["execution_id"], output)
    return _print_execution(found, output)


@workflow.command
@home_option
@click.option("--reason", default="no reason was given", help="Why, for the record.")
@click.argument("execution_id")
def cancel(home: Path | None, reason: str, execution_id: str) -> int:
    """End an execution; what it has done is undone."""
    _client(home).ask(f"workflows/executions/{execution_id}/cancel", "POST", {"reason": reason})
    click.echo(f"asked: `tickertape workflow status {execution_id}` says when it is undone")
    return OK


@workflow.command
@home_option
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--deny", is_flag=True, help="Do not let it go on: what it has done is undone.")
@click.argument("execution_id")
def approve(home: Path | None, reason: str, deny: bool, execution_id: str) -> int:  # noqa: FBT001 - a flag of the command line
    """Answer an execution that waits for a person."""
    body = {"approved": not deny, "reason": reason}
    _client(home).ask(f"workflows/executions/{execution_id}/approve", "POST", body)
    click.echo("denied" if deny else "approved")
    return OK


@workflow.command
@home_option
@output_option
@click.argument("name")
def logs(home: Path | None, output: str, name: str) -> int:
    """Print what happened in an execution, line by line, from the control tape; works with ops dead.

    NAME is an execution's id, or a workflow's for its latest.
    """
    from trading_bot.boot.home import Home  # noqa: PLC0415 - only here
    from trading_bot.cli.workflow_log import lines_of, print_lines  # noqa: PLC0415 - reads a tape

    lines = lines_of(Home(load_settings(home).home), name)
    if not lines:
        click.echo(f"the control tape tells nothing of {name!r}", err=True)
        return FAILED
    print_lines(lines, output)
    return OK


def _client(home: Path | None) -> OpsClient:
    from trading_bot.cli.ops_client import OpsClient  # noqa: PLC0415 - urllib is loaded only for this

    return OpsClient(load_settings(home))


def _named(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    try:
        found: Callable[..., Any] = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        raise OperatorError("BOT_012", f"{module} cannot be loaded: {error}", module=module) from error
    return found


def _parameters(client: OpsClient, workflow_id: str, given: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters in ``NAME=VALUE`` words; numbers and truth by the workflow's schema."""
    if not given:
        return {}
    schema = client.ask(f"workflows/{workflow_id}")["parameters"]["properties"]
    found: dict[str, Any] = {}
    for word in given:
        name, sign, text = word.partition("=")
        if not sign:
            raise click.UsageError(f"--set takes NAME=VALUE, found {word!r}; for example --set days=2")
        kind = schema.get(name, {}).get("type")
        found[name] = text if kind in {"string", None} else _value(text)
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _asked(client: OpsClient, path: str, body: dict[str, Any], workflow_id: str) -> str | None:
    """Return the token of a workflow that takes risk, once the person at the terminal has said yes."""
    if client.ask(f"workflows/{workflow_id}")["risk"] != "confirm":
        return None
    rehearsed = client.ask(path, "POST", {**body, "dry_run": True})
    if not sys.stdin.isatty():
        return None  # nobody is there to say yes: the endpoint refuses and says what to do
    _print_rehearsal(rehearsed, "table")
    if not click.confirm(f"{workflow_id} takes risk. Do this?"):
        click.echo("Nothing was done.", err=True)
        raise click.Abort
    return str(rehearsed["confirm"])


def _execution(client: OpsClient, name: str) -> dict[str, Any]:
    kept = "-" not in name and len(name) == 16 and all(sign in "0123456789abcdef" for sign in name)  # noqa: PLR2004 - an id
    path = f"workflows/executions/{name}" if kept else f"workflows/{name}/status"
    found: dict[str, Any] = client.ask(path)
    return found


def _print_executions(client: OpsClient, output: str) -> int:
    """Print the last executions, the newest first."""
    rows = client.ask("workflows/executions")["executions"]
    if output == "table":
        rows = [{**row, "message": _cut(row["message"])} for row in rows]
    print_rows(rows, EXECUTIONS, output, "nothing was executed yet")
    return OK


def _followed(client: OpsClient, execution_id: str, output: str) -> int:
    """Show the execution as it goes on, at a terminal in place, and return what its end means."""
    drawn = view.is_drawn(output)
    found = view.follow(client, execution_id, drawn=drawn)
    if found is None:
        return FAILED
    if drawn:
        view.print_outcome(found)
        return _meaning(found)
    return _print_execution(found, output)


def _print_execution(found: dict[str, Any], output: str) -> int:
    if output == "json":
        click.echo(json.dumps(found, indent=2))
    elif output == "csv":
        rows = [{**step, "found": view.words(step)} for step in found["steps"]]
        print_rows(rows, ("id", "action", "state", "attempts", "duration_seconds", "found"), output)
    else:
        view.print_steps(found)
    return _meaning(found)


def _meaning(found: dict[str, Any]) -> int:
    return OK if found["state"] in {"completed", "running", "queued", "waiting_for_approval"} else FAILED


def _print_rehearsal(would: dict[str, Any], output: str) -> None:
    if output == "json":
        click.echo(json.dumps(would, indent=2))
        return
    click.echo(f"{would['workflow_id']} would do this (risk {would['risk']}):")
    for step in would["steps"]:
        arguments = json.dumps(step["arguments"]) if step["changes"] and step["arguments"] else ""
        click.echo(f"  {step['would']:<8} {step['id']}: {step['action']} {_cut(arguments)}".rstrip())
    if would["confirm"] and not sys.stdin.isatty():
        click.echo(f"confirm: {would['confirm']}")


def _cut(text: str) -> str:
    """Return as much of a text as a cell of a table has room for."""
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
