"""What documents, runbooks, pages and errors tell somebody to type is there to be typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from alerts.rules import ALERTS
from trading_bot.cli.application import tickertape
from trading_bot.contract.errors import ERRORS

ROOT = Path(__file__).parents[3]
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "alerts/runbooks").glob("*.md")),
)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s`(\"/])tickertape (?!\w+:)((?:[^\s`;|&#)\"]+ ?)+)", re.MULTILINE)
TARGET = re.compile(r"\bmake ([a-z]+(?:-[a-z]+)*)")
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
NO_WORD = re.compile(r"^[A-Z…<]")
"""What stands for a value."""


def texts() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        yield page.name, "\n".join(CODE.findall(page.read_text()))
    for alert in ALERTS:
        yield alert.name, alert.first_step
    for error in ERRORS.values():
        yield error.code, "\n".join(step.command for step in error.remediation if step.command)


def faults(words: list[str]) -> Iterator[str]:
    """Yield what of a command line does not exist."""
    context = click.Context(tickertape)
    command: click.Command = tickertape
    while words and isinstance(command, click.Group) and not NO_WORD.match(words[0]):
        found = command.get_command(context, words[0])
        if found is None:
            if not command.invoke_without_command:
                yield f"no command {words[0]!r}"
            break
        command, words = found, words[1:]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    yield from (
        f"no option {word}" for word in words if word.startswith("--") and word.split("=")[0] not in known
    )


def spelled() -> Iterator[tuple[str, str]]:
    for where, text in texts():
        for match in COMMAND.finditer(text):
            yield where, match[1].strip().rstrip(".,:")


def test_every_command_that_is_told_to_be_typed_exists_with_its_options():
    wrong = {
        f"{where}: tickertape {line}": found
        for where, line in spelled()
        if (found := list(faults([word.rstrip(",.:") for word in line.split()])))
    }
    assert wrong == {}
    assert len(list(spelled())) > 100


@pytest.mark.parametrize(
    ("line", "wrong"), [("status --hom x", 1), ("restart", 1), ("workflow statsu", 1), ("status", 0)]
)
def test_what_does_not_exist_is_found(line: str, wrong: int):
    assert len(list(faults(line.split()))) == wrong


def test_every_target_of_make_that_is_told_exists():
    assert {
        (where, name) for where, text in texts() for name in TARGET.findall(text) if name not in TARGETS
    } == set()
