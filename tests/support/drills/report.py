"""What happened in a drill, and its line of the table."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a drill.

    ``pages`` and ``resolved``: by alert, seconds since the fault began and since it was cleared. ``due``: when each
    page that must come must be there. ``others``: who was paged and should not have been. ``silenced``: what fired and
    was not sent. ``starved``: what fired because this machine was too busy. ``failure``: empty, or what went wrong.
    """

    name: str
    scale: float
    pages: dict[str, float]
    resolved: dict[str, float]
    due: dict[str, float]
    others: list[str]
    silenced: list[str]
    starved: list[str]
    failure: str = ""

    @property
    def late(self) -> list[str]:
        return [name for name, took in self.pages.items() if took > self.due.get(name, took)]


HEAD = """\
| drill | rules | paged, seconds (due) | resolved, seconds | other pages | shown, not sent | remarks |
| --- | --- | --- | --- | --- | --- | --- |"""


def line(row: Row) -> str:
    """Return a row of the table."""
    paged = ", ".join(f"{name} {took:.1f}{_due(row, name)}" for name, took in row.pages.items()) or "none"
    over = ", ".join(f"{row.resolved[name]:.1f}" if name in row.resolved else "?" for name in row.pages)
    silent = ", ".join(row.silenced) or "none"
    others = ", ".join(row.others) or "none"
    late = [f"late: {', '.join(row.late)}"] if row.late else []
    remarks = ", ".join([*(f"{name} (starved)" for name in row.starved), *late, *filter(None, [row.failure])])
    return f"| `{row.name}` | 1/{row.scale:g} | {paged} | {over or '-'} | {others} | {silent} | {remarks} |"


def _due(row: Row, name: str) -> str:
    return f" (due {row.due[name]:.1f})" if name in row.due else ""
