"""What stands in files beside the code and is served as it is: runbooks, and the recording rules.

They are read once, by a thread at the start; until then nothing is known of them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from trading_bot.contract.errors import ERRORS
from trading_bot.contract.errors.runbooks import runbook_of

ALERTS: Final = Path(__file__).parents[2] / "alerts"
RUNBOOKS: Final = "runbooks"
LARGEST_RUNBOOK: Final = 64 * 1024
CODE: Final = re.compile(r"\b[A-Z]{2,8}_\d{3}\b")
GROUPED: Final = re.compile(r"\bby ?\(([^)]*)\)")
TITLE: Final = re.compile(r"^# +(.+)$", re.MULTILINE)


class Runbook(msgspec.Struct, frozen=True, kw_only=True):
    """One page of Markdown, and the error codes that it names."""

    name: str
    title: str
    text: str
    codes: frozenset[str]


class RecordingRule(msgspec.Struct, frozen=True, kw_only=True):
    """One recording rule as Prometheus evaluates it."""

    name: str
    expression: str
    labels: tuple[str, ...]
    meaning: str


class Shelf:
    """Runbooks and recording rules of a folder; ``alerts/`` of the project unless another is given."""

    def __init__(self, folder: Path = ALERTS) -> None:
        self._folder = folder
        self._runbooks: dict[str, Runbook] = {}
        self._rules: dict[str, RecordingRule] = {}
        self._read = threading.Event()

    def start(self) -> None:
        """Begin to read, in a thread."""
        threading.Thread(target=self.read, name="shelf", daemon=True).start()

    def read(self) -> None:
        """Read all there is; a file that cannot be read is left out."""
        try:
            self._runbooks = {one.name: one for one in _runbooks(self._folder / RUNBOOKS)}
            self._rules = {one.name: one for one in _rules(self._folder)}
        finally:
            self._read.set()

    @property
    def is_read(self) -> bool:
        """Whether everything has been read."""
        return self._read.is_set()

    @property
    def runbooks(self) -> dict[str, Runbook]:
        """The runbooks by name, in the order of their names."""
        return self._runbooks

    @property
    def rules(self) -> dict[str, RecordingRule]:
        """The recording rules by name, in the order of their names."""
        return self._rules

    def runbooks_of(self, code: str) -> tuple[str, ...]:
        """Return the names of the runbooks of an error code: its own first, then others that name it."""
        own = [runbook_of(code)] if code in ERRORS and runbook_of(code) in self._runbooks else []
        others = [one.name for one in self._runbooks.values() if code in one.codes]
        return tuple(dict.fromkeys((*own, *others)))


def _runbooks(folder: Path) -> Iterator[Runbook]:
    for path in sorted(folder.glob("*.md")):
        if path.stem.upper() == "README" or path.stat().st_size > LARGEST_RUNBOOK:
            continue
        text = path.read_text(encoding="utf-8")
        title = TITLE.search(text)
        yield Runbook(
            name=path.stem,
            title=title[1].strip() if title else path.stem,
            text=text,
            codes=frozenset(CODE.findall(text)),
        )


def _rules(folder: Path) -> Iterator[RecordingRule]:
    found = [rule for path in _rule_files(folder) for rule in _of_file(path)]
    yield from sorted(found, key=lambda rule: rule.name)


def _rule_files(folder: Path) -> list[Path]:
    return sorted({*folder.glob("*.yml"), *folder.glob("rules/**/*.yml"), *folder.glob("generated/**/*.yml")})


def _of_file(path: Path) -> Iterator[RecordingRule]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - a safe loader, in C where it is
    except (OSError, yaml.YAMLError):
        return
    groups = document.get("groups", ()) if isinstance(document, dict) else ()
    for group in groups or ():
        for rule in group.get("rules", ()):
            if "record" in rule:
                yield _rule(rule)


def _grouped_by(expression: str) -> tuple[str, ...]:
    """Return the labels that the first aggregation of an expression keeps."""
    found = GROUPED.search(expression)
    return tuple(name.strip() for name in found[1].split(",") if name.strip()) if found else ()


def _rule(rule: dict[str, Any]) -> RecordingRule:
    expression = " ".join(str(rule["expr"]).split())
    level, _, thing = str(rule["record"]).partition(":")
    what, _, operation = thing.rpartition(":")
    return RecordingRule(
        name=str(rule["record"]),
        expression=expression,
        labels=tuple(sorted({*rule.get("labels", {}), *_grouped_by(expression)})),
        meaning=f"{what.replace('_', ' ')} ({operation.replace('_', ' ')}) by {level}",
    )
