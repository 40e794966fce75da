"""What a check answers."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """``warning``: works, and may not for long; ``unknown``: could not be looked at."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at. ``command`` is part of the remedy, ready to be run."""

    check: str
    status: Status
    found: str
    remedy: str | None = None
    command: str | None = None


def fine(check: str, found: str) -> Finding:
    """Return that nothing is wrong."""
    return Finding(check=check, status=Status.OK, found=found)


def warning(check: str, found: str, remedy: str, command: str | None = None) -> Finding:
    """Return something that works and may not for long, or that a person should know."""
    return Finding(check=check, status=Status.WARNING, found=found, remedy=remedy, command=command)


def failed(check: str, found: str, remedy: str, command: str | None = None) -> Finding:
    """Return something that is wrong."""
    return Finding(check=check, status=Status.FAILED, found=found, remedy=remedy, command=command)


def unknown(check: str, found: str, remedy: str | None = None) -> Finding:
    """Return that something could not be looked at, and why."""
    return Finding(check=check, status=Status.UNKNOWN, found=found, remedy=remedy)
