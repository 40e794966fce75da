"""The semantic error log: one JSON object a line, a new file a day, readable with jq."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from trading_bot.contract.codec import redact
from trading_bot.contract.errors import SemanticError, Severity

SECOND: Final = 1_000_000_000
KEPT_DAYS: Final = 14

LEVELS: Final = {
    Severity.INFO: "INFO",
    Severity.WARNING: "WARNING",
    Severity.ERROR: "ERROR",
    Severity.CRITICAL: "CRITICAL",
}
"""The log level follows from the severity."""


def rfc3339(ts: int) -> str:
    """Return a time in nanoseconds since the epoch as RFC 3339 in UTC, with microseconds."""
    seconds, rest = divmod(ts, SECOND)
    return f"{datetime.fromtimestamp(seconds, tz=UTC).isoformat()[:19]}.{rest // 1000:06d}Z"


class JsonLines:
    """Appends errors to ``logs/<process>.jsonl``; the file of a past day is renamed ``….2026-11-22.jsonl``.

    Each line is one ``write`` on a descriptor in append mode, so that lines of many threads never mix.
    When the log cannot be written, the line is lost and ``lost`` counts it: a full disk must not stop
    what is being logged about.
    """

    def __init__(self, path: Path, process: str) -> None:
        self.path = path
        self.lost = 0
        self._process = process
        self._lock = threading.Lock()
        self._encoder = msgspec.json.Encoder()

    def write(self, error: SemanticError) -> None:
        """Append one error."""
        line = self._encoder.encode(self._fields(error)) + b"\n"
        with self._lock:
            try:
                self._rotate(error.timestamp)
                self._append(line)
            except OSError:
                self.lost += 1

    def _fields(self, error: SemanticError) -> dict[str, Any]:
        fields = msgspec.to_builtins(error)
        fields["context"] = redact(fields["context"])
        return {
            **fields,
            "message": redact(error.message),
            "timestamp": rfc3339(error.timestamp),
            "level": LEVELS[error.severity],
            "process": self._process,
        }

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    def _rotate(self, now_ns: int) -> None:
        """Rename the file if it was last written on an earlier UTC day than ``now_ns``."""
        try:
            written = datetime.fromtimestamp(self.path.stat().st_mtime, tz=UTC).date()
        except FileNotFoundError:
            return
        if written >= datetime.fromtimestamp(now_ns // SECOND, tz=UTC).date():
            return
        self.path.rename(self.path.with_suffix(f".{written.isoformat()}.jsonl"))
        past = sorted(self.path.parent.glob(f"{self.path.stem}.????-??-??.jsonl"))
        for old in past[:-KEPT_DAYS]:
            old.unlink(missing_ok=True)
