"""A case: what a bot's numbers do, and what is to be said of it. Times are seconds since the case began."""

from __future__ import annotations

import msgspec

STEADY = 10**9
"""For the rest of the case."""


class Level(msgspec.Struct, frozen=True):
    """A gauge: (value, for how many seconds), one after the other; None: it is not there."""

    phases: tuple[tuple[float | None, int], ...]


class Ramp(msgspec.Struct, frozen=True):
    """A number that rises: (by how much a second, for how many seconds). ``start``: what it is at first."""

    phases: tuple[tuple[float, int], ...]
    start: float = 0


class Clock(msgspec.Struct, frozen=True):
    """A time that is now while it runs and stands still in between: seconds of running, standing, running."""

    phases: tuple[int, ...]


class Standing(msgspec.Struct, frozen=True):
    """A course that moves no more from a moment on."""

    course: Level | Ramp | Clock
    since: int


Course = Level | Ramp | Clock | Standing


def level(*phases: tuple[float | None, int]) -> Level:
    """Return a gauge; its last value stays."""
    value, _ = phases[-1]
    return Level((*phases, (value, STEADY)))


def always(value: float) -> Level:
    """Return a gauge that does not move."""
    return Level(((value, STEADY),))


def rising(*phases: tuple[float, int], start: float = 0) -> Ramp:
    """Return a counter; after its last phase it stands still."""
    return Ramp((*phases, (0, STEADY)), start)


def running(*phases: int) -> Clock:
    """Return a time that runs, stands, runs … for so many seconds each, and then the other of the two."""
    return Clock((*phases, STEADY))


class Page(msgspec.Struct, frozen=True):
    """What is expected to fire: its labels besides bot, component and severity, and its description."""

    description: str
    labels: dict[str, str] = {}
    severity: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that is quiet, fires and resolves.

    ``series`` are by name and labels. ``every`` is the distance of samples and evaluations. ``bot`` is None
    where the alert is not about one; ``quiet`` and ``resolved`` are None for the one that always fires.
    """

    alert: str
    series: dict[str, Course]
    quiet: int | None
    fires: int
    resolved: int | None
    pages: tuple[Page, ...]
    every: int = 5
    bot: str | None = "demo"


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that stays quiet, and why it should."""

    alert: str
    why: str
    series: dict[str, Course]
    until: int
    every: int = 5


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says at a moment, by its labels besides ``bot``."""

    record: str
    values: dict[tuple[tuple[str, str], ...], float]
