"""The workflows there are: the shipped ones, and those of the home folder. New ones need a file and nothing else."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from exporter.ops.parameters import Fault
from exporter.ops.workflows.definition import Workflow
from exporter.ops.workflows.faults import WHOLE, shown
from exporter.ops.workflows.validation import validated

SHIPPED: Final = Path(__file__).parents[3] / "workflows"
NO_WORKFLOW: Final = frozenset({"triggers.yaml"})
LARGEST: Final = 256 * 1024


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A file: the workflow that it holds, or what is wrong with it."""

    path: Path
    workflow: Workflow | None
    faults: tuple[Fault, ...] = ()

    @property
    def id(self) -> str:
        """The workflow's id: the name of the file."""
        return self.path.stem


class Library:
    """The files of some folders. A file of a later folder takes the place of an earlier one's of its name."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._guard = threading.Lock()
        self._stamps: dict[Path, tuple[int, int]] = {}
        self._loaded: dict[Path, Loaded] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read what is new or has changed. A file that was removed while it was read is gone, not wrong."""
        stamps = {path: stamp(path) for path in self._paths()}
        changed = [path for path, found in stamps.items() if self._stamps.get(path) != found]
        fresh = {path: load(path) for path in changed}
        for path in changed:
            if not os.path.lexists(path):
                del stamps[path]
        with self._guard:
            self._loaded = {path: fresh.get(path) or self._loaded[path] for path in stamps}
            self._stamps = stamps

    def all(self) -> list[Loaded]:
        """Return every file, by id."""
        with self._guard:
            by_id = {one.id: one for one in self._loaded.values()}
        return [by_id[name] for name in sorted(by_id)]

    def get(self, workflow_id: str) -> Loaded | None:
        """Return the file of that id."""
        return next((one for one in self.all() if one.id == workflow_id), None)

    def _paths(self) -> list[Path]:
        return [
            path
            for folder in self._folders
            if folder.is_dir()
            for path in sorted(folder.glob("*.yaml"))
            if path.name not in NO_WORKFLOW
        ]


def load(path: Path) -> Loaded:
    """Return what a file holds; whatever is wrong with it is part of the answer."""
    document, faults = read_yaml(path)
    if faults:
        return Loaded(path=path, workflow=None, faults=tuple(faults))
    workflow, faults = validated(document)
    if workflow is not None and workflow.id != path.stem:
        example = f"id: {path.stem}"
        fault = Fault(field="id", expected="the name of the file", found=shown(workflow.id), example=example)
        return Loaded(path=path, workflow=None, faults=(fault,))
    return Loaded(path=path, workflow=workflow, faults=tuple(faults))


def read_yaml(path: Path) -> tuple[Any, list[Fault]]:
    """Return the document in a file, or what is wrong with it."""
    try:
        if path.stat().st_size > LARGEST:
            return None, [_whole(f"at most {LARGEST} bytes", f"{path.stat().st_size} bytes")]
        data = path.read_bytes()
        _refuse_aliases(data)
        return yaml.load(data, _Loader), []  # noqa: S506 - a safe loader, see below
    except OSError as error:
        return None, [_whole("a file that can be read", error.strerror or type(error).__name__)]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        words = getattr(error, "problem", None) or str(error) or type(error).__name__
        return None, [_whole("YAML", f"{where}{words}"[:200])]


def _whole(expected: str, found: str) -> Fault:
    return Fault(field=WHOLE, expected=expected, found=found, example="id: restart-bot")


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C is ten times as fast: ops reads all files at its start."""


class _Loader(_Base):  # type: ignore[misc]
    """A safe loader that refuses keys that come twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - yaml's
        seen: set[str] = set()
        for key, _value in node.value:
            if key.value in seen:
                words = f"the key {str(key.value)[:40]!r} comes twice"
                raise yaml.constructor.ConstructorError(None, None, words, key.start_mark)
            seen.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def _refuse_aliases(data: bytes) -> None:
    """Raise for an alias: it can make a small file large."""
    for event in yaml.parse(data, Loader=_Base):
        if isinstance(event, yaml.AliasEvent):
            mark: Any = event.start_mark
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", mark)


def stamp(path: Path) -> tuple[int, int]:
    """Return what differs once a file was written again; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
