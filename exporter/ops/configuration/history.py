"""``config_history.jsonl``: one line a transition, appended and never changed."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Final

import msgspec

from trading_bot.boot.settings_file import sync_folder
from trading_bot.journal import TapePosition

MODE: Final = 0o644


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One line. ``generation`` is None where nothing came into force; ``position`` is the event's on the journal.

    ``previous`` and ``new`` are whole settings; ``new`` of a refused change is what was asked for.
    """

    id: str
    timestamp: str
    user: str
    previous: dict[str, Any] | None
    new: dict[str, Any] | None
    diff: list[dict[str, Any]]
    validation_result: dict[str, Any]
    applied: bool
    rolled_back: bool
    reason: str
    source: str
    generation: int | None
    restored_generation: int | None
    command_id: str | None
    kept_file: str | None = None
    """Where the file was put that somebody had edited."""
    position: TapePosition


class Indexed(msgspec.Struct, frozen=True):
    """Where a line is."""

    id: str
    start: int
    length: int
    generation: int | None
    tape_id: str


class HistoryFile:
    """The file and an index of it. Appended by one thread, read by any."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._lines: list[Indexed] = []
        self._ids: set[str] = set()
        self._end = 0

    def load(self) -> list[Transition]:
        """Read the whole file, and return what it says; the rest of a line that a crash cut off is removed."""
        data = self._path.read_bytes() if self._path.exists() else b""
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self._path, whole)
        found = []
        for line in data[:whole].splitlines(keepends=True):
            try:
                transition = msgspec.json.decode(line, type=Transition)
            except msgspec.DecodeError:  # not written here; it stays, and is passed over
                self._end += len(line)
                continue
            self._note(transition, len(line))
            found.append(transition)
        return found

    def append(self, transition: Transition) -> None:
        """Add a line that survives a power loss.

        Raises:
            OSError: it cannot be written.
        """
        line = msgspec.json.encode(transition) + b"\n"
        is_new = not self._path.exists()
        number = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE)
        try:
            os.ftruncate(number, self._end)  # what an earlier attempt left of a line
            os.write(number, line)
            os.fsync(number)
        finally:
            os.close(number)
        if is_new:
            sync_folder(self._path.parent)
        self._note(transition, len(line))

    def has(self, transition_id: str) -> bool:
        """Whether a line of this id is there."""
        return transition_id in self._ids

    @property
    def total(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def page(self, limit: int, before: int | None = None) -> list[tuple[int, Transition]]:
        """Return up to ``limit`` lines below number ``before``, newest first, each with its number."""
        with self._guard:
            end = len(self._lines) if before is None else max(0, min(before, len(self._lines)))
            chosen = list(enumerate(self._lines))[max(0, end - limit) : end]
        return [(number, self._read(one)) for number, one in reversed(chosen)]

    def settings_of(self, generation: int, tape_id: str | None) -> dict[str, Any] | None:
        """Return the settings of a generation of a tape, None where there is no such line."""
        with self._guard:
            found = next(
                (
                    one
                    for one in reversed(self._lines)
                    if one.generation == generation and tape_id in {None, one.tape_id}
                ),
                None,
            )
        return None if found is None else self._read(found).new

    def _note(self, transition: Transition, length: int) -> None:
        with self._guard:
            self._lines.append(
                Indexed(
                    transition.id,
                    self._end,
                    length,
                    transition.generation,
                    transition.position.tape_id,
                )
            )
            self._ids.add(transition.id)
            self._end += length

    def _read(self, one: Indexed) -> Transition:
        with self._path.open("rb") as file:
            return msgspec.json.decode(os.pread(file.fileno(), one.length, one.start), type=Transition)
