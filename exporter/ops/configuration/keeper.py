"""Keeps ``config.yaml`` and ``config_history.jsonl`` as the journal says, in a thread, also after its own downtime.

A change is written when its event is on the journal: first the file, then the line of the history. Whoever
is killed in between does the rest at the next start, because the history's last line says how far it came.
A file that was edited by hand is left alone until new settings come into force, and then kept beside them.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from exporter.ops.configuration.history import HistoryFile, Transition
from trading_bot.boot.home import Home
from trading_bot.boot.settings_file import read_config, replace_file, settings_text
from trading_bot.contract.changes import changes
from trading_bot.contract.codec import Envelope
from trading_bot.contract.commands import ACKNOWLEDGED, CHANGES_SETTINGS
from trading_bot.contract.errors import RetriableError, TickertapeError
from trading_bot.contract.events.lifecycle import CommandAnswered, SettingsApplied, SettingsRolledBack
from trading_bot.contract.settings import Settings, parse_settings, settings_hash
from trading_bot.journal import Follower, Page, TapePosition
from trading_bot.telemetry import rfc3339

WAIT_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 1.0
KINDS: Final = (SettingsApplied.KIND, SettingsRolledBack.KIND, CommandAnswered.KIND)
EDITED: Final = "config.yaml.edited"
VALID: Final[dict[str, Any]] = {"valid": True, "errors": []}

Asked = Callable[[str], dict[str, Any] | None]
"""Command id to the settings that it asked for, where that is known."""


class FileState(msgspec.Struct, frozen=True, kw_only=True):
    """The settings file as it was last looked at: its settings, or why there are none."""

    settings: Settings | None
    hash: str | None
    problem: str | None
    """Why it cannot be used; None where it can, or is not there."""
    is_there: bool


class Keeper:
    """The one writer of the settings file and its history.

    Args:
        home: the bot's home.
        asked: what a command asked for.
        report: gets errors.

    Attributes:
        history: the transitions.
        file: the settings file at the last look.
        origins: key to the generation that gave it its value, of the tape that is followed.
    """

    def __init__(self, home: Home, asked: Asked, report: Callable[[TickertapeError], object]) -> None:
        self.history = HistoryFile(home.config_history)
        self.file = FileState(settings=None, hash=None, problem=None, is_there=False)
        self.origins: dict[str, int] = {}
        self._home = home
        self._asked = asked
        self._report = report
        self._previous: Settings | None = None
        self._written: str | None = None
        self._tape_id: str | None = None
        self._seen: tuple[int, int, int] | None = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._follower: Follower | None = None

    @property
    def tape_id(self) -> str | None:
        """The journal that the history was last written from."""
        return self._tape_id

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread = threading.Thread(target=self._run, name="settings", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ending.set()
        if self._follower is not None:
            self._follower.stop()
        if self._thread is not None:
            self._thread.join(2 * WAIT_SECONDS)

    # What follows runs on the keeper's thread.

    def _run(self) -> None:
        position: TapePosition | None = None
        told: str | None = None
        is_loaded = False
        while not self._ending.is_set():
            try:
                if not is_loaded:
                    position = self._load()
                    is_loaded = True
                self._follow(position)
            except Exception as error:  # noqa: BLE001 - the thread's loop: said once, and begun anew
                text = f"{type(error).__name__}: {error}"
                if text != told:
                    self._report(_named(error, self._home.config))
                    told = text
                position = self._reached()
            self._ending.wait(RETRY_SECONDS)

    def _load(self) -> TapePosition | None:
        last = None
        for transition in self.history.load():
            if transition.applied:
                last = transition
                self._trace(transition)
        if last is not None:
            self._settle(_parsed(last.new))
        return self._reached()

    def _reached(self) -> TapePosition | None:
        last = self.history.page(1)
        return last[0][1].position if last else None

    def _follow(self, position: TapePosition | None) -> None:
        with contextlib.closing(
            Follower(self._home.journal, position, kinds=KINDS, from_snapshot=False)
        ) as follower:
            self._follower = follower
            while not self._ending.is_set():
                page = follower.next_page(WAIT_SECONDS)
                if page is not None:
                    for envelope in page.envelopes:
                        self._take(page, envelope)
                self._look_at_file()

    def _take(self, page: Page, envelope: Envelope) -> None:
        tape_id = page.position.tape_id
        name = f"{envelope.run_id}-{envelope.seq}"
        if self.history.has(name):
            return
        place = TapePosition(tape_id, envelope.run_id, envelope.seq)
        event = envelope.payload
        if tape_id != self._tape_id:
            self._tape_id, self._previous, self.origins = tape_id, None, {}
        if isinstance(event, SettingsApplied | SettingsRolledBack):
            settings = _parsed(event.settings)
            kept = None if settings is None else self._write_file(settings, event, envelope.ts)
            transition = self._applied(name, place, envelope.ts, event, settings, kept)
            self._trace(transition)  # before who asks for the history finds the line
            self.history.append(transition)
            self._settle(settings)
        elif isinstance(event, CommandAnswered) and _is_refusal(event):
            self.history.append(self._refused(name, place, envelope.ts, event))

    def _trace(self, transition: Transition) -> None:
        """Note which generation gave a key its value."""
        if transition.position.tape_id != self._tape_id:
            self._tape_id, self.origins = transition.position.tape_id, {}
        generation = transition.generation or 0
        self.origins = {**self.origins, **{change["field"]: generation for change in transition.diff}}

    def _settle(self, settings: Settings | None) -> None:
        self._previous = settings
        self._written = None if settings is None else settings_hash(settings)

    def _write_file(
        self, settings: Settings, event: SettingsApplied | SettingsRolledBack, ts: int
    ) -> str | None:
        """Make the file say what is in force; return where an edited one was put."""
        self._look_at_file()
        wanted = settings_hash(settings)
        if self.file.hash == wanted or (not self.file.is_there and self._previous is None):
            return None  # as somebody wrote it, with its comments; or a home that never had one
        kept = None
        if self.file.is_there and self.file.hash != self._written:
            kept = EDITED
            replace_file(self._home.path / EDITED, self._home.config.read_text(errors="replace"))
        what = f"generation {event.generation}, {rfc3339(ts)}, by {event.actor}: {event.reason}"
        text = settings_text(
            settings,
            "Written by Tickertape. An edit has no effect until `tickertape config adopt`.",
            " ".join(what.split()),
        )
        replace_file(self._home.config, text)
        self._look_at_file()
        return kept

    def _look_at_file(self) -> None:
        path = self._home.config
        try:
            status = path.stat()
        except OSError:
            self._seen = None
            self.file = FileState(settings=None, hash=None, problem=None, is_there=False)
            return
        # A time alone is too coarse: a file may be emptied and written within one tick of the disk's clock.
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        if version == self._seen:
            return
        self._seen = version
        try:
            settings = read_config(path)
        except TickertapeError as error:
            self.file = FileState(settings=None, hash=None, problem=error.message, is_there=True)
        else:
            self.file = FileState(
                settings=settings, hash=settings_hash(settings), problem=None, is_there=True
            )

    def _applied(
        self,
        name: str,
        place: TapePosition,
        ts: int,
        event: SettingsApplied | SettingsRolledBack,
        settings: Settings | None,
        kept: str | None,
    ) -> Transition:
        is_rollback = isinstance(event, SettingsRolledBack)
        return Transition(
            id=name,
            timestamp=rfc3339(ts),
            user=event.actor,
            previous=None if self._previous is None else msgspec.to_builtins(self._previous),
            new=event.settings,
            diff=_diff(self._previous, settings),
            validation_result=VALID,
            applied=True,
            rolled_back=is_rollback,
            reason=event.reason,
            source="rollback" if isinstance(event, SettingsRolledBack) else event.source,
            generation=event.generation,
            restored_generation=event.restored_generation if isinstance(event, SettingsRolledBack) else None,
            command_id=event.command_id,
            kept_file=kept,
            position=place,
        )

    def _refused(self, name: str, place: TapePosition, ts: int, event: CommandAnswered) -> Transition:
        wanted = self._asked(event.command_id)
        fault = {"error_code": event.error_code, "outcome": event.outcome, "message": event.message}
        return Transition(
            id=name,
            timestamp=rfc3339(ts),
            user=event.actor or "unknown",
            previous=None if self._previous is None else msgspec.to_builtins(self._previous),
            new=wanted,
            diff=_diff(self._previous, _parsed(wanted)),
            validation_result={"valid": False, "errors": [fault]},
            applied=False,
            rolled_back=False,
            reason=event.message,
            source="command",
            generation=None,
            restored_generation=None,
            command_id=event.command_id,
            position=place,
        )


def _is_refusal(event: CommandAnswered) -> bool:
    return event.name in CHANGES_SETTINGS and event.outcome != ACKNOWLEDGED


def _parsed(document: dict[str, Any] | None) -> Settings | None:
    """Return settings, None where this release cannot read them."""
    try:
        return None if document is None else parse_settings(document)
    except TickertapeError:
        return None


def _diff(previous: Settings | None, settings: Settings | None) -> list[dict[str, Any]]:
    if previous is None or settings is None:
        return []
    return [msgspec.to_builtins(change) for change in changes(previous, settings)]


def _named(error: Exception, path: Path) -> TickertapeError:
    if isinstance(error, TickertapeError):
        return error
    named = RetriableError("CFG_017", f"{path.name} and its history cannot be written", path=str(path))
    named.__cause__ = error
    return named
