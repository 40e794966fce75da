"""Documentation is complete: what there is to use is named somewhere in docs, and what docs point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from alerts.rules import ALERTS
from trading_bot.boot.fields import FIELDS
from trading_bot.cli.application import COMMANDS, tickertape
from trading_bot.cli.control import ACTIONS
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.events import EVENTS
from trading_bot.contract.settings import settings_schema
from trading_bot.contract.telemetry.metrics import METRICS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
TEXT = "\n".join(page.read_text() for page in PAGES)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
CALL = re.compile(r"^ *(?:\S+=\S+ )*tickertape ([a-z-]+)\b(?!:)(?: ([a-z-]+))?", re.MULTILINE)


def commands() -> list[str]:
    """Return every command with its subcommands, as they are typed."""
    context = click.Context(tickertape)
    found = []
    for name in COMMANDS:
        command = tickertape.get_command(context, name)
        below = list(command.commands) if isinstance(command, click.Group) else []
        found += [f"{name} {each}" for each in below] or [name]
    return found


def keys(schema: dict[str, object], definitions: dict[str, dict[str, object]]) -> set[str]:
    """Return the names of all settings, at every level."""
    return {name for part in (schema, *definitions.values()) for name in part.get("properties", {})}  # type: ignore[attr-defined]


def missing(names: list[str]) -> list[str]:
    return [name for name in names if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", TEXT) is None]


def test_every_command_of_the_command_line_is_in_the_documentation():
    assert missing([f"tickertape {command}" for command in commands()]) == []


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("events", list(EVENTS)),
        ("metrics", list(METRICS)),
        ("error codes", list(ERRORS)),
        ("alerts", [alert.name for alert in ALERTS]),
        ("variables", [field.variable for field in FIELDS]),
        ("workflows", [path.stem for path in sorted((ROOT / "workflows").glob("*-*.yaml"))]),
        ("actions", list(ACTIONS)),
    ],
)
def test_every_name_of_a_kind_is_in_the_documentation(what: str, names: list[str]):
    assert names
    assert missing(names) == [], what


def test_every_trading_setting_is_in_the_documentation():
    schema = settings_schema()
    assert missing(sorted(keys(schema, schema["$defs"]))) == []


def test_the_index_lists_every_page_once():
    index = (DOCS / "README.md").read_text()
    table = [line for line in index.splitlines() if line.startswith("| [")]
    listed = [found[1] for line in table if (found := LINK.search(line))]
    pages = {page.name for page in DOCS.glob("*.md")} - {"README.md"}
    assert sorted(listed) == sorted({*pages, "adr/README.md"})
    assert [
        page.name for page in (DOCS / "reference").iterdir() if f"reference/{page.name}" not in index
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path):
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_is_there(page: Path):
    known = {*commands(), *(command.split()[0] for command in commands())}
    groups = {command.split()[0] for command in commands() if " " in command}
    shown = CALL.findall(page.read_text())
    wrong = [
        (name, below)
        for name, below in shown
        if name not in known or (name in groups and below and f"{name} {below}" not in known)
    ]
    assert wrong == []
