"""`tickertape config`: trading settings over the ops endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from trading_bot.boot.settings import load_settings
from trading_bot.cli.application import FAILED, OK
from trading_bot.cli.control import print_command
from trading_bot.cli.ops_client import OpsClient
from trading_bot.cli.options import Duration, home_option, output_option
from trading_bot.cli.rows import print_rows
from trading_bot.contract.errors import OperatorError

CHANGES: Final = ("field", "before", "after", "apply", "loosens")
TRANSITIONS: Final = ("generation", "timestamp", "user", "source", "applied", "reason", "changed")
KEYS: Final = ("key", "value", "source", "generation")

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
reason_option = click.option("--reason", required=True, help="Why, in words; it stands in the history.")
confirm_option = click.option(
    "--confirm",
    is_flag=True,
    help="Say that the keys which take more risk are meant. Without it they are refused.",
)
restart_option = click.option("--restart", is_flag=True, help="The bot may restart where a key needs that.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what would happen.")
wait_option = click.option(
    "--wait", type=Duration(), default="15s", show_default=True, help="How long to wait for the bot's answer."
)


@click.group
def config() -> None:
    """Trading settings: show, check, change, take back. Each command takes --home DIR.

    Examples: tickertape config diff new.yaml · tickertape config apply new.yaml --reason "smaller orders"
    """


@config.command
@home_option
@output_option
def show(home: Path | None, output: str) -> int:
    """Show the settings in force, and where each value comes from."""
    answer = _client(home).ask("config")
    if output == "json":
        click.echo(json.dumps(answer, indent=2))
        return OK
    if output == "table":
        click.echo(_headline(answer))
    rows = [
        {"key": name, "value": _value(answer["settings"], name), **origin}
        for name, origin in answer["origins"].items()
    ]
    print_rows(rows, KEYS, output)
    return OK


@config.command
@home_option
def schema(home: Path | None) -> int:
    """Print the JSON Schema of all settings."""
    click.echo(json.dumps(_client(home).ask("config/schema"), indent=2))
    return OK


@config.command
@home_option
@output_option
@file_argument
def validate(home: Path | None, output: str, file: Path) -> int:
    """Check the settings in FILE; every fault with its field and a valid example."""
    answer = _client(home).ask("config/validate", "POST", {"settings": _document(file)})
    if output != "table":
        click.echo(json.dumps(answer, indent=2))
    elif answer["valid"]:
        click.echo(f"valid, hash {answer['hash'][:12]}")
    else:
        for fault in answer["errors"]:
            click.echo(
                f"{fault['field']}: expected {fault['expected']}, found {fault['found']};"
                f" for example {fault['example']}"
            )
    return OK if answer["valid"] else FAILED


@config.command
@home_option
@output_option
@click.option("--generation", type=int, help="Compare with this earlier generation.")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def diff(home: Path | None, output: str, generation: int | None, file: Path | None) -> int:
    """Show what FILE, an earlier generation, or config.yaml would change."""
    client = _client(home)
    if file is not None:
        answer = client.ask("config/diff", "POST", {"settings": _document(file)})
    else:
        answer = client.ask("config/diff" if generation is None else f"config/diff?generation={generation}")
    _print_diff(answer, output)
    return OK


@config.command
@home_option
@output_option
@reason_option
@confirm_option
@restart_option
@dry_run_option
@wait_option
@click.option(
    "--probation",
    type=Duration(),
    default=None,
    help="How long the bot goes back by itself if its health turns worse.  [default: 60s]",
)
@click.option("--no-probation", is_flag=True, help="The bot does not go back by itself.")
@file_argument
def apply(home: Path | None, output: str, file: Path, **how: Any) -> int:
    """Put the settings in FILE in force."""
    return _apply(_client(home), _document(file), output, how)


@config.command
@home_option
@output_option
@reason_option
@confirm_option
@restart_option
@dry_run_option
@wait_option
def adopt(home: Path | None, output: str, **how: Any) -> int:
    """Take over config.yaml as somebody has edited it."""
    settings = load_settings(home)
    from trading_bot.boot.home import Home  # noqa: PLC0415 - its only use here

    return _apply(OpsClient(settings), _document(Home(settings.home).config), output, {**how, "adopt": True})


@config.command
@home_option
@output_option
@reason_option
@confirm_option
@restart_option
@dry_run_option
@wait_option
@click.option("--generation", type=int, help="Go back to this one.  [default: the one before]")
def rollback(home: Path | None, output: str, generation: int | None, **how: Any) -> int:
    """Put earlier settings in force again, as a new generation."""
    client = _client(home)
    current = client.ask("config")["observed_generation"]
    wanted = current - 1 if generation is None else generation
    planned = client.ask(f"config/diff?generation={max(1, wanted)}")
    body = {"generation": wanted, "reason": how["reason"], "restart": how["restart"]}
    return _put(client, "config/rollback", body, planned, output, how)


@config.command
@home_option
@output_option
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many.")
def history(home: Path | None, output: str, limit: int) -> int:
    """Show who changed what, when and why, newest first."""
    answer = _client(home).ask(f"config/history?limit={limit}")
    rows = [
        {**one, "changed": ", ".join(change["field"] for change in one["diff"])} for one in answer["history"]
    ]
    print_rows(rows, TRANSITIONS, output, "nothing was changed yet")
    return OK


def _client(home: Path | None) -> OpsClient:
    return OpsClient(load_settings(home))


def _document(file: Path) -> dict[str, Any]:
    from trading_bot.boot.settings_file import read_document  # noqa: PLC0415 - with the YAML reader

    return read_document(file.read_text(), file)


def _apply(client: OpsClient, document: dict[str, Any], output: str, how: dict[str, Any]) -> int:
    planned = client.ask("config/diff", "POST", {"settings": document})
    probation = 0 if how.get("no_probation") else how.get("probation")
    body = {
        "settings": document,
        "reason": how["reason"],
        "restart": how["restart"],
        "adopt": how.get("adopt", False),
        **({} if probation is None else {"probation_seconds": probation}),
    }
    return _put(client, "config", body, planned, output, how)


def _put(
    client: OpsClient,
    path: str,
    body: dict[str, Any],
    planned: dict[str, Any],
    output: str,
    how: dict[str, Any],
) -> int:
    """Show the difference, and have it done unless more risk is neither confirmed nor asked for."""
    if output == "table" or how["dry_run"]:
        _print_diff(planned, output)
    if how["dry_run"] or not planned["total"]:
        return OK
    if planned["loosens"]:
        if not how["confirm"]:
            message = f"takes more risk: {', '.join(planned['loosens'])}; have it done with --confirm"
            raise OperatorError("CFG_008", message, fields=planned["loosens"])
        body["confirm"] = planned["confirm"]
    answer = client.ask(path, "PUT", body, {"If-Match": f'"{planned["generation"]}"'})
    return print_command(client.follow(answer, how["wait"]), output)


def _print_diff(planned: dict[str, Any], output: str) -> None:
    if output == "json":
        click.echo(json.dumps(planned, indent=2))
        return
    if output == "table" and not planned["total"]:
        click.echo(f"nothing differs from generation {planned['generation']}")
        return
    print_rows(planned["changes"], CHANGES, output)
    if output == "table":
        for warning in planned["warnings"]:
            click.echo(click.style(warning, fg="yellow"))


def _headline(answer: dict[str, Any]) -> str:
    reason = answer["reason"] or "no reason recorded"
    lines = [
        f"generation {answer['observed_generation']} since {answer['applied_at']}, by {answer['actor']}: {reason}",
        f"config.yaml: {answer['file']['status'].replace('_', ' ')}, {answer['file']['message']}",
    ]
    if answer["pending"] is not None:
        lines.append(f"pending: {answer['pending']['name']} by {answer['pending']['actor']}")
    if answer["probation"] is not None and answer["probation"]["running"]:
        lines.append(f"on probation until {answer['probation']['until']}")
    return "\n".join(lines)


def _value(settings: dict[str, Any], name: str) -> Any:
    """Return the value under a path; names of strategies and symbols may hold dots themselves."""
    value: Any = settings
    rest = name
    while rest and isinstance(value, dict):
        key = next((key for key in value if rest == key or rest.startswith(f"{key}.")), None)
        if key is None:
            return None
        value, rest = value[key], rest[len(key) + 1 :]
    return value
